"""The REST interface of ``ser-app``: a recording in, its emotion as JSON out.

Needs the extra `app`. A recording comes as a file of the request and in no other way: no path and
no address that a client names is ever opened. No more than `MAX_SIZE` is read of any file, and
files wait on disk until a core is free for them.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, BinaryIO, TypeVar

import anyio
import soundfile
from fastapi import APIRouter, FastAPI, File, HTTPException, Request, Response, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel, Field
from starlette.types import Message, Receive

from speech_emotion import __version__
from speech_emotion.base.errors import AudioError
from speech_emotion.serving.answers import Prediction, Window
from speech_emotion.serving.recognizer import Recognizer
from speech_emotion.serving.uploads import (
    MAX_SECONDS,
    MAX_SIZE,
    UPLOAD_LIFE,
    TooLongError,
    require_short,
)

MOST_REQUESTS = 32
"""So many are received or wait at a time; to more of them the answer is 503."""

FORM = 65_536
"""What a request may hold beside its file, in bytes: the form's own lines."""

OTHERS = ["GET", "HEAD", "PUT", "PATCH", "DELETE"]
"""Methods that the paths do not take."""

HOW_TO_SEND = (
    "Send the recording as the file `file` of a form (multipart/form-data), as "
    "`curl -F file=@recording.wav` does."
)

UNRECOGNISED_FORMAT = 1
"""libsndfile's code for what is no audio file (SF_ERR_UNRECOGNISED_FORMAT)."""

Result = TypeVar("Result")


class Fault(BaseModel):
    """What is wrong with a request."""

    detail: str = Field(description="A sentence.", examples=["The recording is cut short."])


class Answer(BaseModel):
    """What every answer says."""

    duration: float = Field(description="Of the recording, in s.", examples=[2.5])
    model: str = Field(description="Which model answered.", examples=["export (ravdess)"])
    version: str = Field(description="Of speech_emotion.", examples=["0.1.0"])


class PredictionAnswer(Answer):
    """The emotion of a recording."""

    emotion: str = Field(description="The most probable one.", examples=["angry"])
    probabilities: dict[str, float] = Field(
        description="By emotion; they sum to 1.", examples=[{"angry": 0.9, "happy": 0.1}]
    )


class WindowAnswer(BaseModel):
    """The emotion in one window of a recording; null without speech."""

    start: float = Field(description="In s from the start of the recording.")
    end: float = Field(description="In s from the start of the recording.")
    speech: bool
    emotion: str | None
    probabilities: dict[str, float] | None


class TimelineAnswer(Answer):
    """The emotion in windows over time."""

    windows: list[WindowAnswer]


FAULTS: dict[int | str, dict[str, Any]] = {
    400: {"model": Fault, "description": "The form is broken, or holds more than one file."},
    408: {"model": Fault, "description": f"The upload took longer than {UPLOAD_LIFE} s."},
    413: {
        "model": Fault,
        "description": f"The file is larger than {MAX_SIZE / 1e6:g} MB, or the recording lasts "
        f"longer than {MAX_SECONDS / 60:g} minutes.",
    },
    415: {"model": Fault, "description": "What was sent is no audio file, or no form."},
    422: {
        "model": Fault,
        "description": "The form has no file, or the recording can't be used: it is damaged, "
        "silent or too short.",
    },
    503: {"model": Fault, "description": "Too many requests wait already: send it again later."},
}

Recording = Annotated[
    UploadFile, File(description="An audio file, such as WAV, FLAC, OGG, Opus or MP3.")
]


class _Bounded(APIRoute):
    """Reads the bodies of `MOST_REQUESTS` at a time, each within `UPLOAD_LIFE`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            state = request.app.state
            if state.requests >= MOST_REQUESTS:
                raise HTTPException(
                    503,
                    f"{MOST_REQUESTS} requests wait already: send it again later.",
                    {"Retry-After": "1"},
                )
            if int(request.headers.get("content-length", "0")) > MAX_SIZE + FORM:
                raise _too_large()
            state.requests += 1
            try:
                with anyio.fail_after(UPLOAD_LIFE):
                    return await handle(Request(request.scope, _counted(request.receive)))
            except TimeoutError:
                raise HTTPException(
                    408, f"The upload took longer than {UPLOAD_LIFE} s.", {"Connection": "close"}
                ) from None
            finally:
                state.requests -= 1

        return bounded


def _too_large() -> HTTPException:
    return HTTPException(413, f"The file is larger than {MAX_SIZE / 1e6:g} MB.")


def _counted(receive: Receive) -> Receive:
    """Receives no more of a body than is taken, whatever its header says of its size."""
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MAX_SIZE + FORM:
            raise _too_large()
        return message

    return counted


def api(recognizer: Recognizer) -> FastAPI:
    """The application: POST /predict and /timeline, their description at /docs and /openapi.json.

    Parameters
    ----------
    recognizer : Recognizer
        What answers.
    """
    app = FastAPIOffline(  # whose page of documentation asks no other server for its scripts
        title="Speech emotion",
        version=__version__,
        summary="Recognises the emotion that a voice acts, in a recording and over time.",
        redoc_url=None,
    )
    app.state.requests = 0
    cores = os.cpu_count() or 1
    turns = anyio.CapacityLimiter(cores)
    # the same threads over and over: an allocator keeps memory for every thread that it has served
    threads = ThreadPoolExecutor(cores, "recognise")
    router = APIRouter(
        route_class=_Bounded,
        tags=["recognise"],
        responses=FAULTS,
        form_limits={"max_files": 1, "max_fields": 8, "max_part_size": 4096},
    )

    async def recognised(
        upload: UploadFile, recognise: Callable[[BinaryIO], Result]
    ) -> tuple[Result, dict[str, Any]]:
        """What came of a recording, and what every answer says beside it."""
        if (upload.size or 0) > MAX_SIZE:
            raise _too_large()

        def work() -> tuple[Result, float]:
            duration = require_short(upload.file)
            return recognise(upload.file), duration

        try:
            # elsewhere than in the event loop, which goes on to serve everybody else; once begun,
            # to its end: the file has to stay open
            async with turns:
                with anyio.CancelScope(shield=True):
                    loop = asyncio.get_running_loop()
                    result, duration = await loop.run_in_executor(threads, work)
        except AudioError as error:
            # without the name that it has here
            raise HTTPException(_status(error, upload.file), str(AudioError(error.fault))) from None
        return result, {"duration": duration, "model": recognizer.name, "version": __version__}

    @router.post("/predict", summary="The emotion of a recording")
    async def predict(file: Recording) -> PredictionAnswer:
        prediction: Prediction
        prediction, about = await recognised(file, recognizer.predict)
        return PredictionAnswer(
            emotion=prediction.emotion, probabilities=prediction.probabilities, **about
        )

    @router.post("/timeline", summary="The emotion in windows of 3 s, one every second")
    async def timeline(file: Recording) -> TimelineAnswer:
        windows: list[Window]
        windows, about = await recognised(file, recognizer.timeline)
        return TimelineAnswer(windows=[WindowAnswer(**vars(one)) for one in windows], **about)

    app.include_router(router)
    for path in ("/predict", "/timeline"):  # or the page, which is mounted at /, would answer
        app.add_api_route(path, _post_only, methods=OTHERS, include_in_schema=False)
    app.add_exception_handler(RequestValidationError, _without_a_file)
    app.add_exception_handler(Exception, _broken)
    return app


def _status(error: AudioError, file: BinaryIO) -> int:
    """The HTTP status of a recording that can't be used."""
    if isinstance(error, TooLongError):
        return 413
    try:
        file.seek(0)
        soundfile.SoundFile(file).close()
    except soundfile.LibsndfileError as fault:
        return 415 if fault.code == UNRECOGNISED_FORMAT else 422
    return 422


async def _post_only() -> None:
    raise HTTPException(405, f"This takes POST alone. {HOW_TO_SEND}", {"Allow": "POST"})


async def _without_a_file(request: Request, _: Exception) -> Response:
    kind = request.headers.get("content-type", "")
    is_other = kind and not kind.startswith("multipart/form-data")
    return JSONResponse({"detail": HOW_TO_SEND}, 415 if is_other else 422)


async def _broken(_: Request, __: Exception) -> Response:
    fault = "The server failed at this request; what happened is in its log."
    return JSONResponse({"detail": fault}, 500)
