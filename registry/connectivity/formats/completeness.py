"""How complete answers are, as far as the cluster shows it, as JSON."""

from collections.abc import Iterator

from registry.connectivity.completeness import Completeness
from registry.connectivity.formats.ends import Document


def completeness_document(found: Completeness) -> Document:
    """All of it, where nothing else is known."""
    return {
        "blocksMatchPods": found.blocks_match_pods,
        "enforcement": enforcement_document(found),
        "leftOut": list(left_out_documents(found)),
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
            yield {
                "reason": "PolicyKind",
                "message": one.remark,
                "total": one.objects or 0,
                "objects": [f"{one.kind}.{one.group}"],
            }
