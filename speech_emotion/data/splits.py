"""Who is train, validation and test: one pure function of a manifest and the split params.

A variant always stands where its source recording stands, and nothing depends on the order of
rows or on which variants exist.
"""

import hashlib
from collections.abc import Iterable

import numpy as np
import pandas as pd

from speech_emotion.base.errors import PipelineError
from speech_emotion.params.split import SplitParams

TEST_CORPUS = "ravdess"
"""The corpus whose speech the protocols with published folds test."""

TEST_SPEAKERS: dict[str, dict[int, tuple[str, ...]]] = {
    "emobox6": {
        1: ("01", "11", "20", "21"),
        2: ("04", "10", "12", "14"),
        3: ("08", "09", "19", "23"),
        4: ("03", "05", "07", "24"),
        5: ("02", "15", "16", "18"),
        6: ("06", "13", "17", "22"),
    },
    "luna_jimenez5": {
        0: ("02", "05", "14", "15", "16"),
        1: ("03", "06", "07", "13", "18"),
        2: ("10", "11", "12", "19", "20"),
        3: ("08", "17", "21", "23", "24"),
        4: ("01", "04", "09", "22"),
    },
}
"""The test actors by protocol and fold.

EmoBox: Ma et al., "EmoBox: Multilingual Multi-corpus Speech Emotion Recognition Toolkit and
Benchmark", Interspeech 2024. Luna-Jimenez et al., "Multimodal Emotion Recognition on RAVDESS
Dataset Using Transfer Learning", Sensors 21 (2021) 7665.
"""


def originals(manifest: pd.DataFrame) -> pd.DataFrame:
    """The rows that are recordings, not variants of one: all that is ever evaluated."""
    return manifest[manifest["variant"] == "original"]


def split(manifest: pd.DataFrame, params: SplitParams) -> pd.Series:
    """Say of every utterance what it is for.

    Parameters
    ----------
    manifest : pd.DataFrame
        One row per utterance, columns as in `speech_emotion.data.dataset.Utterance`, speakers
        unique across corpora.
    params : SplitParams
        The protocol, its fold and what trains.

    Returns
    -------
    pd.Series
        With the manifest's index: "train", "validation", "test" or "unused". In the protocols
        that are independent of speakers no speaker has two of the first three, in any protocol no
        recording has two of the four. A variant has its source's, so the test set to measure on
        is that of the `originals`.

    Raises
    ------
    PipelineError
        If the data lack what the params ask for, or a part that must not be empty would be.
    """
    recordings = originals(manifest).set_index("id").sort_index()
    orphans = manifest.loc[~manifest["source_id"].isin(recordings.index), "id"]
    if len(orphans):
        raise PipelineError(
            f"the manifest has the variant {min(orphans)!r} but not the recording it was made "
            "from: rerun augment with `dvc repro -f augment`."
        )
    material = recordings["corpus"] + "/" + recordings["channel"]
    _require_material(material, params)
    in_material = material.isin(params.train)
    if params.protocol == "random":
        parts = _split_recordings(recordings, in_material, params)
    else:
        parts = _split_speakers(recordings, in_material, params)
    if not (parts == "train").any():
        raise PipelineError(
            f"nothing is left to train on in fold {params.fold} of {params.protocol} with "
            f"split.train {', '.join(params.train)} in params.yaml: name more material there, or "
            "lower split.validation_speakers or split.validation_share."
        )
    return manifest["source_id"].map(parts).rename("part")


def _require_material(material: pd.Series, params: SplitParams) -> None:
    present = sorted(set(material))
    missing = [part for part in params.train if part not in present]
    if missing:
        raise PipelineError(
            f"split.train in params.yaml names {', '.join(missing)}, but the data have only "
            f"{', '.join(present)}: take it out of the list, or ingest that corpus."
        )


def _split_speakers(
    recordings: pd.DataFrame, in_material: pd.Series, params: SplitParams
) -> pd.Series:
    """Test speakers who do nothing else; the parts of recordings that are sorted by id."""
    speech = recordings["channel"] == "speech"
    test = speech & recordings["speaker"].isin(_test_speakers(recordings[speech], params))
    if params.protocol in TEST_SPEAKERS:
        test &= recordings["corpus"] == TEST_CORPUS
    train = in_material & ~recordings["speaker"].isin(recordings.loc[test, "speaker"])

    trained = recordings["speaker"].isin(recordings.loc[train, "speaker"])
    eligible = recordings[speech & trained]
    of_test_corpus = eligible["corpus"].isin(recordings.loc[test, "corpus"])
    validators = _validation_speakers(
        eligible[of_test_corpus] if of_test_corpus.any() else eligible, params
    )
    held_out = recordings["speaker"].isin(validators)
    return pd.Series(
        np.select(
            [test, held_out & speech, train & ~held_out], ["test", "validation", "train"], "unused"
        ),
        recordings.index,
    )


def _test_speakers(speech: pd.DataFrame, params: SplitParams) -> tuple[str, ...]:
    """The speakers of the fold, all of them in the data with speech to test."""
    if params.protocol == "leave_one_speaker_out":
        present = sorted(set(speech["speaker"]))
        if params.fold not in present:
            raise PipelineError(
                f"split.fold in params.yaml is {params.fold!r}, but the data have no speech of a "
                f"speaker of that name: expected one of {', '.join(present)}."
            )
        return (str(params.fold),)
    speakers = TEST_SPEAKERS[params.protocol][int(params.fold)]
    present = sorted(set(speech.loc[speech["corpus"] == TEST_CORPUS, "speaker"]))
    missing = [speaker for speaker in speakers if speaker not in present]
    if missing:
        raise PipelineError(
            f"fold {params.fold} of {params.protocol} tests the {TEST_CORPUS} speech of the "
            f"speakers {', '.join(speakers)}, but the data have none of {', '.join(missing)}: "
            f"ingest all of {TEST_CORPUS}, choose another split.fold in params.yaml, or set "
            "split.protocol to leave_one_speaker_out."
        )
    return speakers


def _validation_speakers(eligible: pd.DataFrame, params: SplitParams) -> list[str]:
    """Choose validation speakers, women and men in turn, in an order that the seed draws."""
    known = eligible["speaker"].nunique()
    if params.validation_speakers > known:
        raise PipelineError(
            f"split.validation_speakers in params.yaml is {params.validation_speakers}, but in "
            f"fold {params.fold} of {params.protocol} only {known} training speakers of "
            f"{', '.join(sorted(set(eligible['corpus']))) or 'any corpus'} have speech to "
            "validate on: lower it."
        )
    seed = f"{params.seed}/{params.protocol}/{params.fold}"
    return draw_speakers(eligible, params.validation_speakers, seed)


def draw_speakers(recordings: pd.DataFrame, count: int, seed: str) -> list[str]:
    """Draw speakers, women and men in turn, the fewer always among the more.

    Parameters
    ----------
    recordings : pd.DataFrame
        Recordings of all who may be drawn, with the columns speaker and sex.
    count : int
        How many.
    seed : str
        Another seed draws others; neither other speakers nor the order of rows matter.
    """
    speakers = recordings.groupby("speaker")["sex"].min().reset_index()
    speakers["draw"] = _draw(speakers["speaker"], seed)
    speakers = speakers.sort_values("draw")
    speakers["turn"] = speakers.groupby("sex").cumcount()
    return list(speakers.sort_values(["turn", "draw"]).head(count)["speaker"])


def _split_recordings(
    recordings: pd.DataFrame, in_material: pd.Series, params: SplitParams
) -> pd.Series:
    """Split the recordings, whoever speaks, stratified by emotion; parts as by `_split_speakers`.

    Within an emotion the order is drawn, then folds are dealt to the recordings like cards: every
    emotion and the whole are even among folds to within one recording. Validation is picked from
    the rest in equal steps.
    """
    drawn = pd.DataFrame({"emotion": recordings["emotion"]})[in_material]
    drawn["draw"] = _draw(drawn.index, f"{params.seed}/{params.protocol}")
    order = drawn.sort_values(["emotion", "draw"]).index
    in_test = np.arange(len(order)) % params.folds == int(params.fold) - 1
    if not in_test.any():
        raise PipelineError(
            f"split.fold in params.yaml is {params.fold} of {params.folds}, but "
            f"{', '.join(params.train)} have only {len(order)} recordings: lower split.folds."
        )
    rest = order[~in_test]
    steps = np.floor(np.arange(len(rest) + 1) * params.validation_share)
    validation = rest[np.diff(steps) > 0]
    if params.validation_share > 0 and not len(validation):
        raise PipelineError(
            f"split.validation_share in params.yaml is {params.validation_share}, which of "
            f"{len(rest)} training recordings makes none: raise it, or set 0 for no validation."
        )
    parts = pd.Series("unused", recordings.index)
    parts[rest] = "train"
    parts[validation] = "validation"
    parts[order[in_test]] = "test"
    return parts


def _draw(names: Iterable[str], seed: str) -> list[str]:
    """A random place in a queue for each name, which no other name and no order changes."""
    return [hashlib.sha256(f"{seed}/{name}".encode()).hexdigest() for name in names]
