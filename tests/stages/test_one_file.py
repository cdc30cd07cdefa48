"""One file adds a thing: dropped into its folder, the whole pipeline runs with it, by real dvc."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, spoken
from repository import STAGES, Repository

from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.data.manifest import read_manifest
from speech_emotion.data.synthetic.corpus import SyntheticRecording

pytestmark = pytest.mark.slow

SMALL: dict[str, Any] = {
    "augment.variants": [],
    "featurize.kinds": ["functionals"],
    "featurize.functionals.convolutions": 0,
    "split.protocol": "leave_one_speaker_out",
    "split.train": ["voices/speech"],
    "split.fold": "voices-m2",
    "split.validation_speakers": 0,
    "train.network": "functionals_lda",
    "train.epochs": 1,
    "train.augmentation": None,
}
SPEAKERS = {"01": "m1", "02": "f1", "03": "m2"}


def add(repository: Repository, file: str) -> None:
    """Put the module of that name in docs/change_it.md into a clone, as a reader would copy it."""
    page = (ROOT / "docs" / "change_it.md").read_text(encoding="utf-8")
    found = re.findall(rf"`{re.escape(file)}`.*?```python\n(.*?)```", page, re.DOTALL)
    (repository.folder / file).write_text(found[0])
    before = (repository.folder / "dvc.yaml").read_text()
    repository.run("python", "-m", "scripts.deps")
    assert (repository.folder / "dvc.yaml").read_text() == before, "nothing else is to be edited"


@pytest.fixture(scope="module")
def recordings(
    tmp_path_factory: pytest.TempPathFactory, synthetic_recordings: list[SyntheticRecording]
) -> Path:
    """One spoken recording of every emotion by each of three speakers of another corpus."""
    folder = tmp_path_factory.mktemp("voices")
    for actor, speaker in SPEAKERS.items():
        for code, emotion in enumerate(EMOTIONS, start=1):
            one = spoken(synthetic_recordings, code, actor)
            (folder / f"{speaker}-{emotion}-1.wav").write_bytes(one.read())
    return folder


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory, recordings: Path) -> Repository:
    """The project after a run with the documented corpus."""
    repository = Repository(tmp_path_factory.mktemp("clone"))
    add(repository, "speech_emotion/data/corpora/voices.py")
    repository.change_params({**SMALL, "ingest.from": str(recordings)})
    assert repository.stages_run("repro") == STAGES
    return repository


def predicted(repository: Repository, folder: Path) -> list[dict[str, Any]]:
    """What the exported model says of the recordings."""
    printed = repository.run("python", "-m", "speech_emotion", "--json", str(folder))
    return [json.loads(line) for line in printed.splitlines() if line.startswith("{")]


def test_a_corpus(clone: Repository, recordings: Path) -> None:
    metrics = json.loads((clone.folder / "metrics" / "evaluation.json").read_text())
    assert metrics["corpora"] == {"train": "voices", "test": "voices"}
    assert list(metrics["accuracy_by_speaker"]) == ["voices-m2"]
    card = (clone.folder / "models" / "export" / "README.md").read_text()
    assert "speakers of German" in card
    assert "Doe J (2026). Voices. doi:10.0000/voices Licence: CC BY 4.0." in card
    assert "non-commercial" not in card
    assert len(predicted(clone, recordings)) == 24


def test_a_kind_of_feature_and_a_kind_of_variant(clone: Repository, recordings: Path) -> None:
    add(clone, "speech_emotion/features/crossings.py")
    add(clone, "speech_emotion/audio/variants/gain.py")
    clone.change_params(
        {
            "augment.variants": [{"gain": -12}],
            "featurize.kinds": ["crossings", "mfcc_mean"],
            "featurize.crossings": {"blocks": 4},
            "train.network": "lda",
        }
    )
    assert clone.stages_run("repro") == STAGES[3:]
    manifest = read_manifest(clone.folder / "data" / "features")
    assert manifest["variant"].value_counts().to_dict() == {"original": 24, "gain-12": 24}
    settings = json.loads((clone.folder / "models" / "export" / "settings.json").read_text())
    assert settings["kinds"] == ["crossings", "mfcc_mean"]
    assert settings["front_end"]["featurize"]["crossings"] == {"blocks": 4}
    assert len(predicted(clone, recordings)) == 24


def test_a_network(clone: Repository, recordings: Path) -> None:
    add(clone, "speech_emotion/networks/dense.py")
    clone.change_params({"featurize.kinds": ["mfcc_mean"], "train.network": "dense"})
    ran = clone.stages_run("repro")
    assert ran == STAGES[-len(ran) :]
    assert "clean" not in ran
    settings = json.loads((clone.folder / "models" / "export" / "settings.json").read_text())
    assert settings["network"] == "dense"
    assert settings["training"]["parameters"] == 8 * 41
    assert len(predicted(clone, recordings)) == 24
    # another version of the network reruns nothing before train
    path = clone.folder / "speech_emotion" / "networks" / "dense.py"
    path.write_text(path.read_text() + "\n# changed\n")
    assert clone.stages_run("repro", "--dry") == STAGES[5:]
