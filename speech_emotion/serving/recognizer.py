"""The trained model with its front end: audio in, emotions out. Neither Keras nor DVC needed."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO, Protocol, Self

import numpy as np

from speech_emotion.audio.cleaning import clean
from speech_emotion.audio.codec import MAX_DURATION, SILENT, is_silent
from speech_emotion.audio.recordings import Recording, from_array, opened
from speech_emotion.base.errors import AudioError, AudioWarning, PipelineError, naming
from speech_emotion.features import FeaturizeParams, featurize
from speech_emotion.params.clean import CleanParams
from speech_emotion.params.section import Section, check
from speech_emotion.serving.answers import Prediction, Window
from speech_emotion.serving.lite import LiteModel
from speech_emotion.serving.stream import Stream
from speech_emotion.serving.timeline import (
    check_windows,
    frame_amplitudes,
    has_speech,
    pieces,
    speech_threshold,
)
from speech_emotion.training.model_settings import KERAS_FILE, encoder_file, model_file
from speech_emotion.training.voices import KnownVoice, Voices, read_voices

SHORTEST = 0.01
"""A recording must last at least this long, in s."""


class FrontEnd(Section):
    """What a model says of the way from audio to its features."""

    clean: CleanParams
    featurize: FeaturizeParams


class Model(Protocol):
    """What `TrainedModel` (Keras) and `LiteModel` (LiteRT) have in common."""

    labels: tuple[str, ...]
    kinds: tuple[str, ...]
    front_end: dict[str, Any]
    corpora: str

    def probabilities(self, utterances: Iterable[dict[str, np.ndarray]]) -> np.ndarray:
        """Of every label for every utterance [utterances, k]."""


class Recognizer:
    """A trained model with its front end: audio in, emotions out.

    Parameters
    ----------
    model : Model
        The model.
    front_end : FrontEnd
        The settings that its training data went through.
    voices : mapping of str to Voices
        Of the voices that trained it, by kind of features; see `adapt`.
    known_voice : KnownVoice
        What was heard of the speaker who is to be recognised.

    Attributes
    ----------
    labels : tuple of str
        The emotions, in the order of every dict of probabilities.
    corpora : str
        What trained the model, such as "ravdess".
    is_synthetic : bool
        Whether recordings that code made trained the model: it then knows nothing of people.
    knows_voices : bool
        Whether it can `adapt` to one.
    """

    def __init__(
        self,
        model: Model,
        front_end: FrontEnd,
        voices: Mapping[str, Voices],
        known_voice: KnownVoice | None = None,
    ) -> None:
        self._model = model
        self._front_end = front_end
        self._voices = voices
        self._known_voice = known_voice or KnownVoice()
        self.labels = model.labels
        self.corpora = model.corpora
        self.is_synthetic = "synthetic" in model.corpora
        self.knows_voices = bool(voices)

    @classmethod
    def load(cls, folder: Path | str, *, int8: bool = False) -> Self:
        """Read what the export stage wrote, or the train stage where TensorFlow is installed.

        Parameters
        ----------
        folder : path
            The model's.
        int8 : bool
            True takes the files with 8-bit weights, a quarter of the size. They are there if they
            cost at most a point of UAR on the validation speakers.

        Raises
        ------
        PipelineError
            If there is no model, it was made with settings that this version can't honour, or it
            needs a package that is not installed.
        """
        folder = Path(folder)
        model = _read_model(folder, int8)
        front_end = check(model.front_end, FrontEnd, f"the front end of the model in {folder}")
        missing = set(model.kinds) - set(front_end.featurize.kinds)
        if missing:
            raise PipelineError(
                f"the model in {folder} takes {', '.join(sorted(missing))}, which its front end "
                "does not make: train it again with `dvc repro train`."
            )
        if front_end.clean.noise_reduction:
            require_package(
                "noisereduce",
                "denoise",
                f"the model in {folder} was trained on recordings with clean.noise_reduction",
            )
        featurize = front_end.featurize.only(model.kinds)
        for kind in model.kinds:
            encoder = folder / encoder_file(kind, int8)
            if encoder.is_file():
                featurize = featurize.with_encoder(kind, encoder)
        front_end = front_end.model_copy(update={"featurize": featurize})
        return cls(model, front_end, read_voices(folder))

    def predict(
        self,
        source: Path | str | BinaryIO | np.ndarray,
        sample_rate: int | None = None,
        *,
        channel: int | None = None,
    ) -> Prediction:
        """Recognise the emotion of one recording, of any rate, channel count and length.

        A recording longer than `MAX_DURATION` is recognised in pieces of that length, and the
        probabilities of those that are not silent are averaged.

        Parameters
        ----------
        source : path, seekable binary stream, or np.ndarray
            An audio file of any kind that libsndfile reads or, where FFmpeg is installed, that
            phones and browsers make; or samples [shape=(n,), (n, channels)
            or (channels, n)]: floating point with full scale 1, or integers with the full scale of
            their type.
        sample_rate : int or None
            Of samples, in Hz; a file has its own.
        channel : int or None
            The only one to listen to, such as one end of a call; the first is 1. None mixes them.

        Raises
        ------
        AudioError
            If it can't be read or decoded, lasts less than `SHORTEST`, is cut short, holds
            samples that are not finite or beyond all bounds, or is silent.

        Warns
        -----
        AudioWarning
            If a number in a file's header is wrong, though all of its audio is there, or the sample
            rate is lower than that of the recordings that trained the model.

        Examples
        --------
        >>> prediction = Recognizer.load("models/export").predict("recording.wav")
        >>> prediction.emotion
        'angry'
        >>> prediction.probabilities["angry"] > 0.5
        True
        """
        total, audible, length = np.zeros(len(self.labels)), 0, 0
        with self._opened(source, sample_rate, channel) as recording:
            rate = recording.sample_rate
            for samples, is_audible in _pieces(recording):
                length += len(samples)
                if is_audible:
                    total += len(samples) * self.probabilities(samples, rate)
                    audible += len(samples)
        emotion, probabilities = self.named(total / audible)
        return Prediction(emotion, probabilities, length / rate)

    def adapt(
        self,
        recordings: Iterable[Path | str | BinaryIO | np.ndarray],
        sample_rate: int | None = None,
    ) -> Self:
        """A recogniser for one speaker, from a few recordings of theirs without any label.

        What the voice has of its own is estimated and taken off; the more recordings, the more of
        it. They should be such as will be recognised, by microphone and language, and of several
        emotions; that they are all of one is noticed mostly. Another speaker's do harm. Adapting
        again adds recordings.

        Parameters
        ----------
        recordings : iterable
            Each as for `predict`. Of longer ones, each piece of `MAX_DURATION` counts as one.
        sample_rate : int or None
            Of samples, in Hz; a file has its own.

        Raises
        ------
        AudioError
            As for `predict`.
        PipelineError
            If the model knows nothing of voices: it takes no utterance-level features, or was
            trained on a single speaker.

        Examples
        --------
        >>> recognizer = Recognizer.load("models/export")
        >>> of_speaker = recognizer.adapt(["recording.wav"])
        >>> of_speaker.predict("recording.wav").emotion in recognizer.labels
        True
        """
        if not self.knows_voices:
            raise PipelineError(
                "the model knows nothing of voices, so that it can't adapt to one: train it on two "
                "speakers or more, with a network that takes utterance-level features (it takes "
                f"{', '.join(self._model.kinds)})."
            )
        features = []
        for source in recordings:
            with self._opened(source, sample_rate) as recording:
                features += [
                    self._features(samples, recording.sample_rate)
                    for samples, is_audible in _pieces(recording)
                    if is_audible
                ]
        found = [self._model.probabilities([one])[0] for one in features]
        voice = self._known_voice.joined_by(features, found, self._voices)
        return type(self)(self._model, self._front_end, self._voices, voice)

    def timeline(
        self,
        source: Path | str | BinaryIO | np.ndarray,
        sample_rate: int | None = None,
        *,
        window: float = 3.0,
        hop: float = 1.0,
        channel: int | None = None,
    ) -> list[Window]:
        """Recognise the emotion in windows over time, of a recording of any length.

        The recording is read once, in bounded memory.

        Parameters
        ----------
        source, sample_rate
            As for `predict`.
        window, hop : float
            Length of the windows, and from one start to the next, in s. Where they leave no gaps,
            the last one ends with the recording and may be shorter.
        channel
            As for `predict`.

        Raises
        ------
        AudioError
            As for `predict`, but silence is no error: such windows have no speech.
        ValueError
            If window or hop is not positive.

        Examples
        --------
        >>> windows = Recognizer.load("models/export").timeline("recording.wav", window=1, hop=1)
        >>> [(window.start, window.speech) for window in windows][:2]
        [(0.0, True), (1.0, True)]
        """
        check_windows(window, hop)
        rate = self._front_end.clean.sample_rate
        amplitudes: list[np.ndarray] = []
        found: list[tuple[float, float, np.ndarray, np.ndarray | None]] = []
        reached = 0.0
        with self._opened(source, sample_rate, channel) as recording:
            for piece in pieces(recording, rate, window, hop):
                of_piece = frame_amplitudes(piece.samples, rate)
                silent = is_silent(piece.samples[:, None], recording.step)
                probabilities = None if silent else self.probabilities(piece.samples, rate)
                found.append((piece.start, piece.end, of_piece, probabilities))
                # each stretch counts once, however the windows overlap
                new = round((piece.end - max(piece.start, reached)) * rate)
                amplitudes.append(frame_amplitudes(piece.samples[len(piece.samples) - new :], rate))
                reached = piece.end
            if reached < SHORTEST:
                raise AudioError(f"lasts less than {SHORTEST:g} s")
        threshold = speech_threshold(np.concatenate(amplitudes))
        return [
            Window(start, end, True, *self.named(probabilities))
            if probabilities is not None and has_speech(of_piece, threshold)
            else Window(start, end, False, None, None)
            for start, end, of_piece, probabilities in found
        ]

    def stream(
        self, sample_rate: int, *, window: float = 3.0, hop: float = 0.5, adapt: bool = False
    ) -> Stream:
        """A `Stream` to be fed with audio as it arrives, in chunks of any length.

        Parameters
        ----------
        sample_rate : int
            Of the chunks, in Hz.
        window, hop : float
            How much of the past each estimate is made from, and the time between estimates, in s.
        adapt : bool
            True takes it that one speaker is heard, and adapts to the voice as it goes; see
            `adapt`.

        Raises
        ------
        PipelineError
            If it is to adapt, and the model knows nothing of voices.

        Examples
        --------
        >>> import soundfile
        >>> samples, sample_rate = soundfile.read("recording.wav", dtype="float32")
        >>> stream = Recognizer.load("models/export").stream(sample_rate)
        >>> [estimate.time for estimate in stream.feed(samples[: 2 * sample_rate])]
        [0.5, 1.0, 1.5, 2.0]
        >>> stream.finish().duration
        2.0
        """
        return Stream(self.adapt([]) if adapt else self, sample_rate, window, hop, adapt)

    def probabilities(self, samples: np.ndarray, sample_rate: int) -> np.ndarray:
        """Probability of each of `labels` [shape=(k,)] for mono samples [n], full scale 1."""
        features = self._known_voice.taken_off(self._features(samples, sample_rate))
        [probabilities] = self._model.probabilities([features])
        return np.asarray(probabilities)

    @contextmanager
    def _opened(
        self,
        source: Path | str | BinaryIO | np.ndarray,
        sample_rate: int | None,
        channel: int | None = None,
    ) -> Iterator[Recording]:
        """Open a source, by whose name errors and warnings begin."""
        subject = _subject(source)
        with naming(subject), _open(source, sample_rate, channel) as recording:
            for remark in (recording.remark, self._on_rate(recording.sample_rate)):
                if remark:
                    warnings.warn(AudioWarning(remark, subject), stacklevel=4)
            yield recording

    def _on_rate(self, sample_rate: float) -> str | None:
        """What is to be known of a recording at a rate lower than the model's, in Hz."""
        expected = self._front_end.clean.sample_rate
        if sample_rate >= expected:
            return None
        return (
            f"has a sample rate of {sample_rate:g} Hz, so that it holds nothing above "
            f"{sample_rate / 2:g} Hz, where the model listens up to {expected / 2:g} Hz: expect "
            "more wrong answers, as over a telephone"
        )

    def _features(self, samples: np.ndarray, sample_rate: int) -> dict[str, np.ndarray]:
        settings = self._front_end
        cleaned, _ = clean(samples[:, None], sample_rate, settings.clean)
        return featurize(cleaned, settings.clean.sample_rate, settings.featurize)

    def named(self, probabilities: np.ndarray) -> tuple[str, dict[str, float]]:
        """The most probable label, and the probabilities [k] by label."""
        by_label = dict(zip(self.labels, map(float, probabilities), strict=True))
        return max(by_label, key=by_label.__getitem__), by_label


def require_package(name: str, extra: str, why: str) -> None:
    """Raise a `PipelineError` that names the extra, unless a package is installed."""
    if find_spec(name) is None:
        raise PipelineError(
            f"{why}, which needs the package {name}: install this project's extra `{extra}`, by "
            f"`pip install '.[{extra}]'` in its repository."
        )


def _read_model(folder: Path, int8: bool) -> Model:
    if (folder / model_file(int8)).is_file():
        return LiteModel.load(folder, int8)
    if (folder / KERAS_FILE).is_file() and not int8:
        require_package("tensorflow", "pipeline", f"the model in {folder} is one for Keras")
        from speech_emotion.training.trained_model import TrainedModel  # slow to import

        return TrainedModel.load(folder)
    raise PipelineError(
        f"{folder} holds no {model_file(int8)}: run `dvc repro export` to make it, `dvc pull` to "
        "fetch it, or name the folder of another model."
    )


def _open(
    source: Path | str | BinaryIO | np.ndarray, sample_rate: int | None, channel: int | None
) -> AbstractContextManager[Recording]:
    if isinstance(source, np.ndarray):
        if sample_rate is None:
            raise AudioError("comes without its sample rate: name it, in Hz")
        return nullcontext(from_array(source, sample_rate, channel))
    return opened(Path(source) if isinstance(source, str) else source, channel)


def _subject(source: Path | str | BinaryIO | np.ndarray) -> str:
    """What a sentence about a source begins with."""
    if isinstance(source, np.ndarray):
        return "The array"
    return str(source) if isinstance(source, Path | str) else "The stream"


def _pieces(recording: Recording) -> Iterator[tuple[np.ndarray, bool]]:
    """Pieces of `MAX_DURATION`, the last one as long as what is left, and whether each is audible.

    Raises
    ------
    AudioError
        At the end, if the recording lasts less than `SHORTEST` or none was audible.
    """
    length, any_audible = 0, False
    for samples in _gathered(recording):
        length += len(samples)
        # a last piece that is too short is not what makes an hour silent
        is_audible = len(samples) >= SHORTEST * recording.sample_rate and not is_silent(
            samples[:, None], recording.step
        )
        any_audible |= is_audible
        yield samples, is_audible
    if length < SHORTEST * recording.sample_rate:
        raise AudioError(f"lasts less than {SHORTEST:g} s")
    if not any_audible:
        raise AudioError(SILENT)


def _gathered(recording: Recording) -> Iterator[np.ndarray]:
    """Pieces of `MAX_DURATION`, the last one as long as what is left."""
    most = round(MAX_DURATION * recording.sample_rate)
    blocks: list[np.ndarray] = []
    for block in recording.blocks:
        blocks.append(block)
        if sum(map(len, blocks)) >= most:
            samples = np.concatenate(blocks)
            yield samples[:most]
            blocks = [samples[most:]]
    if sum(map(len, blocks)):
        yield np.concatenate(blocks)
