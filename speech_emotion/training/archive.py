"""Writes models so that equal models are equal files."""

import json
import zipfile
from pathlib import Path
from typing import Any

from speech_emotion.base.quiet_keras import keras

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip archive can hold."""


def write_model(model: keras.Model, path: Path) -> None:
    """Save a model in Keras' format, less what does not belong to the model.

    That is times, memory addresses, and the modules that layers of ours lie in: Keras finds them
    by the names that they are registered under.

    Parameters
    ----------
    model : keras.Model
        The model.
    path : Path
        The ``.keras`` file to write.
    """
    as_saved = path.with_name("as_saved.keras")
    model.save(as_saved)
    with zipfile.ZipFile(as_saved) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "metadata.json":
                metadata = json.loads(content)
                metadata.pop("date_saved", None)
                content = json.dumps(metadata).encode()
            elif name == "config.json":
                content = json.dumps(_renumbered(json.loads(content), {})).encode()
            target.writestr(zipfile.ZipInfo(name, EARLIEST), content)
    as_saved.unlink()


def _renumbered(config: Any, numbers: dict[int, int]) -> Any:
    """The config with every shared object's address replaced by its place in the order met."""
    if isinstance(config, list):
        return [_renumbered(part, numbers) for part in config]
    if not isinstance(config, dict):
        return config
    renumbered: dict[str, Any] = {}
    for key, part in config.items():
        if key == "shared_object_id":
            renumbered[key] = numbers.setdefault(part, len(numbers))
        elif key == "module" and str(part).startswith("speech_emotion."):
            renumbered[key] = None
        else:
            renumbered[key] = _renumbered(part, numbers)
    return renumbered
