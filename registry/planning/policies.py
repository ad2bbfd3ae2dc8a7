"""Building generated policies, comparing them with live ones, and the bodies of writes."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from registry import contract
from registry.model.documents import canonical
from registry.planning.names import bears_mark, policy_name, template_of
from registry.planning.objects import DesiredPolicy, Key, LivePolicy, Namespace, Selector, Workload
from registry.planning.references import Malformed, parse_reference
from registry.planning.resolve import Applied, Resolved

OUR_ANNOTATIONS = frozenset(
    {
        contract.WORKLOAD_ANNOTATION,
        contract.PARAMETERS_ANNOTATION,
        contract.TRACKING_ANNOTATION,
        contract.DIGEST_ANNOTATION,
        contract.DESCRIPTION_ANNOTATION,
        contract.ORPHANED_ANNOTATION,
        contract.ADOPT_ANNOTATION,
    }
)
OUR_LABELS: Final = frozenset({contract.TEMPLATE_LABEL, contract.REVISION_LABEL})
"""Beside the one that says who manages it, whose value may be another's."""


def workload_policy(workload: Workload, selector: Selector, resolved: Resolved) -> DesiredPolicy:
    """The policy of a workload's reference; it goes with the workload, by its ownerReference."""
    owner = {
        "apiVersion": workload.api_version,
        "kind": workload.key.kind,
        "name": workload.name,
        "uid": workload.uid,
        "blockOwnerDeletion": False,
    }
    return _policy(workload.key, resolved, selector, owner)


def namespace_policy(
    namespace: Namespace, selector: Selector, part: int, resolved: Resolved
) -> DesiredPolicy:
    """Part `part` of the policy of a namespace's reference."""
    return _policy(namespace.key, resolved, selector, None, part)


def _policy(
    key: Key, resolved: Resolved, selector: Selector, owner: Mapping[str, Any] | None, part: int = 0
) -> DesiredPolicy:
    template = resolved.template
    spec = resolved.rendered.text(selector)
    return DesiredPolicy(
        namespace=key.namespace,
        name=policy_name(key, template.name, part),
        labels={
            contract.MANAGED_BY_LABEL: contract.MANAGER,
            contract.TEMPLATE_LABEL: template.name,
            contract.REVISION_LABEL: str(resolved.revision),
        },
        annotations={
            contract.WORKLOAD_ANNOTATION: key.kind_name,
            contract.PARAMETERS_ANNOTATION: canonical(resolved.parameters).decode(),
            contract.TRACKING_ANNOTATION: resolved.reference.tracking,
            contract.DIGEST_ANNOTATION: spec_digest(spec),
            contract.DESCRIPTION_ANNOTATION: template.description,
        },
        owner=owner,
        spec=spec,
    )


def spec_digest(spec: bytes) -> str:
    """Short digest of a spec's canonical JSON, to tell an intended change from drift."""
    return hashlib.sha256(spec).hexdigest()[:16]


def applied_of(desired: DesiredPolicy, resolved: Resolved) -> Applied:
    """What is in force once `desired` is written."""
    return Applied(
        resolved.revision,
        resolved.parameters,
        resolved.reference.tracking,
        desired.annotations[contract.DIGEST_ANNOTATION],
        str(desired.owner["uid"]) if desired.owner else "",
    )


def differs(live: LivePolicy, desired: DesiredPolicy) -> bool:
    """Whether a write is needed. Labels and annotations of others do not count."""
    return (
        live.spec != desired.spec
        or any(live.labels.get(key) != value for key, value in desired.labels.items())
        or {key: live.annotations[key] for key in OUR_ANNOTATIONS & live.annotations.keys()}
        != desired.annotations
        or [dict(owner) for owner in live.owners] != ([dict(desired.owner)] if desired.owner else [])
    )


def only_version_moved(live: LivePolicy, desired: DesiredPolicy) -> bool:
    """Whether `live` differs in nothing but the version of its owner's kind.

    That moves when a custom resource's definition stores another version, by nobody's edit. It is still
    written: the garbage collector finds an owner by a version that is served
    (https://kubernetes.io/docs/concepts/architecture/garbage-collection/).
    """
    if not desired.owner or not live.owners:
        return False
    served, recorded = str(desired.owner["apiVersion"]), str(live.owners[0].get("apiVersion", ""))
    if served.rpartition("/")[0] != recorded.rpartition("/")[0]:
        return False
    owners = ({**live.owners[0], "apiVersion": served}, *live.owners[1:])
    return not differs(msgspec.structs.replace(live, owners=owners), desired)


def create_body(desired: DesiredPolicy) -> dict[str, Any]:
    """The body of the POST."""
    return _body(
        {
            "name": desired.name,
            "namespace": desired.namespace,
            "labels": desired.labels,
            "annotations": desired.annotations,
            **({"ownerReferences": [desired.owner]} if desired.owner else {}),
        },
        msgspec.Raw(desired.spec),
    )


def update_body(live: LivePolicy, desired: DesiredPolicy) -> dict[str, Any]:
    """The body of the conditional PUT that turns `live` into `desired`.

    managedFields are left out: the API server then keeps them, while an empty list would wipe
    every manager's (https://kubernetes.io/docs/reference/using-api/server-side-apply/).
    """
    return _body(
        {
            "name": live.name,
            "namespace": live.namespace,
            "uid": live.uid,
            "resourceVersion": live.resource_version,
            "labels": {**live.labels, **desired.labels},
            "annotations": {**_foreign_annotations(live.annotations), **desired.annotations},
            "finalizers": live.finalizers,
            "ownerReferences": [desired.owner] if desired.owner else [],
        },
        msgspec.Raw(desired.spec),
    )


def delete_body(live: LivePolicy) -> dict[str, Any]:
    """DeleteOptions that delete exactly the object that was seen."""
    return {
        "kind": "DeleteOptions",
        "apiVersion": "v1",
        "preconditions": {"uid": live.uid, "resourceVersion": live.resource_version},
    }


def is_offered(live: LivePolicy, spec: bytes) -> bool:
    """Whether somebody wants `live`, which is not ours, to be taken over as the policy of this spec.

    The spec is canonical JSON, as that of `live` is.
    """
    offered = contract.ADOPT_ANNOTATION in live.annotations and not live.owners and not live.deleting
    return offered and live.spec == spec


def offered_revisions(
    key: Key, templates: Iterable[str], named: Callable[[str], LivePolicy | None]
) -> dict[str, Applied]:
    """What references of `key` are pinned to by policies that it may take over, where those say so."""
    found = ((template, named(policy_name(key, template))) for template in templates)
    return {template: applied for template, live in found if live and (applied := _offered_revision(live))}


def _offered_revision(live: LivePolicy) -> Applied | None:
    if bears_mark(live) or contract.ADOPT_ANNOTATION not in live.annotations:
        return None
    try:
        reference = parse_reference(template_of(live), live.annotations[contract.ADOPT_ANNOTATION])
    except Malformed:
        return None
    return Applied(reference.revision, {}, "pinned") if reference and reference.revision else None


def release_body(live: LivePolicy, found: Mapping[str, Any]) -> dict[str, Any]:
    """The body of the conditional PUT that takes our marks off; `found` is its JSON now.

    The entry of our field manager is left out of managedFields, the others stay. An empty list would be
    ignored, and a list of one empty entry stands for none at all
    (https://kubernetes.io/docs/reference/using-api/server-side-apply/#clearing-managedfields).
    """
    metadata = found["metadata"]
    others = [one for one in metadata.get("managedFields", ()) if one.get("manager") != contract.MANAGER]
    kept = {
        "name": live.name,
        "namespace": live.namespace,
        "uid": live.uid,
        "resourceVersion": live.resource_version,
        "labels": _foreign_labels(metadata.get("labels", {})),
        "annotations": _foreign_annotations(metadata.get("annotations", {})),
        "finalizers": metadata.get("finalizers", []),
        "managedFields": others or [{}],
    }
    return _body(kept, found["spec"])


def released(live: LivePolicy) -> LivePolicy:
    """A policy without our marks."""
    return msgspec.structs.replace(
        live,
        labels=_foreign_labels(live.labels),
        annotations=_foreign_annotations(live.annotations),
        owners=(),
        managers=tuple(one for one in live.managers if one.name != contract.MANAGER),
    )


def _foreign_labels(labels: Mapping[str, str]) -> dict[str, str]:
    ours = (contract.MANAGED_BY_LABEL, contract.MANAGER)
    return {key: value for key, value in labels.items() if key not in OUR_LABELS and (key, value) != ours}


def _foreign_annotations(annotations: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in annotations.items() if key not in OUR_ANNOTATIONS}


def _body(metadata: Mapping[str, Any], spec: object) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata,
        "spec": spec,
    }
