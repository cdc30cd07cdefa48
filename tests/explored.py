"""A small dataset with faults that exploring it must find, made by the real stages."""

import shutil
from pathlib import Path

import numpy as np
from conftest import ROOT, wav

from speech_emotion.audio.codec import decode, mix_down
from speech_emotion.data.synthetic.corpus import SyntheticRecording
from speech_emotion.features import FeaturizeParams
from speech_emotion.params.clean import CleanParams
from speech_emotion.params.ingest import IngestParams
from speech_emotion.params.section import load
from stages.clean import clean_dataset
from stages.featurize import featurize_dataset
from stages.ingest import ingest
from stages.rename_merge import rename_merge

SPEAKERS = tuple(f"{number:02d}" for number in range(1, 9))

EXCHANGED = ("03-01-04-02-02-02-03", "03-01-05-02-01-01-03")
"""A sad and an angry recording of one actor, each under the other's name."""

QUIET = "03-01-03-01-02-02-05"
"""A happy one, 40 dB softer than it was made."""

LONG = "03-01-06-01-02-02-02"
"""A fearful one, eight times in a row."""

NOISY = "03-01-02-01-02-02-06"
"""A calm one in noise at 0 dB."""

TWIN, OF = "03-01-07-01-01-01-04", "03-01-07-01-01-02-04"
"""Another take of disgust that is the same file."""

TOO_SHORT = "03-01-01-01-02-01-01"
"""A neutral one, cut to a tenth of a second."""


def write_corpus(folder: Path, recordings: list[SyntheticRecording]) -> None:
    """Write speech of eight actors, with the faults above."""
    for recording in recordings:
        path = folder / recording.name
        if path.stem.startswith("03-01") and path.stem[-2:] in SPEAKERS:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(recording.read())
    files = {path.stem: path for path in folder.rglob("*.wav")}
    sad, angry = (files[name] for name in EXCHANGED)
    aside = shutil.copy(sad, folder / "aside")
    shutil.copy(angry, sad)
    Path(aside).replace(angry)
    for name, change in (
        (QUIET, lambda samples: samples / 100),
        (LONG, lambda samples: np.tile(samples, 8)),
        (NOISY, in_noise),
        (TOO_SHORT, lambda samples: samples[:1600]),
    ):
        samples, rate = decode(files[name].read_bytes())
        files[name].write_bytes(wav(change(mix_down(samples)), rate, "PCM_24"))
    shutil.copy(files[OF], files[OF].with_stem(TWIN))


def in_noise(samples: np.ndarray) -> np.ndarray:
    """As loud a white noise added."""
    noise = np.random.default_rng(0).standard_normal(len(samples))
    return 0.5 * (samples + noise * np.sqrt(np.mean(np.square(samples))))


def make_datasets(source: Path, data: Path) -> None:
    """Run ingest, rename_merge, clean and featurize, of functionals with few convolutions."""
    ingest(IngestParams.model_validate({"from": source, "max_rejected": 0.05}), data / "raw")
    rename_merge(data / "raw", data / "merged")
    cleaning = load("clean", CleanParams, ROOT / "params.yaml")
    clean_dataset(data / "merged", data / "clean", cleaning)
    features = load("featurize", FeaturizeParams, ROOT / "params.yaml")
    few = features.of("functionals").model_copy(update={"convolutions": 8})
    asked = features.model_copy(
        update={"kinds": ("functionals",), "sections": {**features.sections, "functionals": few}}
    )
    featurize_dataset(data / "clean", data / "features", asked, cleaning)
