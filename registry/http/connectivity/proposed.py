"""From the labels that a body proposes to the objects as they would be."""

from collections.abc import Iterator, Mapping

import msgspec

from registry import contract
from registry.connectivity.objects import PodGroup
from registry.http import problems
from registry.http.acting import require
from registry.http.connectivity.ends import missing, named_workload
from registry.http.connectivity.proposal_body import DiffBody, LabelsPart, Patch
from registry.http.conversion import invalid
from registry.http.namespaces.rights import on_namespace
from registry.http.problems import Refused
from registry.http.requests import backend
from registry.model.documents import canonical
from registry.model.pointers import child
from registry.model.problems import Problem
from registry.planning.exclusion import matches
from registry.planning.objects import Key, Namespace, Workload, namespace_key
from registry.planning.references import Malformed, parse_reference
from registry.world.network_objects import group_of

PREFIX = contract.TEMPLATE_LABEL_PREFIX

SELECTED_BY_TEMPLATE = ("CronJob", "Pod")
"""Kinds whose policies select their pods by the labels of these, for want of a selector."""


class Proposed:
    """Objects as they would be, gathered part by part; several parts may be about one object.

    `referring` has the pointer of each reference that is proposed.
    """

    def __init__(self) -> None:
        self.objects: dict[Key, Workload | Namespace] = {}
        self.groups = dict[Key, PodGroup]()
        self.referring: dict[tuple[Key, str], str] = {}

    def take(self, asked: DiffBody) -> None:
        """Take in all parts of a body. Raises Refused, or ApiError."""
        for number, part in enumerate(asked.labels):
            pointer = f"/labels/{number}"
            if part.namespace is not None:
                self._take_namespace(part.namespace, part, pointer)
            elif part.workload is not None:
                self._take_workload(part.workload, part, pointer)
            else:
                self._take_pods(part.pods or "", part, pointer)

    def _take_namespace(self, name: str, part: LabelsPart, pointer: str) -> None:
        require(on_namespace("get", name))
        one = self._known(namespace_key(name))
        if not isinstance(one, Namespace):
            detail = f"There is no namespace {name}, or this installation does not look at it."
            raise Refused(problems.NAMESPACE_NOT_FOUND, detail)
        labels = _patched(one.labels, part.set)
        self._put(
            msgspec.structs.replace(
                one,
                labels=labels,
                references={
                    key.removeprefix(PREFIX): value for key, value in labels.items() if key.startswith(PREFIX)
                },
                parameters=_parameters(one, part),
                managed=labels.get(contract.MANAGED_LABEL) == "true",
            ),
            part,
            pointer,
        )

    def _take_workload(self, text: str, part: LabelsPart, pointer: str) -> None:
        one = self._workload(text, f"{pointer}/workload")
        if wrong := list(_irrelevant(part, pointer)):
            raise invalid(wrong)
        patch = {key.removeprefix(PREFIX): value for key, value in part.set.items()}
        references = _patched(one.references, patch)
        parameters = _parameters(one, part)
        self._put(msgspec.structs.replace(one, references=references, parameters=parameters), part, pointer)

    def _take_pods(self, text: str, part: LabelsPart, pointer: str) -> None:
        one = self._workload(text, f"{pointer}/pods")
        if one.pods is None:
            raise missing(one.key)
        labels = _patched(dict(one.pods.labels), part.set)
        selector = {"matchLabels": labels} if one.key.kind in SELECTED_BY_TEMPLATE else one.selector
        if selector and not matches(selector, labels):
            reason = f"The selector of {one.key} would not select its own pods, which Kubernetes refuses."
            raise invalid([Problem(f"{pointer}/set", reason, "Keep the labels that its selector asks for.")])
        pods = msgspec.structs.replace(one.pods, labels=tuple(sorted(labels.items())))
        changed = msgspec.structs.replace(one, pods=pods, selector=selector)
        self.objects[one.key] = changed
        if group := group_of(changed):
            self.groups[one.key] = group

    def _workload(self, text: str, pointer: str) -> Workload:
        key = named_workload(pointer.removeprefix("/"), text, problems.INVALID_BODY)
        one = self._known(key)
        if not isinstance(one, Workload):
            raise missing(key)
        return one

    def _known(self, key: Key) -> Workload | Namespace | None:
        return self.objects.get(key) or backend().ask(lambda world: world.referring(key))

    def _put(self, one: Workload | Namespace, part: LabelsPart, pointer: str) -> None:
        for label, value in part.set.items():
            template = label.removeprefix(PREFIX)
            if template == label or value is None:
                continue
            place = child(f"{pointer}/set", label)
            try:
                parse_reference(template, value)
            except Malformed as error:
                fix = 'Write "true", "latest", "false", or "v" and the number of a revision.'
                raise invalid([Problem(place, str(error), fix)]) from error
            self.referring[one.key, template] = place
        self.objects[one.key] = one


def _irrelevant(part: LabelsPart, pointer: str) -> Iterator[Problem]:
    for label in part.set:
        if not label.startswith(PREFIX):
            reason = f"The label {label} on a workload itself changes no connection."
            fix = f"Write a label {PREFIX}<template>, or name the workload by `pods` for its pods' labels."
            yield Problem(child(f"{pointer}/set", label), reason, fix)


def _patched(labels: Mapping[str, str], patch: Patch) -> dict[str, str]:
    return {key: value for key, value in {**labels, **patch}.items() if value is not None}


def _parameters(one: Workload | Namespace, part: LabelsPart) -> dict[str, str]:
    given = {template: canonical(values).decode() for template, values in part.parameters.items()}
    return {**one.parameters, **given}
