"""Where the weights of a pretrained encoder lie, and exactly which they are.

KerasHub's own libraries download; they are imported when a preset is asked for, since they bring
TensorFlow.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from speech_emotion.base.errors import PipelineError

HUGGING_FACE = "hf://"
KAGGLE = "kaggle://"

FILES = ("config.json", "audio_converter.json", "model.weights*")
"""What of a preset the encoder is made of: architecture, its log-mel spectrogram, weights."""


@dataclass(frozen=True)
class Preset:
    """A preset on this machine.

    Attributes
    ----------
    folder : Path
        With the files that KerasHub's ``save_to_preset`` writes.
    revision : str
        Which one it is: the SHA-256 of a local folder's `FILES`, the commit of a Hugging Face
        repository, the version of a Kaggle model.
    """

    folder: Path
    revision: str


def find(name: str, revision: str | None, section: str) -> Preset:
    """Find a preset; download it into the user's cache where that does not have it.

    Parameters
    ----------
    name : str
        A local folder, ``hf://OWNER/NAME``, ``kaggle://OWNER/MODEL/keras/VARIATION/VERSION``, or
        one of KerasHub's own names, such as "whisper_small_multi".
    revision : str or None
        The one to take; None takes a folder as it is and the newest of a repository.
    section : str
        Where params.yaml names it, such as "featurize.whisper", for messages.

    Raises
    ------
    PipelineError
        If KerasHub is not installed, or there is no such preset or revision, or no connection.
    """
    if find_spec("keras_hub") is None:
        raise PipelineError(
            f"{section}.preset is {name!r}, but KerasHub is not installed: install this project's "
            f"extra `whisper`, or take {section.rpartition('.')[2]} out of featurize.kinds."
        )
    if Path(name).is_dir():
        preset = Preset(Path(name).absolute(), _hash(Path(name)))
    else:
        preset = _downloaded(name, revision, section)
    if revision not in (None, preset.revision):
        raise PipelineError(
            f"{section}.preset is {name!r}, whose revision is {preset.revision}: expected "
            f"{revision}, as {section}.revision says. Bring that one back, or set the revision to "
            "null in params.yaml and rerun from featurize on."
        )
    return preset


def _downloaded(name: str, revision: str | None, section: str) -> Preset:
    handle = _handle(name, revision, section)
    try:
        if handle.startswith(HUGGING_FACE):
            return _from_hugging_face(handle.removeprefix(HUGGING_FACE), revision)
        return _from_kaggle(handle.removeprefix(KAGGLE))
    # two libraries, two clients: no common class for "there is none" and "no connection"
    except Exception as error:
        raise PipelineError(
            f"{section}.preset is {name!r}, revision {revision or 'not given'}, which is "
            f"not on this machine and could not be downloaded ({error}): check name, revision and "
            "connection, or name a local folder with the preset."
        ) from error


def _handle(name: str, revision: str | None, section: str) -> str:
    """A handle as it was given, or the one that a name of KerasHub's own stands for.

    A newer KerasHub may mean a newer version by the same name, hence the revision.
    """
    if name.startswith(HUGGING_FACE) or (name.startswith(KAGGLE) and name.count("/") == 6):
        return name

    from keras_hub.models import WhisperBackbone

    known = WhisperBackbone.presets
    if name not in known:
        raise PipelineError(
            f"{section}.preset is {name!r}: expected a folder that exists, "
            f"{HUGGING_FACE}OWNER/NAME, {KAGGLE}OWNER/MODEL/keras/VARIATION/VERSION, or one of "
            f"{', '.join(sorted(known))}."
        )
    model, _, version = known[name]["kaggle_handle"].rpartition("/")
    return f"{model}/{revision or version}"


def _from_hugging_face(repository: str, revision: str | None) -> Preset:
    from huggingface_hub import snapshot_download

    from speech_emotion.base.user_cache import user_cache

    folder = Path(
        snapshot_download(
            repository,
            revision=revision,
            cache_dir=user_cache("presets/hugging_face"),
            allow_patterns=list(FILES),
        )
    )
    return Preset(folder, folder.name)


def _from_kaggle(handle: str) -> Preset:
    import kagglehub

    from speech_emotion.base.user_cache import user_cache

    os.environ["KAGGLEHUB_CACHE"] = str(user_cache("presets/kaggle"))
    folder = Path(kagglehub.model_download(handle))
    return Preset(folder, folder.name)


def _hash(folder: Path) -> str:
    """SHA-256 of a preset's files with their names."""
    hashes = {}
    for path in sorted(path for pattern in FILES for path in folder.glob(pattern)):
        with path.open("rb") as file:
            hashes[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return hashlib.sha256(json.dumps(hashes).encode()).hexdigest()
