"""Write the weights of the speech detector, from those that Silero VAD's package publishes.

``python scripts/speech_weights.py silero_vad-6.2.3-py3-none-any.whl`` reads the wheel, which
``pip download --no-deps silero-vad==6.2.3`` fetches; it needs the package onnx.
"""

import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnx

from speech_emotion.audio.speech import WEIGHTS

NETWORK = "silero_vad/data/silero_vad_16k_op15.onnx"

NAMES = {
    "encoder.0.reparam_conv": "convolution_1",
    "encoder.1.reparam_conv": "convolution_2",
    "encoder.2.reparam_conv": "convolution_3",
    "encoder.3.reparam_conv": "convolution_4",
    "decoder.decoder.2": "output",
    "decoder.rnn": "memory",
}
"""What a layer is called here; the spectra's weights, a Fourier transform's, are left out."""


def main(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        network = onnx.load(io.BytesIO(archive.read(NETWORK)))
    weights = {}
    for found in network.graph.initializer:
        layer, _, part = found.name.removeprefix("model.").rpartition(".")
        if layer in NAMES:
            values = onnx.numpy_helper.to_array(found)
            weights[f"{NAMES[layer]}_{part}"] = values.astype(np.float16)
    np.savez(WEIGHTS, **weights)  # type: ignore[arg-type]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
