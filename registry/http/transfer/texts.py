"""The texts of an export. Pure: the same templates give the same bytes."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from registry import contract
from registry.model.documents import dump_yaml
from registry.model.template import Template
from registry.store.bodies import text_of
from registry.store.catalogue import text_digest
from registry.store.objects import CATALOGUE, key_of

SEPARATOR: Final = "---\n"


def documents(templates: Iterable[Template]) -> str:
    """One YAML document for each template, in its author's order of keys."""
    return SEPARATOR.join(map(text_of, templates))


def manifest(namespace: str, name: str, values: Mapping[str, str]) -> str:
    """The ConfigMap of a store as a manifest for kubectl or kustomize, without the marks of one cluster."""
    labels = {contract.MANAGED_BY_LABEL: contract.MANAGER, contract.COMPONENT_LABEL: CATALOGUE}
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    return dump_yaml({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": values})


def values_of(templates: Iterable[Template], texts: Mapping[str, str]) -> dict[str, str]:
    """The values of a store's ConfigMap by key: its very texts, unless one does not say what is in force."""
    return {key_of(one.name): _value(one, texts.get(key_of(one.name))) for one in templates}


def fingerprint(*parts: object) -> str:
    """An entity tag of JSON values, in which the order of keys counts."""
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:32]


def _value(template: Template, text: str | None) -> str:
    # The digest knows no order of keys: neither does what is in force, and comments are worth keeping.
    return text if text is not None and text_digest(text) == template.digest else text_of(template)
