"""The trained model with its front end: audio in, emotions out. Neither Keras nor DVC needed."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO, Protocol, Self

import numpy as np

from speech_emotion.audio.cleaning import clean
from speech_emotion.audio.codec import MAX_DURATION, SILENT, is_silent
from speech_emotion.audio.recordings import Recording, from_array, opened
from speech_emotion.audio.speech import SpeechDetector, holds_speech
from speech_emotion.base.errors import (
    AudioError,
    AudioWarning,
    NoSpeechError,
    PipelineError,
    naming,
)
from speech_emotion.base.packages import require_package
from speech_emotion.features import FeaturizeParams, featurize
from speech_emotion.params.clean import CleanParams
from speech_emotion.params.section import Section, check
from speech_emotion.serving.answers import Prediction, Window
from speech_emotion.serving.fetched_encoder import expected_file, fetched_encoder
from speech_emotion.serving.included import model_folder, names
from speech_emotion.serving.lite import LiteModel
from speech_emotion.serving.stream import Stream
from speech_emotion.serving.timeline import check_windows, pieces
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
    worth: str

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
    folder : Path
        Where the model lies.
    known_voice : KnownVoice
        What was heard of the speaker who is to be recognised.
    any_sound : bool
        Whether whatever sounds is recognised, speech or not.

    Attributes
    ----------
    folder : Path
        Where the model lies.
    name : str
        What it is called: the folder, and what trained it, such as "export (ravdess)".
    worth : str
        What it scored on people whom it had not heard, where it says so itself; its card says more.
    labels : tuple of str
        The emotions, in the order of every dict of probabilities.
    corpora : str
        What trained the model, such as "ravdess".
    is_synthetic : bool
        Whether recordings that code made trained the model: it then knows nothing of people.
    knows_voices : bool
        Whether it can `adapt` to one.
    any_sound : bool
        As the parameter.
    """

    def __init__(
        self,
        model: Model,
        front_end: FrontEnd,
        voices: Mapping[str, Voices],
        folder: Path,
        known_voice: KnownVoice | None = None,
        any_sound: bool = False,
    ) -> None:
        self._model = model
        self._front_end = front_end
        self._voices = voices
        self._known_voice = known_voice or KnownVoice()
        self.folder = folder
        self.name = f"{folder.resolve().name} ({model.corpora})"
        self.worth = model.worth
        self.labels = model.labels
        self.corpora = model.corpora
        self.is_synthetic = "synthetic" in model.corpora
        self.knows_voices = bool(voices)
        self.any_sound = any_sound

    @classmethod
    def load(
        cls, model: Path | str | None = None, *, int8: bool = False, any_sound: bool = False
    ) -> Self:
        """Read what the export stage wrote, or the train stage where TensorFlow is installed.

        Parameters
        ----------
        model : path, str or None
            Its folder, or the name of a model that comes with the library. None is
            ``models/export``, and where there is no such folder, the model in the box.
        int8 : bool
            True takes the files with 8-bit weights, a quarter of the size. They are there if they
            cost at most a point of UAR on the validation speakers.
        any_sound : bool
            True recognises whatever sounds without asking whether it is speech: for recordings
            that are known to be, such as shouts that are taken for noise.

        Raises
        ------
        PipelineError
            If there is no model, it was made with settings that this version can't honour, or it
            needs a package that is not installed.
        """
        folder = model_folder(model)
        found = _read_model(folder, int8)
        front_end = check(found.front_end, FrontEnd, f"the front end of the model in {folder}")
        missing = set(found.kinds) - set(front_end.featurize.kinds)
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
        featurize = front_end.featurize.only(found.kinds)
        for kind in found.kinds:
            encoder = folder / encoder_file(kind, int8)
            if (folder / expected_file(kind)).is_file():
                encoder = fetched_encoder(folder, kind, featurize)
            if encoder.is_file():
                featurize = featurize.with_encoder(kind, encoder)
        front_end = front_end.model_copy(update={"featurize": featurize})
        return cls(found, front_end, read_voices(folder), folder, any_sound=any_sound)

    def predict(
        self,
        source: Path | str | BinaryIO | np.ndarray,
        sample_rate: int | None = None,
        *,
        channel: int | None = None,
    ) -> Prediction:
        """Recognise the emotion of one recording, of any rate, channel count and length.

        A recording longer than `MAX_DURATION` is recognised in pieces of that length, and the
        probabilities of those that hold speech are averaged.

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
        NoSpeechError
            An `AudioError`: if it is a sound, but no speech (`speech_emotion.audio.speech`).

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
        total, spoken, length = np.zeros(len(self.labels)), 0, 0
        with self._opened(source, sample_rate, channel) as recording:
            rate = recording.sample_rate
            for samples, is_spoken in _pieces(recording, self.any_sound):
                length += len(samples)
                if is_spoken:
                    total += len(samples) * self.probabilities(samples, rate)
                    spoken += len(samples)
        emotion, probabilities = self.named(total / spoken)
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
                    for samples, is_spoken in _pieces(recording, self.any_sound)
                    if is_spoken
                ]
        found = [self._model.probabilities([one])[0] for one in features]
        voice = self._known_voice.joined_by(features, found, self._voices)
        return type(self)(
            self._model, self._front_end, self._voices, self.folder, voice, self.any_sound
        )

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
            As for `predict`, but it is no error to hold no speech.
        ValueError
            If window or hop is not positive.

        Examples
        --------
        >>> windows = Recognizer.load("models/export").timeline("recording.wav", window=1, hop=1)
        >>> [(window.start, window.speech) for window in windows][:2]
        [(0.0, False), (1.0, True)]
        """
        check_windows(window, hop)
        rate = self._front_end.clean.sample_rate
        detector = SpeechDetector(rate, window)
        found: list[Window] = []
        reached = 0.0
        with self._opened(source, sample_rate, channel) as recording:
            for piece in pieces(recording, rate, window, hop):
                # each stretch is heard once, however the windows overlap
                new = round((piece.end - max(piece.start, reached)) * rate)
                detector.feed(piece.samples[len(piece.samples) - new :])
                reached = piece.end
                speech = self.any_sound or detector.heard_speech(piece.end - piece.start)
                if speech and not is_silent(piece.samples[:, None], recording.step):
                    named = self.named(self.probabilities(piece.samples, rate))
                    found.append(Window(piece.start, piece.end, True, *named))
                else:
                    found.append(Window(piece.start, piece.end, False, None, None))
            if reached < SHORTEST:
                raise AudioError(f"lasts less than {SHORTEST:g} s")
        return found

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


def _read_model(folder: Path, int8: bool) -> Model:
    if (folder / model_file(int8)).is_file():
        return LiteModel.load(folder, int8)
    if (folder / KERAS_FILE).is_file() and not int8:
        require_package("tensorflow", "pipeline", f"the model in {folder} is one for Keras")
        from speech_emotion.training.trained_model import TrainedModel  # slow to import

        return TrainedModel.load(folder)
    raise PipelineError(
        f"{folder} holds no {model_file(int8)}: run `dvc repro export` to make it, `dvc pull` to "
        "fetch it, or name the folder of another model, or a model that comes with the library "
        f"({', '.join(names())})."
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


def _pieces(recording: Recording, any_sound: bool) -> Iterator[tuple[np.ndarray, bool]]:
    """Pieces of `MAX_DURATION`, the last one as long as what is left, and whether each is speech.

    Where any sound will do, those that are audible count as speech.

    Raises
    ------
    AudioError
        At the end, if the recording lasts less than `SHORTEST` or none was audible.
    NoSpeechError
        At the end, if none was speech.
    """
    rate = recording.sample_rate
    length, any_audible, any_speech = 0, False, False
    for samples in _gathered(recording):
        length += len(samples)
        # a last piece that is too short is not what makes an hour silent
        is_audible = len(samples) >= SHORTEST * rate and not is_silent(
            samples[:, None], recording.step
        )
        is_spoken = is_audible and (any_sound or holds_speech(samples, rate))
        any_audible |= is_audible
        any_speech |= is_spoken
        yield samples, is_spoken
    if length < SHORTEST * rate:
        raise AudioError(f"lasts less than {SHORTEST:g} s")
    if not any_audible:
        raise AudioError(SILENT)
    if not any_speech:
        raise NoSpeechError(length / rate)


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
