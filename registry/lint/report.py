"""What lint says of files, for a person and for a program. Reading the files is the command line's."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from registry.lint.codes import ALWAYS_WIDENED
from registry.lint.findings import SEVERITIES, Finding, Severity, Surroundings
from registry.lint.lint import lint
from registry.lint.sources import Found, Read, Source, Unread
from registry.model.documents import canonical
from registry.model.template import Template

FailOn = Literal[Severity, "never"]

CLEAN, FOUND, UNREAD = 0, 1, 2
"""Exit codes."""


class Located(msgspec.Struct, frozen=True):
    """A finding, the template it is in, and where that stands."""

    source: Source
    template: str
    finding: Finding


class Report(msgspec.Struct, frozen=True):
    """What was found in `templates` templates, and what could not be read."""

    templates: int
    findings: Sequence[Located]
    problems: Sequence[Unread]

    @property
    def counts(self) -> dict[Severity, int]:
        """How many findings are of each severity."""
        counted = Counter(one.finding.severity for one in self.findings)
        return {severity: counted[severity] for severity in SEVERITIES}


def lint_found(found: Iterable[Found], pod_ranges: Sequence[str] = ()) -> Report:
    """Lint templates beside the defaults among them, and NetworkPolicies beside those of their namespace."""
    every = list(found)
    read = [one for one in every if isinstance(one, Read)]
    defaults: dict[str | None, tuple[Template, ...]] = {}
    for one in read:
        if one.template.default_in is not None:
            defaults[one.namespace] = (*defaults.get(one.namespace, ()), one.template)
    findings = [
        Located(one.source, one.template.name, finding)
        for one in read
        for finding in lint(one.template, None, _around(one, defaults, pod_ranges))
        if one.namespace is None or finding.code != ALWAYS_WIDENED.name
    ]
    return Report(len(read), findings, [one for one in every if isinstance(one, Unread)])


def _around(
    read: Read, defaults: Mapping[str | None, tuple[Template, ...]], pod_ranges: Sequence[str]
) -> Surroundings:
    return Surroundings(pod_ranges=tuple(pod_ranges), defaults=defaults.get(read.namespace, ()))


def exit_code(report: Report, fail_on: FailOn) -> int:
    """2 when something could not be read, else 1 when a finding is as severe as `fail_on` or more, else 0."""
    if report.problems:
        return UNREAD
    severe = SEVERITIES[: SEVERITIES.index(fail_on) + 1] if fail_on != "never" else ()
    return FOUND if any(one.finding.severity in severe for one in report.findings) else CLEAN


def as_text(report: Report) -> str:
    """One line for each finding and problem, each with its fix below, and a line that counts."""
    return "\n".join([*_problem_lines(report), *_finding_lines(report), _summary(report)])


def as_json(report: Report) -> bytes:
    """The same as one JSON object."""
    findings = [
        {**_place(one.source), "template": one.template, **msgspec.structs.asdict(one.finding)}
        for one in report.findings
    ]
    problems = [{**_place(one.source), **msgspec.structs.asdict(one.problem)} for one in report.problems]
    whole = {"templates": report.templates, "findings": findings, "problems": problems}
    return msgspec.json.format(canonical({**whole, "counts": report.counts}))


def _place(source: Source) -> dict[str, object]:
    return {"file": source.file, "line": source.line, "entry": source.entry or None}


def _problem_lines(report: Report) -> Iterator[str]:
    for one in report.problems:
        at = f"{one.problem.pointer}: " if one.problem.pointer else ""
        yield f"{one.source}: not read: {at}{one.problem.reason}\n    {one.problem.fix}"


def _finding_lines(report: Report) -> Iterator[str]:
    for one in report.findings:
        found = one.finding
        what = f"{found.severity}: {found.code} at {found.pointer}"
        yield f"{one.source}: {one.template}: {what}: {found.message}\n    {found.fix}"


def _summary(report: Report) -> str:
    counts = [f"{name} {count}" for name, count in report.counts.items()]
    return f"templates {report.templates}, {', '.join(counts)}, not read {len(report.problems)}"
