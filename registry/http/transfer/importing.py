"""`/api/v1/templates/import`: templates, a whole catalogue, or NetworkPolicies taken over; all or nothing."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from registry.http import problems
from registry.http.answers import json_answer
from registry.http.backend import Backend
from registry.http.operations import READS_BODY, Operations
from registry.http.problems import Refused
from registry.http.requests import admit, backend, caller, raw_body
from registry.http.templates.admission import check_admission
from registry.http.transfer.answers import answer, overtaken, unsavable, widened
from registry.http.transfer.cluster import cluster_things, source_of
from registry.http.transfer.documents import MAX_IMPORT_BYTES, MAX_TEMPLATES, load_documents, things_in
from registry.http.transfer.import_examples import BODY, IMPORTED
from registry.http.transfer.plan import Plan, Step, plan
from registry.http.transfer.schemas import Imported, ImportQuery
from registry.model.problems import Invalid, Problem
from registry.model.template import Template
from registry.store.errors import (
    PreconditionFailed,
    ScopeChanged,
    StoreError,
    TemplateExists,
    TemplateNotFound,
)
from registry.store.saves import Edit
from registry.store.writer import Answer, Outcome

log = logging.getLogger(__name__)

Query = Mapping[str, Any]

MESSAGE: Final = "import"
TRIED: Final = 100
"""How many templates the API server is to try at a time: an answer has to come within a bounded time."""

_OVERTAKEN: Final = (PreconditionFailed, TemplateExists, TemplateNotFound)

blueprint: Final = Operations(
    "imports", __name__, url_prefix="/api/v1/templates", description="Templates from elsewhere."
)


@blueprint.route("/import", methods=["POST"])
@blueprint.needs("create")
@blueprint.problems(
    *READS_BODY,
    problems.INVALID_QUERY,
    problems.INVALID_BODY,
    problems.INVALID_IMPORT,
    problems.DEFAULT_WIDENED,
    problems.IMPORT_INCOMPLETE,
    problems.DRY_RUN_FAILED,
    problems.STORE_FULL,
    problems.STORE_BUSY,
)
@blueprint.query(ImportQuery)
@blueprint.takes("ImportRequest", BODY)
@blueprint.answer(200, Imported, example=IMPORTED)
def import_templates(query: Query) -> Response:
    """Import templates.

    From documents as an export has them, or from NetworkPolicies, which become templates. When one of them
    cannot be saved, none is. What would change needs the rights to get and to update that template.
    """
    planned = _planned(query)
    changed = [step for step in planned.steps if step.writes]
    for step in changed:
        if step.current:
            admit("get", step.name)
            admit("update", step.name)
    tried = _tried(planned, query)
    if not query["force"] and (found := [one for step in changed if (one := step.widened)]):
        raise widened(tried, found)
    return json_answer(answer(tried if query["dry_run"] else _saved(tried, query), dry=query["dry_run"]))


def _planned(query: Query) -> Plan:
    """What the body asks for, against the store as it is this moment. Raises Refused or ApiError."""
    try:
        documents = load_documents(_body())
    except Invalid as error:
        raise Refused(problems.MALFORMED_BODY, str(error), errors=error.problems) from error
    if not documents:
        wrong = Problem("", "There is no document in the body.", "Send templates or NetworkPolicies.")
        raise Refused(problems.INVALID_BODY, wrong.reason, errors=[wrong])
    source, choice = source_of(documents), query["parameters"]
    things = list(cluster_things(source, choice) if source else things_in(documents, choice))
    if len(things) > MAX_TEMPLATES:
        wrong = Problem("", f"There are more than {MAX_TEMPLATES} templates.", "Import them in parts.")
        raise Refused(problems.INVALID_BODY, wrong.reason, errors=[wrong])
    backend().call(backend().watch.reread())  # others may have saved what the watch has not brought in yet
    return plan(backend().watch.catalogue(), things)


def _body() -> bytes:
    request.max_content_length = MAX_IMPORT_BYTES
    try:
        return raw_body()
    except RequestEntityTooLarge as error:
        detail = f"The body of an import may have {MAX_IMPORT_BYTES} bytes at most."
        raise Refused(problems.BODY_TOO_LARGE, detail) from error


def _tried(planned: Plan, query: Query) -> Plan:
    """The plan, if store and cluster would take all of it now. Raises Refused, StoreError or ApiError."""
    steps = [step for step in planned.steps if step.writes]
    foreseen = backend().call(backend().store.preview_all(_edits(steps, query)))
    judged = [_judged(step, outcome) for step, outcome in zip(steps, foreseen, strict=True)]
    judged += _refused_by_cluster([step for step in judged if not step.problems])
    tried = planned.with_steps(judged)
    if any(step.action in ("invalid", "refused") for step in tried.steps):
        raise unsavable(tried)
    if any(step.action == "conflict" for step in tried.steps):
        raise overtaken(tried, saved=0)
    return tried


def _judged(step: Step, outcome: Outcome | StoreError) -> Step:
    """The step as the store judges it; raises what is not about one template alone."""
    if isinstance(outcome, Outcome):
        return step
    if isinstance(outcome, ScopeChanged):
        wrong = Problem("/scope", f"The scope is {outcome.scope} and never changes.", "Choose another name.")
        return step.failed("refused", [wrong])
    if isinstance(outcome, _OVERTAKEN):
        return _conflict(step, outcome)
    raise outcome


def _conflict(step: Step, error: Exception) -> Step:
    return step.failed("conflict", [Problem("", str(error), "Look at what it is now, then import again.")])


def _refused_by_cluster(steps: Sequence[Step]) -> list[Step]:
    """The steps with templates of which the API server would not take the policies. Raises Refused."""
    templates = [step.template for step in steps if step.template]
    parts = [templates[start : start + TRIED] for start in range(0, len(templates), TRIED)]
    found = zip(steps, [one for part in parts for one in backend().call(_admission(part))], strict=True)
    return [
        step.failed(
            "refused", error.errors or [Problem("/spec", error.detail, "Write what the cluster takes.")]
        )
        for step, error in found
        if error
    ]


async def _admission(templates: Sequence[Template]) -> list[Refused | None]:
    return await asyncio.gather(*(_refusal(template) for template in templates))


async def _refusal(template: Template) -> Refused | None:
    """The API server's refusal of one template; raises Refused when it could not be asked."""
    try:
        await check_admission(backend().client, backend().settings, template)
    except Refused as refused:
        if refused.kind == problems.POLICY_REFUSED:
            return refused
        raise
    return None


def _saved(tried: Plan, query: Query) -> Plan:
    """The plan as it was carried out. Raises Refused when others were faster, StoreError or ApiError."""
    steps = [step for step in tried.steps if step.writes]
    answers = backend().call(_save_all(backend(), _edits(steps, query)))
    made = [
        (step, one.revision) for step, one in zip(steps, answers, strict=True) if isinstance(one, Outcome)
    ]
    done = tried.with_steps(_done(step, one) for step, one in zip(steps, answers, strict=True))
    log.info("%r imported %d of %d templates", caller().username, len(made), len(steps))
    if len(made) < len(steps):
        raise next(iter(_of_all(answers)), None) or overtaken(done, saved=len(made))
    return done


async def _save_all(service: Backend, edits: Sequence[Edit]) -> list[Answer]:
    for edit in edits:
        await service.pin_users(edit.name)
    return await service.store.save_all(edits)


def _done(step: Step, answer: Answer) -> Step:
    if isinstance(answer, Outcome):
        return msgspec.structs.replace(step, saved=answer.revision)
    return _conflict(step, answer)


def _of_all(answers: Sequence[Answer]) -> list[Exception]:
    """Why nothing at all was saved, unless others were faster with each template."""
    if any(isinstance(one, Outcome) for one in answers):
        return []
    return [one for one in answers if isinstance(one, Exception) and not isinstance(one, _OVERTAKEN)]


def _edits(steps: Sequence[Step], query: Query) -> list[Edit]:
    return [step.edit(caller().username, query["message"] or MESSAGE) for step in steps]
