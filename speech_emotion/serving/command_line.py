"""The command ``ser-predict``: the exported model on new recordings.

``ser-predict FILE...``, or ``python -m speech_emotion FILE...``, prints the emotion and all
probabilities of each recording, which is cleaned and featurized exactly as those that trained the
model. In Python it is ``Recognizer.load(folder).predict(path)``.
"""

import argparse
import csv
import glob
import json
import os
import shutil
import sys
import tempfile
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from speech_emotion.audio.phone_formats import PHONE_SUFFIXES
from speech_emotion.audio.recordings import opened
from speech_emotion.base.errors import (
    AudioError,
    AudioWarning,
    NoSpeechError,
    PipelineError,
    run,
)
from speech_emotion.base.packages import require_package
from speech_emotion.serving.answers import Estimate, Prediction, Window
from speech_emotion.serving.included import model_help
from speech_emotion.serving.recognizer import Recognizer
from speech_emotion.serving.timeline import check_windows

AUDIO_SUFFIXES = frozenset(
    (
        ".wav",
        ".flac",
        ".ogg",
        ".oga",
        ".opus",
        ".mp3",
        ".aif",
        ".aiff",
        ".aifc",
        ".au",
        ".caf",
        ".rf64",
        ".snd",
        ".w64",
        *PHONE_SUFFIXES,
    )
)
"""What is taken for audio in a folder; a file that is named is read whatever its suffix."""


NO_SPEECH = "no speech"

UNSURE = "unsure"
"""What is printed for an emotion that is less probable than --at-least."""

Answer = TypeVar("Answer", Prediction, Window, Estimate)


class Output(ABC):
    """What is printed of one recording after the other.

    Of each it takes the name, the number of the channel where the channels are told apart, and what
    is to be known of it.
    """

    def __init__(self, labels: tuple[str, ...], width: int, apart: bool = False) -> None:
        self.labels = labels
        self.width = width
        self.apart = apart

    @abstractmethod
    def begin(self, timeline: bool) -> None:
        """Print what stands above the first recording."""

    @abstractmethod
    def prediction(
        self, name: str, channel: int | None, remarks: list[str], prediction: Prediction
    ) -> None:
        """Print the emotion of a recording."""

    @abstractmethod
    def no_speech(
        self, name: str, channel: int | None, remarks: list[str], duration: float
    ) -> None:
        """Print that a recording of so many s holds no speech."""

    @abstractmethod
    def timeline(
        self, name: str, channel: int | None, remarks: list[str], windows: list[Window]
    ) -> None:
        """Print the emotion of a recording over time."""


class Table(Output):
    """Columns for people."""

    def begin(self, timeline: bool) -> None:
        times = f"{'start':>8} {'end':>8}  " if timeline else ""
        labels = " ".join(f"{label:>9}" for label in self.labels)
        channel = "channel  " if self.apart else ""
        print(f"{'file':<{self.width}}  {channel}{times}{'emotion':<9} {labels}")

    def prediction(
        self, name: str, channel: int | None, remarks: list[str], prediction: Prediction
    ) -> None:
        options = _columns(prediction.emotion, prediction.probabilities)
        print(f"{self._named(name, channel)}  {options}")

    def no_speech(
        self, name: str, channel: int | None, remarks: list[str], duration: float
    ) -> None:
        print(f"{self._named(name, channel)}  {NO_SPEECH}")

    def timeline(
        self, name: str, channel: int | None, remarks: list[str], windows: list[Window]
    ) -> None:
        for window in windows:
            options = NO_SPEECH
            if window.emotion is not None and window.probabilities is not None:
                options = _columns(window.emotion, window.probabilities)
            times = f"{window.start:8.2f} {window.end:8.2f}"
            print(f"{self._named(name, channel)}  {times}  {options}")

    def _named(self, name: str, channel: int | None) -> str:
        number = "" if channel is None else f"  {channel:7}"
        return f"{name:<{self.width}}{number}"


class JsonLines(Output):
    """An object a line and recording."""

    def begin(self, timeline: bool) -> None:
        """Nothing: each line names its values."""

    def prediction(
        self, name: str, channel: int | None, remarks: list[str], prediction: Prediction
    ) -> None:
        self._line(name, channel, remarks, asdict(prediction))

    def no_speech(
        self, name: str, channel: int | None, remarks: list[str], duration: float
    ) -> None:
        answer = {"emotion": None, "probabilities": None, "duration": duration}
        self._line(name, channel, remarks, answer)

    def timeline(
        self, name: str, channel: int | None, remarks: list[str], windows: list[Window]
    ) -> None:
        rows = [asdict(window) for window in windows]
        self._line(name, channel, remarks, {"timeline": rows})

    def estimate(self, name: str, estimate: Estimate) -> None:
        """Print the emotion of what a stream was fed lately."""
        self._line(name, None, [], asdict(estimate))

    def _line(
        self, name: str, channel: int | None, remarks: list[str], values: dict[str, Any]
    ) -> None:
        number = {} if channel is None else {"channel": channel}
        warned = {"warnings": remarks} if remarks else {}
        print(json.dumps({"file": name, **number, **values, **warned}), flush=True)


class Csv(Output):
    """One row per recording, or per window of a timeline."""

    def begin(self, timeline: bool) -> None:
        kind = ("start", "end", "speech", "emotion") if timeline else ("emotion", "duration")
        self._row("file", *(("channel",) if self.apart else ()), *kind, *self.labels)

    def prediction(
        self, name: str, channel: int | None, remarks: list[str], prediction: Prediction
    ) -> None:
        values = prediction.probabilities.values()
        number = () if channel is None else (channel,)
        self._row(name, *number, prediction.emotion, prediction.duration, *values)

    def no_speech(
        self, name: str, channel: int | None, remarks: list[str], duration: float
    ) -> None:
        number = () if channel is None else (channel,)
        self._row(name, *number, None, duration, *(None for _ in self.labels))

    def timeline(
        self, name: str, channel: int | None, remarks: list[str], windows: list[Window]
    ) -> None:
        for window in windows:
            values = (window.probabilities or dict.fromkeys(self.labels)).values()
            speech = str(window.speech).lower()
            number = () if channel is None else (channel,)
            self._row(name, *number, window.start, window.end, speech, window.emotion, *values)

    def _row(self, *values: object) -> None:
        csv.writer(sys.stdout, lineterminator="\n").writerow(values)


def _columns(emotion: str, probabilities: dict[str, float]) -> str:
    values = " ".join(f"{value:9.3f}" for value in probabilities.values())
    return f"{emotion:<9} {values}"


def doubted(answer: Answer, at_least: float) -> Answer:
    """The same with `UNSURE` for its emotion, if that is less probable than so much."""
    if answer.probabilities is None or max(answer.probabilities.values()) >= at_least:
        return answer
    return replace(answer, emotion=UNSURE)


def expanded(names: Sequence[str]) -> list[str]:
    """The recordings that arguments stand for, in their order; those of a folder by name.

    Parameters
    ----------
    names : sequence of str
        Files, folders (with all below them), patterns such as ``calls/**/*.wav``, ``-``.
    """
    files: list[str] = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            below = (file for file in path.rglob("*") if _is_recording(file, path))
            files += sorted(map(str, below))
        elif name != "-" and not path.exists() and glob.has_magic(name):
            found = glob.glob(name, recursive=True)  # noqa: PTH207 (Path.glob: no absolute ones)
            files += sorted(file for file in found if Path(file).is_file())
        else:
            files.append(name)
    if not files:
        raise PipelineError(
            f"there is no recording in {', '.join(names)}: name a file, a folder with "
            f"{', '.join(sorted(AUDIO_SUFFIXES))} below it, or a pattern that fits some."
        )
    return files


def _is_recording(file: Path, below: Path) -> bool:
    """Whether it is audio by its name, and not what operating systems leave beside audio."""
    return (
        file.suffix.lower() in AUDIO_SUFFIXES
        and file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(below).parts)
    )


@contextmanager
def _source(name: str) -> Iterator[Path | BinaryIO]:
    """The file of that name; standard input, which can't be read twice, by way of a file."""
    if name != "-":
        yield Path(name)
        return
    with tempfile.TemporaryFile() as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
        file.seek(0)
        yield file


def listen(
    recognizer: Recognizer,
    output: JsonLines | None,
    window: float,
    hop: float,
    adapt: bool,
    at_least: float,
) -> None:
    """Print the emotion of what the microphone records, every hop, until Ctrl-C.

    Parameters
    ----------
    recognizer : Recognizer
        The model.
    output : JsonLines or None
        One line per estimate for programs, or None for one line that changes, for people.
    window, hop : float
        How much of the past each estimate is made from, and the time between estimates, in s.
    adapt : bool
        Whether one speaker is heard, whose voice it gets to know as time passes.
    at_least : float
        What is less probable is "unsure".
    """
    require_package("sounddevice", "mic", "--mic records from the microphone")
    from speech_emotion.audio.microphone import chunks  # brings PortAudio

    try:
        with chunks() as (sample_rate, arriving):
            print("Listening; Ctrl-C ends it.", file=sys.stderr)
            stream = recognizer.stream(sample_rate, window=window, hop=hop, adapt=adapt)
            for chunk in arriving:
                for estimate in stream.feed(chunk):
                    estimate = doubted(estimate, at_least)
                    if output:
                        output.estimate("microphone", estimate)
                    else:
                        print(f"\r{_live(estimate)}", end="", flush=True)
    except KeyboardInterrupt:
        print(file=sys.stderr)


def _live(estimate: Estimate) -> str:
    """One line: the time, the emotion and its bar, then the next two."""
    if estimate.emotion is None or estimate.probabilities is None:
        return f"{estimate.time:7.1f} s  {NO_SPEECH:<60}"
    ranked = sorted(estimate.probabilities.items(), key=lambda item: -item[1])
    (_, share), *others = ranked[:3]
    bar = "#" * round(20 * share)
    rest = ", ".join(f"{label} {value:.0%}" for label, value in others)
    return f"{estimate.time:7.1f} s  {estimate.emotion:<9} {share:4.0%} {bar:<20} {rest:<26}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ser-predict",
        description="Recognise the emotion in recordings with the exported model.",
    )
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="audio file, folder, pattern, or - (standard input)",
    )
    parser.add_argument("--model", help=model_help())
    parser.add_argument(
        "--int8", action="store_true", help="the model with 8-bit weights: smaller, and faster"
    )
    parser.add_argument(
        "--any-sound",
        action="store_true",
        help="recognise whatever sounds, without asking whether it is speech",
    )
    parser.add_argument(
        "--at-least",
        type=float,
        default=0.0,
        metavar="PROBABILITY",
        help=f'print "{UNSURE}" for an emotion that is less probable',
    )
    parser.add_argument(
        "--speaker",
        metavar="FOLDER",
        help="recordings of the one who speaks, to get to know the voice; no labels needed",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object per recording")
    form.add_argument("--csv", action="store_true", help="one row per recording, or per window")
    parser.add_argument("--timeline", action="store_true", help="emotion in windows over time")
    parser.add_argument(
        "--channels",
        choices=("mixed", "apart"),
        default="mixed",
        help="apart: each channel by itself, as of a call with a person on each (mixed)",
    )
    parser.add_argument("--plot", type=Path, metavar="PNG", help="picture of the one timeline")
    parser.add_argument("--mic", action="store_true", help="listen to the microphone")
    parser.add_argument(
        "--adapt",
        action="store_true",
        help="with --mic: get to know the voice of the one who speaks",
    )
    parser.add_argument("--window", type=float, default=3.0, help="length of a window, in s")
    parser.add_argument("--hop", type=float, help="from window to window, in s (1; with --mic 0.5)")
    return parser


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.mic and (options.files or options.timeline or options.csv):
        parser.error("--mic goes with --json, --adapt, --speaker, --window and --hop only")
    if options.adapt and not options.mic:
        parser.error("--adapt goes with --mic; --speaker names recordings of the one who speaks")
    if not options.mic and not options.files:
        parser.error("name a recording, or --mic")
    if options.plot and not options.timeline:
        parser.error("--plot draws a timeline: add --timeline")
    if not 0 <= options.at_least <= 1:
        parser.error(f"--at-least is {options.at_least:g}: expected a probability, 0 to 1")
    if options.plot and options.channels == "apart":
        parser.error("--plot draws one timeline: leave out --channels apart")
    if options.hop is None:
        options.hop = 0.5 if options.mic else 1.0
    try:
        check_windows(options.window, options.hop)
    except ValueError as error:
        parser.error(f"--{error}")
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parsed(arguments)
    if options.mic:
        recognizer = _loaded(options)
        output = JsonLines(recognizer.labels, 0) if options.json else None
        listen(recognizer, output, options.window, options.hop, options.adapt, options.at_least)
        return
    files = expanded(options.files)
    if options.plot:
        require_package("matplotlib", "plot", "--plot draws a picture")
        if len(files) > 1:
            raise PipelineError(
                f"--plot draws one recording, and {len(files)} were named: name one."
            )
    if not predict(_loaded(options), files, options):
        sys.exit(1)


def _loaded(options: argparse.Namespace) -> Recognizer:
    recognizer = Recognizer.load(options.model, int8=options.int8, any_sound=options.any_sound)
    if recognizer.is_synthetic:
        print(
            f"note: the model in {recognizer.folder} learnt from synthetic voices: it knows "
            "nothing of people.",
            file=sys.stderr,
        )
    elif options.model is None:
        worth = f": {recognizer.worth}" if recognizer.worth else ""
        print(f"model: {recognizer.name}{worth}", file=sys.stderr)
    if options.speaker:
        try:
            with _warnings_printed():
                recognizer = recognizer.adapt(map(Path, expanded([options.speaker])))
        except AudioError as error:
            raise PipelineError(f"--speaker: {error}") from None
    return recognizer


def predict(recognizer: Recognizer, files: Sequence[str], options: argparse.Namespace) -> bool:
    """Print the emotion of each file; whether all of them could be read."""
    form = JsonLines if options.json else Csv if options.csv else Table
    output = form(recognizer.labels, max(map(len, files)), options.channels == "apart")
    output.begin(options.timeline)
    all_read = True
    for name in files:
        with _source(name) as source, _warnings_printed(_subject(name)) as remarks:
            for channel in _channels(source) if options.channels == "apart" else [None]:
                try:
                    _print_one(recognizer, output, (name, channel, remarks), source, options)
                except NoSpeechError as error:
                    output.no_speech(name, channel, remarks, error.duration)
                except AudioError as error:
                    all_read = False
                    sentence = AudioError(error.fault, _subject(name, channel))
                    print(f"error: {sentence}", file=sys.stderr)
    return all_read


def _print_one(
    recognizer: Recognizer,
    output: Output,
    named: tuple[str, int | None, list[str]],
    source: Path | BinaryIO,
    options: argparse.Namespace,
) -> None:
    name, channel, _ = named
    if not options.timeline:
        answer = recognizer.predict(source, channel=channel)
        output.prediction(*named, doubted(answer, options.at_least))
        return
    windows = recognizer.timeline(source, window=options.window, hop=options.hop, channel=channel)
    output.timeline(*named, [doubted(one, options.at_least) for one in windows])
    if options.plot:
        _plot(source, windows, recognizer.labels, name, options.plot)


def _channels(source: Path | BinaryIO) -> list[int | None]:
    """The numbers of a recording's channels; of one that can't be read, None."""
    try:
        with opened(source, channel=1) as recording:
            return list(range(1, 1 + recording.channels))
    except AudioError:  # whoever reads it next says why
        return [None]


def _subject(name: str, channel: int | None = None) -> str:
    """What a sentence about a file begins with."""
    file = "standard input" if name == "-" else name
    return file if channel is None else f"{file}, channel {channel},"


@contextmanager
def _warnings_printed(subject: str | None = None) -> Iterator[list[str]]:
    """Print each sentence on what is to be known of recordings once, on standard error.

    Parameters
    ----------
    subject : str or None
        What the sentences begin with; None for what the recogniser calls a recording.

    Yields
    ------
    list of str
        The sentences so far.
    """
    said: list[str] = []

    def say(message: Warning | str, *others: Any, **more: Any) -> None:
        if not isinstance(message, AudioWarning):
            usual(message, *others, **more)
            return
        sentence = str(AudioWarning(message.remark, subject or message.subject))
        if sentence not in said:
            said.append(sentence)
            print(f"warning: {sentence}", file=sys.stderr)

    with warnings.catch_warnings():
        usual = warnings.showwarning
        warnings.simplefilter("always", AudioWarning)
        warnings.showwarning = say
        yield said


def _plot(
    source: Path | BinaryIO, windows: list[Window], labels: tuple[str, ...], name: str, path: Path
) -> None:
    from speech_emotion.reporting import (
        figures,  # needs matplotlib, which the base installation lacks
    )
    from speech_emotion.serving.timeline_picture import timeline_picture

    subject = "standard input" if name == "-" else Path(name).name
    try:
        figures.save(timeline_picture(source, windows, labels, subject), path)
    except OSError as error:
        raise PipelineError(f"{path} can't be written: {error.strerror}.") from None


def command() -> None:
    """What the installed command runs."""
    try:
        run(main)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has seen enough; neither may the flush at exit complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


if __name__ == "__main__":
    command()
