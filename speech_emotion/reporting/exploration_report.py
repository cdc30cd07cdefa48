"""One HTML file about the recordings of the workspace: what there is, and what to listen to.

``python -m speech_emotion.reporting.exploration_report``, or ``make explore``. The file needs
nothing beside it and asks no server for anything.
"""

import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import soundfile
import soxr
from matplotlib.figure import Figure

from speech_emotion.audio.codec import decode, mix_down
from speech_emotion.base.errors import PipelineError, run
from speech_emotion.base.files import write_whole
from speech_emotion.data.manifest import corpus_names
from speech_emotion.params.labels import LabelParams
from speech_emotion.params.section import load
from speech_emotion.reporting import exploration_figures, figures
from speech_emotion.reporting.exploration import (
    FAR,
    MEASURES,
    Measure,
    audio_files,
    identical,
    measured,
    open_functionals,
    outliers,
)
from speech_emotion.reporting.exploration_model import Judgement, doubted, judge, misunderstood
from speech_emotion.reporting.page import NONE, Row, data_uri, picture_uri, render, signed
from speech_emotion.reporting.scoring import LEVEL, UNKNOWN

TEMPLATE = "exploration_report.html.jinja"
FILE = Path("exploration.html")
DATA = Path("data")

CLIPS = 24
"""Most outliers, and most doubted labels, that are shown with their sound."""

CLIP_RATE, CLIP_LENGTH = 16000, 6.0
"""Highest sample rate of a clip, in Hz, and how much of a recording it holds at most, in s: a page
of clips that are all as long has about 8 MB."""

SHOWN = 50
"""Most rejected files, and groups of identical recordings, that are listed."""

UNLIKE = 12
"""Most emotions of speakers that are listed as taken for another."""


@dataclass(frozen=True)
class Clip:
    """A recording to listen to.

    Attributes
    ----------
    id : str
        The recording's.
    origin : str
        Its speaker, corpus and channel.
    sound : str
        An address that holds it.
    cells : tuple of str
        What a table says of it.
    """

    id: str
    origin: str
    sound: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Doubts:
    """What a model of other speakers says, as the page shows it.

    Attributes
    ----------
    count : int
        How many labels are in doubt.
    by_material : str
        The same by corpus and channel.
    clips : list of Clip
        The most doubtful.
    uar : str
        Of the models, in percent.
    confusion, worth : str
        Addresses of pictures.
    groups : list of Row
        What each group of features is worth.
    unlike : list of Row
        Emotions of speakers that are usually taken for another.
    """

    count: int
    by_material: str
    clips: list[Clip]
    uar: str
    confusion: str
    worth: str
    groups: list[Row]
    unlike: list[Row]


def report(data: Path, order: Collection[str]) -> str:
    """The page as HTML.

    Parameters
    ----------
    data : Path
        The folder of datasets: merged, and as far as they are there raw, clean and features.
    order : collection of str
        Words for emotions in the order in which they are shown; others follow by name.

    Raises
    ------
    PipelineError
        If there are no recordings, or a dataset is damaged.
    """
    found = measured(data)
    recordings = found.recordings
    present = set(recordings["emotion"])
    emotions = (*(one for one in order if one in present), *sorted(present - set(order)))
    judgement = _judgement(data / "features", emotions)
    far = outliers(recordings)
    heard = _farthest(far)
    doubts = doubted(judgement).head(CLIPS) if isinstance(judgement, Judgement) else None
    ids = {*heard["id"], *(() if doubts is None else doubts["id"])}
    sounds = {id: _sound(content) for id, content in audio_files(data / "merged", ids).items()}
    remarks = [*found.remarks, *([judgement] if isinstance(judgement, str) else [])]
    alike = identical(recordings)
    rejected = _rejected(data / "raw" / "rejected.csv")
    measures = _told(recordings)
    return render(
        TEMPLATE,
        names=corpus_names(recordings),
        synthetic=bool(recordings["synthetic"].any()),
        remarks=list(dict.fromkeys(remarks)),
        recordings=len(recordings),
        speakers=recordings.loc[recordings["speaker"] != "", "speaker"].nunique(),
        hours=f"{recordings['duration'].sum() / 3600:.1f}",
        materials=_materials(recordings),
        counts=_by_emotion(recordings, emotions),
        by_speaker=_by_speaker(recordings, emotions),
        emotions=emotions,
        intensities=_intensities(recordings, emotions),
        count_pictures=_addresses(_pictures_of_counts(recordings, emotions)),
        measure_pictures=_addresses(_pictures_of_measures(recordings, measures, emotions)),
        measure_heads=[f"{one.title}, {one.unit}" for one in measures.values()],
        medians=_medians(recordings, measures, emotions),
        far=FAR,
        far_count=far["id"].nunique(),
        far_counts=_far_counts(far, measures),
        far_clips=_far_clips(heard, recordings, sounds),
        alike=[_of_group(rows) for rows in alike[:SHOWN]],
        alike_count=len(alike),
        doubts=_doubts(judgement, sounds) if isinstance(judgement, Judgement) else None,
        rejected=rejected[:SHOWN],
        rejected_count=len(rejected),
        clip_length=f"{CLIP_LENGTH:g}",
        level=f"{100 * LEVEL:g} %",
    )


def _judgement(features: Path, emotions: tuple[str, ...]) -> Judgement | str:
    """What models make of the recordings, or the sentence that says why there are none."""
    store = open_functionals(features)
    if isinstance(store, str):
        return store
    strangers = sorted(set(store.manifest["emotion"]) - set(emotions))
    try:
        return judge(store, (*emotions, *strangers))
    except PipelineError as error:
        return f"No model could judge the recordings: {error}"


def _told(recordings: pd.DataFrame) -> dict[str, Measure]:
    """The measures that some recording has."""
    return {name: one for name, one in MEASURES.items() if recordings[name].notna().any()}


def _materials(recordings: pd.DataFrame) -> list[Row]:
    rows: list[Row] = []
    for material, group in recordings.groupby("material"):
        known = group[group["speaker"] != ""].drop_duplicates("speaker")
        sexes = [str(int((known["sex"] == sex).sum())) for sex in ("female", "male", "")]
        rates = ", ".join(f"{rate / 1000:g}" for rate in sorted(set(group["sample_rate"])))
        hours = f"{group['duration'].sum() / 3600:.2f}"
        rows.append(((str(material), f"{len(group):,}", hours, *sexes, rates), False))
    return rows


def _by_emotion(recordings: pd.DataFrame, emotions: Sequence[str]) -> pd.DataFrame:
    """Recordings by emotion, a column for each corpus and channel."""
    return pd.crosstab(recordings["emotion"], recordings["material"]).reindex(list(emotions))


def _intensities(recordings: pd.DataFrame, emotions: Sequence[str]) -> tuple[list[str], list[Row]]:
    """The head and the rows of a table of recordings by emotion, intensity and sex."""
    parts = [
        pd.crosstab(recordings["emotion"], recordings[column].replace("", f"{column} {UNKNOWN}"))
        for column in ("intensity", "sex")
    ]
    counts = pd.concat([*parts, recordings.groupby("emotion").size().rename("all")], axis=1)
    counts = counts.reindex(list(emotions))
    counts.loc["all"] = counts.sum()
    return ["emotion", *counts.columns], [
        ((str(name), *(f"{count:,}" for count in row)), name == "all")
        for name, row in zip(counts.index, counts.to_numpy(), strict=True)
    ]


def _by_speaker(recordings: pd.DataFrame, emotions: Sequence[str]) -> list[Row]:
    counts = pd.crosstab(
        [recordings["speaker"], recordings["corpus"], recordings["sex"]], recordings["emotion"]
    )[list(emotions)]
    return [
        (
            (
                speaker or UNKNOWN,
                corpus,
                sex or UNKNOWN,
                *(str(count) if count else NONE for count in row),
                str(row.sum()),
            ),
            False,
        )
        for (speaker, corpus, sex), row in zip(counts.index, counts.to_numpy(), strict=True)
    ]


def _pictures_of_counts(recordings: pd.DataFrame, emotions: Sequence[str]) -> dict[str, Figure]:
    speakers = recordings.groupby(["speaker", "sex"]).size().reset_index(name="recordings")
    return {
        "Recordings by emotion": exploration_figures.counts(_by_emotion(recordings, emotions)),
        "Recordings by speaker": exploration_figures.by_speaker(speakers),
    }


def _pictures_of_measures(
    recordings: pd.DataFrame, measures: Mapping[str, Measure], emotions: Sequence[str]
) -> dict[str, Figure]:
    return {
        f"{one.title[0].upper()}{one.title[1:]}, {one.unit}": exploration_figures.by_emotion(
            recordings, name, one, emotions
        )
        for name, one in measures.items()
    }


def _addresses(pictures: Mapping[str, Figure]) -> dict[str, str]:
    return {name: picture_uri(figure) for name, figure in pictures.items()}


def _medians(
    recordings: pd.DataFrame, measures: Mapping[str, Measure], emotions: Sequence[str]
) -> list[Row]:
    """By corpus and channel: of all recordings, in bold, of each sex and of each emotion."""
    rows: list[Row] = []

    def add(name: str, group: pd.DataFrame, bold: bool = False) -> None:
        medians = group[list(measures)].median()
        shown = [
            NONE if np.isnan(medians[one]) else f"{medians[one]:.{measure.digits}f}"
            for one, measure in measures.items()
        ]
        rows.append(
            (
                (name, f"{len(group):,}", *(text.replace("-", "\N{MINUS SIGN}") for text in shown)),
                bold,
            )
        )

    for material, group in recordings.groupby("material"):
        add(str(material), group, bold=True)
        for sex, of_sex in group.groupby("sex"):
            add(str(sex) or f"sex {UNKNOWN}", of_sex)
        for emotion in emotions:
            if (group["emotion"] == emotion).any():
                add(emotion, group[group["emotion"] == emotion])
    return rows


def _farthest(far: pd.DataFrame) -> pd.DataFrame:
    """The outliers to listen to: of each measure in turn the farthest, each recording once."""
    once = far.drop_duplicates("id")
    turn = once.groupby("measure").cumcount()
    return once.loc[turn.sort_values(kind="stable").index[:CLIPS]]


def _far_counts(far: pd.DataFrame, measures: Mapping[str, Measure]) -> list[Row]:
    rows: list[Row] = []
    for name, one in measures.items():
        scores = far.loc[far["measure"] == name, "score"]
        rows.append(((one.title, str((scores < 0).sum()), str((scores > 0).sum())), False))
    return rows


def _far_clips(
    heard: pd.DataFrame, recordings: pd.DataFrame, sounds: Mapping[str, str]
) -> list[Clip]:
    rows = recordings.set_index("id").to_dict("index")
    clips = []
    for one in heard.to_dict("records"):
        measure, row = MEASURES[one["measure"]], rows[one["id"]]
        value, median = (
            f"{number:.{measure.digits}f} {measure.unit}".replace("-", "\N{MINUS SIGN}", 1)
            for number in (one["value"], one["median"])
        )
        cells = (measure.title, value, median, signed(one["score"], 1), row["emotion"])
        clips.append(Clip(one["id"], _origin(row), sounds[one["id"]], cells))
    return clips


def _doubts(judgement: Judgement, sounds: Mapping[str, str]) -> Doubts:
    found = doubted(judgement)
    channel = (found["corpus"] + " " + found["channel"]).str.rstrip()
    clips = [
        Clip(
            row["id"],
            _origin(row),
            sounds[row["id"]],
            (
                row["emotion"],
                row["taken_for"],
                *(f"{100 * row[one]:.0f} %" for one in ("in_label", "confidence")),
            ),
        )
        for row in found.head(CLIPS).to_dict("records")
    ]
    groups: list[Row] = []
    for name, group in judgement.worth.to_dict("index").items():
        bounds = NONE
        if not np.isnan(group["low"]):
            bounds = f"{signed(100 * group['low'], 1)} to {signed(100 * group['high'], 1)}"
        values, drop = f"{group['values']:,.0f}", signed(100 * group["drop"], 1)
        groups.append(((str(name), values, drop, bounds), bool(group["low"] > 0)))
    return Doubts(
        count=len(found),
        by_material=", ".join(f"{name}: {count}" for name, count in channel.value_counts().items()),
        clips=clips,
        uar=f"{100 * judgement.uar_by_speaker.mean():.1f} %",
        confusion=picture_uri(
            figures.confusion(
                judgement.confusion(), judgement.labels, "every speaker judged by a model of others"
            )
        ),
        worth=picture_uri(exploration_figures.worth(judgement.worth)),
        groups=groups,
        unlike=[
            (
                (
                    _origin(row),
                    row["emotion"],
                    row["taken_for"],
                    f"{row['recognised']} of {row['recordings']}",
                ),
                False,
            )
            for row in misunderstood(judgement).head(UNLIKE).to_dict("records")
        ],
    )


def _origin(row: Mapping[Any, Any]) -> str:
    """Such as "speaker 07, ravdess speech"."""
    speaker = f"speaker {row['speaker']}" if row["speaker"] else f"speaker {UNKNOWN}"
    return f"{speaker}, {row['corpus']} {row['channel']}".rstrip()


def _of_group(rows: pd.DataFrame) -> Row:
    """What a group of identical recordings is called; in bold if their emotions differ."""
    told = (", ".join(dict.fromkeys(rows[column])) for column in ("id", "speaker", "emotion"))
    return tuple(told), len(set(rows["emotion"])) > 1


def _rejected(path: Path) -> list[Row]:
    """Name and reason of each file that ingest left out; none where that is not known."""
    if not path.exists():
        return []
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    return [((row["name"], row["reason"]), False) for _, row in table.iterrows()]


def _sound(content: bytes) -> str:
    """The beginning of a recording as an address that holds it."""
    samples, rate = decode(content)
    mono = mix_down(samples)[: round(CLIP_LENGTH * rate)]
    if rate > CLIP_RATE:
        mono, rate = soxr.resample(mono, rate, CLIP_RATE), CLIP_RATE
    file = io.BytesIO()
    soundfile.write(file, mono, rate, format="FLAC", subtype="PCM_16")
    return data_uri(file.getvalue(), "audio/flac")


def main() -> None:
    write_whole(FILE, report(DATA, load("labels", LabelParams).map))
    print(f"{FILE}: {FILE.stat().st_size / 1e6:.1f} MB, for a browser")


if __name__ == "__main__":
    run(main)
