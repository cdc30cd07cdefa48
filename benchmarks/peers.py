"""This project's code beside what people use for the same: log-mel, functionals, shards, start.

``python -m benchmarks.peers CORPORA`` needs the extra ``peers``, the real corpora and, for the
functionals, some minutes. Everything runs on one thread; a peer and our code take turns on the same
recordings, and what is reported is the median over rounds of the peer's time as a multiple of ours:
the processor's time, which depends little on what else the machine does. It prints the tables of
docs/cluster.md and writes benchmarks/peers.json.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import kaldi_native_fbank
import librosa
import numpy as np
import opensmile
import torch
import torchaudio
import webdataset
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from benchmarks.peer_install import NKULULEKO, OURS, measure_installed
from benchmarks.peer_tables import LICENCES, tables
from benchmarks.peer_uar import mean_uar, vectors_of
from speech_emotion.audio.codec import decode_own
from speech_emotion.audio.spectra import POWER_FLOOR
from speech_emotion.data.dataset import Shard
from speech_emotion.data.manifest import read_shards
from speech_emotion.features import FeaturizeParams, featurize, log_mel
from speech_emotion.params.clean import CleanParams
from speech_emotion.params.ingest import IngestParams
from speech_emotion.params.section import load
from stages.clean import clean_dataset
from stages.ingest import ingest
from stages.rename_merge import rename_merge

RESULTS = Path(__file__).with_name("peers.json")

ROUNDS = 5

Compute = Callable[[np.ndarray, int], np.ndarray]
"""Samples [shape=(n,)] and their rate in Hz to features."""


def log_mels(params: log_mel.Params, rate: int) -> dict[str, Compute]:
    """The log-mel spectrogram by each package, with the settings of params.yaml.

    Kaldi's frames are centred half a hop later than the others'; the rest is the same.
    """
    mel = torchaudio.transforms.MelSpectrogram(
        sample_rate=rate,
        n_fft=params.fft_size,
        win_length=params.window_length,
        hop_length=params.hop_length,
        f_min=params.low,
        f_max=params.high,
        n_mels=params.mels,
        pad_mode="constant",
        norm=None,
        mel_scale="slaney",
    )
    kaldi = kaldi_native_fbank.FbankOptions()
    kaldi.frame_opts.samp_freq = rate
    kaldi.frame_opts.frame_length_ms = 1000 * params.window_length / rate
    kaldi.frame_opts.frame_shift_ms = 1000 * params.hop_length / rate
    kaldi.frame_opts.dither = 0
    kaldi.frame_opts.preemph_coeff = 0
    kaldi.frame_opts.remove_dc_offset = False
    kaldi.frame_opts.window_type = "hann"
    kaldi.frame_opts.snip_edges = False
    kaldi.mel_opts.num_bins = params.mels
    kaldi.mel_opts.low_freq = params.low
    kaldi.mel_opts.high_freq = params.high
    kaldi.mel_opts.is_librosa = True
    kaldi.mel_opts.norm = ""

    def by_librosa(samples: np.ndarray, rate: int) -> np.ndarray:
        power = librosa.feature.melspectrogram(
            y=samples,
            sr=rate,
            n_fft=params.fft_size,
            win_length=params.window_length,
            hop_length=params.hop_length,
            n_mels=params.mels,
            fmin=params.low,
            fmax=params.high,
            norm=None,
            pad_mode="constant",
        )
        found: np.ndarray = np.log(power.T + np.float32(POWER_FLOOR))
        return found

    def by_torchaudio(samples: np.ndarray, rate: int) -> np.ndarray:
        with torch.inference_mode():
            power = mel(torch.from_numpy(samples)).T
            found: np.ndarray = torch.log(power + POWER_FLOOR).numpy()
        return found

    def by_kaldi(samples: np.ndarray, rate: int) -> np.ndarray:
        bank = kaldi_native_fbank.OnlineFbank(kaldi)
        bank.accept_waveform(rate, samples)
        bank.input_finished()
        return np.stack([bank.get_frame(number) for number in range(bank.num_frames_ready)])

    return {
        OURS: partial(log_mel.compute, params=params),
        "librosa": by_librosa,
        "torchaudio": by_torchaudio,
        "kaldi-native-fbank": by_kaldi,
    }


def functional_sets(params: FeaturizeParams) -> dict[str, Compute]:
    """One vector per recording: our functionals, and openSMILE's two best known sets."""
    ours = params.model_copy(update={"kinds": ("functionals",)})

    def by_us(samples: np.ndarray, rate: int) -> np.ndarray:
        return featurize(samples, rate, ours)["functionals"]

    def by_opensmile(name: str) -> Compute:
        smile = opensmile.Smile(opensmile.FeatureSet[name], opensmile.FeatureLevel.Functionals)

        def compute(samples: np.ndarray, rate: int) -> np.ndarray:
            vector: np.ndarray = smile.process_signal(samples, rate).to_numpy()[0]
            return vector

        return compute

    return {OURS: by_us} | {name: by_opensmile(name) for name in ("eGeMAPSv02", "ComParE_2016")}


def in_turns(
    ways: Mapping[str, Callable[[], object]], rounds: int, label: str
) -> dict[str, dict[str, float]]:
    """Time several ways to the same end in turns.

    Returns
    -------
    dict
        By way: ``seconds``, the median over the rounds; ``times_ours``, the median over the rounds
        of its time as a multiple of ours.
    """
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()  # so that no round pays for what is made once
    for _ in tqdm(range(rounds), desc=label, disable=None):
        for name, way in ways.items():
            began = time.process_time()
            way()
            taken[name].append(time.process_time() - began)
    return {
        name: {
            "seconds": statistics.median(seconds),
            "times_ours": statistics.median(
                one / ours for one, ours in zip(seconds, taken[OURS], strict=True)
            ),
        }
        for name, seconds in taken.items()
    }


def over(compute: Compute, recordings: Sequence[tuple[np.ndarray, int]]) -> Callable[[], None]:
    """What computes the features of all recordings, one after the other."""

    def way() -> None:
        for samples, rate in recordings:
            compute(samples, rate)

    return way


def shard_readers(dataset: Path, shards: Sequence[Shard]) -> dict[str, Callable[[], int]]:
    """Each reads the bytes of every recording of a dataset; how many bytes there were."""
    paths = [str(shard.path) for shard in shards]

    def by_us() -> int:
        # the manifest, which is read and checked here, says what else is known of each recording
        return sum(len(content) for shard in read_shards(dataset) for _, _, content in shard)

    def by_webdataset() -> int:
        samples = webdataset.WebDataset(paths, shardshuffle=False)
        return sum(len(sample["wav"]) for sample in samples)

    assert by_us() == by_webdataset()
    return {OURS: by_us, "webdataset": by_webdataset}


def largest_difference(
    ways: dict[str, Compute], samples: np.ndarray, rate: int
) -> dict[str, float]:
    """How far each package's log-mel is from ours, where its frames are the same."""
    ours = ways[OURS](samples, rate)
    found = {}
    for name, way in ways.items():
        theirs = way(samples, rate)
        if theirs.shape == ours.shape and name != OURS:
            found[name] = float(np.abs(theirs - ours).max())
    return found


def measure(corpora: Path, folder: Path, vectors: Path, sample: int, rounds: int) -> dict[str, Any]:
    """Measure all that works on recordings; ``folder`` is for what is written on the way."""
    cleaning = load("clean", CleanParams)
    params = load("featurize", FeaturizeParams).prepared(cleaning.sample_rate)
    ingest(IngestParams.model_validate({"from": str(corpora), "max_rejected": 0}), folder / "raw")
    rename_merge(folder / "raw", folder / "merged")
    clean_dataset(folder / "merged", folder / "clean", cleaning)
    shards = read_shards(folder / "clean")
    contents = [content for shard in shards for _, _, content in shard]
    recordings = [decode_own(one) for one in random.Random(0).sample(contents, sample)]
    seconds = sum(len(samples) / rate for samples, rate in recordings)
    mels, sets = log_mels(params.of("log_mel"), cleaning.sample_rate), functional_sets(params)
    readers = shard_readers(folder / "clean", shards)
    values, uar = {}, {}
    for name, compute in sets.items():
        found, emotions, speakers = vectors_of(compute, shards, vectors / f"{name}.npy")
        values[name], uar[name] = found.shape[1], mean_uar(found, emotions, speakers)
    return {
        "recordings": sample,
        "seconds_of_audio": seconds,
        "rounds": rounds,
        "log_mel": in_turns(
            {name: over(way, recordings) for name, way in mels.items()}, rounds, "log-mel"
        ),
        "log_mel_difference": largest_difference(mels, *recordings[0]),
        "functionals": in_turns(
            {name: over(way, recordings) for name, way in sets.items()}, rounds, "functionals"
        ),
        "functionals_values": values,
        "functionals_uar": uar,
        "shards": in_turns(readers, rounds, "shards"),
        "shards_read": {"recordings": len(contents), "files": len(shards)},
        "versions": {
            **{name: version(name) for name in LICENCES if name != NKULULEKO},
            "torch": version("torch"),
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("corpora", type=Path, help="folder with RAVDESS and TESS, unpacked")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--sample", type=int, default=200, help="recordings to time on")
    parser.add_argument(
        "--vectors", type=Path, help="folder that keeps the vectors for the UAR between runs"
    )
    parser.add_argument(
        "--nkululeko", type=Path, help="a virtual environment with nkululeko and nothing else"
    )
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place, threadpool_limits(limits=1):
        vectors = given.vectors or Path(place)
        vectors.mkdir(parents=True, exist_ok=True)
        folder = Path(place) / "data"
        measured = measure(given.corpora, folder, vectors, given.sample, given.rounds)
        measured["installed"] = measure_installed(Path(place) / "light", given.nkululeko)
    RESULTS.write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    print(tables(measured))


if __name__ == "__main__":
    main()
