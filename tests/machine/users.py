"""Rules of those who own workloads and namespaces: labels, annotations, workloads that come and go."""

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from devcluster.api import Object
from tests.controller.shop import MANAGED, PARAMETERS, TEMPLATE
from tests.machine import workloads
from tests.machine.choices import (
    FIRST,
    NAMES,
    SPACES,
    kinds,
    names,
    namespace_slots,
    selectors,
    slots,
    spaces,
    texts,
    tiers,
    values,
)
from tests.machine.settling import Settling
from tests.machine.site import as_text, soon
from tests.machine.state import NAMESPACE, Holder, Space

Labels = dict[str, str]
Wanted = dict[str, str | None]
"""By template: a label's value or an annotation's text; None removes it."""
Asked = tuple[str, str | None]
"""A template and the value of its label."""

references = st.tuples(slots, values)
deletions = st.sampled_from(("Background", "Orphan", "Foreground", "Orphan"))


class UserRules(Settling):
    """What changes references."""

    @initialize(chosen=st.lists(st.tuples(kinds, slots, values), min_size=4, max_size=4), both=st.booleans())
    def begin(self, chosen: list[tuple[str, str, str | None]], both: bool) -> None:
        """Two namespaces, one or both of them managed, with two workloads each, and all templates."""
        texts = {
            self.template(slot): as_text(one.body(self.template(slot), self.example))
            for slot, one in FIRST.items()
        }
        self.site.edit(texts)
        self.site.await_heads(dict.fromkeys(texts, 1))
        for slot, one in FIRST.items():
            self.model.templates[self.template(slot)] = [one]
        for slot in SPACES:
            managed = "true" if both or slot == "one" else None
            labels = {"machine": self.example, "tier": "gold", **({MANAGED: managed} if managed else {})}
            name, uid = self.site.make_space(labels)
            self.spaces[slot] = name
            self.model.spaces[name] = Space(Holder(name, NAMESPACE, name, uid, None), managed, "gold")
        places = [(slot, name) for slot in SPACES for name in NAMES[:2]]
        for (kind, template, value), (slot, name) in zip(chosen, places, strict=True):
            self._create(slot, kind, self._body(name, {"app": name}, {template: value}))
        self.settle(slack=len(places))

    @rule(slot=spaces, name=names, reference=references)
    def refer(self, slot: str, name: str, reference: Asked) -> None:
        """Set or remove a label."""
        self._change(slot, name, _labels(reference), {})

    @rule(slot=spaces, name=names, leave=slots, reference=references)
    def move(self, slot: str, name: str, leave: str, reference: Asked) -> None:
        """From one template, if it can be one that is in force, to another in one edit."""
        if holder := self._workload(slot, name):
            in_force = (one for one in FIRST if holder.reference(self.template(one)) in self.model.policies)
            self._change(slot, name, {next(in_force, leave): None, **_labels(reference)}, {})

    @rule(slot=spaces, name=names, template=slots, text=texts)
    def parameterise(self, slot: str, name: str, template: str, text: str | None) -> None:
        """Set or remove an annotation."""
        self._change(slot, name, {}, {template: text})

    @rule(slot=spaces, name=names, reference=references, text=texts)
    def refer_with(self, slot: str, name: str, reference: Asked, text: str | None) -> None:
        """Label and annotation in one edit."""
        self._change(slot, name, _labels(reference), {reference[0]: text})

    @rule(slot=spaces, name=names, kind=kinds, selector=selectors, reference=references)
    def make(self, slot: str, name: str, kind: str, selector: Labels, reference: Asked) -> None:
        """Create a workload, where there is none of that name."""
        if name not in self.space(slot).workloads:
            self._create(slot, kind, self._body(name, selector, _labels(reference)))
            self.settle()

    @rule(slot=spaces, name=names, how=deletions)
    def delete(self, slot: str, name: str, how: str) -> None:
        """Delete a workload."""
        if holder := self._workload(slot, name):
            self._delete(holder, how)
            self.settle()

    @rule(slot=spaces, name=names, how=deletions, kind=st.one_of(st.none(), kinds))
    def replace(self, slot: str, name: str, how: str, kind: str | None) -> None:
        """Delete a workload and create it again with its labels, perhaps as another kind."""
        if old := self._workload(slot, name):
            self._delete(old, how)
            self.settle()
            body = self._body(old.name, {"app": old.name}, {})
            self._create(slot, kind or old.kind, body | {"labels": old.labels, "parameters": old.parameters})
            self.settle()

    @rule(slot=spaces, name=names, selector=st.one_of(selectors, st.just({})))
    def reselect(self, slot: str, name: str, selector: Labels) -> None:
        """Change the labels of a workload's pods, where its kind allows that; those of a Pod also to none."""
        holder = self._workload(slot, name)
        if holder and holder.kind in workloads.RESELECTABLE and (selector or holder.kind == "Pod"):
            selector = workloads.own(holder.kind, selector)
            workloads.reselect(self.site.api, holder, selector)
            holder.selector = selector or None
            self.settle()

    @rule(slot=spaces, value=st.sampled_from(("true", "true", "true", None, "false", "yes")))
    def manage(self, slot: str, value: str | None) -> None:
        space = self.space(slot)
        self._patch_namespace(space, {MANAGED: value})
        space.managed = value
        self.settle()

    @rule(slot=spaces, tier=tiers)
    def classify(self, slot: str, tier: str | None) -> None:
        """Set the label that `defaultIn` and `allowedIn` ask for."""
        space = self.space(slot)
        self._patch_namespace(space, {"tier": tier})
        space.tier = tier
        self.settle()

    @rule(slot=spaces, template=namespace_slots, value=values)
    def refer_namespace(self, slot: str, template: str, value: str | None) -> None:
        self._patch(self.space(slot).holder, {template: value}, {})
        self.settle()

    @rule(slot=spaces, template=namespace_slots, text=texts)
    def parameterise_namespace(self, slot: str, template: str, text: str | None) -> None:
        self._patch(self.space(slot).holder, {}, {template: text})
        self.settle()

    @rule(slot=spaces, name=names)
    def touch(self, slot: str, name: str) -> None:
        """Change what is no business of ours: no write may follow."""
        space = self.space(slot)
        self._patch_namespace(space, {"team": str(self.site.steps)})
        if holder := space.workloads.get(name):
            path = workloads.path(holder.space, holder.kind, name)
            self.site.api.patch(path, {"metadata": {"annotations": {"note": str(self.site.steps)}}})
        self.settle()

    def _workload(self, slot: str, name: str) -> Holder | None:
        """The workload of that name, else another one."""
        found = self.space(slot).workloads
        return found.get(name) or next(iter(found.values()), None)

    def _change(self, slot: str, name: str, labels: Wanted, parameters: Wanted) -> None:
        """Edit a workload's labels and annotations, by templates."""
        if holder := self._workload(slot, name):
            self._patch(holder, labels, parameters)
            self.settle()

    def _patch(self, holder: Holder, labels: Wanted, parameters: Wanted) -> None:
        labels = {self.template(slot): value for slot, value in labels.items()}
        parameters = {self.template(slot): text for slot, text in parameters.items()}
        metadata = {
            "labels": {TEMPLATE + template: value for template, value in labels.items()},
            "annotations": {PARAMETERS + template: text for template, text in parameters.items()},
        }
        self.site.api.patch(workloads.path(holder.space, holder.kind, holder.name), {"metadata": metadata})
        holder.labels = _merged(holder.labels, labels)
        holder.parameters = _merged(holder.parameters, parameters)

    def _patch_namespace(self, space: Space, labels: dict[str, str | None]) -> None:
        self.site.api.patch(workloads.path(space.holder.name, NAMESPACE), {"metadata": {"labels": labels}})

    def _create(self, slot: str, kind: str, body: Object) -> None:
        space = self.space(slot)
        body = {**body, "selector": workloads.own(kind, body["selector"])}
        created = workloads.create(self.site.api, space.holder.name, kind, body)
        selector = workloads.selector(kind, body["selector"], created)
        uid = created["metadata"]["uid"]
        holder = Holder(space.holder.name, kind, body["name"], uid, dict(selector))
        holder.labels, holder.parameters = dict(body["labels"]), dict(body["parameters"])
        space.workloads[body["name"]] = holder

    def _body(self, name: str, selector: Labels, labels: Wanted) -> Object:
        found = {self.template(slot): value for slot, value in labels.items() if value is not None}
        return {"name": name, "selector": selector, "labels": found, "parameters": {}}

    def _delete(self, holder: Holder, how: str) -> None:
        """Delete a workload, and wait until the garbage collector has done its part."""
        workloads.delete(self.site.api, holder, how)
        self.model.delete_workload(holder.space, holder.name, orphan=how == "Orphan")

        def collected() -> None:
            for one in self.site.policies(holder.space).values():
                assert holder.uid not in str(one["metadata"].get("ownerReferences")), "not collected yet"

        soon(collected, 30)


def _labels(asked: Asked) -> Wanted:
    template, value = asked
    return {template: value}


def _merged(old: Labels, changes: Wanted) -> Labels:
    return {key: value for key, value in {**old, **changes}.items() if value is not None}
