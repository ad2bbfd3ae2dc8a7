"""How complete answers are, as far as the cluster shows it, as JSON."""

from collections.abc import Iterator

from registry.connectivity.completeness import UNREAD, Completeness, ServedKind
from registry.connectivity.formats.ends import Document


def completeness_document(found: Completeness) -> Document:
    """All of it, where nothing else is known."""
    return {
        "blocksMatchPods": found.blocks_match_pods,
        "enforcement": enforcement_document(found),
        "leftOut": [*left_out_documents(found), *map(unread_document, found.unread)],
    }


def enforcement_document(found: Completeness) -> Document:
    """Whether anything enforces policies, by what evidence, and what to do where nothing does."""
    return {
        "enforced": found.enforced,
        "plugins": [
            {"name": one.name, "enforces": one.enforces, "evidence": one.evidence} for one in found.plugins
        ],
        "remark": found.remark or None,
    }


def left_out_documents(found: Completeness) -> Iterator[Document]:
    """The kinds of policies that are there, or may be, and were not looked at."""
    for one in found.not_evaluated:
        if one.objects != 0:
            yield _kind("PolicyKind", one.remark, one)


def unread_document(one: ServedKind) -> Document:
    """A kind of objects that may lead in from outside, and that is not read."""
    return _kind("EntranceKind", UNREAD, one)


def _kind(reason: str, message: str, one: ServedKind) -> Document:
    named = [f"{one.kind}.{one.group}"]
    return {"reason": reason, "message": message, "total": one.objects or 0, "objects": named}
