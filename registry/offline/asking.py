"""What each command does: reads, asks, prints, and says by which status to exit."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, Final, NamedTuple

import click

from registry.connectivity.findings.codes import SEVERITIES
from registry.connectivity.formats.completeness import completeness_document
from registry.connectivity.formats.ends import Document
from registry.connectivity.formats.render import render
from registry.offline import answers
from registry.offline.ends import Ends, Unresolved, some
from registry.offline.files import STDIN, NoInput
from registry.offline.loading import Reading, load, problem_lines, problems_of
from registry.offline.manifests import Manifests
from registry.offline.questions import NoPort, answer_lines, asked_of, read_ports
from registry.offline.state import states_of

CLEAN: Final = 0
FOUND: Final = 1
WRONG: Final = 2

Given = Mapping[str, Any]
"""The options of a command by name."""


class Answer(NamedTuple):
    """An answer, its name, and whether it is one that was asked to fail."""

    name: str
    document: Document
    fails: bool = False


class Asking:
    """What was read, and what the options of commands ask of it."""

    def __init__(self, manifests: Sequence[Manifests], given: Given) -> None:
        self._states = states = states_of(manifests, blocks_match_pods=given["blocks_match_pods"])
        self._network = states[0].network
        self._inside = manifests[0].inside
        self._given = given

    def graph(self) -> Answer:
        """The connections."""
        return Answer("graph", answers.graph_answer(self._network, self._inside, self._focus()))

    def explain(self) -> Answer:
        """One connection; it fails where it is not as expected."""
        given = self._given
        asked = asked_of(Ends(self._states[0]), given["source"], given["destination"], given["port"])
        document = answers.explain_answer(self._network, asked)
        found = "allowed" if document["allowed"] else "denied"
        return Answer("explain", document, given["expect"] not in (None, found))

    def diff(self) -> Answer:
        """The change between two states."""
        document = answers.diff_answer(*self._states)
        return Answer("diff", document, _is_among(document["changes"], self._given["fail_on"]))

    def findings(self) -> Answer:
        """What looks wrong."""
        document = answers.findings_answer(self._network, whole=self._given["whole_cluster"])
        least = self._given["fail_on"]
        severe = SEVERITIES[: SEVERITIES.index(least) + 1] if least in SEVERITIES else ()
        return Answer("findings", document, any(document["counts"][one] for one in severe))

    def exposure(self) -> Answer:
        """What strangers could reach."""
        return Answer("exposure", answers.exposure_answer(self._network, self._inside, self._focus()))

    def coverage(self) -> Answer:
        """What is isolated."""
        return Answer("coverage", answers.coverage_answer(self._network, self._focus()))

    def _focus(self) -> answers.Focus:
        given = self._given
        for name in given["namespaces"]:
            if name not in self._network.namespaces:
                known = some(sorted(self._network.namespaces)) or "none"
                raise Unresolved(f"There is no namespace {name} in the manifests. There are: {known}.")
        workloads = given.get("workloads", ())
        ends = Ends(self._states[0]) if workloads else None
        return answers.Focus(
            namespaces=given["namespaces"],
            workloads=tuple(key for text in workloads if ends for key in ends.workloads(text)),
            ports=read_ports(port) if (port := given.get("port")) else None,
            level=given.get("level"),
        )


_ASK: Final[Mapping[str, Callable[[Asking], Answer]]] = {
    "graph": Asking.graph,
    "explain": Asking.explain,
    "diff": Asking.diff,
    "findings": Asking.findings,
    "exposure": Asking.exposure,
    "coverage": Asking.coverage,
}


def run(command: str, given: Given) -> int:
    """Read, ask and print; the status to exit with."""
    with _told():
        manifests = _load(given)
        answer = _ASK[command](Asking(manifests, given))
        complete = answers.completeness_of(manifests, blocks_match_pods=given["blocks_match_pods"])
        document = {
            **answer.document,
            "problems": problems_of(manifests),
            "completeness": completeness_document(complete),
        }
        click.echo(render(answer.name, document, given["format_"]), nl=False)
        if given["format_"] not in ("json", "markdown"):  # which have them
            _tell(complete.remarks)
    return _status(manifests, fails=answer.fails)


def answer_standard_input(given: Given) -> int:
    """Answer the questions on the standard input; the status to exit with."""
    with _told():
        if STDIN in given["paths"]:
            raise NoInput("The questions come from the standard input: give manifests as files or folders.")
        manifests = _load(given)
        [state] = states_of(manifests, blocks_match_pods=given["blocks_match_pods"])
        output = sys.stdout.buffer
        total, failed = answer_lines(sys.stdin.buffer, state, _writer(output))
    if failed:
        _tell([f"{failed} of {total} lines are no question that can be answered; each has its `error`."])
        return WRONG
    return _status(manifests, fails=False)


def _writer(output: BinaryIO) -> Callable[[bytes], object]:
    """Whoever asks may wait for one answer before the next question."""

    def write(line: bytes) -> None:
        output.write(line)
        output.flush()

    return write


def _load(given: Given) -> list[Manifests]:
    """What is given as one state, or as two."""
    found = [load(_reading(given, given["paths"]))]
    if given.get("after"):
        found.append(load(_reading(given, given["after"])))
    _tell(problem_lines(found))
    return found


def _reading(given: Given, paths: tuple[str, ...]) -> Reading:
    return Reading(paths=paths, exclude=given["exclude"], default_namespace=given["default_namespace"])


def _status(manifests: Sequence[Manifests], *, fails: bool) -> int:
    if any(one.unread for one in manifests):
        return WRONG
    return FOUND if fails else CLEAN


def _is_among(changes: Sequence[Document], fail_on: str) -> bool:
    gained = any(one["added"] for one in changes)
    lost = any(one["removed"] for one in changes)
    return {"added": gained, "removed": lost, "any": gained or lost, "never": False}[fail_on]


def _tell(lines: Iterator[str] | Sequence[str]) -> None:
    for line in lines:
        click.echo(f"netpol-registry: {line}", err=True)


@contextmanager
def _told() -> Iterator[None]:
    """What was asked wrongly is told with what to do, and exits as a wrong option does."""
    try:
        yield
    except (NoInput, NoPort, Unresolved) as error:
        _tell([str(error)])
        sys.exit(WRONG)
