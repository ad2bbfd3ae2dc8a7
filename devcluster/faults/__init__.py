"""What can go wrong between a client and the API server, made to happen on purpose.

`proxy.FaultProxy` stands between the two; `actions` are the faults, `rules` says whom they hit and counts
how often, `http1` reads the wire and `relay` passes on what no fault hits.
"""

from devcluster.faults.actions import Answer, CutBody, CutEvent, Drop, ErrorEvent, LoseAnswer, Slow, Stall
from devcluster.faults.proxy import FaultProxy
from devcluster.faults.rules import Fault, Match, Seen

__all__ = [
    "Answer",
    "CutBody",
    "CutEvent",
    "Drop",
    "ErrorEvent",
    "Fault",
    "FaultProxy",
    "LoseAnswer",
    "Match",
    "Seen",
    "Slow",
    "Stall",
]
