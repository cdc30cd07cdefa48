"""Who is train, validation and test: one pure function of a manifest and the split params.

A variant always stands where its source recording stands, and nothing depends on the order of
rows or on which variants exist.
"""

import hashlib
from collections.abc import Iterable

import numpy as np
import pandas as pd

from speech_emotion.base.errors import PipelineError
from speech_emotion.data.dataset import SAME_AUDIO
from speech_emotion.params.split import SplitParams, fold_numbers

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

PARTS = {"train": "train", "validation": "validation", "test": "test", "": "unused"}
"""What the column ``split`` of a table may hold, and what it makes of a recording."""


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
        If the data lack what the params ask for, a part that must not be empty would be, or
        recordings of the same audio would stand in two parts.
    """
    recordings = originals(manifest).set_index("id").sort_index()
    orphans = manifest.loc[~manifest["source_id"].isin(recordings.index), "id"]
    if len(orphans):
        raise PipelineError(
            f"the manifest has the variant {min(orphans)!r} but not the recording it was made "
            "from: rerun augment with `dvc repro -f augment`."
        )
    if params.protocol == "given":
        parts = _given_parts(recordings)
    elif params.protocol == "random":
        parts = _split_recordings(recordings, params)
    else:
        parts = _split_speakers(recordings, params)
    for needed, purpose in (("train", "train on"), ("test", "test")):
        if not (parts == needed).any():
            raise PipelineError(
                f"nothing is left to {purpose} in fold {params.fold} of {params.protocol} with "
                f"split.train {_listed(params.train)} in params.yaml: name more material there, "
                "or lower split.validation_speakers or split.validation_share."
            )
    _refuse_divided(recordings, parts)
    return manifest["source_id"].map(parts).rename("part")


def all_folds(manifest: pd.DataFrame, params: SplitParams) -> list[int | str]:
    """Every value that ``split.fold`` can take under the protocol, whatever it is now.

    Those of "leave_one_speaker_out" are the speakers with speech in the material that trains.

    Parameters
    ----------
    manifest : pd.DataFrame
        As in `split`.
    params : SplitParams
        The protocol; its fold is not read.

    Raises
    ------
    PipelineError
        If the data have none of the material.
    """
    if params.protocol != "leave_one_speaker_out":
        return [*fold_numbers(params.protocol, params.folds)]
    recordings = originals(manifest)
    tested = _spoken(recordings) & _in_material(recordings, params.train, "train")
    return sorted(set(recordings.loc[tested, "speaker"]) - {""})


def material(recordings: pd.DataFrame) -> pd.Series:
    """What of each recording split.train can name: corpus/channel, or corpus without a channel."""
    channel = recordings["channel"]
    return recordings["corpus"].where(channel == "", recordings["corpus"] + "/" + channel)


def missing_channels(recordings: pd.DataFrame, params: SplitParams) -> list[str]:
    """What split.train and split.test name of corpora that are there without that channel.

    RAVDESS is often passed on without its song, so that is no error.
    """
    if params.protocol == "given":
        return []
    present = {*material(recordings), *recordings["corpus"]}
    named = [*(params.train or ()), *(params.test or ())]
    return [one for one in named if one not in present]


def _in_material(recordings: pd.DataFrame, wanted: list[str] | None, key: str) -> pd.Series:
    """Which recordings some material names; all of them under None."""
    if wanted is None:
        return pd.Series(True, recordings.index)
    present = material(recordings)
    strangers = [one for one in wanted if one.split("/")[0] not in set(recordings["corpus"])]
    found = present.isin(wanted) | recordings["corpus"].isin(wanted)
    if strangers or not found.any():
        raise PipelineError(
            f"split.{key} in params.yaml names {', '.join(strangers or wanted)}, but the data have "
            f"only {', '.join(sorted(set(present)))}: name those, take it out of the list, or "
            "ingest that corpus."
        )
    return found


def _listed(material: list[str] | None) -> str:
    return "null" if material is None else ", ".join(material)


def _spoken(recordings: pd.DataFrame) -> pd.Series:
    """Which recordings are not sung: those are never tested under the published protocols."""
    return recordings["channel"] != "song"


def _given_parts(recordings: pd.DataFrame) -> pd.Series:
    """The parts that the recordings came with; speakers must not be in two of them."""
    if "split" not in recordings:
        raise PipelineError(
            "split.protocol in params.yaml is given, but no recording came with its part: add a "
            "column `split` to the table, with train, validation or test in it, or choose another "
            "protocol."
        )
    parts = recordings["split"].map(PARTS)
    used = recordings[(parts != "unused") & (recordings["speaker"] != "")]
    several = parts[used.index].groupby(used["speaker"]).agg(lambda own: sorted(set(own)))
    for speaker, of_speaker in several.items():
        if len(of_speaker) > 1:
            raise PipelineError(
                f"the column `split` of the table has the speaker {speaker} in "
                f"{' and '.join(of_speaker)}: a speaker may be in one part only, or the test says "
                "how well known voices are recognised. Mend the column, or set split.protocol to "
                "random, which says so."
            )
    return parts


def _split_speakers(recordings: pd.DataFrame, params: SplitParams) -> pd.Series:
    """Test speakers who do nothing else; the parts of recordings that are sorted by id."""
    spoken = _spoken(recordings)
    in_material = _in_material(recordings, params.train, "train")
    if params.protocol == "cross_corpus":
        test = _in_material(recordings, params.test, "test")
        if params.train is None:
            in_material &= ~test
    elif params.protocol == "speakers":
        test = _fold_of_speakers(recordings, in_material, params)
    else:
        test = spoken & recordings["speaker"].isin(_test_speakers(recordings[spoken], params))
        if params.protocol in TEST_SPEAKERS:
            test &= recordings["corpus"] == TEST_CORPUS
    known = recordings["speaker"] != ""
    tested = recordings["speaker"].isin(recordings.loc[test & known, "speaker"])
    train = in_material & ~tested & ~test
    if params.protocol != "cross_corpus":
        _require_speakers(recordings[train | test], params)

    trained = recordings["speaker"].isin(recordings.loc[train & known, "speaker"])
    eligible = recordings[spoken & trained]
    of_test_corpus = eligible["corpus"].isin(recordings.loc[test, "corpus"])
    validators = _validation_speakers(
        eligible[of_test_corpus] if of_test_corpus.any() else eligible, params
    )
    held_out = recordings["speaker"].isin(validators)
    return pd.Series(
        np.select(
            [test, held_out & spoken, train & ~held_out], ["test", "validation", "train"], "unused"
        ),
        recordings.index,
    )


def _require_speakers(used: pd.DataFrame, params: SplitParams) -> None:
    unknown = used[used["speaker"] == ""]
    if len(unknown):
        raise PipelineError(
            f"the data don't say who speaks in {len(unknown)} recordings of "
            f"{', '.join(sorted(set(unknown['corpus'])))}, which split.protocol {params.protocol} "
            "has to know: add a column `speaker` to the table, or set split.protocol to random, "
            "whose scores are those of voices that training may know, as a rule far above those "
            "of new ones."
        )


def _test_speakers(speech: pd.DataFrame, params: SplitParams) -> tuple[str, ...]:
    """The speakers of the fold, all of them in the data with speech to test."""
    if params.protocol == "leave_one_speaker_out":
        present = sorted(set(speech["speaker"]))
        if params.fold not in present:
            raise PipelineError(
                f"split.fold in params.yaml is {params.fold!r}, but the data have no speech of a "
                f"speaker of that name: expected one of {', '.join(filter(None, present))}."
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
            "split.protocol to speakers, which makes folds of any speakers."
        )
    return speakers


def _fold_of_speakers(
    recordings: pd.DataFrame, in_material: pd.Series, params: SplitParams
) -> pd.Series:
    """Which recordings are those of the fold's speakers, of all the material or split.test."""
    wanted = in_material
    if params.test is not None:
        wanted = _in_material(recordings, params.test, "test")
    _require_speakers(recordings[wanted], params)
    folds = speaker_folds(recordings[wanted], params.folds, str(params.seed))
    of_fold = [speaker for speaker, fold in folds.items() if fold == params.fold]
    return wanted & recordings["speaker"].isin(of_fold)


def speaker_folds(recordings: pd.DataFrame, folds: int, seed: str) -> dict[str, int]:
    """Deal speakers to folds that are alike in corpora, sexes and emotions.

    Speakers come by turns, those with twice as many recordings before the others, otherwise in an
    order that the seed draws. Each goes to the fold that stays the most like the others by it: the
    one where the sum of squares of all folds' shares of each corpus, sex and emotion grows least.

    Parameters
    ----------
    recordings : pd.DataFrame
        With the columns speaker, sex, corpus and emotion; the order of rows does not matter.
    folds : int
        How many.
    seed : str
        Another seed makes other folds.

    Returns
    -------
    dict of str to int
        The fold of each speaker, from 1.

    Raises
    ------
    PipelineError
        If there are fewer speakers than folds.
    """
    counts = pd.concat(
        [pd.crosstab(recordings["speaker"], recordings[one]) for one in ("corpus", "emotion")]
        + [pd.crosstab(recordings["speaker"], recordings["sex"]).gt(0)],
        axis=1,
    ).astype(float)
    if len(counts) < folds:
        raise PipelineError(
            f"split.folds in params.yaml is {folds}, more than the speakers that are to be dealt "
            f"to folds ({len(counts)}): lower it; with one speaker set split.protocol to random."
        )
    shares = counts / counts.sum()
    sizes = np.floor(np.log2(recordings.groupby("speaker").size()[counts.index]))
    draws = dict(zip(counts.index, _draw(counts.index, f"{seed}/speakers/{folds}"), strict=True))
    order = sorted(counts.index, key=lambda speaker: (-sizes[speaker], draws[speaker]))
    filled = np.zeros((folds, shares.shape[1]))
    speakers = np.zeros(folds, dtype=int)
    dealt = {}
    for place, speaker in enumerate(order):
        own = shares.loc[speaker].to_numpy()
        growth = (2 * filled * own).sum(axis=1)
        # no fold may be left without a speaker
        if len(order) - place <= (speakers == 0).sum():
            growth[speakers > 0] = np.inf
        # sums of equal shares may differ in their last digits
        fold = min(range(folds), key=lambda one: (round(float(growth[one]), 9), speakers[one], one))
        filled[fold] += own
        speakers[fold] += 1
        dealt[str(speaker)] = fold + 1
    return dealt


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

    Those whose sex is not known take turns with both.

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


def _split_recordings(recordings: pd.DataFrame, params: SplitParams) -> pd.Series:
    """Split the recordings, whoever speaks, stratified by emotion; parts as by `_split_speakers`.

    Within an emotion the order is drawn, then folds are dealt to the recordings like cards: every
    emotion and the whole are even among folds to within one recording. Validation is picked from
    the rest in equal steps.
    """
    in_material = _in_material(recordings, params.train, "train")
    drawn = pd.DataFrame({"emotion": recordings["emotion"]})[in_material]
    drawn["draw"] = _draw(drawn.index, f"{params.seed}/{params.protocol}")
    order = drawn.sort_values(["emotion", "draw"]).index
    in_test = np.arange(len(order)) % params.folds == int(params.fold) - 1
    if not in_test.any():
        raise PipelineError(
            f"split.fold in params.yaml is {params.fold} of {params.folds}, but "
            f"{_listed(params.train)} have only {len(order)} recordings: lower split.folds."
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


def _refuse_divided(recordings: pd.DataFrame, parts: pd.Series) -> None:
    """Raise a `PipelineError` if recordings of the same audio stand in two parts."""
    if SAME_AUDIO not in recordings:
        return
    used = recordings[(recordings[SAME_AUDIO] != "") & (parts != "unused")]
    for _, rows in used.groupby(SAME_AUDIO):
        of_rows = parts[rows.index]
        others = of_rows.index[of_rows != of_rows.iloc[0]]
        if len(others):
            first, second = of_rows.index[0], others[0]
            speakers = [rows.loc[one, "speaker"] or "an unknown one" for one in (first, second)]
            raise PipelineError(
                f"{first} and {second} hold the same audio, but one would be in {of_rows[first]} "
                f"and the other in {of_rows[second]}: remove one of them from its source, or, if "
                f"they are one person's, give both the same speaker (now {' and '.join(speakers)})."
            )


def _draw(names: Iterable[str], seed: str) -> list[str]:
    """A random place in a queue for each name, which no other name and no order changes."""
    return [hashlib.sha256(f"{seed}/{name}".encode()).hexdigest() for name in names]
