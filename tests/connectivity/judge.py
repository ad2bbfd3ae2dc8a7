"""The engine of cyclonus, another simulator of NetworkPolicies: its test cases, and what it says of clusters.

It is a Go program, `cyclonus/main.go`, built once and cached. `python -m tests.connectivity.judge` builds it.
"""

import json
import subprocess
import sys
from pathlib import Path

from devcluster.gobuild import BuildError, Module

CYCLONUS = Module(
    Path(__file__).parent / "cyclonus", what="cyclonus, for tests", once="about a minute on 2 cores"
)


def cases():
    """All test cases of its generator, with the steps of each and the connections expected after it."""
    answer = subprocess.run([_program(), "cases"], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in answer.stdout.splitlines()]


class Judge:
    """The running engine."""

    def __enter__(self):
        self._process = subprocess.Popen(
            [_program(), "judge"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def asked(self, cluster, connections):
        """{(source, destination, at): (egress, ingress)} of a cluster as `plain` reads it; raises Refused."""
        asked = [
            {"source": source, "destination": destination, "protocol": at[0], "port": at[1]}
            for source, destination, at in connections
        ]
        self._process.stdin.write(json.dumps({**cluster, "connections": asked}) + "\n")
        answer = json.loads(self._process.stdout.readline())
        if "refused" in answer:
            raise Refused(answer["refused"])
        return told(answer["connections"])


class Refused(Exception):
    """It does not take that cluster."""


def told(connections):
    """Its answers as `plain` gives them."""
    return {
        (one["source"], one["destination"], (one["protocol"], one["port"])): (one["egress"], one["ingress"])
        for one in connections
    }


def _program():
    return CYCLONUS.built() / "cyclonus"


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{CYCLONUS.built()}\n")
    except BuildError as error:
        sys.exit(f"make judge: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
