"""The split rules: a leak here makes every number that the pipeline reports a lie."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from manifests import ACTORS, MINIATURE, rows

from speech_emotion.base.errors import PipelineError
from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.data.manifest import COLUMNS
from speech_emotion.data.splits import (
    TEST_SPEAKERS,
    all_folds,
    material,
    originals,
    speaker_folds,
    split,
)
from speech_emotion.params.section import check
from speech_emotion.params.split import SplitParams

EMOBOX6 = {
    1: {"01", "11", "20", "21"},
    2: {"04", "10", "12", "14"},
    3: {"08", "09", "19", "23"},
    4: {"03", "05", "07", "24"},
    5: {"02", "15", "16", "18"},
    6: {"06", "13", "17", "22"},
}
LUNA_JIMENEZ5 = {
    0: {"02", "05", "14", "15", "16"},
    1: {"03", "06", "07", "13", "18"},
    2: {"10", "11", "12", "19", "20"},
    3: {"08", "17", "21", "23", "24"},
    4: {"01", "04", "09", "22"},
}
EVERYTHING = ["ravdess/speech", "ravdess/song", "tess/speech"]


def section(**changes: Any) -> dict[str, Any]:
    values = {
        "protocol": "emobox6",
        "fold": 1,
        "train": EVERYTHING,
        "validation_speakers": 4,
        "validation_share": 0.1,
        "seed": 0,
    }
    return values | changes


def params(**changes: Any) -> SplitParams:
    return check(section(**changes), SplitParams, "params.yaml: split")


@st.composite
def manifests(draw: st.DrawFn, tested: Sequence[str]) -> pd.DataFrame:
    """Any speakers of any corpora with any recordings, each with any number of variants.

    Whatever else is there, the tested speakers have speech, and some others have, too.
    """
    others = [name for name in (*ACTORS, "25", "26", "anna") if name not in tested]
    trained = draw(st.lists(st.sampled_from(others), min_size=3, unique=True))
    table: list[dict[str, Any]] = []
    for speaker in (*tested, *trained):
        corpus = "ravdess" if speaker in ACTORS else draw(st.sampled_from(["tess", "mine"]))
        sex = draw(st.sampled_from(["female", "male"]))
        recordings = draw(
            st.lists(
                st.tuples(
                    st.sampled_from(["speech", "song"]),
                    st.sampled_from(EMOTIONS),
                    st.integers(0, 2),
                    st.integers(0, 2),
                ),
                min_size=1,
                max_size=6,
                unique_by=lambda recording: recording[:3],
            )
        )
        recordings.append(("speech", draw(st.sampled_from(EMOTIONS)), 3, 1))
        for channel, emotion, take, variants in recordings:
            table += rows(corpus, channel, speaker, sex, emotion, take, variants)
    return pd.DataFrame(draw(st.permutations(table)), columns=list(COLUMNS))


@st.composite
def any_split(draw: st.DrawFn) -> tuple[pd.DataFrame, SplitParams]:
    """A manifest, and params that name what it has."""
    protocol = draw(
        st.sampled_from(["emobox6", "luna_jimenez5", "leave_one_speaker_out", "random"])
    )
    folds: dict[str, st.SearchStrategy[Any]] = {
        "emobox6": st.integers(1, 6),
        "luna_jimenez5": st.integers(0, 4),
        "leave_one_speaker_out": st.sampled_from([*ACTORS, "25", "26"]),
        "random": st.integers(1, 3),
    }
    fold = draw(folds[protocol])
    tested: Sequence[str] = ("01", "02")
    if protocol in TEST_SPEAKERS:
        tested = TEST_SPEAKERS[protocol][int(fold)]
    elif protocol == "leave_one_speaker_out":
        tested = (str(fold),)
    manifest = draw(manifests(tested))
    # what trains always holds speech of somebody who is not tested
    material = sorted(set(manifest["corpus"] + "/" + manifest["channel"]))
    spoken = manifest[~manifest["speaker"].isin(tested) & (manifest["channel"] == "speech")]
    certain = draw(st.sampled_from(sorted(set(spoken["corpus"]))))
    return manifest, params(
        protocol=protocol,
        folds=3,
        fold=fold,
        train=sorted({f"{certain}/speech", *draw(st.lists(st.sampled_from(material)))}),
        validation_speakers=draw(st.integers(0, 1)),
        validation_share=draw(st.sampled_from([0, 0.1, 0.5])),
        seed=draw(st.integers(0, 3)),
    )


def split_or_refuse(manifest: pd.DataFrame, chosen: SplitParams) -> "pd.Series[str] | str":
    """The parts by utterance id, or the message why there are none."""
    try:
        return split(manifest, chosen).set_axis(manifest["id"]).sort_index()
    except PipelineError as error:
        return str(error)


@pytest.mark.slow
@settings(max_examples=150)
@given(any_split())
def test_nothing_of_the_test_leaks_into_training(case: tuple[pd.DataFrame, SplitParams]) -> None:
    manifest, chosen = case
    parts = split_or_refuse(manifest, chosen)
    assume(not isinstance(parts, str))  # Hypothesis complains where that is seldom
    table = manifest.set_index("id").assign(part=parts)
    assert set(table["part"]) <= {"train", "validation", "test", "unused"}
    # a variant stands where its source stands, so a recording is on one part only
    assert table.groupby("source_id")["part"].nunique().max() == 1
    used = table[table["part"] != "unused"]
    if chosen.protocol != "random":
        assert used.groupby("speaker")["part"].nunique().max() == 1
        assert set(table.loc[table["part"].isin(["test", "validation"]), "channel"]) == {"speech"}
    train = table[table["part"] == "train"]
    assert set(train["corpus"] + "/" + train["channel"]) <= set(chosen.train or ())
    assert len(train) and (table["part"] == "test").any()


@pytest.mark.slow
@settings(max_examples=100)
@given(any_split(), st.randoms(use_true_random=False))
def test_neither_order_nor_variants_change_a_split(
    case: tuple[pd.DataFrame, SplitParams], random: Any
) -> None:
    manifest, chosen = case
    parts = split_or_refuse(manifest, chosen)
    order = list(manifest.index)
    random.shuffle(order)
    shuffled = split_or_refuse(manifest.loc[order], chosen)
    bare = split_or_refuse(originals(manifest), chosen)
    if isinstance(parts, str):
        assert shuffled == parts
        assert bare == parts
        return
    assert not isinstance(shuffled, str)
    assert not isinstance(bare, str)
    pd.testing.assert_series_equal(shuffled, parts)
    pd.testing.assert_series_equal(bare, parts[bare.index])


def speakers(manifest: pd.DataFrame, parts: pd.Series, part: str) -> set[str]:
    return set(manifest.loc[parts == part, "speaker"])


@pytest.mark.parametrize(
    ("protocol", "fold", "actors"),
    [("emobox6", *fold) for fold in EMOBOX6.items()]
    + [("luna_jimenez5", *fold) for fold in LUNA_JIMENEZ5.items()],
)
def test_published_folds_test_the_speech_of_their_actors(
    protocol: str, fold: int, actors: set[str]
) -> None:
    parts = split(MINIATURE, params(protocol=protocol, fold=fold))
    tested = (
        MINIATURE["speaker"].isin(actors)
        & (MINIATURE["corpus"] == "ravdess")
        & (MINIATURE["channel"] == "speech")
    )
    assert ((parts == "test") == tested).all()
    song = MINIATURE["speaker"].isin(actors) & (MINIATURE["channel"] == "song")
    assert set(parts[song]) <= {"unused"}
    assert set(parts[MINIATURE["corpus"] == "tess"]) == {"train"}
    assert speakers(MINIATURE, parts, "train") | speakers(
        MINIATURE, parts, "validation"
    ) | actors == {*ACTORS, "25", "26"}


@pytest.mark.parametrize("fold", [7, "7", "07"])
def test_leave_one_speaker_out_tests_the_speech_of_one(fold: int | str) -> None:
    parts = split(MINIATURE, params(protocol="leave_one_speaker_out", fold=fold))
    assert speakers(MINIATURE, parts, "test") == {"07"}
    assert set(parts[(MINIATURE["speaker"] == "07") & (MINIATURE["channel"] == "song")]) == {
        "unused"
    }


@pytest.mark.parametrize(
    ("changes", "folds"),
    [
        ({"protocol": "emobox6"}, [1, 2, 3, 4, 5, 6]),
        ({"protocol": "luna_jimenez5", "fold": 0}, [0, 1, 2, 3, 4]),
        ({"protocol": "speakers", "folds": 3}, [1, 2, 3]),
        ({"protocol": "random", "folds": 4}, [1, 2, 3, 4]),
        ({"protocol": "cross_corpus", "test": ["tess"], "train": ["ravdess"]}, [1]),
        ({"protocol": "leave_one_speaker_out", "fold": "07"}, [*ACTORS, "25", "26"]),
        ({"protocol": "leave_one_speaker_out", "fold": "07", "train": ["ravdess"]}, ACTORS),
    ],
)
def test_all_folds_are_those_that_the_split_takes(
    changes: dict[str, Any], folds: list[int | str]
) -> None:
    """Together they test every recording once at most, which means over folds rely on."""
    changes = {"validation_speakers": 1, **changes}
    assert all_folds(MINIATURE, params(**changes)) == folds
    parts = [split(MINIATURE, params(**{**changes, "fold": fold})) for fold in folds]
    assert np.sum([part == "test" for part in parts], axis=0).max() == 1


def test_leave_one_speaker_out_validates_on_the_test_speakers_corpus() -> None:
    chosen = params(protocol="leave_one_speaker_out", fold="25", validation_speakers=1)
    parts = split(MINIATURE, chosen)
    assert speakers(MINIATURE, parts, "test") == {"25"}
    assert speakers(MINIATURE, parts, "validation") == {"26"}


def test_validation_comes_from_the_rest_where_the_test_corpus_has_nobody_else() -> None:
    alone = MINIATURE[MINIATURE["speaker"] != "26"]
    parts = split(alone, params(protocol="leave_one_speaker_out", fold="25"))
    assert len(speakers(alone, parts, "validation") & set(ACTORS)) == 4


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("count", [0, 1, 4, 5])
def test_validation_speakers_are_balanced_by_sex(seed: int, count: int) -> None:
    parts = split(MINIATURE, params(validation_speakers=count, seed=seed))
    chosen = speakers(MINIATURE, parts, "validation")
    assert len(chosen) == count
    assert abs(sum(1 if int(speaker) % 2 else -1 for speaker in chosen)) == count % 2
    # all their speech validates, and their song doesn't train
    theirs = MINIATURE["speaker"].isin(chosen)
    assert set(parts[theirs & (MINIATURE["channel"] == "speech")]) <= {"validation"}
    assert set(parts[theirs & (MINIATURE["channel"] == "song")]) <= {"unused"}


def test_seed_and_fold_change_the_validation_speakers() -> None:
    chosen = {
        tuple(sorted(speakers(MINIATURE, split(MINIATURE, params(**changes)), "validation")))
        for changes in [{"seed": 0}, {"seed": 1}, {"seed": 2}, {"fold": 2}, {"fold": 3}]
    }
    assert len(chosen) >= 4


def test_only_the_named_material_trains() -> None:
    parts = split(MINIATURE, params(train=["ravdess/song"]))
    train = MINIATURE[parts == "train"]
    assert set(train["channel"]) == {"song"}
    assert len(speakers(MINIATURE, parts, "validation")) == 4


def test_random_folds_part_the_recordings_and_keep_the_emotions_even() -> None:
    recordings = originals(MINIATURE)
    total = recordings["emotion"].value_counts()
    tested = []
    for fold in range(1, 6):
        parts = split(recordings, params(protocol="random", fold=fold))
        test = recordings[parts == "test"]
        tested += list(test["id"])
        assert ((test["emotion"].value_counts() - total / 5).abs() < 1).all()
        assert abs(len(test) - len(recordings) / 5) < 1
        rest = recordings[parts != "test"]["emotion"].value_counts()
        validation = recordings[parts == "validation"]["emotion"].value_counts()
        assert ((validation - rest * 0.1).abs() < 1).all()
        assert not (parts == "unused").any()
    assert sorted(tested) == sorted(recordings["id"])


def test_random_split_leaves_out_material_that_is_not_named() -> None:
    parts = split(MINIATURE, params(protocol="random", train=["ravdess/speech"]))
    named = (MINIATURE["corpus"] == "ravdess") & (MINIATURE["channel"] == "speech")
    assert ((parts == "unused") == ~named).all()


def test_evaluation_sees_originals_only() -> None:
    assert set(originals(MINIATURE)["variant"]) == {"original"}
    assert len(originals(MINIATURE)) * 2 == len(MINIATURE)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fold": 7}, "split.fold is 7: expected a fold of emobox6, a number from 1 to 6"),
        ({"fold": True}, "split.fold is True: expected a fold of emobox6"),
        (
            {"protocol": "luna_jimenez5", "fold": 5},
            "expected a fold of luna_jimenez5, a number from 0 to 4",
        ),
        ({"protocol": "random", "fold": 0}, "expected a fold of random, a number from 1 to 5"),
        (
            {"protocol": "random", "folds": 10, "fold": "eleven"},
            "split.fold is 'eleven': expected a fold of random, a number from 1 to 10",
        ),
        ({"protocol": "random", "folds": 1}, "split.folds is 1: .*greater than or equal to 2"),
        (
            {"protocol": "leave_one_speaker_out", "fold": 1.5},
            'split.fold is 1.5: expected the name of the speaker to test, such as "07"',
        ),
        ({"protocol": "loso"}, "split.protocol is 'loso': .*'leave_one_speaker_out'"),
        ({"train": []}, r"split.train is \[\]: expected one or more corpora or corpus/channel"),
        ({"train": ["ravdess/"]}, "expected one or more corpora or corpus/channel"),
        ({"protocol": "given", "fold": 2}, "split.fold is 2: expected 1, the only fold of given"),
        ({"protocol": "cross_corpus"}, "under cross_corpus `test` names the corpora to test"),
        ({"test": ["tess"]}, "`test` is read under cross_corpus and speakers only, not under emob"),
        ({"validation_speakers": -1}, "split.validation_speakers is -1"),
        ({"validation_share": 1}, "split.validation_share is 1"),
        ({"seed": -1}, "split.seed is -1"),
    ],
)
def test_bad_params_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(PipelineError, match=message):
        params(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"protocol": "leave_one_speaker_out", "fold": "27"},
            "split.fold in params.yaml is '27', but the data have no speech of a speaker of that "
            "name: expected one of 01, .*26",
        ),
        (
            {"train": ["emodb/speech", "ravdess/speech"]},
            "split.train in params.yaml names emodb/speech, but the data have only ravdess/song, "
            "ravdess/speech, tess/speech",
        ),
        (
            {"train": ["tess/song"]},
            "split.train in params.yaml names tess/song, but the data have only ravdess/song, "
            "ravdess/speech, tess/speech",
        ),
        (
            {"validation_speakers": 21},
            "split.validation_speakers in params.yaml is 21, but in fold 1 of emobox6 only 20 "
            "training speakers of ravdess have speech to validate on",
        ),
        (
            {"train": ["ravdess/speech"], "validation_speakers": 20},
            "nothing is left to train on in fold 1 of emobox6 with split.train ravdess/speech",
        ),
        (
            {"protocol": "random", "folds": 2000, "fold": 2000},
            "split.fold in params.yaml is 2000 of 2000, but .* have only 780 recordings",
        ),
        (
            {"protocol": "random", "validation_share": 0.0001},
            "split.validation_share in params.yaml is 0.0001, which of 624 training recordings",
        ),
    ],
)
def test_params_that_the_data_cannot_honour_are_named(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(PipelineError, match=message):
        split(MINIATURE, params(**changes))


def test_a_fold_without_all_of_its_speakers_is_refused() -> None:
    part = MINIATURE[~MINIATURE["speaker"].isin(["11", "20"])]
    with pytest.raises(
        PipelineError,
        match="fold 1 of emobox6 tests the ravdess speech of the speakers 01, 11, 20, 21, but the "
        "data have none of 11, 20",
    ):
        split(part, params())


def test_a_variant_without_its_recording_is_refused() -> None:
    with pytest.raises(PipelineError, match=r"has the variant '.*_pitch0' but not the recording"):
        split(MINIATURE.iloc[1:], params())


@st.composite
def anybody(draw: st.DrawFn) -> pd.DataFrame:
    """Recordings of any corpora, of which sex, channel and even the speaker may be unknown."""
    table: list[dict[str, Any]] = []
    for corpus in draw(st.lists(st.sampled_from(["a", "b", "c"]), min_size=2, unique=True)):
        count = draw(st.integers(1, 7))
        for speaker in [f"{corpus}-{number}" for number in range(count)]:
            sex = draw(st.sampled_from(["female", "male", ""]))
            for take in range(draw(st.integers(1, 4))):
                channel = draw(st.sampled_from(["speech", "song", "", "phone"]))
                emotion = draw(st.sampled_from(["x", "y", "z"]))
                table += rows(corpus, channel, speaker, sex, emotion, take, take % 2)
        if draw(st.booleans()):
            table += rows(corpus, "", "", "", "x", 0, 0)
    split_given = st.sampled_from(["train", "validation", "test", ""])
    manifest = pd.DataFrame(draw(st.permutations(table)), columns=list(COLUMNS))
    by_speaker = {one: draw(split_given) for one in sorted(set(manifest["speaker"]))}
    return manifest.assign(split=manifest["speaker"].map(by_speaker))


@st.composite
def any_protocol(draw: st.DrawFn) -> tuple[pd.DataFrame, SplitParams]:
    manifest = draw(anybody())
    protocol = draw(st.sampled_from(["speakers", "cross_corpus", "given"]))
    named = st.lists(
        st.sampled_from(sorted({*manifest["corpus"], *material(manifest)})), min_size=1
    )
    return manifest, params(
        protocol=protocol,
        folds=draw(st.integers(2, 4)),
        fold=draw(st.integers(1, 2)) if protocol == "speakers" else 1,
        train=draw(st.one_of(st.none(), named)),
        test=draw(named) if protocol == "cross_corpus" else None,
        validation_speakers=draw(st.integers(0, 2)),
        seed=draw(st.integers(0, 3)),
    )


@pytest.mark.slow
@settings(max_examples=200, suppress_health_check=[HealthCheck.filter_too_much])
@given(any_protocol(), st.randoms(use_true_random=False))
def test_no_speaker_and_no_recording_is_on_two_sides_for_any_manifest(
    case: tuple[pd.DataFrame, SplitParams], random: Any
) -> None:
    manifest, chosen = case
    parts = split_or_refuse(manifest, chosen)
    assume(not isinstance(parts, str))
    table = manifest.set_index("id").assign(part=parts)
    assert table.groupby("source_id")["part"].nunique().max() == 1
    used = table[(table["part"] != "unused") & (table["speaker"] != "")]
    assert used.empty or used.groupby("speaker")["part"].nunique().max() == 1
    if chosen.protocol == "cross_corpus":
        test = table[table["part"] == "test"]
        tested = set(chosen.test or ())
        assert all(
            {one.corpus, f"{one.corpus}/{one.channel}"} & tested for one in test.itertuples()
        )
    if chosen.protocol == "speakers":
        assert "" not in set(table.loc[table["part"] != "unused", "speaker"])
    order = list(manifest.index)
    random.shuffle(order)
    shuffled = split_or_refuse(manifest.loc[order], chosen)
    assert not isinstance(parts, str) and not isinstance(shuffled, str)
    assert shuffled.equals(parts)


def test_folds_of_speakers_test_everybody_once_and_are_alike() -> None:
    tested: list[str] = []
    for fold in range(1, 6):
        parts = split(MINIATURE, params(protocol="speakers", fold=fold, train=["ravdess"]))
        speakers_of = speakers(MINIATURE, parts, "test")
        tested += speakers_of
        women = sum(int(speaker) % 2 == 0 for speaker in speakers_of)
        assert 4 <= len(speakers_of) <= 5 and 2 <= women <= 3
        # all that they said or sang
        theirs = MINIATURE["speaker"].isin(speakers_of)
        assert set(parts[theirs]) == {"test"}
    assert sorted(tested) == ACTORS


def test_folds_of_speakers_are_even_in_corpora_and_emotions_where_speakers_differ() -> None:
    """Two corpora of unequal speakers, one of which says nothing but one emotion."""
    table: list[dict[str, Any]] = []
    for corpus, count in (("a", 8), ("b", 4)):
        for number in range(count):
            for take in range(3 + number % 3):
                emotion = "x" if corpus == "b" else ("x", "y")[take % 2]
                sex = ("female", "male")[number % 2]
                table += rows(corpus, "", f"{corpus}-{number}", sex, emotion, take, 0)
    manifest = pd.DataFrame(table, columns=list(COLUMNS))
    folds = speaker_folds(manifest, 4, "1")
    dealt = manifest.assign(fold=manifest["speaker"].map(folds)).drop_duplicates("speaker")
    assert (pd.crosstab(dealt["fold"], dealt["corpus"])["b"] == 1).all()
    assert (pd.crosstab(dealt["fold"], dealt["sex"]) > 0).all(axis=None)
    counts = pd.crosstab(manifest["speaker"].map(folds), manifest["emotion"])
    # of 33 and 13 recordings, which come by speakers
    assert (counts.max() - counts.min() <= 3).all()
    assert speaker_folds(manifest, 4, "2") != folds


def test_fewer_speakers_than_folds_are_refused() -> None:
    few = MINIATURE[MINIATURE["speaker"].isin(["01", "02", "03"])]
    with pytest.raises(PipelineError, match=r"is 5, more than the speakers .*\(3\)"):
        split(few, params(protocol="speakers", train=["ravdess"]))


def test_unknown_speakers_ask_for_random_and_say_what_that_is_worth() -> None:
    unknown = MINIATURE.assign(speaker="")
    for protocol in ("speakers", "leave_one_speaker_out"):
        with pytest.raises(PipelineError) as error:
            split(unknown, params(protocol=protocol, fold=1, train=None, validation_speakers=0))
        if protocol == "speakers":
            assert "don't say who speaks in 780 recordings of ravdess, tess" in str(error.value)
            assert "set split.protocol to random, whose scores" in str(error.value)
    split(unknown, params(protocol="random"))


def test_given_takes_the_parts_of_the_table() -> None:
    part = {"01": "train", "02": "validation", "03": "test"}
    manifest = MINIATURE.assign(split=MINIATURE["speaker"].map(part).fillna(""))
    parts = split(manifest, params(protocol="given"))
    assert parts.equals(manifest["split"].replace("", "unused").rename("part"))


def test_given_refuses_a_speaker_in_two_parts_and_a_table_without_parts() -> None:
    manifest = MINIATURE.assign(split=["train", "test"] * (len(MINIATURE) // 2))
    manifest["split"] = manifest.groupby("source_id")["split"].transform("min")
    manifest.loc[manifest["emotion"] == "sad", "split"] = "test"
    manifest.loc[manifest["emotion"] != "sad", "split"] = "train"
    with pytest.raises(PipelineError, match="has the speaker 01 in test and train"):
        split(manifest, params(protocol="given"))
    with pytest.raises(PipelineError, match="no recording came with its part"):
        split(MINIATURE, params(protocol="given"))


def test_across_corpora_everything_else_trains_unless_it_is_named() -> None:
    changes = {"protocol": "cross_corpus", "test": ["tess/speech"]}
    parts = split(MINIATURE, params(**changes, train=None))
    tess = MINIATURE["corpus"] == "tess"
    assert set(parts[tess]) == {"test"}
    assert "test" not in set(parts[~tess])
    trained = MINIATURE[parts == "train"]
    assert set(trained["channel"]) == {"speech", "song"}
    named = split(MINIATURE, params(**changes, train=["ravdess/speech"]))
    assert set(MINIATURE.loc[named == "train", "channel"]) == {"speech"}


def test_a_corpus_may_be_named_with_and_without_its_channel() -> None:
    whole = split(MINIATURE, params(train=["ravdess"]))
    assert whole.equals(split(MINIATURE, params(train=["ravdess/speech", "ravdess/song"])))


def test_the_same_audio_on_two_sides_is_refused_whoever_speaks() -> None:
    pair = ["ravdess-speech-sad-00-01", "ravdess-speech-sad-00-02"]
    same = MINIATURE["source_id"].isin(pair).map({True: "abc", False: ""})
    manifest = MINIATURE.assign(same_audio=same)
    with pytest.raises(
        PipelineError, match=rf"{pair[0]} and {pair[1]} hold the same audio"
    ) as error:
        split(manifest, params())  # actor 1 is tested in the first fold
    assert f"{pair[0]} and {pair[1]} hold the same audio" in str(error.value)
    assert "give both the same speaker (now 01 and 02)" in str(error.value)
    split(manifest, params(protocol="luna_jimenez5", fold=2))  # neither is


def test_what_speech_is_need_not_be_known() -> None:
    """Recordings without a channel are spoken; only what is called song is never tested."""
    silent = MINIATURE.assign(channel=MINIATURE["channel"].replace("speech", ""))
    parts = split(silent, params(train=["ravdess"]))
    assert parts.equals(split(MINIATURE, params(train=["ravdess"])))
