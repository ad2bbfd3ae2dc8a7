"""Run a command that dies when its parent does, even when the parent is killed with SIGKILL.

A killed parent runs no clean-up, so the kernel has to do it: Linux sends the signal asked for with
PR_SET_PDEATHSIG, and keeps that wish across exec. This runs as a small script between the two, because
upstream's binaries do not know the wish and `preexec_fn` is unsafe beside threads.

    python -I -S lifeline.py PARENT_PID COMMAND [ARGUMENT...]

Other systems have no such signal: there an orderly stop is all that cleans up.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PARENT_GONE = 1


def die_with_parent(wanted: signal.Signals, parent: int) -> None:
    """Have the kernel send this process `wanted` when the process `parent` ends; exit if it already has."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(wanted), 0, 0, 0)
    if os.getppid() != parent:  # it ended before the wish was heard
        sys.exit(_PARENT_GONE)


def _main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    die_with_parent(signal.SIGKILL, parent)
    os.execv(command[0], command)  # noqa: S606  no shell is wanted


if __name__ == "__main__":
    _main()
