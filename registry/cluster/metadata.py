"""What is kept of every object's metadata, and the references in it. Pure."""

import msgspec

from registry import contract
from registry.cluster.sharing import shared_map


class Owner(msgspec.Struct, gc=False):
    """One ownerReference; `controller` is true for the one that manages the object."""

    controller: bool | None = None


class Meta(msgspec.Struct, rename="camel", gc=False):
    """Metadata of an object."""

    name: str
    uid: str = ""
    namespace: str = ""
    resource_version: str = ""
    deletion_timestamp: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class OwnedMeta(Meta, rename="camel", gc=False):
    """Metadata of an object that a controller may have made."""

    owner_references: list[Owner] | None = None

    @property
    def owned(self) -> bool:
        """Whether another controller manages the object.

        https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/
        """
        return any(owner.controller for owner in self.owner_references or ())


def references(meta: Meta) -> dict[str, str]:
    """Raw values of reference labels, by template name."""
    return _suffixes(meta.labels, contract.TEMPLATE_LABEL_PREFIX)


def parameters(meta: Meta) -> dict[str, str]:
    """Raw values of parameter annotations, by template name."""
    return _suffixes(meta.annotations, contract.PARAMETERS_ANNOTATION_PREFIX)


def _suffixes(entries: dict[str, str] | None, prefix: str) -> dict[str, str]:
    return shared_map(
        entries and {key[len(prefix) :]: value for key, value in entries.items() if key.startswith(prefix)}
    )
