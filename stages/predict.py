"""After the pipeline, predict: the trained model on new recordings.

``python -m stages.predict FILE...`` prints the emotion and all probabilities of each recording,
which is cleaned and featurized exactly as those that trained the model.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import numpy as np

from stages.lib.audio import decode, is_silent
from stages.lib.cleaning import clean
from stages.lib.errors import PipelineError, run
from stages.lib.features import featurize
from stages.lib.networks.trained import TrainedModel
from stages.lib.params.clean import CleanParams
from stages.lib.params.featurize import FeaturizeParams
from stages.lib.params.loader import Section, check

SHORTEST = 0.01
"""A recording needs at least this much to tell anything, in s."""


class FrontEnd(Section):
    """What a model says of the way from audio to its features."""

    clean: CleanParams
    featurize: FeaturizeParams


@dataclass(frozen=True)
class Prediction:
    """What a model heard in a recording.

    Attributes
    ----------
    emotion : str
        The most probable label.
    probabilities : dict of str to float
        By label, in the model's order; they sum to 1.
    duration : float
        Of the recording as it came, in s.
    """

    emotion: str
    probabilities: dict[str, float]
    duration: float


class Recognizer:
    """A trained model with its front end.

    Parameters
    ----------
    model : TrainedModel
        The model.
    front_end : FrontEnd
        The settings that its training data went through.
    """

    def __init__(self, model: TrainedModel, front_end: FrontEnd) -> None:
        self._model = model
        self._front_end = front_end

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what the train stage wrote.

        Raises
        ------
        PipelineError
            If there is no model, or it was made with settings that this version can't honour.
        """
        model = TrainedModel.load(folder)
        front_end = check(model.front_end, FrontEnd, f"the front end of the model in {folder}")
        missing = set(model.kinds) - set(front_end.featurize.kinds)
        if missing:
            raise PipelineError(
                f"the model in {folder} takes {', '.join(sorted(missing))}, which its front end "
                "does not make: train it again with `dvc repro train`."
            )
        return cls(model, front_end)

    def predict(self, path: Path) -> Prediction:
        """Recognise the emotion of one recording, of any rate, channel count and length.

        Raises
        ------
        ValueError
            If the file can't be read or decoded, or is silent.
        """
        try:
            samples, sample_rate = decode(path.read_bytes())
        except OSError as error:
            raise ValueError(error.strerror or str(error)) from None
        return self.predict_samples(samples, sample_rate)

    def predict_samples(self, samples: np.ndarray, sample_rate: int) -> Prediction:
        """Recognise the emotion of decoded audio.

        Parameters
        ----------
        samples : np.ndarray [shape=(n, channels)]
            Full scale is 1.
        sample_rate : int
            In Hz.

        Raises
        ------
        ValueError
            If nothing is heard: under `SHORTEST`, samples that are not finite, silence.
        """
        if len(samples) < SHORTEST * sample_rate:
            raise ValueError(f"lasts less than {SHORTEST:g} s")
        if not np.isfinite(samples).all():
            raise ValueError("holds samples that are not finite numbers")
        if is_silent(samples):
            raise ValueError("is silent")
        settings = self._front_end
        cleaned, _ = clean(samples, sample_rate, settings.clean)
        features = featurize(cleaned, settings.clean.sample_rate, settings.featurize)
        [probabilities] = self._model.probabilities([features])
        by_label = dict(zip(self._model.labels, map(float, probabilities), strict=True))
        return Prediction(
            emotion=max(by_label, key=by_label.__getitem__),
            probabilities=by_label,
            duration=len(samples) / sample_rate,
        )


def table(predictions: Iterator[tuple[Path, Prediction]], width: int) -> Iterator[str]:
    """Lines for people, the first one the head; ``width`` is that of the longest file name."""
    head: list[str] = []
    for path, prediction in predictions:
        if not head:
            head = [f"{label:>9}" for label in prediction.probabilities]
            yield f"{'file':<{width}}  {'emotion':<9} {' '.join(head)}"
        values = " ".join(f"{value:9.3f}" for value in prediction.probabilities.values())
        yield f"{path!s:<{width}}  {prediction.emotion:<9} {values}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m stages.predict",
        description="Recognise the emotion in recordings with the trained model.",
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="an audio file")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument(
        "--model", type=Path, default=Path("models/keras"), help="folder of the trained model"
    )
    told = parser.parse_args(arguments)
    recognizer = Recognizer.load(told.model)
    failed = False

    def predictions() -> Iterator[tuple[Path, Prediction]]:
        nonlocal failed
        for path in told.files:
            try:
                yield path, recognizer.predict(path)
            except ValueError as error:
                failed = True
                print(f"error: {path}: {error}", file=sys.stderr)

    if told.json:
        for path, prediction in predictions():
            print(json.dumps({"file": str(path), **asdict(prediction)}))
    else:
        for line in table(predictions(), max(len(str(path)) for path in told.files)):
            print(line)
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    run(main)
