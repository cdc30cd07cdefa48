"""The command ``ser-app``: a web page to record or upload on, and see the emotion over time.

Needs the extra `app`. One process serves the page and the REST interface of
`speech_emotion.serving.api`; both work without the internet.
"""

import argparse
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speech_emotion import __version__
from speech_emotion.base.errors import AudioError, PipelineError, run
from speech_emotion.base.packages import require_package
from speech_emotion.reporting.model_card import (
    DISTURBED,
    HOW_WELL,
    section,
    trained_on_sentence,
)
from speech_emotion.reporting.responsible import EUROPEAN_UNION, NOT_FOR, WHERE_WRONG
from speech_emotion.serving.included import model_help
from speech_emotion.serving.recognizer import Recognizer
from speech_emotion.serving.uploads import MAX_SECONDS, MAX_SIZE, UPLOAD_LIFE, require_short

if TYPE_CHECKING:
    import gradio
    from fastapi import FastAPI
    from matplotlib.figure import Figure

TITLE = "Emotion in a voice"

ABOUT = """\
# {title}
{trained_on} It judges how a voice sounds, not what a person feels. It is not for judging anyone,
and in the European Union not for use at work or in education. Model: **{name}**,
speech_emotion {version}.
"""

HINT = """\
WAV, FLAC, OGG or MP3, up to {minutes:g} minutes and {megabytes:g} MB. Recordings are deleted as
soon as they are recognised. The same [over REST](docs).
"""

STYLE = """
.hint * { font-size: var(--text-sm) !important; }
.folds td, .folds th { padding: .2em .5em !important; font-size: var(--text-sm);
  word-break: normal !important; overflow-wrap: normal !important; }
@media (max-width: 640px) {
  .inputs { display: contents !important; }
  .inputs > * { flex: 1 1 100%; }
  .inputs > :not(.first) { order: 1; }
}
"""
"""A telephone shows the answer right below the recording, and no table breaks within a word."""

NARROW = 640
"""A window of fewer pixels gets a picture that is less wide, whose words can be read there."""

WHAT_FOR = "What it is not for, and what the law says"

MOST_REFERENCES = 64
"""Recordings of a speaker that the page gets to know the voice from."""

REFERENCES = "More of the same speaker, to get to know the voice (optional)"
KNOWN = "Knows the voice from {count} recordings. Recordings from now on are compared with it."


def page(recognizer: Recognizer) -> "gradio.Blocks":
    """The page: a recording in, the emotion, its probabilities and its timeline out.

    Parameters
    ----------
    recognizer : Recognizer
        What answers; the page shows figures of its model's card.
    """
    import gradio

    def recognise(
        path: str | None, of_speaker: Recognizer | None = None, width: float = 8.0
    ) -> "tuple[dict[str, float] | None, Figure | None]":
        if path is None:  # the recording was cleared
            return None, None
        with _deleting([path]):
            return answer(of_speaker or recognizer, Path(path), width)

    def get_to_know(paths: list[str] | None) -> tuple[Recognizer | None, str]:
        if not paths:
            return None, ""
        with _deleting(paths):
            if len(paths) > MOST_REFERENCES:
                raise AudioError(f"is one of {len(paths)}, and {MOST_REFERENCES} is the limit")
            for path in paths:
                require_short(Path(path))
            known = recognizer.adapt(map(Path, paths))
            return known, KNOWN.format(count=len(paths))

    trained_on = trained_on_sentence(recognizer.corpora)
    if recognizer.is_synthetic:
        trained_on = f"**{trained_on}**"
    limits = {"minutes": MAX_SECONDS / 60, "megabytes": MAX_SIZE / 1e6}
    with gradio.Blocks(
        title=TITLE, analytics_enabled=False, delete_cache=(UPLOAD_LIFE, UPLOAD_LIFE)
    ) as blocks:
        about = {"trained_on": trained_on, "name": recognizer.name, "version": __version__}
        gradio.Markdown(ABOUT.format(title=TITLE, **about))
        with gradio.Row():
            with gradio.Column(scale=3, min_width=300, elem_classes="inputs"):
                recording = gradio.Audio(
                    sources=["upload", "microphone"],
                    type="filepath",
                    label="Recording",
                    elem_classes="first",
                    editable=False,
                    buttons=[],  # one of them would send the recording to another server
                )
                _take_uploads_only(recording)
                of_speaker = gradio.State()
                if recognizer.knows_voices:
                    references = gradio.File(
                        file_count="multiple", file_types=["audio"], label=REFERENCES, height=120
                    )
                    _take_uploads_only(references)
                    # Gradio's own leaves an empty file for each
                    references.preprocess = _paths  # type: ignore[assignment,method-assign]
                    known = gradio.Markdown()
                    references.upload(
                        get_to_know, references, [of_speaker, known], api_visibility="private"
                    )
                    references.clear(
                        lambda: (None, ""), None, [of_speaker, known], api_visibility="private"
                    )
                gradio.Markdown(HINT.format(**limits), elem_classes="hint")
            with gradio.Column(scale=2, min_width=240):
                emotion = gradio.Label(label="Emotion", num_top_classes=len(recognizer.labels))
            with gradio.Column(scale=5, min_width=300):
                # the picture has a title of its own
                timeline = gradio.Plot(show_label=False, format="png")
        for title, text in _folds(recognizer.folder).items():
            with gradio.Accordion(title, open=False):
                gradio.Markdown(text, elem_classes="folds")
        width, pixels = gradio.State(8.0), gradio.Number(visible=False)
        blocks.load(
            lambda pixels: 4.0 if pixels < NARROW else 8.0,
            pixels,
            width,
            js="() => window.innerWidth",
            api_visibility="private",
        )
        recording.change(
            recognise,
            inputs=[recording, of_speaker, width],
            outputs=[emotion, timeline],
            api_name="predict",
        )
    return blocks


def _folds(folder: Path) -> dict[str, str]:
    """What can be unfolded below, by title: what the card says, and what everybody is told."""
    card = folder / "README.md"
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    measured = {title: section(text, title) for title in (HOW_WELL, DISTURBED)}
    return {
        WHAT_FOR: f"{NOT_FOR}\n\n{WHERE_WRONG}\n\n{EUROPEAN_UNION}",
        **{title: part for title, part in measured.items() if part},
    }


@contextmanager
def _deleting(paths: Sequence[str]) -> Iterator[None]:
    """Delete uploads when they have been used, and say on the page what is wrong with them."""
    import gradio

    if not all(Path(path).exists() for path in paths):
        # equal recordings are one upload, for all visitors
        raise gradio.Error("This recording was recognised and deleted. Upload it again.")
    try:
        yield
    except AudioError as error:
        raise gradio.Error(
            str(AudioError(error.fault, "This recording")),
            title="Not recognised",
            duration=None,
            print_exception=False,
        ) from None
    finally:
        for path in paths:
            Path(path).unlink(missing_ok=True)


def _paths(files: Any) -> list[str]:
    """Where uploads lie."""
    return [file.path for file in files.root] if files else []


def _take_uploads_only(recording: "gradio.Audio | gradio.File") -> None:
    """Refuse addresses, which Gradio would fetch for whoever names one to the REST interface."""
    import gradio

    take = recording.async_move_resource_to_block_cache

    async def take_upload(url_or_file_path: str | Path | None) -> str | None:
        if "://" in str(url_or_file_path):
            raise gradio.Error("Upload the recording: this page fetches nothing from a server.")
        return await take(url_or_file_path)

    recording.async_move_resource_to_block_cache = take_upload  # type: ignore[method-assign]


def answer(
    recognizer: Recognizer, path: Path, width: float = 8.0
) -> "tuple[dict[str, float], Figure]":
    """The probabilities by label, and the picture of the timeline, of one recording.

    Parameters
    ----------
    recognizer : Recognizer
        What answers.
    path : Path
        The recording.
    width : float
        Of the picture, in inches.

    Raises
    ------
    AudioError
        If it can't be recognised, or is longer than `MAX_SECONDS`.
    """
    from speech_emotion.serving.timeline_picture import timeline_picture

    duration = require_short(path)
    prediction = recognizer.predict(path)
    windows = recognizer.timeline(path)
    picture = timeline_picture(
        path, windows, recognizer.labels, f"{duration:.1f} s of audio", width
    )
    return prediction.probabilities, picture


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="ser-app", description="A web page that recognises emotion in speech."
    )
    parser.add_argument("--model", help=model_help())
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen at; 0.0.0.0 lets others in"
    )
    parser.add_argument("--port", type=int, default=7860, help="0 for any free one")
    options = parser.parse_args(arguments)
    require_package("gradio", "app", "the web page is made with gradio")
    recognizer = Recognizer.load(options.model)
    from threadpoolctl import threadpool_limits

    with threadpool_limits(
        1
    ):  # as many recordings at a time as cores would get in each other's way
        serve(application(recognizer), options.host, options.port)


def application(recognizer: Recognizer) -> "FastAPI":
    """The page at /, and the REST interface beside it.

    Parameters
    ----------
    recognizer : Recognizer
        What answers.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # nor ask whether there is a newer version
    import gradio

    from speech_emotion.serving.api import api

    return gradio.mount_gradio_app(
        api(recognizer),
        page(recognizer),
        path="/",
        max_file_size=MAX_SIZE,
        show_error=False,
        run_history=False,
        enable_monitoring=False,
        footer_links=[],
        css=STYLE,
        # system fonts: the default theme would ask another server for its own
        theme=gradio.themes.Default(font=["system-ui", "sans-serif"], font_mono=["monospace"]),
    )


def serve(app: "FastAPI", host: str, port: int) -> None:
    """Serve the page and its REST interface until Ctrl-C."""
    import uvicorn

    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        raise PipelineError(
            f"the page can't listen at {host}:{port} ({error}): name another --port."
        ) from None
    # or an answer waits 40 ms for the client to acknowledge its first line: asyncio sets this for
    # sockets of its own
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with listening:
        address = f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"
        print(f"Running on {address} (REST interface: {address}/docs). Stop it with Ctrl-C.")
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2)
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listening])


def command() -> None:
    """What the installed command runs."""
    run(main)


if __name__ == "__main__":
    command()
