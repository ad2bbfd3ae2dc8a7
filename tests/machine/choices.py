"""What the machine chooses from: names, values right and wrong, versions of templates, damages."""

from typing import Final

from hypothesis import strategies as st

from devcluster.api import Object
from tests.machine import workloads
from tests.machine.documents import Document

SPACES: Final = ("one", "two")
NAMES: Final = ("w0", "w1", "w2")
FIRST: Final = {
    "plain": Document(),
    "left": Document(group="choice"),
    "right": Document(group="choice", port=6000),
    "preset": Document(preset=True),
    "open": Document(scope="namespace", default_in="gold"),
    "shut": Document(scope="namespace", denies=True, default_in="gold"),
}
"""The templates that there are at first."""

spaces = st.sampled_from(SPACES)
names = st.sampled_from(NAMES)
slots = st.sampled_from(("plain", "preset", "left", "right", "preset", "plain", "left", "open", "never"))
namespace_slots = st.sampled_from(("open", "shut", "open", "plain"))
saved = st.sampled_from(tuple(FIRST))
kinds = st.sampled_from(tuple(workloads.ROOTS))
tiers = st.sampled_from(("gold", "plain", None))
values = st.sampled_from(
    ("true", "latest", "true", "v1", "v2", "latest", "false", None, "true", "yes", "", "V1", "v3")
)
texts = st.sampled_from(
    ("port: 500", '{"port": 7000}', "port: 300", "{}", "port: 0", "[port", "prot: 7", "", None)
)
selectors = st.sampled_from(({"app": "a"}, {"app": "b"}, {"app": "a", "part": "x"}))
documents = st.fixed_dictionaries(
    {},
    optional={
        "port": st.sampled_from((5000, 6000)),
        "least": st.sampled_from((1, 400)),
        "note": st.sampled_from(("Opens a port.", "Another text.")),
        "allowed_in": st.sampled_from((None, "gold")),
        "default_in": st.sampled_from((None, "gold", "plain")),
        "group": st.sampled_from((None, "choice")),
        "preset": st.booleans(),
    },
)
BREAKS: Final[dict[str, Object]] = {
    "rules": {"spec": {"ingress": [{}]}},
    "pods": {"spec": {"podSelector": {"matchLabels": {"stray": "x"}}}},
    "owner": {"metadata": {"ownerReferences": None}},
    "labels": {"metadata": {"labels": None}},
    "annotations": {"metadata": {"annotations": None}},
    "revision": {"metadata": {"labels": {"netpol-registry.dev/revision": "9"}}},
    "manager": {"metadata": {"labels": {"app.kubernetes.io/managed-by": "me"}}},
    "tracking": {"metadata": {"annotations": {"netpol-registry.dev/tracking": "latest"}}},
    "parameters": {"metadata": {"annotations": {"netpol-registry.dev/parameters": '{"port": 1}'}}},
    "all": {"metadata": {"labels": None, "annotations": None, "ownerReferences": None}},
    "marks": {"metadata": {"labels": {"team": "a"}, "annotations": {"note": "b"}}},
}
"""What people do to a generated policy. `marks` is theirs to do: it stays."""
SPEC_ONLY: Final = ("rules", "pods")
DOWN_TOO: Final = ("rules", "pods", "owner", "marks")
"""What of that a controller that was down can still put back: marks it takes as they stand."""
