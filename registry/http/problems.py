"""Every problem that the service answers, as RFC 9457 defines problem documents."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from flask import Response

from registry.model.problems import Problem

BASE: Final = "https://netpol-registry.dev/problems/"
MEDIA_TYPE: Final = "application/problem+json"


class Kind(msgspec.Struct, frozen=True):
    """A type of problem: the end of its URI, the status it is answered with, its title."""

    slug: str
    status: int
    title: str

    @property
    def uri(self) -> str:
        """The stable `type` of the problem documents."""
        return BASE + self.slug


BAD_REQUEST: Final = Kind("bad-request", 400, "The request cannot be understood")
INVALID_QUERY: Final = Kind("invalid-query", 400, "The query parameters are not valid")
MALFORMED_BODY: Final = Kind("malformed-body", 400, "The body cannot be read")
UNAUTHENTICATED: Final = Kind("unauthenticated", 401, "The caller is not known")
FORBIDDEN: Final = Kind("forbidden", 403, "The caller may not do this")
NOT_FOUND: Final = Kind("not-found", 404, "There is nothing at this address")
TEMPLATE_NOT_FOUND: Final = Kind("template-not-found", 404, "There is no such template")
REVISION_NOT_FOUND: Final = Kind("revision-not-found", 404, "There is no such revision")
ROLLOUT_NOT_FOUND: Final = Kind("rollout-not-found", 404, "The template never had a rollout")
USER_NOT_FOUND: Final = Kind("user-not-found", 404, "Nothing of that name uses the template")
NAMESPACE_NOT_FOUND: Final = Kind("namespace-not-found", 404, "There is no such namespace")
BACKUP_NOT_FOUND: Final = Kind("backup-not-found", 404, "The namespace has no such backup")
KIND_NOT_FOUND: Final = Kind("kind-not-found", 404, "Workloads of this kind are not followed")
WORKLOAD_NOT_FOUND: Final = Kind("workload-not-found", 404, "There is no such workload")
METHOD_NOT_ALLOWED: Final = Kind("method-not-allowed", 405, "The method is not allowed here")
TEMPLATE_EXISTS: Final = Kind("template-exists", 409, "A template of this name exists")
TEMPLATE_IN_USE: Final = Kind("template-in-use", 409, "The template is in use")
ROLLOUT_UNDER_WAY: Final = Kind("rollout-under-way", 409, "A rollout of the template is under way")
DEFAULT_WIDENED: Final = Kind("default-widened", 409, "The template would be applied to more namespaces")
IMPORT_INCOMPLETE: Final = Kind("import-incomplete", 409, "Templates were changed during the import")
OBJECT_CHANGED: Final = Kind("object-changed", 409, "The object was changed meanwhile")
NAMESPACE_NOT_MANAGED: Final = Kind("namespace-not-managed", 409, "The namespace is not enabled")
TEMPLATE_NOT_ALLOWED: Final = Kind(
    "template-not-allowed", 409, "The template is not allowed in this namespace"
)
GROUP_TAKEN: Final = Kind("group-taken", 409, "The workload has another template of the group")
NO_SELECTOR: Final = Kind("no-selector", 409, "The workload selects its pods by no label")
POLICY_NOT_POSSIBLE: Final = Kind("policy-not-possible", 409, "Something stands in the way of the policy")
BACKUP_UNREADABLE: Final = Kind("backup-unreadable", 409, "A backup is not as it was written")
PRECONDITION_FAILED: Final = Kind("precondition-failed", 412, "The template was changed meanwhile")
BODY_TOO_LARGE: Final = Kind("body-too-large", 413, "The body is too large")
STORE_FULL: Final = Kind("store-full", 413, "The templates together are too large")
UNSUPPORTED_MEDIA_TYPE: Final = Kind("unsupported-media-type", 415, "The body has a type that is not read")
INVALID_BODY: Final = Kind("invalid-body", 422, "The body does not ask for anything that can be done")
INVALID_TEMPLATE: Final = Kind("invalid-template", 422, "The template is not valid")
INVALID_IMPORT: Final = Kind("invalid-import", 422, "Not all of the import can be saved")
INVALID_PARAMETERS: Final = Kind("invalid-parameters", 422, "The parameters are not valid")
ANSWER_TOO_LARGE: Final = Kind("answer-too-large", 422, "The answer would be too large")
PODS_UNKNOWN: Final = Kind("pods-unknown", 422, "The workload does not say which pods it has")
WRONG_SCOPE: Final = Kind("wrong-scope", 422, "The template is not for workloads")
POLICY_REFUSED: Final = Kind("policy-refused", 422, "The cluster does not take the template's policy")
OBJECT_REFUSED: Final = Kind("object-refused", 422, "The cluster does not take the change")
NAMESPACE_EXCLUDED: Final = Kind("namespace-excluded", 422, "The namespace is never managed")
SCOPE_CHANGED: Final = Kind("scope-changed", 422, "A template's scope never changes")
PRECONDITION_REQUIRED: Final = Kind("precondition-required", 428, "The request needs If-Match")
INTERNAL: Final = Kind("internal", 500, "The service failed")
STORE_UNREADABLE: Final = Kind("store-unreadable", 503, "The store of the templates cannot be read")
STORE_BUSY: Final = Kind("store-busy", 503, "The store of the templates is busy")
DRY_RUN_FAILED: Final = Kind("dry-run-failed", 503, "The template's policy could not be tried")
CLUSTER_UNAVAILABLE: Final = Kind("cluster-unavailable", 503, "The Kubernetes API server cannot be asked")

KINDS: Final = tuple(value for value in dict(globals()).values() if isinstance(value, Kind))


class Refused(Exception):
    """A request that is answered with a problem document; `members` are further members of it."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        errors: Sequence[Problem] = (),
        members: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.errors = errors
        self.members = members or {}
        self.headers = headers or {}

    def response(self) -> Response:
        """The answer."""
        kind = self.kind
        document = {"type": kind.uri, "title": kind.title, "status": kind.status, "detail": self.detail}
        if self.errors:
            document["errors"] = list(self.errors)
        body = msgspec.json.encode({**document, **self.members})
        return Response(body, kind.status, self.headers, content_type=MEDIA_TYPE)
