"""The routes of the API: each reads its request, asks the service, and writes what comes back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Literal

import anyio
from fastapi import APIRouter, Depends, FastAPI, Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.security import HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from quota_opt.errors import Level
from quota_opt.facade import engines, scenarios, schema
from quota_opt.plan.folder import version
from quota_opt.store.jobs import ENDED, SOLVE, Job
from quota_opt.web.bodies import case_body, json_body
from quota_opt.web.events import job_events
from quota_opt.web.models import (
    CaseOut,
    Checked,
    CheckOptions,
    CheckRequest,
    CompareRequest,
    Health,
    JobList,
    JobOut,
    Lang,
    LimitsOut,
    Options,
    ProfileOut,
    SolveRequest,
    State,
    Table,
)
from quota_opt.web.openapi import content, errors, json_only, json_or_form
from quota_opt.web.problems import asked_language
from quota_opt.web.results import table_csv, table_record, zip_folder
from quota_opt.web.service import Service, findings_record, found_record, job_record, limits_record

ROOT = "/api/v1"
TOKEN = HTTPBearer(auto_error=False, scheme_name="token", description="As shown when the server starts.")
JobId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="Id of a job.")]
TableName = Annotated[str, Path(pattern=r"^[a-z_]{1,60}$", description="actions, awards, ledger, measures …")]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Makes a repeated request harmless: the same key and request give the same job.",
    ),
]
# Reports run their own scripts; served from here they may reach nothing of the API.
_SANDBOX = {"Content-Security-Policy": "sandbox allow-scripts allow-downloads; default-src 'none'; "
            "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; font-src data:"}  # fmt: skip
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

# The guard checks the token before a request comes here; the dependency says so in the OpenAPI description.
router = APIRouter(prefix=ROOT, dependencies=[Depends(TOKEN)])
open_router = APIRouter(prefix=ROOT)


def add_routes(app: FastAPI) -> None:
    """All routes of the API."""
    app.include_router(open_router)
    app.include_router(router)


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _owner(request: Request) -> str:
    return str(request.state.owner)


def _reading(request: Request) -> anyio.CapacityLimiter:
    limiter: anyio.CapacityLimiter = request.app.state.reading
    return limiter


def _taken(made: tuple[Job, bool]) -> Response:
    job, new = made
    waiting = new and job.state not in ENDED
    return JSONResponse(job_record(job, ROOT), 202 if waiting else 200, {"Location": f"{ROOT}/jobs/{job.id}"})


@open_router.get(
    "/health", tags=["server"], summary="Whether the server answers", responses=errors(403, everywhere=False)
)
def health() -> Health:
    """Needs no token."""
    return Health(version=version())


@router.get("/limits", tags=["server"], summary="What may be sent and used", response_model=LimitsOut,
            responses=errors())  # fmt: skip
def limits(request: Request) -> Response:
    """Sizes, times and numbers beyond which requests are refused, and how many jobs there are."""
    service = _service(request)
    return JSONResponse(limits_record(service.limits, service.jobs.counts()))


@router.get("/cases", tags=["server"], summary="The built-in cases", responses=errors())
def cases() -> list[CaseOut]:
    """Each can be named as `case`, with or without `/VARIANT`."""
    return [
        CaseOut(
            name=info.name,
            title=info.title._asdict(),  # type: ignore[arg-type]
            first_year=info.first_year,
            last_year=info.last_year,
            data=info.data,
            variants=list(info.variants),
        )
        for info in scenarios()
    ]


@router.get("/profiles", tags=["server"], summary="The solver profiles", responses=errors())
def profiles() -> list[ProfileOut]:
    """Each can be named as `profile` where it is available."""
    return [
        ProfileOut(
            name=state.profile,
            engine=state.engine,
            solver=state.solver,
            available=state.ok,
            reason=None if state.reason is None else state.reason._asdict(),  # type: ignore[arg-type]
            description=state.description._asdict(),  # type: ignore[arg-type]
        )
        for state in engines()
    ]


@router.get("/schema", tags=["server"], summary="JSON schemas of cases and results", responses=errors())
def all_schemas() -> dict[str, Any]:
    """All of them, as `quota-opt schema` prints them."""
    return schema()


@router.get("/schema/{name}", tags=["server"], summary="One JSON schema", responses=errors(422))
def one_schema(name: Annotated[str, Path(max_length=100)]) -> dict[str, Any]:
    """For example `case`, the document that can be sent as `case`."""
    return schema(name)


@router.post("/check", tags=["cases"], summary="Check a case", response_model=Checked,
             responses=errors(400, 413, 415, 422), openapi_extra=json_or_form(CheckRequest, CheckOptions))  # fmt: skip
async def check_case(request: Request) -> Response:
    """All findings at once, with file or sheet, cell, and how to mend it; nothing is solved or kept."""
    body = await case_body(request, CheckRequest, CheckOptions)
    name, findings = await anyio.to_thread.run_sync(
        _service(request).check, body.asked, body.file, limiter=_reading(request)
    )
    counts = {str(level): sum(finding.level is level for finding in findings) for level in Level}
    return JSONResponse(
        {
            "ok": not counts[Level.ERROR],
            "case": name,
            "counts": counts,
            "findings": findings_record(findings, asked_language(request)),
        }
    )


@router.post("/jobs", tags=["jobs"], summary="Submit a case to be solved", status_code=202, response_model=JobOut,
             responses={200: {"model": JobOut, "description": "The job was there already, or the run is in the store."},
                        **errors(400, 413, 415, 422, 429)},
             openapi_extra=json_or_form(SolveRequest, Options))  # fmt: skip
async def submit(request: Request, key: Key = None) -> Response:
    """As JSON (`case`: a built-in name, or a whole case), or as a form with a zip of a case folder or a workbook.

    The answer is the job; watch it at `links.events`, or ask for it again. `reused` tells that the very same run was
    in the store; `fresh` has it solved all the same.
    """
    body = await case_body(request, SolveRequest, Options)
    service = _service(request)
    return _taken(
        await anyio.to_thread.run_sync(
            service.submit, _owner(request), body.asked, body.file, key, limiter=_reading(request)
        )
    )


@router.post("/compare", tags=["jobs"], summary="Compare plans", status_code=202, response_model=JobOut,
             responses={200: {"model": JobOut, "description": "The job was there already."},
                        **errors(400, 404, 409, 413, 415, 422, 429)},
             openapi_extra=json_only(CompareRequest))  # fmt: skip
async def compare(request: Request, key: Key = None) -> Response:
    """Of solves submitted before (`jobs`), or of cases to be solved for it (`cases`); the first is the baseline.

    The answer is a job of its own, which begins when the solves have ended; its result is the comparison.
    """
    asked = await json_body(request, CompareRequest)
    service = _service(request)
    return _taken(
        await anyio.to_thread.run_sync(service.compare, _owner(request), asked, key, limiter=_reading(request))
    )


@router.get("/jobs", tags=["jobs"], summary="Your jobs, newest first", response_model=JobList,
            responses=errors(404, 422))  # fmt: skip
def list_jobs(
    request: Request,
    state: Annotated[State | None, Query(description="Only jobs in this state.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    before: Annotated[str | None, Query(pattern=r"^[0-9a-f]{32}$", description="`next` of the page before.")] = None,
) -> Response:
    """Those submitted with the same token."""
    found = _service(request).jobs.listing(_owner(request), state=state, limit=limit + 1, before=before)
    more = len(found) > limit
    return JSONResponse(
        {"jobs": [job_record(job, ROOT) for job in found[:limit]], "next": found[limit - 1].id if more else None}
    )


@router.get("/jobs/{job}", tags=["jobs"], summary="One job", response_model=JobOut, responses=errors(404, 422))
def one_job(request: Request, job: JobId) -> Response:
    """Its state, how far it is, and how it ended."""
    return JSONResponse(job_record(_service(request).jobs.get(job, _owner(request)), ROOT))


@router.get("/jobs/{job}/events", tags=["jobs"], summary="Watch a job", response_class=StreamingResponse,
            responses={200: {"description": "Server-sent events.", **content("text/event-stream")},
                       **errors(404, 422, 429)})  # fmt: skip
async def events(
    request: Request,
    job: JobId,
    last_seen: Annotated[
        str | None, Header(alias="Last-Event-ID", max_length=20, description="Id of the last event seen.")
    ] = None,
) -> StreamingResponse:
    """`state` events where the state changes, `progress` events in between; `data` is the job, `id` its version.

    The stream ends when the job has. A watcher that was cut off comes back with `Last-Event-ID` and misses no state.
    """
    service, owner = _service(request), _owner(request)
    await run_in_threadpool(service.jobs.get, job, owner)
    seen = int(last_seen) if last_seen is not None and last_seen.isdecimal() else 0
    service.open_stream()
    return _Stream(
        job_events(service, job, owner, seen, ROOT), media_type="text/event-stream", closed=service.close_stream
    )


class _Stream(StreamingResponse):
    """A response that says when it is over, also where the caller left before it began."""

    def __init__(self, content: AsyncIterator[str], *, media_type: str, closed: Callable[[], None]) -> None:
        super().__init__(content, media_type=media_type)
        self._closed = closed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._closed()


@router.post("/jobs/{job}/cancel", tags=["jobs"], summary="Cancel a job", response_model=JobOut,
             responses=errors(404, 422))  # fmt: skip
def cancel(request: Request, job: JobId) -> Response:
    """One that waits ends at once; one that runs is stopped, and the plan it has so far is kept."""
    return JSONResponse(job_record(_service(request).cancel(job, _owner(request)), ROOT))


@router.delete("/jobs/{job}", tags=["jobs"], summary="Forget a job", status_code=204, responses=errors(404, 409, 422))
def delete(request: Request, job: JobId) -> Response:
    """One that has ended; its run stays in the run store."""
    _service(request).jobs.delete(job, _owner(request))
    return Response(status_code=204)


@router.get("/jobs/{job}/result", tags=["results"], summary="The result of a job",
            responses=errors(404, 409, 422))  # fmt: skip
def result(request: Request, job: JobId) -> Response:
    """Of a solve its `run.json`: status, objective, bound, measures, audit, certificate; of an analysis its tables."""
    service, owner = _service(request), _owner(request)
    found = service.jobs.get(job, owner)
    if found.kind != SOLVE:
        return JSONResponse(found_record(service.found(job, owner), "zh" if found.language == "zh" else "en"))
    _, files = service.result(job, owner)
    return Response(files["run.json"], media_type="application/json")


@router.get("/jobs/{job}/result/tables/{name}", tags=["results"], summary="A table of a result", response_model=Table,
            responses={200: {"description": "As JSON, or as the file.",
                             **content("text/csv")}, **errors(404, 409, 422)})  # fmt: skip
def table(
    request: Request,
    job: JobId,
    name: TableName,
    form: Annotated[
        Literal["json", "csv"] | None, Query(alias="format", description="Default: as Accept says.")
    ] = None,
    offset: Annotated[int, Query(ge=0, le=10**9, description="Rows to leave out, in JSON.")] = 0,
    limit: Annotated[int | None, Query(ge=1, le=10**6, description="Rows at most, in JSON.")] = None,
) -> Response:
    """`actions`, `awards`, `transfers`, `ledger`, `prices`, `reasons`, `measures` …"""
    _, files = _service(request).result(job, _owner(request))
    found = table_csv(files, name)
    asked = form or ("csv" if "text/csv" in request.headers.get("accept", "") else "json")
    if asked == "csv":
        named = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
        return Response(found, media_type="text/csv", headers=named)
    return JSONResponse(table_record(found, name, offset, limit))


@router.get("/jobs/{job}/result.zip", tags=["results"], summary="The whole result folder",
            response_class=Response,
            responses={200: {"description": "A zip.", **content("application/zip", binary=True)},
                       **errors(404, 409, 422)})  # fmt: skip
def result_zip(request: Request, job: JobId) -> Response:
    """As `quota-opt run --out` writes it; unpacked, `quota-opt verify` accepts it."""
    found, files = _service(request).result(job, _owner(request))
    named = {"Content-Disposition": f'attachment; filename="{found.result}.zip"'}
    return Response(zip_folder(files), media_type="application/zip", headers=named)


@router.get("/jobs/{job}/report.html", tags=["results"], summary="The report for people", response_class=Response,
            responses={200: {"description": "One page, offline.", **content("text/html")},
                       **errors(404, 409, 422)})  # fmt: skip
async def report_html(request: Request, job: JobId, lang: Lang | None = None) -> Response:
    """Made when it is asked for, in the language of `lang` or Accept-Language."""
    page = await _report(request, job, "report.html", lang)
    return Response(page, media_type="text/html; charset=utf-8", headers=_SANDBOX)


@router.get("/jobs/{job}/report.xlsx", tags=["results"], summary="The workbook for people", response_class=Response,
            responses={200: {"description": "A workbook.", **content(_XLSX, binary=True)},
                       **errors(404, 409, 422)})  # fmt: skip
async def report_xlsx(request: Request, job: JobId, lang: Lang | None = None) -> Response:
    """Made when it is asked for, in the language of `lang` or Accept-Language."""
    book = await _report(request, job, "report.xlsx", lang)
    return Response(book, media_type=_XLSX)


@router.get("/jobs/{job}/report.docx", tags=["results"], summary="The Word paper", response_class=Response,
            responses={200: {"description": "A Word document.", **content(_DOCX, binary=True)},
                       **errors(404, 409, 422)})  # fmt: skip
async def report_docx(request: Request, job: JobId, lang: Lang | None = None) -> Response:
    """Made when it is asked for, in the language of `lang` or Accept-Language."""
    paper = await _report(request, job, "report.docx", lang)
    return Response(paper, media_type=_DOCX)


async def _report(request: Request, job: str, name: str, lang: Lang | None) -> bytes:
    language = lang or asked_language(request)
    return await anyio.to_thread.run_sync(
        _service(request).report, job, _owner(request), name, language, limiter=_reading(request)
    )
