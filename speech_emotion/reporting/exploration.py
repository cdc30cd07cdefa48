"""What recordings are like before any model: duration, loudness, noise, pitch, and what stands out.

Durations come from the manifests and pitch from the functionals. Loudness and noise are measured of
the audio as it came in: cleaning cuts the pauses that show the noise, and makes all equally loud.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from speech_emotion.audio.codec import FULL_SCALE, decode, mix_down
from speech_emotion.audio.loudness import noise_floor, threshold_in_noise
from speech_emotion.base.errors import PipelineError
from speech_emotion.base.parallel import map_parts
from speech_emotion.data.dataset import Shard
from speech_emotion.data.feature_store import FeatureStore
from speech_emotion.data.manifest import read_manifest, read_shards
from speech_emotion.data.splits import originals
from speech_emotion.features.functionals import Params, functional_names

FUNCTIONALS = "functionals"
"""The kind of features that pitch is taken from."""

WITHOUT = "Until then, nothing is said of pitch, of labels in doubt, or of what features are worth."

FRAME = 0.02
"""Of the level over time, in s."""

ABOVE_FLOOR, LOUD = 6.0, 10.0
"""Frames count as speech that lie this far above the noise floor or less than this below the
loudest, in dB: as cleaning cuts silence by default."""

LEAST_FLOOR = 1 / (FULL_SCALE * np.sqrt(12))
"""The rounding of 16 bits, root mean square: no recording is told to have less noise."""

LEAST_RATIO = 0.1
"""The least ratio of powers of speech and noise that is told: -10 dB."""

FAR = 3.5
"""A recording is an outlier from this robust z-score on (Iglewicz and Hoaglin, 1993)."""

TO_DEVIATION = 0.6745
"""The median absolute deviation of normally distributed values, in standard deviations."""


@dataclass(frozen=True)
class Measure:
    """A number that every recording has.

    Attributes
    ----------
    title : str
        What it is, as a page says it.
    unit : str
        Such as "s".
    digits : int
        How many are shown behind the point.
    by_factor : bool
        Whether it differs by factors rather than by sums, so that it is compared as a logarithm.
    by_sex : bool
        Whether women and men differ in it so much that each are only compared with each other.
    """

    title: str
    unit: str
    digits: int
    by_factor: bool = False
    by_sex: bool = False


MEASURES = {
    "duration": Measure("duration as recorded", "s", 2, by_factor=True),
    "sound": Measure("duration without silence at the ends", "s", 2, by_factor=True),
    "loudness": Measure("loudness of the speech as recorded", "dB full scale", 1),
    "snr": Measure("signal-to-noise ratio, estimated", "dB", 1),
    "pitch": Measure("pitch", "Hz", 0, by_factor=True, by_sex=True),
}
"""By their column in the table that `measured` makes."""


@dataclass(frozen=True)
class Measured:
    """What was measured of a dataset.

    Attributes
    ----------
    recordings : pd.DataFrame
        One row per recording: the columns of the manifest; ``material``, its corpus and channel;
        those of `MEASURES`, not a number where they could not be measured; and ``digest``, equal
        for recordings of equal samples.
    remarks : tuple of str
        What is not there, in sentences that say which command makes it.
    """

    recordings: pd.DataFrame
    remarks: tuple[str, ...]


def measured(data: Path) -> Measured:
    """Measure the recordings of a folder of datasets.

    Parameters
    ----------
    data : Path
        Holds merged, the recordings as they came in; and, as far as they are there, clean and
        features.

    Raises
    ------
    PipelineError
        If there are no recordings, or a dataset is damaged.
    """
    merged = data / "merged"
    if not (merged / "manifest.csv").exists():
        raise PipelineError(
            f"{merged} holds no recordings yet: run `dvc repro rename_merge` to make it, or "
            "`dvc pull` where others made it."
        )
    rows = read_manifest(merged)
    material = (rows["corpus"] + " " + rows["channel"]).str.rstrip()
    heard = [
        one for part in map_parts(measure_shard, read_shards(merged), "explore") for one in part
    ]
    of_audio = pd.DataFrame(heard, columns=["id", "loudness", "snr", "digest"])
    table = rows.assign(material=material).merge(of_audio, on="id")
    remarks = []
    for folder, columns, read in (
        (data / "clean", ["sound"], _sound),
        (data / "features", ["pitch"], _pitch),
    ):
        found = read(folder)
        if isinstance(found, str):
            remarks.append(found)
            table[columns] = np.nan
            continue
        if set(found["id"]) != set(table["id"]):
            remarks.append(
                f"{folder} is of other recordings than {merged}: run `dvc repro featurize`. What "
                "only one of them has is missing here."
            )
        table = table.merge(found, on="id", how="left")
    return Measured(table, tuple(remarks))


def measure_shard(shard: Shard) -> list[tuple[str, float, float, str]]:
    """Id, loudness (dB full scale), signal-to-noise ratio (dB) and digest of each recording."""
    found = []
    for utterance, _, content in shard:
        with shard.decoding(utterance):
            samples, sample_rate = decode(content)
        digest = hashlib.blake2b(samples.tobytes(), digest_size=8).hexdigest()
        found.append((utterance.id, *loudness_and_noise(mix_down(samples), sample_rate), digest))
    return found


def loudness_and_noise(samples: np.ndarray, sample_rate: int) -> tuple[float, float]:
    """How loud the speech of a recording is, and how far it stands out of the noise.

    Both are estimated from the level of `FRAME` s at a time. The noise floor N is what a tenth of
    the frames stays under, as in NIST's quick method (``stnr`` of the Speech Quality Assurance
    package) and in cleaning. What lies above it by `ABOVE_FLOOR` is speech, of the mean power S;
    the ratio is (S - N) / N (Vondrasek and Pollak, 2005, "Methods for Speech SNR Estimation",
    Radioengineering 14(1)).

    It is an estimate: without a pause of a tenth of the recording there is no floor to be seen, and
    the ratio comes out too low; reverberation and breath count as noise.

    Parameters
    ----------
    samples : np.ndarray [shape=(n,)]
        Full scale is 1.
    sample_rate : int
        In Hz.

    Returns
    -------
    loudness : float
        Root mean square of the speech, in dB full scale.
    ratio : float
        In dB, -10 or more.
    """
    size = round(FRAME * sample_rate)
    count = len(samples) // size
    centred = samples - samples.mean(dtype=np.float64)
    powers = np.square(centred[: count * size]).reshape(count, size).mean(axis=1)
    levels = np.sqrt(powers)
    floor = noise_floor(levels)
    threshold = threshold_in_noise(levels.max(), floor, ABOVE_FLOOR, LOUD)
    speech = max(powers[levels >= threshold].mean(), LEAST_FLOOR**2)
    noise = max(floor, LEAST_FLOOR) ** 2
    ratio = max((speech - noise) / noise, LEAST_RATIO)
    return float(10 * np.log10(speech)), float(10 * np.log10(ratio))


def _sound(folder: Path) -> pd.DataFrame | str:
    """Duration of each cleaned recording, or the sentence that says what to run."""
    if not (folder / "manifest.csv").exists():
        return f"{folder} is missing: `dvc repro clean` makes it. Until then, silence counts too."
    return read_manifest(folder)[["id", "duration"]].rename(columns={"duration": "sound"})


def _pitch(folder: Path) -> pd.DataFrame | str:
    """Median pitch over voiced frames by id, or the sentence that says what to run."""
    store = open_functionals(folder)
    if isinstance(store, str):
        return store
    place = names_of(store).index("pitch.voiced.percentile_50")
    rows = originals(store.manifest)
    octaves = [float(store.vector(FUNCTIONALS, index)[place]) for index in rows.index]
    return pd.DataFrame({"id": rows["id"].to_numpy(), "pitch": np.exp2(octaves)})


def open_functionals(folder: Path) -> FeatureStore | str:
    """The features of a dataset with functionals among them, or the sentence that says what to run.

    Parameters
    ----------
    folder : Path
        What featurize writes.
    """
    if not (folder / "manifest.csv").exists():
        return f"{folder} is missing: `dvc repro featurize` makes it. {WITHOUT}"
    store = FeatureStore(folder)
    if FUNCTIONALS not in store.utterance_kinds:
        return (
            f"{folder} holds no functionals: add them to featurize.kinds in params.yaml and run "
            f"`dvc repro featurize`. {WITHOUT}"
        )
    return store


def names_of(store: FeatureStore) -> tuple[str, ...]:
    """What each value of the functionals is, by the settings that they were made with."""
    return functional_names(Params(**store.front_end()["featurize"][FUNCTIONALS]))


def outliers(recordings: pd.DataFrame) -> pd.DataFrame:
    """Recordings that lie far outside the others of their corpus and channel in some measure.

    By the robust z-score, the distance from the median in median absolute deviations, brought to
    standard deviations (Iglewicz and Hoaglin, 1993, "How to Detect and Handle Outliers").

    Parameters
    ----------
    recordings : pd.DataFrame
        Those of `Measured`.

    Returns
    -------
    pd.DataFrame
        A row for each recording and measure, the farthest first: ``id``, ``measure``, its
        ``value``, the ``median`` of those it is compared with, and ``score``.
    """
    found = []
    for name, measure in MEASURES.items():
        by = ["material", "sex"] if measure.by_sex else ["material"]
        for _, rows in recordings.dropna(subset=name).groupby(by):
            values = rows[name]
            compared = np.log(values) if measure.by_factor else values
            distance = compared - compared.median()
            deviation = distance.abs().median()
            if not deviation:
                continue
            score = TO_DEVIATION * distance / deviation
            far = score.abs() >= FAR
            found.append(
                pd.DataFrame(
                    {
                        "id": rows.loc[far, "id"],
                        "measure": name,
                        "value": values[far],
                        "median": values.median(),
                        "score": score[far],
                    }
                )
            )
    table = pd.concat(found) if found else pd.DataFrame(columns=["id", "measure", "score"])
    return table.sort_values("score", key=abs, ascending=False, kind="stable").reset_index(
        drop=True
    )


def identical(recordings: pd.DataFrame) -> list[pd.DataFrame]:
    """The rows of each group of recordings whose samples are equal."""
    groups = recordings[recordings.duplicated("digest", keep=False)].groupby("digest", sort=False)
    return [rows for _, rows in groups]


def audio_files(merged: Path, ids: Collection[str]) -> dict[str, bytes]:
    """The audio files of some recordings, as they came in, by id."""
    found: dict[str, bytes] = {}
    for shard in read_shards(merged):
        if any(utterance.id in ids for utterance in shard.utterances):
            found |= {one.id: content for one, _, content in shard if one.id in ids}
    return found
