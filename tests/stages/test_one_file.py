"""One file adds a thing: dropped into its folder, the whole pipeline runs with it, by real dvc."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from repository import STAGES, Repository

from speech_emotion.data.manifest import read_manifest
from speech_emotion.data.synthetic.corpus import SyntheticRecording

pytestmark = pytest.mark.slow

SMALL: dict[str, Any] = {
    "augment.variants": [],
    "split.protocol": "leave_one_speaker_out",
    "split.validation_speakers": 0,
    "train.epochs": 1,
    "train.augmentation": None,
}
ACTORS = {"01": "m1", "02": "f1", "03": "m2"}


def documented(file: str) -> str:
    """The module of that name in docs/change_it.md, as a reader would copy it."""
    page = (ROOT / "docs" / "change_it.md").read_text(encoding="utf-8")
    [module] = re.findall(rf"`{re.escape(file)}`.*?```python\n(.*?)```", page, re.DOTALL)[:1]
    return str(module)


def clone(folder: Path, file: str, changes: dict[str, Any], *more: str) -> Repository:
    """The project with a documented file (or more), and recordings of three actors beside it."""
    repository = Repository(folder / "clone")
    for name in (file, *more):
        (repository.folder / name).write_text(documented(name))
    before = (repository.folder / "dvc.yaml").read_text()
    repository.run("python", "-m", "scripts.deps")
    assert (repository.folder / "dvc.yaml").read_text() == before, "nothing else is to be edited"
    source = {"ingest.from": str(folder / "recordings")}
    repository.change_params({**SMALL, **source, **changes})
    return repository


def recordings(
    folder: Path, synthetic_recordings: list[SyntheticRecording], *, renamed: bool
) -> None:
    """One spoken recording of every emotion by each of three actors."""
    folder.mkdir()
    emotions = ["neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised"]
    for actor, speaker in ACTORS.items():
        for code, emotion in enumerate(emotions, start=1):
            one = next(
                one
                for one in synthetic_recordings
                if f"/03-01-0{code}-" in one.name and one.name.endswith(f"-{actor}.wav")
            )
            name = f"{speaker}-{emotion}-1.wav" if renamed else Path(one.name).name
            (folder / name).write_bytes(one.read())


def predicted(repository: Repository, folder: Path) -> list[dict[str, Any]]:
    """What the exported model says of the recordings."""
    printed = repository.run("python", "-m", "speech_emotion", "--json", str(folder))
    return [json.loads(line) for line in printed.splitlines() if line.startswith("{")]


def test_a_corpus(tmp_path: Path, synthetic_recordings: list[SyntheticRecording]) -> None:
    recordings(tmp_path / "recordings", synthetic_recordings, renamed=True)
    changes = {
        "featurize.kinds": ["functionals"],
        "featurize.functionals.convolutions": 0,
        "train.network": "functionals_lda",
        "split.train": ["voices/speech"],
        "split.fold": "voices-m2",
    }
    repository = clone(tmp_path, "speech_emotion/data/corpora/voices.py", changes)
    assert repository.stages_run("repro") == STAGES
    metrics = json.loads((repository.folder / "metrics" / "metrics.json").read_text())
    assert metrics["corpora"] == {"train": "voices", "test": "voices"}
    assert list(metrics["accuracy_by_speaker"]) == ["voices-m2"]
    card = (repository.folder / "models" / "export" / "README.md").read_text()
    assert "speakers of German" in card
    assert "Doe J (2026). Voices. doi:10.0000/voices Licence: CC BY 4.0." in card
    assert "non-commercial" not in card
    assert len(predicted(repository, tmp_path / "recordings")) == 24


def test_a_kind_of_feature_and_a_kind_of_variant(
    tmp_path: Path, synthetic_recordings: list[SyntheticRecording]
) -> None:
    recordings(tmp_path / "recordings", synthetic_recordings, renamed=False)
    changes = {
        "featurize.kinds": ["crossings", "mfcc_mean"],
        "featurize.crossings": {"blocks": 4},
        "augment.variants": [{"gain": -12}],
        "train.network": "lda",
        "split.train": ["ravdess/speech"],
        "split.fold": "03",
    }
    variant = "speech_emotion/audio/variants/gain.py"
    repository = clone(tmp_path, "speech_emotion/features/crossings.py", changes, variant)
    assert repository.stages_run("repro") == STAGES
    manifest = read_manifest(repository.folder / "data" / "features")
    assert manifest["variant"].value_counts().to_dict() == {"original": 24, "gain-12": 24}
    settings = json.loads((repository.folder / "models" / "export" / "settings.json").read_text())
    assert settings["kinds"] == ["crossings", "mfcc_mean"]
    assert settings["front_end"]["featurize"]["crossings"] == {"blocks": 4}
    assert len(predicted(repository, tmp_path / "recordings")) == 24


def test_a_network(tmp_path: Path, synthetic_recordings: list[SyntheticRecording]) -> None:
    recordings(tmp_path / "recordings", synthetic_recordings, renamed=False)
    changes = {
        "featurize.kinds": ["mfcc_mean"],
        "train.network": "dense",
        "split.train": ["ravdess/speech"],
        "split.fold": "03",
    }
    repository = clone(tmp_path, "speech_emotion/networks/dense.py", changes)
    assert repository.stages_run("repro") == STAGES
    settings = json.loads((repository.folder / "models" / "export" / "settings.json").read_text())
    assert settings["network"] == "dense"
    assert settings["training"]["parameters"] == 8 * 41
    assert len(predicted(repository, tmp_path / "recordings")) == 24
    # another network reruns nothing before train
    text = (repository.folder / "speech_emotion/networks/dense.py").read_text()
    (repository.folder / "speech_emotion/networks/dense.py").write_text(text + "\n# changed\n")
    assert repository.stages_run("repro", "--dry") == STAGES[5:]
