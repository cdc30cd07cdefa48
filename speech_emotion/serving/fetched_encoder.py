"""The encoder of a model that comes with the library without it: fetched once, checked, kept.

A head of a few hundred kilobytes comes with the library, the encoder before it does not. KerasHub
fetches that by name and version, and it is kept as a LiteRT file, which answers without Keras from
then on. What tells that it is the right one is what it makes of a sound that everybody
can compute: files differ from one distributor of the same weights to another.
"""

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from speech_emotion.base.errors import PipelineError
from speech_emotion.base.packages import require_package
from speech_emotion.features import KINDS, FeaturizeParams
from speech_emotion.training.model_settings import encoder_file

SAMPLE_RATE = 16000
"""Of the sound, in Hz."""

DURATION = 2.0
"""Of the sound, in s."""

TOLERANCE = 0.05
"""How far any value may be from what the right encoder makes of the sound. Those of Whisper base
reach to 3.4; as LiteRT they differ by 3e-6, and from what it makes of noise by up to 12."""


def expected_file(kind: str) -> str:
    """The name of the file with what the encoder of a kind of features makes of the sound."""
    return f"{kind}_expected.npy"


def sound() -> np.ndarray:
    """A harmonic tone that glides from 100 to 300 Hz [samples], float32."""
    time = np.arange(round(DURATION * SAMPLE_RATE)) / SAMPLE_RATE
    turns = 100 * time + 50 * time**2
    harmonics = [np.sin(2 * np.pi * number * turns) / number for number in range(1, 20)]
    return (0.1 * np.sum(harmonics, axis=0)).astype(np.float32)


def made_of_sound(kind: str, params: FeaturizeParams) -> np.ndarray:
    """What the encoder of a kind of features makes of the sound [values], float32."""
    values = KINDS[kind].compute(sound(), SAMPLE_RATE, params.of(kind))
    return np.asarray(values, np.float32)


def fetched_encoder(folder: Path, kind: str, params: FeaturizeParams) -> Path:
    """The LiteRT file of an encoder, in the user's cache; fetched where it is not there yet.

    Parameters
    ----------
    folder : Path
        The model's, with its `expected_file`.
    kind : str
        Of features, such as "whisper_pooled".
    params : FeaturizeParams
        Which encoder.

    Raises
    ------
    PipelineError
        If it is neither there nor can be fetched, or is another encoder.
    """
    subject = f"the encoder of the model {folder.name}"
    require_package("platformdirs", "whisper", f"{subject} is fetched once")
    from speech_emotion.base.user_cache import user_cache

    expected = folder / expected_file(kind)
    digest = hashlib.sha256(expected.read_bytes()).hexdigest()[:16]
    kept = user_cache("encoders") / digest / encoder_file(kind, int8=False)
    if kept.is_file():
        return kept
    require_package("keras_hub", "whisper", f"{subject} is fetched once")
    from speech_emotion.serving.conversion import to_litert  # slow to import

    encoder = KINDS[kind].encoder
    assert encoder is not None
    try:
        content = to_litert(encoder(params.of(kind)))
    except PipelineError as error:
        raise PipelineError(
            f"{subject} ({KINDS[kind].credit}) could not be fetched: {error} Without a connection, "
            f"copy {kept} from a machine that has it."
        ) from None
    kept.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=kept.parent) as temporary:
        path = Path(temporary) / kept.name
        path.write_bytes(content)
        made, wanted = made_of_sound(kind, params.with_encoder(kind, path)), np.load(expected)
        if made.shape != wanted.shape or not np.abs(made - wanted).max() <= TOLERANCE:
            raise PipelineError(
                f"what was fetched as {subject} is another one: what it makes of a known sound "
                f"differs. Delete {user_cache('presets')} and try again."
            )
        path.replace(kept)
    return kept
