"""The API's verbs: read a film, look at it again, ask about it, have its report, forget it.

They know HTTP; what they do is the desk's, as on the page.
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, File, Query, Request, UploadFile
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from chatcad import DISCLAIMER, cases, observe
from chatcad.api import streaming
from chatcad.api.reports import FORMATS
from chatcad.api.service import Service, service_of
from chatcad.api.shapes import Ask, EditedReport, ProblemResult, StudyResult, TurnResult
from chatcad.api.shelf import Kept
from chatcad.commands.report import IMPRESSION
from chatcad.context import parse
from chatcad.findings import box_of
from chatcad.pipeline import Conversation
from chatcad.serialise import study_to_json
from chatcad.types import PromptDesign, Turn

_WHY = {
    400: "The request itself is wrong",
    401: "No key, or one that is unknown or revoked",
    404: "No such study of this key: never read, deleted, or kept long enough",
    413: "Larger than CHATCAD_MAX_BYTES",
    422: "The image was refused: not readable, or not a frontal chest film",
    429: "Too many requests in a minute",
    502: "The language model or the networks' deployment failed",
    503: "The models are loading or missing, or the line before them is full",
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": why,
        "model": ProblemResult,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemResult"}}},
    }
    for status, why in _WHY.items()
}

router = APIRouter(prefix="/studies", responses=PROBLEMS)
ServiceHere = Annotated[Service, Depends(service_of)]


def owner_of(request: Request, service: ServiceHere) -> str:
    """Return who asks: the holder of the key, or ``local`` where the API is open on this machine."""
    return service.owner(request.headers)


Owner = Annotated[str, Depends(owner_of)]


def kept_of(study_id: str, owner: Owner, service: ServiceHere) -> Kept:
    """Return the study that the path names, if it is this owner's."""
    kept = service.shelf.get(study_id, owner)
    if kept is None:
        raise HTTPException(404, "there is no such study: it was deleted or kept long enough. Send the film again")
    return kept


KeptHere = Annotated[Kept, Depends(kept_of)]


@router.post("", status_code=201, responses={201: {"model": StudyResult}})
def read(
    film: Annotated[UploadFile, File(description="DICOM, PNG or JPEG of one frontal chest film")],
    owner: Owner,
    service: ServiceHere,
) -> JSONResponse:
    """Read one film; the study is kept in memory for a while, for this key only. The upload is not kept."""
    service.ready("films")
    kept = service.shelf.put(service.desk.read(film.file.read(), owner), owner)
    return JSONResponse(_as_json(kept), 201, {"Location": f"/api/v1/studies/{kept.id}"})


@router.get("/{study_id}", responses={200: {"model": StudyResult}})
def look(kept: KeptHere) -> JSONResponse:
    """Return a study that was read before."""
    observe.opened(kept.study, kept.owner)
    return JSONResponse(_as_json(kept))


@router.delete("/{study_id}", status_code=204)
def forget(kept: KeptHere, service: ServiceHere) -> Response:
    """Forget a study and its conversation at once."""
    service.shelf.remove(kept)
    observe.erased(kept.study, kept.owner)
    return Response(status_code=204)


@router.get("/{study_id}/overlay.png", responses={200: {"content": {"image/png": {}}}})
def overlay(kept: KeptHere) -> Response:
    """Return the film with outlines, widths and the surest flagged finding's heat map."""
    from PIL import Image

    from chatcad.ui.overlay import everything, render

    observe.exported(kept.study, "overlay", kept.owner)
    png = io.BytesIO()
    Image.fromarray(render(kept.study, everything(kept.study))).save(png, "PNG")
    return Response(png.getvalue(), media_type="image/png")


@router.post(
    "/{study_id}/ask",
    responses={
        200: {
            "model": TurnResult,
            "description": "Server-sent events: `waiting`, each checked `sentence`, then the `turn` (or a `problem`). "
            "With `Accept: application/json` the turn alone.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }
    },
)
async def ask(question: Ask, kept: KeptHere, request: Request, service: ServiceHere) -> Response:
    """Ask about a study; its earlier questions are the conversation. No sentence is sent before its check."""
    service.ready("system")
    talk = await run_in_threadpool(_talk, question, kept, service)

    def remember(turn: Turn) -> None:
        service.shelf.remember(kept, turn)

    if "application/json" in request.headers.get("accept", ""):
        turn = await run_in_threadpool(service.desk.turn, question.question, talk, kept.owner)
        remember(turn)
        return JSONResponse(streaming.turn_as_json(turn))
    service.desk.admit(kept.owner)
    told = streaming.events(service.desk, kept, question.question, talk, remember)
    return StreamingResponse(told, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@router.get(
    "/{study_id}/report",
    responses={
        200: {"content": {"application/json": {}, "text/markdown": {}, "application/pdf": {}, "application/zip": {}}}
    },
)
def report(
    kept: KeptHere,
    service: ServiceHere,
    design: Annotated[PromptDesign | None, Query(description="How the facts are told to the language model")] = None,
    kind: Annotated[Literal["json", "md", "pdf", "fhir", "dicom"], Query(alias="format")] = "json",
) -> Response:
    """Return the preliminary report: the checked draft, the measurements, and an impression worded and checked."""
    service.ready("system")
    talk = Conversation(kept.study, design=design or service.settings.design)
    impression = service.desk.turn(IMPRESSION, talk, kept.owner)
    observe.exported(kept.study, kind, kept.owner)
    return FORMATS[kind](kept.study, impression, cases.similar(kept.study, service.settings))


@router.post("/{study_id}/report")
def judge(edited: EditedReport, kept: KeptHere) -> JSONResponse:
    """Judge a report that somebody edited: which sentences agree with the facts, contradict them or go beyond them."""
    from chatcad.checking.proofread import proofread

    return JSONResponse({"disclaimer": DISCLAIMER, "proof": asdict(proofread(edited.text, kept.study))})


def _as_json(kept: Kept) -> dict[str, Any]:
    return {"id": kept.id, "disclaimer": DISCLAIMER, **study_to_json(kept.study)}


def _talk(asked: Ask, kept: Kept, service: Service) -> Conversation:
    context = asked.context if isinstance(asked.context, str) else json.dumps(asked.context)
    prior = None if asked.prior is None else kept_of(asked.prior, kept.owner, service).study
    design = asked.design or service.settings.design
    told = parse(context)
    region = None if asked.region is None else service.desk.look(kept.study, box_of(asked.region), kept.owner)
    return Conversation(kept.study, kept.turns, asked.mode, told, prior, design, asked.language, region)
