"""After the pipeline, a web page: record or upload, see the emotion and how it goes over time.

``python -m stages.app``; needs the extra `app`. The page works without the internet, and so does
its REST interface (README.md has an example).
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stages.lib.errors import PipelineError, run
from stages.lib.recognizer import Recognizer, require_package
from stages.lib.recordings import opened

if TYPE_CHECKING:
    import gradio
    from matplotlib.figure import Figure

MAX_SIZE = 120_000_000
"""Of an upload, in bytes; ten minutes of 16-bit stereo at 48 kHz are 115 MB."""

MAX_SECONDS = 600.0
"""Of a recording, in s."""

UPLOAD_LIFE = 600
"""An upload that was never recognised is deleted after this, in s; others at once."""

ABOUT = """\
# What does this voice act?
Record or upload an utterance: WAV, FLAC, OGG or MP3, up to {minutes:g} minutes and
{megabytes:g} MB. Recordings are deleted as soon as they are recognised.

{learnt} It hears how a voice sounds, not what a person feels.
"""
LEARNT = "The model learnt from emotion that North American actors expressed."
LEARNT_SYNTHETIC = "**The model learnt from synthetic voices: of people it knows nothing.**"


def page(recognizer: Recognizer) -> "gradio.Blocks":
    """The page: a recording in, the emotion, its probabilities and its timeline out."""
    import gradio

    def recognise(path: str | None) -> "tuple[dict[str, float] | None, Figure | None]":
        if path is None:  # the recording was cleared
            return None, None
        if not Path(path).exists():  # equal recordings are one upload, for all visitors
            raise gradio.Error("This recording was recognised and deleted. Upload it again.")
        try:
            return answer(recognizer, Path(path))
        except ValueError as error:
            raise gradio.Error(
                f"This recording {error}.",
                title="Not recognised",
                duration=None,
                print_exception=False,
            ) from None
        finally:
            Path(path).unlink(missing_ok=True)

    with gradio.Blocks(
        title="Speech emotion", analytics_enabled=False, delete_cache=(UPLOAD_LIFE, UPLOAD_LIFE)
    ) as blocks:
        about = {"minutes": MAX_SECONDS / 60, "megabytes": MAX_SIZE / 1e6}
        learnt = LEARNT_SYNTHETIC if recognizer.is_synthetic else LEARNT
        gradio.Markdown(ABOUT.format(**about, learnt=learnt))
        recording = gradio.Audio(
            sources=["upload", "microphone"],
            type="filepath",
            label="Recording",
            editable=False,
            buttons=[],  # one of them would send the recording to another server
        )
        _take_uploads_only(recording)
        with gradio.Row():
            emotion = gradio.Label(label="Emotion", num_top_classes=len(recognizer.labels))
            # the picture has a title of its own
            timeline = gradio.Plot(show_label=False, format="png", scale=2)
        recording.change(
            recognise, inputs=recording, outputs=[emotion, timeline], api_name="predict"
        )
    return blocks


def _take_uploads_only(recording: "gradio.Audio") -> None:
    """Refuse addresses, which Gradio would fetch for whoever names one to the REST interface."""
    import gradio

    take = recording.async_move_resource_to_block_cache

    async def take_upload(url_or_file_path: str | Path | None) -> str | None:
        if "://" in str(url_or_file_path):
            raise gradio.Error("Upload the recording: this page fetches nothing from a server.")
        return await take(url_or_file_path)

    recording.async_move_resource_to_block_cache = take_upload  # type: ignore[method-assign]


def answer(recognizer: Recognizer, path: Path) -> "tuple[dict[str, float], Figure]":
    """The probabilities by label, and the picture of the timeline, of one recording.

    Raises
    ------
    ValueError
        If it can't be recognised, or is longer than `MAX_SECONDS`.
    """
    from stages.lib.timeline_picture import timeline_picture

    with opened(path) as recording:
        duration = recording.duration
    if duration is None:
        raise ValueError("does not tell its length: save it again with another program")
    if duration > MAX_SECONDS:
        raise ValueError(f"lasts {duration:.0f} s, and {MAX_SECONDS:.0f} s is the limit")
    heard = recognizer.predict(path)
    windows = recognizer.timeline(path)
    picture = timeline_picture(path, windows, recognizer.labels, f"{duration:.1f} s of audio")
    return heard.probabilities, picture


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m stages.app", description="A web page that recognises emotion in speech."
    )
    parser.add_argument(
        "--model", type=Path, default=Path("models/export"), help="folder of the model"
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen at; 0.0.0.0 lets others in"
    )
    parser.add_argument("--port", type=int, default=7860, help="0 for any free one")
    told = parser.parse_args(arguments)
    require_package("gradio", "app", "the web page is made with gradio")
    recognizer = Recognizer.load(told.model)
    launch(page(recognizer), told.host, told.port)


def launch(blocks: Any, host: str, port: int) -> None:
    """Serve the page until Ctrl-C."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # nor ask whether there is a newer version
    import gradio

    try:
        blocks.launch(
            server_name=host,
            server_port=port,
            share=False,
            max_file_size=MAX_SIZE,
            run_history=False,
            footer_links=["api"],
            # system fonts: the default theme would ask another server for its own
            theme=gradio.themes.Default(font=["system-ui", "sans-serif"], font_mono=["monospace"]),
        )
    except OSError as error:
        raise PipelineError(
            f"the page can't listen at {host}:{port} ({error}): name another --port."
        ) from None


if __name__ == "__main__":
    run(main)
