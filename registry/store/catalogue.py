"""What is in force, read from the store's ConfigMaps. Pure.

The heads annotation of the catalogue ConfigMap names the committed revision of each template; records
lead from there to the earlier ones by their parent. What somebody wrote into the ConfigMap with
kubectl is in force only once it is recorded; until then the last recorded revision is.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec

from registry.model.documents import digest, load_yaml
from registry.model.problems import Invalid, Problem
from registry.model.template import Template, load_template
from registry.planning.catalogue import Entry, Flag, Revision
from registry.store.errors import StoreUnreadable, head_missing, no_records
from registry.store.objects import KEY_SUFFIX, Record, StoredConfigMap, key_of

Records = Mapping[str, Mapping[int, Record]]
"""All records of the store, by template name and number."""


class Holding(msgspec.Struct, frozen=True):
    """What the store holds of one name: its text if there is one, its head (0: none), its records."""

    name: str
    text: str | None
    head: int
    records: Mapping[int, Record]

    @property
    def current(self) -> Revision | None:
        """The committed revision; None when there is none, or its record is lost."""
        record = self.records.get(self.head)
        return record.revision if record else None


class View(msgspec.Struct, frozen=True):
    """The store's ConfigMaps at one moment."""

    main: StoredConfigMap | None
    records: Records

    @property
    def history_lost(self) -> bool:
        """Whether revisions were committed and not one record is left: nothing can be built on that."""
        return self.main is not None and bool(self.main.heads) and not self.records

    def names(self) -> set[str]:
        """Every name that has a record, a head or a key."""
        if self.main is None:
            return set(self.records)
        texts = (key.removesuffix(KEY_SUFFIX) for key in self.main.texts if key.endswith(KEY_SUFFIX))
        return {*self.records, *texts, *(self.main.heads or {})}

    def heads(self) -> dict[str, int]:
        """The committed revision of each name that has one."""
        if self.main and self.main.heads is not None:
            return {name: head for name, head in self.main.heads.items() if head}
        return {name: head for name in self.names() if (head := self.head(name))}

    def head(self, name: str) -> int:
        """The committed revision of `name`, 0 for none; the highest where the annotation is lost.

        (A `kubectl replace` with a file that lacks it drops the annotation.)
        """
        if self.main is None:
            return 0
        return self.highest(name) if self.main.heads is None else self.main.heads.get(name, 0)

    def highest(self, name: str) -> int:
        """The highest recorded revision that was not abandoned."""
        records = self.records.get(name, {})
        return max((number for number, record in records.items() if not record.abandoned), default=0)

    def holding(self, name: str) -> Holding:
        """What is held of `name`."""
        text = self.main.texts.get(key_of(name)) if self.main else None
        return Holding(name, text, self.head(name), self.records.get(name, {}))


def check_readable(view: View) -> None:
    """Raise StoreUnreadable when the store as a whole is missing or was emptied."""
    main = view.main
    if main is None:
        raise StoreUnreadable("The ConfigMap of the templates is missing.")
    if not view.records:
        raise no_records(main.name)
    if not main.texts and any(not _is_deleted(view.holding(name)) for name in view.names()):
        raise StoreUnreadable(
            f"ConfigMap {main.name} was emptied. Delete it, and it is restored from the recorded revisions."
        )


def read_entry(holding: Holding) -> Entry | None:
    """The entry of one name; None when nothing of it was ever committed. Raises StoreUnreadable."""
    if not holding.head:
        return None
    if holding.current is None:
        raise head_missing(holding.name, holding.head)
    flag, problems = _judge(holding)
    return Entry(
        name=holding.name, head=holding.head, revisions=committed(holding), flag=flag, problems=problems
    )


def committed(holding: Holding) -> Mapping[int, Revision]:
    """The revisions that were ever in force, by number: from the head along the parents.

    Beyond a gap (a record that was pruned or lost) the marks of abandoned records decide.
    """
    found: dict[int, Revision] = {}
    number = holding.head
    while record := holding.records.get(number):
        found[number] = record.revision
        number = record.parent
    older = (record for record in holding.records.values() if record.revision.number < number)
    return found | {record.revision.number: record.revision for record in older if not record.abandoned}


def edited(holding: Holding) -> Template | tuple[Problem, ...] | None:
    """What somebody wrote into the ConfigMap since the head: a template, or what is wrong with it."""
    if holding.text is None or (holding.current and holding.current.digest == text_digest(holding.text)):
        return None
    found = read_text(holding.text)
    if isinstance(found, Template):
        return tuple(_misfits(holding, found)) or found
    return found


def superseded(view: View, names: Iterable[str], posted: Iterable[Record] = ()) -> list[Record]:
    """Records of `names`, or just `posted`, that did not come into force and now never will."""
    found: list[Record] = []
    for name in names:
        holding = view.holding(name)
        in_force = committed(holding)
        passed = [record for number, record in holding.records.items() if number < holding.head]
        mine = [record for record in posted if record.revision.name == name]
        found += [record for record in (*passed, *mine) if record.revision.number not in in_force]
    return list({record.uid: record for record in found if not record.abandoned}.values())


def recorded_scope(holding: Holding) -> str | None:
    """The scope of the name's latest committed template, also of a deleted one."""
    revisions = committed(holding)
    for number in sorted(revisions, reverse=True):
        if template := revisions[number].template:
            return template.scope
    return None


def _judge(holding: Holding) -> tuple[Flag | None, tuple[Problem, ...]]:
    if holding.text is None:
        return (None if _is_deleted(holding) else "Removed"), ()
    found = edited(holding)
    return ("Invalid", found) if isinstance(found, tuple) else (None, ())


def _is_deleted(holding: Holding) -> bool:
    """Whether it was deleted through the API, or never committed."""
    return not holding.head or (holding.current is not None and holding.current.template is None)


def _misfits(holding: Holding, found: Template) -> Iterable[Problem]:
    if found.name != holding.name:
        yield Problem(
            "/name",
            f"The name is {found.name}, but the key is {key_of(holding.name)}.",
            f"Write {holding.name}, or move it to the key {key_of(found.name)}.",
        )
    scope = recorded_scope(holding)
    if scope and scope != found.scope:
        yield Problem(
            "/scope",
            f"The scope was {scope} and never changes.",
            f"Write {scope}, or make a template of another name.",
        )


@lru_cache(maxsize=4096)
def text_digest(text: str) -> str:
    """The digest of the document written in `text`; empty when it cannot be read."""
    try:
        return digest(load_yaml(text))
    except Invalid:
        return ""


@lru_cache(maxsize=256)
def read_text(text: str) -> Template | tuple[Problem, ...]:
    """The template written in `text`, or what is wrong with it."""
    try:
        return load_template(text)
    except Invalid as error:
        return error.problems
