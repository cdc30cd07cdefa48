"""What a few recordings tell of a speaker's voice, no matter how they feel, and taking it off.

People differ in pitch, level and timbre by more than their emotions do. From recordings of somebody
without any label, the way in which the values of that voice lie off those of other people is
estimated, and taken off the values of what is to be recognised.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from speech_emotion.base.errors import PipelineError

if TYPE_CHECKING:
    from speech_emotion.data.feature_subset import FeatureSubset

VOICES_FILE = "voices.npz"
"""Of a model's folder: the statistics of the voices that trained it."""

LIMIT = 4.0
"""Values count as no further from the mean than this many standard deviations."""

ONE_EMOTION = 0.5
"""How probable it is beforehand that all recordings of a speaker are of one emotion."""

EVIDENCE = 0.5
"""How much the log odds of that count which the recordings bring: a model errs alike on all
recordings of a voice, so that they say less together than they would if they were independent."""

SMALLEST = 1e-6
"""A smaller probability of an emotion counts as this much."""


@dataclass(frozen=True)
class Voices:
    """The voices that trained a model, by one utterance-level kind of features.

    A material is what a corpus has in one channel, such as RAVDESS' songs: voices are compared
    within one.

    Attributes
    ----------
    lowest, highest : np.ndarray [shape=(values,)]
        What values are clipped to, so that none rules a mean.
    materials : np.ndarray [shape=(materials, values)]
        The mean over the speakers of each material, emotions weighing as it has them.
    emotions : np.ndarray [shape=(materials, labels, values)]
        The mean of each emotion in each material, not a number where it has none.
    between, within : np.ndarray [shape=(values,)]
        Variance between the speakers of a material, and between the recordings of a speaker.
    """

    lowest: np.ndarray
    highest: np.ndarray
    materials: np.ndarray
    emotions: np.ndarray
    between: np.ndarray
    within: np.ndarray

    @classmethod
    def of(cls, training: FeatureSubset, kind: str) -> Self | None:
        """The statistics of training utterances; None if no material has two speakers.

        Variants are left out: what noise does to a value is nobody's voice.
        """
        rows = training.manifest
        named = rows["speaker"].where(rows["speaker"] != "")
        speakers = named.groupby([rows["corpus"], rows["channel"]]).transform("nunique")
        chosen = np.flatnonzero((rows["variant"] == "original") & named.notna() & (speakers > 1))
        if not len(chosen):
            return None
        rows = rows.iloc[chosen]
        by_voice = rows.groupby(["corpus", "channel", "speaker"])
        by_material = rows.groupby(["corpus", "channel"])
        voice, material = by_voice.ngroup().to_numpy(), by_material.ngroup().to_numpy()
        material_of_voice = material[np.unique(voice, return_index=True)[1]]

        size = len(training[int(chosen[0])][kind])
        total, squares = np.zeros(size), np.zeros(size)
        for place in chosen:
            values = training[int(place)][kind].astype(np.float64)
            total += values
            squares += np.square(values)
        mean = total / len(chosen)
        deviation = np.sqrt(np.maximum(squares / len(chosen) - np.square(mean), 0))
        lowest, highest = mean - LIMIT * deviation, mean + LIMIT * deviation

        labels, classes = len(training.labels), training.classes[chosen]
        voices, materials = len(material_of_voice), by_material.ngroups
        sums = np.zeros((voices, size))
        emotions = np.zeros((materials, labels, size))
        squares = np.zeros(size)
        for place, of_voice, of_material, emotion in zip(
            chosen, voice, material, classes, strict=True
        ):
            values = np.clip(training[int(place)][kind].astype(np.float64), lowest, highest)
            sums[of_voice] += values
            emotions[of_material, emotion] += values
            squares += np.square(values)
        heard = np.zeros((voices, labels))
        np.add.at(heard, (voice, classes), 1)
        counts = heard.sum(axis=1, keepdims=True)
        of_emotion = np.stack(
            [heard[material_of_voice == one].sum(axis=0) for one in range(materials)]
        )[:, :, None]
        emotions = emotions / np.maximum(of_emotion, 1)
        means = sums / counts

        # a voice is how its recordings lie off those of the same emotion by everybody
        expected = (heard[:, :, None] * emotions[material_of_voice]).sum(axis=1)
        offsets = (sums - expected) / counts
        residual = squares - (of_emotion * np.square(emotions)).sum(axis=(0, 1))
        noise = (residual - (counts * np.square(offsets)).sum(axis=0)) / max(
            len(chosen) - voices - int((of_emotion > 0).sum()), 1
        )
        between = (
            np.square(offsets).sum(axis=0) / (voices - materials) - noise * (1 / counts).mean()
        )
        within = (squares - (counts * np.square(means)).sum(axis=0)) / max(len(chosen) - voices, 1)
        return cls(
            lowest,
            highest,
            np.stack([means[material_of_voice == one].mean(axis=0) for one in range(materials)]),
            np.where(of_emotion > 0, emotions, np.nan),
            np.maximum(between, 0),
            np.maximum(within, 0),
        )

    def offset(self, recordings: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
        """How far a voice lies off the others, shrunk by how much its recordings tell.

        Value by value the mean of the recordings counts for as much of the way as voices differ
        more than recordings of a voice do: between / (between + within / k). What it is compared
        with depends on whether the recordings are of mixed emotions or all of one, as far as the
        model can tell: else the anger of four angry recordings would be taken for a voice.

        Parameters
        ----------
        recordings : np.ndarray [shape=(k, values)]
            Of one speaker.
        probabilities : np.ndarray [shape=(k, labels)]
            What the model, as it was trained, makes of them.

        Returns
        -------
        np.ndarray [shape=(values,)]
            To be taken off the speaker's values.
        """
        count = len(recordings)
        if not count:
            return np.zeros_like(self.between)
        mean = np.clip(recordings, self.lowest, self.highest).mean(axis=0)
        noise = self.between + self.within / count
        noise = np.where(noise > 0, noise, 1.0)
        distances = (np.square(mean - self.materials) / noise).sum(axis=1)
        nearest = int(distances.argmin())
        emotions = self.emotions[nearest]
        heard = ~np.isnan(emotions).any(axis=1)

        # the odds that all are of one emotion, against each being of any
        chosen = np.log(np.maximum(probabilities[:, heard], SMALLEST) * heard.sum()).sum(axis=0)
        odds = np.concatenate(
            [[np.log(1 - ONE_EMOTION)], np.log(ONE_EMOTION / heard.sum()) + EVIDENCE * chosen]
        )
        weights = np.exp(odds - odds.max())
        weights /= weights.sum()
        expected = weights[0] * self.materials[nearest] + weights[1:] @ emotions[heard]
        offset: np.ndarray = self.between / noise * (mean - expected)
        return offset


def voices_of(training: FeatureSubset, kinds: Iterable[str]) -> dict[str, Voices]:
    """The voices that train a model, by each utterance-level kind of those that it takes."""
    vectors = [kind for kind in kinds if training[0][kind].ndim == 1]
    return {kind: found for kind in vectors if (found := Voices.of(training, kind))}


def write_voices(voices: Mapping[str, Voices], folder: Path) -> None:
    """Write ``folder/voices.npz``, the same bytes for the same statistics."""
    # np.savez asks zipfile for an extra that Python 3.11.2 and 3.11.7 write differently
    with zipfile.ZipFile(folder / VOICES_FILE, "w") as archive:
        for kind, one in sorted(voices.items()):
            for name, values in sorted(vars(one).items()):
                content = io.BytesIO()
                np.save(content, values.astype(np.float32), allow_pickle=False)
                archive.writestr(zipfile.ZipInfo(f"{kind}/{name}.npy"), content.getvalue())


def read_voices(folder: Path) -> dict[str, Voices]:
    """Read ``folder/voices.npz``; nothing if there is none.

    Raises
    ------
    PipelineError
        If the file is damaged.
    """
    path = folder / VOICES_FILE
    if not path.is_file():
        return {}
    try:
        with np.load(path, allow_pickle=False) as arrays:
            found: dict[str, dict[str, np.ndarray]] = {}
            for name, values in arrays.items():
                kind, _, part = name.partition("/")
                found.setdefault(kind, {})[part] = values
        return {kind: Voices(**parts) for kind, parts in found.items()}
    # what NumPy's readers of zip and of arrays raise
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise PipelineError(
            f"{path} can't be read ({error}): run `dvc repro` to make it anew, or `dvc pull` to "
            "fetch it again."
        ) from None


@dataclass(frozen=True)
class KnownVoice:
    """What was heard of a speaker, and what is therefore taken off.

    Attributes
    ----------
    recordings : tuple of dict
        The features of each by kind.
    probabilities : tuple of np.ndarray [shape=(labels,)]
        What the model, as it was trained, makes of each.
    offsets : dict of str to np.ndarray [shape=(values,)]
        What is taken off the speaker's values, by kind.
    """

    recordings: tuple[dict[str, np.ndarray], ...] = ()
    probabilities: tuple[np.ndarray, ...] = ()
    offsets: Mapping[str, np.ndarray] = field(default_factory=dict)

    def joined_by(
        self,
        recordings: Sequence[dict[str, np.ndarray]],
        probabilities: Sequence[np.ndarray],
        voices: Mapping[str, Voices],
    ) -> KnownVoice:
        """The voice after more recordings of it.

        Parameters
        ----------
        recordings : sequence of dict
            The features of each by kind, without anything taken off.
        probabilities : sequence of np.ndarray [shape=(labels,)]
            What the model, as it was trained, makes of each.
        voices : mapping of str to Voices
            What trained the model, by kind.
        """
        kept = [{kind: one[kind] for kind in voices} for one in recordings]
        heard = (*self.recordings, *kept)
        found = (*self.probabilities, *probabilities)
        offsets = {
            kind: one.offset(np.stack([features[kind] for features in heard]), np.stack(found))
            for kind, one in voices.items()
            if heard
        }
        return KnownVoice(heard, found, offsets)

    def taken_off(self, features: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The features of an utterance of the speaker, the voice taken off."""
        return {
            kind: values - self.offsets[kind].astype(np.float32) if kind in self.offsets else values
            for kind, values in features.items()
        }
