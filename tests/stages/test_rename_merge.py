"""Two corpora become one, reproducibly, and nobody's recordings overwrite another's."""

from dataclasses import replace
from pathlib import Path

import pytest
from conftest import merge, tone, wav

from speech_emotion.base.errors import PipelineError
from speech_emotion.data.corpora import CORPORA, tess
from speech_emotion.data.manifest import read_manifest, read_shards


def merged_from(source: Path, tmp_path: Path) -> Path:
    merge(source, tmp_path)
    return tmp_path / "merged"


def test_tess_becomes_actors_25_and_26_audio_untouched(corpora: Path, tmp_path: Path) -> None:
    merged = merged_from(corpora, tmp_path)
    raw = {row.id: content for shard in read_shards(tmp_path / "raw") for row, _, content in shard}
    got = {row.id: content for shard in read_shards(merged) for row, _, content in shard}
    assert got["03-01-06-01-101-01-26"] == raw["OAF_back_fear"]
    assert got["03-01-01-01-107-01-26"] == raw["OA_bite_neutral"]
    assert got["03-01-06-01-144-01-26"] == raw["OAF_food_fear"]
    assert sorted(got.values()) == sorted(raw.values())
    assert {i for i in raw if i.startswith("03-")} <= set(got)
    manifest = read_manifest(merged).set_index("id")
    assert set(manifest[manifest.corpus == "tess"].speaker) == {"25", "26"}
    assert set(manifest[manifest.corpus == "tess"].sex) == {"female"}
    assert (manifest.index == manifest.source_id).all()


def test_the_mapping_of_tess_is_a_bijection() -> None:
    names = [
        (speaker, word, emotion)
        for speaker in ("OAF", "YAF")
        for word in tess.WORDS
        for emotion in ("angry", "disgust", "fear", "happy", "neutral", "ps", "sad")
    ]
    ids = {tess.merged(tess.parse("_".join(name), ""))[0] for name in names}
    assert len(ids) == len(names) == 2800
    assert tess.merged(tess.parse("YAF_youth_ps", ""))[0] == "03-01-08-01-300-01-25"


def test_ids_do_not_depend_on_which_files_are_present(corpora: Path, tmp_path: Path) -> None:
    everything = set(read_manifest(merged_from(corpora, tmp_path)).id)
    for path in sorted(corpora.rglob("*.wav"))[::2]:
        path.unlink()
    assert set(read_manifest(merged_from(corpora, tmp_path)).id) < everything


def test_two_inputs_for_one_id_are_both_named(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in ("OA_bite_neutral", "OAF_bite_neutral"):
        (source / f"{name}.wav").write_bytes(wav(tone(1)))
    with pytest.raises(PipelineError) as error:
        merged_from(source, tmp_path)
    assert "OAF_bite_neutral and OA_bite_neutral" in str(error.value)
    assert "03-01-01-01-107-01-26" in str(error.value)
    assert not (tmp_path / "merged").exists()


def test_two_speakers_under_one_name_are_both_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another corpus whose speaker gets the name that TESS' OAF has in the merged dataset."""
    source = tmp_path / "source"
    source.mkdir()
    for name in ("OAF_back_sad", "03-01-05-01-01-01-12"):
        (source / f"{name}.wav").write_bytes(wav(tone(1)))
    careless = replace(CORPORA["ravdess"], merged=lambda utterance: (utterance.id, "26", "01"))
    monkeypatch.setitem(CORPORA, "ravdess", careless)
    sentence = "the speakers 12 of ravdess and OAF of tess would both become 26"
    with pytest.raises(PipelineError, match=sentence):
        merged_from(source, tmp_path)
    assert not (tmp_path / "merged").exists()
