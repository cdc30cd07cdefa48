"""The examples in docstrings do what they show."""

import doctest
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import soundfile

import speech_emotion

FOLDER = Path(speech_emotion.__file__).parent
WITH_EXAMPLES = [
    ".".join(path.relative_to(FOLDER.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(FOLDER.rglob("*.py"))
    if ">>>" in path.read_text(encoding="utf-8")
]


@pytest.mark.slow
@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples(
    name: str,
    models: Path,
    speech: tuple[np.ndarray, int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "models").symlink_to(models)
    soundfile.write(tmp_path / "recording.wav", *speech)
    monkeypatch.chdir(tmp_path)
    failed, attempted = doctest.testmod(import_module(name), optionflags=doctest.ELLIPSIS)
    assert attempted
    assert not failed


def test_the_public_names_have_examples() -> None:
    assert {"speech_emotion", "speech_emotion.serving.recognizer"} <= set(WITH_EXAMPLES)
