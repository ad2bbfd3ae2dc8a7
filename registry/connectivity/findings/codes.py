"""The codes of findings: a closed table, from which the documentation is made."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

Severity = Literal["error", "warning", "info"]

SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "info")
"""`error`: protection that seems to be there is not. `warning`: hardly meant. `info`: may be meant."""


class Code(msgspec.Struct, frozen=True):
    """One kind of finding; a finding of it may be milder than `severity`, never worse."""

    name: str
    severity: Severity
    title: str
    why: str
    fix: str


DEFAULT_UNDONE: Final = Code(
    "DefaultUndone",
    "error",
    "A policy opens again all that a generated one denies",
    "A generated policy isolates pods in a direction and allows nothing. Policies only add up, so another "
    "one with a rule for anyone at every port leaves nothing of it in that direction.",
    "Narrow the rule for anyone to the peers and ports that are meant, or remove the denial, so that nobody "
    "relies on it.",
)
DUPLICATE_POLICY: Final = Code(
    "DuplicatePolicy",
    "info",
    "Two policies say the same",
    "They are in one namespace, select the same pods and have the same rules. Whoever removes or narrows one "
    "of them changes nothing, since the other still allows all of it.",
    "Keep one of them.",
)
NAMED_PORT_UNRESOLVED: Final = Code(
    "NamedPortUnresolved",
    "warning",
    "No container has a port of that name",
    "A named port stands for whatever number the containers of the destination give that name under the same "
    "protocol: of ingress the pods that the policy selects, of egress those that the rule's peers select. "
    "Where none of them declares it, the port allows nothing.",
    "Name a port that the containers declare, write its number, or give the containers' port that name.",
)
NOT_LET_IN: Final = Code(
    "NotLetIn",
    "warning",
    "The source may send, the destination does not let it in",
    "Both ends have to allow a connection. A rule of egress names these pods by their labels, so the "
    "connection is meant, and the destination is isolated without a rule that lets it in. Told where none of "
    "the rule's ports gets through, and of ports that the rule names, those that do not.",
    "Let the source in at the destination, as by a label with a template on it; or remove the rule of "
    "egress, if the connection is not meant.",
)
NOT_LET_OUT: Final = Code(
    "NotLetOut",
    "warning",
    "The destination lets it in, the source may not send",
    "Both ends have to allow a connection. A rule of ingress names these pods by their labels, so the "
    "connection is meant, and they are isolated without a rule of egress that allows it. Told where none of "
    "the rule's ports gets through, and of ports that the rule names, those that do not.",
    "Allow the egress at the source, as by a label with a template on it; or remove the rule of ingress, if "
    "the connection is not meant.",
)
PEERS_ABSENT: Final = Code(
    "PeersAbsent",
    "warning",
    "A rule is about nobody who is there",
    "Neither pods nor addresses: no pods of the cluster match any selector of the rule. It allows nothing "
    "now, and whatever bears those labels tomorrow. Info where only some of its selectors match nothing.",
    "Compare the selectors with the labels of the namespace and of the pods (`kubectl get pods "
    "--show-labels`), or remove the rule.",
)
SELECTS_NOTHING: Final = Code(
    "SelectsNothing",
    "warning",
    "A policy selects no pods",
    "No workload of its namespace bears such labels, so it protects nothing. Info where no workload of the "
    "namespace is known at all. Pods on the host's network count as none: policies pass them by.",
    "Correct the podSelector, or remove the policy.",
)
UNMANAGED_WIDENS: Final = Code(
    "UnmanagedWidens",
    "warning",
    "A policy of nobody's template opens what generated ones isolate",
    "Policies only add up. Generated policies isolate these workloads, and a policy that no template made "
    "allows connections which they do not. Told are connections that both ends allow, and that one of them "
    "would not allow without policies that no template made.",
    "Remove the policy, or adopt it as a template, if its connections are meant.",
)

CODES: Final[Mapping[str, Code]] = {
    code.name: code
    for code in (
        DEFAULT_UNDONE,
        DUPLICATE_POLICY,
        NAMED_PORT_UNRESOLVED,
        NOT_LET_IN,
        NOT_LET_OUT,
        PEERS_ABSENT,
        SELECTS_NOTHING,
        UNMANAGED_WIDENS,
    )
}
"""All codes by name; a name never changes its meaning."""
