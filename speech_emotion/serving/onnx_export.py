"""Writes a trained model as ONNX files that carry its settings, held against Keras first.

``python -m speech_emotion.serving.onnx_export`` makes ``models/onnx`` of ``models/keras``. It is no
stage of the pipeline: who predicts with LiteRT needs neither the files nor the packages.
"""

import argparse
import contextlib
import io
import json
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from speech_emotion import networks
from speech_emotion.audio.cleaning import clean
from speech_emotion.audio.codec import decode
from speech_emotion.base.errors import PipelineError, run
from speech_emotion.base.files import replaced_folder
from speech_emotion.base.packages import require_package
from speech_emotion.data.synthetic.corpus import SyntheticSettings, recordings
from speech_emotion.features import KINDS, FeaturizeParams, featurize
from speech_emotion.networks import Features
from speech_emotion.params.section import check
from speech_emotion.serving.exporting import TOLERANCE
from speech_emotion.serving.recognizer import FrontEnd
from speech_emotion.training.model_settings import ModelSettings, read_settings

if TYPE_CHECKING:
    import keras
    import onnx

    from speech_emotion.training.trained_model import TrainedModel

MODEL_FILE = "model.onnx"

OUTPUT = "probabilities"
"""What the output of a network is called."""

OPSET = 18
"""The newest that tf2onnx has. Its older ones lose an axis of the mean over bands in `cnn2d` where
the number of segments is open."""

COMPARED = 16
"""Recordings of the embedded corpus, evenly spaced, that the files are compared with Keras on."""


def write_onnx(model: Path, target: Path) -> float:
    """Write a model's network, and the encoders that make its features, as ONNX files.

    Each file holds the model's settings as metadata, a key of settings.json each, in JSON. Both
    sides are compared from the audio on.

    Parameters
    ----------
    model : Path
        The folder that the train stage wrote.
    target : Path
        The folder to write.

    Returns
    -------
    float
        The largest difference of a probability from Keras' own.

    Raises
    ------
    PipelineError
        If the model can't be read or converted, the ONNX files are not the same model, or a
        package is missing.
    """
    for package in ("onnx", "onnxruntime", "tf2onnx"):
        require_package(package, "onnx", "the export to ONNX converts and checks")
    from speech_emotion.training.trained_model import TrainedModel

    trained, settings = TrainedModel.load(model), read_settings(model)
    front_end = check(settings.front_end, FrontEnd, f"the front end of the model in {model}")
    by_keras = by_onnx = front_end.featurize.only(settings.kinds)
    with replaced_folder(target) as folder:
        metadata = {
            key: json.dumps(value) for key, value in settings.model_dump(mode="json").items()
        }
        (folder / MODEL_FILE).write_bytes(to_onnx(trained.model, OUTPUT, metadata))
        for kind in settings.kinds:
            if (encoder := KINDS[kind].encoder) is not None:
                path = folder / f"{kind}.onnx"
                path.write_bytes(to_onnx(encoder(by_keras.of(kind)), kind, metadata))
                by_onnx = by_onnx.with_encoder(kind, path)
        difference = _largest_difference(
            trained,
            settings,
            folder / MODEL_FILE,
            _features(front_end, by_keras),
            _features(front_end, by_onnx),
        )
        if not difference <= TOLERANCE:
            raise PipelineError(
                f"the ONNX file's probabilities differ from Keras' own by up to {difference:g}, "
                f"more than {TOLERANCE:g}: the conversion of the network {settings.network!r} is "
                "at fault."
            )
    return difference


def to_onnx(model: "keras.Model", output: str, metadata: Mapping[str, str]) -> bytes:
    """Convert a model to ONNX, its inputs named by kind of features.

    Parameters
    ----------
    model : keras.Model
        One output. From here on it holds what it standardises by as NumPy arrays.
    output : str
        What the output is to be called.
    metadata : mapping of str to str
        What the file is to carry.

    Raises
    ------
    PipelineError
        If it has operators that have no like in ONNX.
    """
    import onnx
    from tf2onnx.handler import tf_op

    from speech_emotion.base.quiet_keras import keras

    # TensorFlow's GELU is made of it, and tf2onnx lacks it:
    # github.com/onnx/tensorflow-onnx/pull/2463
    tf_op("Erfc").register_compat_handler(_erfc, 9)
    _make_constant(model)
    named = keras.Model(model.input, {output: model(model.input)})
    inputs = {
        kind: keras.InputSpec(shape=tensor.shape, dtype="float32", name=kind)
        for kind, tensor in model.input.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / MODEL_FILE
        # Keras and tf2onnx narrate their steps
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            warnings.catch_warnings(action="ignore"),
        ):
            named.export(
                path, format="onnx", verbose=False, input_signature=[inputs], opset_version=OPSET
            )
        converted = onnx.load(path)
    for values in (*converted.graph.input, *converted.graph.output):
        _name_open_dimensions(values)
    converted.graph.name = model.name
    onnx.helper.set_model_props(converted, dict(metadata))
    try:
        onnx.checker.check_model(converted, full_check=True)
    # what it raises has no class in common
    except Exception as error:
        raise PipelineError(
            f"the model {model.name!r} can't be converted to ONNX ({error}): predict with LiteRT "
            "or Keras."
        ) from error
    return converted.SerializeToString(deterministic=True)


def _erfc(graph: Any, node: Any, **_: Any) -> None:
    """Put 1 - erf(x) in place of a node."""
    from tf2onnx.utils import make_name

    graph.remove_node(node.name)
    one = graph.make_const(make_name("one"), np.array(1, np.float32))
    erf = graph.make_node("Erf", node.input)
    graph.make_node("Sub", [one.output[0], erf.output[0]], outputs=node.output, name=node.name)


def _make_constant(model: "keras.Model") -> None:
    """Have means and variances that are no weights become constants of a traced graph.

    As tensors, which they are, they would become inputs of it.
    """
    from speech_emotion.base.quiet_keras import keras

    for layer in model.layers:
        if isinstance(layer, keras.Model):
            _make_constant(layer)
        elif isinstance(layer, keras.layers.Normalization):
            layer.mean, layer.variance = np.asarray(layer.mean), np.asarray(layer.variance)


def _name_open_dimensions(values: "onnx.ValueInfoProto") -> None:
    """Say what may be of any number, in place of tf2onnx' numbers."""
    for place, size in enumerate(values.type.tensor_type.shape.dim):
        if size.dim_param:
            size.dim_param = ("segments", "spectra")[place]


def _features(front_end: FrontEnd, featurizing: FeaturizeParams) -> list[Features]:
    """Those of the recordings that are compared."""
    corpus = list(
        recordings(SyntheticSettings(source="synthetic", seed=1, takes=1, room_noise=-68))
    )
    found = []
    for place in np.linspace(0, len(corpus) - 1, COMPARED).round().astype(int):
        cleaned, _ = clean(*decode(corpus[place].read()), front_end.clean)
        found.append(featurize(cleaned, front_end.clean.sample_rate, featurizing))
    return found


def _largest_difference(
    trained: "TrainedModel",
    settings: ModelSettings,
    path: Path,
    by_keras: Sequence[Features],
    by_onnx: Sequence[Features],
) -> float:
    """The largest difference of a probability, over all segments of recordings."""
    import onnxruntime

    network = networks.find(settings.network, settings.kinds)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    differences = []
    for one, other in zip(by_keras, by_onnx, strict=True):
        expected = trained.model.predict_on_batch(network.inputs(one))
        segments = {kind: value.astype(np.float32) for kind, value in network.inputs(other).items()}
        [given] = session.run([OUTPUT], segments)
        differences.append(np.abs(given - expected).max())
    return float(max(differences))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m speech_emotion.serving.onnx_export",
        description="Write the trained model as ONNX files.",
    )
    parser.add_argument(
        "model", type=Path, nargs="?", default=Path("models/keras"), help="what train wrote"
    )
    parser.add_argument(
        "target", type=Path, nargs="?", default=Path("models/onnx"), help="the folder to write"
    )
    options = parser.parse_args(arguments)
    difference = write_onnx(options.model, options.target)
    files = ", ".join(sorted(path.name for path in options.target.iterdir()))
    print(
        f"{options.target} holds {files}: every probability within {difference:.2g} of Keras' own, "
        f"on {COMPARED} recordings of the embedded corpus."
    )


if __name__ == "__main__":
    run(main)
