"""What a module runs is found by reading it: files, code without words, distributions."""

from pathlib import Path

from speech_emotion.base.imports import (
    FACADE,
    code_fingerprint,
    dependencies,
    imported_distributions,
    imported_files,
)


def test_comments_docstrings_and_layout_change_no_fingerprint() -> None:
    wordy = '"""A module."""\nX = 1  # one\ndef f(x):\n    """Add."""\n    return x + X\n'
    terse = "X = 1\n\n\ndef f(x):\n    return (x + X)\n"
    assert code_fingerprint(wordy) == code_fingerprint(terse)
    assert code_fingerprint(wordy) != code_fingerprint(wordy.replace("x + X", "x - X"))
    documented = 'class A:\n    x: int\n    """Hz."""\n    async def f(self):\n        """Do."""\n'
    bare = "class A:\n    x: int\n    async def f(self):\n        pass\n"
    assert code_fingerprint(documented) == code_fingerprint(bare)


def test_distributions_are_those_imported_and_what_they_require() -> None:
    cleaning = imported_distributions(imported_files("stages.clean"))
    assert {"numpy", "soxr", "soundfile", "noisereduce", "pandas"} <= set(cleaning)
    assert "scipy" in cleaning, "noisereduce requires it"
    assert "colorama" not in cleaning, "tqdm requires it on Windows alone"
    assert "distributed" not in cleaning, "where shards are computed changes none"
    assert not {"tensorflow", "keras", "gradio", "dvc", "pytest"} & set(cleaning)
    assert "tensorflow" in imported_distributions(imported_files("stages.train"))


def test_a_package_that_finds_its_modules_depends_on_all_of_them() -> None:
    files = imported_files("speech_emotion.features")
    assert {f"speech_emotion/features/{name}.py" for name in ("log_mel", "mfcc", "whisper")} < files
    assert "speech_emotion/audio/pitch.py" in files, "which functionals import"
    found = dependencies("stages.featurize")
    assert "speech_emotion/features" in found
    assert not any(name.startswith("speech_emotion/features/") for name in found)


def test_training_depends_on_the_folder_of_networks_and_not_on_the_front_end() -> None:
    found = dependencies("stages.train")
    assert "speech_emotion/networks" in found
    assert not any(name.startswith("speech_emotion/networks/") for name in found)
    assert not any(name.startswith(("speech_emotion/audio", "stages/clean")) for name in found)
    assert "speech_emotion/networks/parts/layers.py" in imported_files("stages.train")


def test_the_facade_decides_nothing_and_is_no_dependency() -> None:
    for stage in ("ingest", "train", "export"):
        assert FACADE not in imported_files(f"stages.{stage}")
    assert Path(FACADE).name == "__init__.py"
