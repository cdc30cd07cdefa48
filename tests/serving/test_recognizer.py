"""The recogniser on LiteRT: Keras' answers, for audio of every kind, whole or in pieces."""

import io
import json
import shutil
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import tone, wav
from exported_model import change_front_end, write_models
from feature_folders import spectrogram, vector

from speech_emotion.base.errors import AudioError, NoSpeechError, PipelineError
from speech_emotion.data.corpora.ravdess import EMOTIONS
from speech_emotion.networks import NAMES, Features, find
from speech_emotion.serving.lite import LiteModel
from speech_emotion.serving.recognizer import Recognizer
from speech_emotion.training.trained_model import TrainedModel


def utterances(count: int) -> list[Features]:
    draw = np.random.default_rng(0)
    return [
        {
            "log_mel": spectrogram(EMOTIONS[number % 8], 20 + 190 * number, draw),
            "mfcc_mean": vector(EMOTIONS[number % 8], draw),
            "functionals": vector(EMOTIONS[number % 8], draw),
            "whisper_pooled": vector(EMOTIONS[number % 8], draw),
        }
        for number in range(count)
    ]


EXPORTED = [name for name in NAMES if find(name, ("functionals",)).on_litert]


@pytest.mark.slow
@pytest.mark.parametrize("network", EXPORTED)
def test_litert_gives_the_answers_of_keras_whatever_the_number_of_segments(
    network: str, tmp_path: Path
) -> None:
    """From one crop and padding to more crops than the network asks for."""
    write_models(tmp_path, network, utterances(16), {}, steps=8)
    expected = TrainedModel.load(tmp_path / "keras").probabilities(utterances(12))
    given = LiteModel.load(tmp_path / "export").probabilities(utterances(12))
    assert np.ptp(expected, axis=0).max() > 0.1, "all answers are the same: nothing is tested"
    np.testing.assert_allclose(given, expected, atol=1e-4)
    np.testing.assert_allclose(given.sum(axis=1), 1)
    assert LiteModel.load(tmp_path / "export").probabilities([]).shape == (0, 8)


def close(first: dict[str, float], second: dict[str, float], tolerance: float) -> bool:
    return list(first) == list(second) and all(
        abs(first[label] - second[label]) <= tolerance for label in first
    )


@pytest.mark.slow
def test_the_same_recording_gets_the_same_answer_from_everything(
    models: Path, recognizer: Recognizer, speech: tuple[np.ndarray, int], tmp_path: Path
) -> None:
    samples, rate = speech
    path = tmp_path / "speech.wav"
    soundfile.write(path, samples, rate, subtype="FLOAT")
    expected = recognizer.predict(path)
    assert expected.duration == pytest.approx(len(samples) / rate)
    assert sum(expected.probabilities.values()) == pytest.approx(1)
    assert expected.emotion == max(expected.probabilities, key=expected.probabilities.__getitem__)

    assert recognizer.predict(str(path)) == expected
    assert recognizer.predict(samples, rate) == expected
    with path.open("rb") as file:
        assert recognizer.predict(file) == expected
    stereo = np.stack([samples, samples], axis=1)
    assert recognizer.predict(stereo, rate) == expected
    assert recognizer.predict(stereo.T, rate) == expected
    assert recognizer.predict(stereo * [1, -1], rate) == expected
    keras = Recognizer.load(models / "keras").predict(path)
    assert close(keras.probabilities, expected.probabilities, 1e-3)
    whole = recognizer.timeline(path, window=60)
    assert [window.emotion for window in whole] == [expected.emotion]

    stream = recognizer.stream(rate)
    for start in range(0, len(samples), 317):
        stream.feed(samples[start : start + 317])
    assert stream.finish() == expected
    stream.feed(samples)
    assert stream.finish() == expected, "a stream takes the next utterance"


def test_integers_are_read_by_the_full_scale_of_their_type(of_any_sound: Recognizer) -> None:
    draw = np.random.default_rng(0)
    pcm = (draw.normal(0, 0.1, 16000) * 32768).astype(np.int16)
    expected = of_any_sound.predict(pcm / np.float32(32768), 16000)
    assert of_any_sound.predict(pcm, 16000) == expected
    assert of_any_sound.predict(pcm.astype(np.int32) * 65536, 16000) == expected


@pytest.mark.parametrize("softer", [1e-2, 1e-4, 1e-6])
def test_a_soft_recording_in_floating_point_loses_nothing(
    softer: float, recognizer: Recognizer, speech: tuple[np.ndarray, int]
) -> None:
    """It is brought to its level before it is rounded to 16 bits."""
    samples, rate = speech
    expected = recognizer.predict(samples, rate).probabilities
    soft = io.BytesIO(wav(softer * samples, rate, "FLOAT"))
    assert close(recognizer.predict(soft).probabilities, expected, 1e-3)


WAV = [
    "PCM_U8",
    "PCM_16",
    "PCM_24",
    "PCM_32",
    "FLOAT",
    "DOUBLE",
    "ULAW",
    "ALAW",
    "IMA_ADPCM",
    "MS_ADPCM",
    "GSM610",
]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        *((f"{subtype}.wav", {"format": "WAV", "subtype": subtype}) for subtype in WAV),
        ("speech.flac", {"format": "FLAC", "subtype": "PCM_24"}),
        ("vorbis.ogg", {"format": "OGG", "subtype": "VORBIS"}),
        ("opus.ogg", {"format": "OGG", "subtype": "OPUS"}),
        ("speech.mp3", {"format": "MP3", "subtype": "MPEG_LAYER_III"}),
        ("speech.aiff", {"format": "AIFF", "subtype": "PCM_16"}),
    ],
)
def test_every_encoding_is_read(
    name: str,
    options: dict[str, str],
    recognizer: Recognizer,
    speech: tuple[np.ndarray, int],
    tmp_path: Path,
) -> None:
    samples, rate = speech
    samples = samples[: rate * 2]
    soundfile.write(tmp_path / name, samples, rate, **options)
    prediction = recognizer.predict(tmp_path / name)
    assert prediction.duration == pytest.approx(2, abs=0.15)
    lossless = options["subtype"] in {"PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"}
    # what an encoding lost is not the reader's to bring back
    expected = samples if lossless else soundfile.read(tmp_path / name)[0]
    assert close(prediction.probabilities, recognizer.predict(expected, rate).probabilities, 0.02)


@pytest.mark.parametrize("rate", [4000, 8000, 11025, 44100, 96000, 192000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_every_rate_and_channel_count_is_read(
    rate: int, channels: int, of_any_sound: Recognizer, tmp_path: Path
) -> None:
    draw = np.random.default_rng(0)
    path = tmp_path / "noise.wav"
    soundfile.write(path, draw.normal(0, 0.1, (rate // 5, channels)), rate)
    prediction = of_any_sound.predict(path)
    assert prediction.duration == pytest.approx(0.2)
    assert sum(prediction.probabilities.values()) == pytest.approx(1)


def test_a_long_recording_is_recognised_in_pieces_and_its_silence_does_not_count(
    of_any_sound: Recognizer,
) -> None:
    draw = np.random.default_rng(0)
    rate = 8000
    loud = draw.normal(0, 0.1, 60 * rate).astype(np.float32)
    other = (np.sign(np.sin(np.arange(30 * rate) / 5)) * 0.2).astype(np.float32)
    first, second = of_any_sound.predict(loud, rate), of_any_sound.predict(other, rate)
    both = of_any_sound.predict(np.concatenate([loud, other]), rate)
    mean = {
        label: (2 * first.probabilities[label] + second.probabilities[label]) / 3
        for label in EMOTIONS
    }
    assert close(both.probabilities, mean, 1e-9)
    assert both.duration == 90
    with_silence = np.concatenate([np.zeros(60 * rate, np.float32), loud])
    assert of_any_sound.predict(with_silence, rate).probabilities == first.probabilities


@pytest.mark.slow
def test_only_the_pieces_with_speech_count(
    recognizer: Recognizer, speech: tuple[np.ndarray, int]
) -> None:
    samples, rate = speech
    noise = np.random.default_rng(0).normal(0, 0.1, 60 * rate).astype(np.float32)
    found = recognizer.predict(np.concatenate([noise, samples]), rate)
    expected = recognizer.predict(samples, rate)
    assert close(found.probabilities, expected.probabilities, 1e-9)
    assert found.duration == pytest.approx(60 + len(samples) / rate)


def test_a_sound_that_is_no_speech_is_reported_unless_any_sound_will_do(
    recognizer: Recognizer, of_any_sound: Recognizer, speech: tuple[np.ndarray, int]
) -> None:
    samples, rate = speech
    middle = samples[len(samples) // 2 :][: rate // 20]
    for sound in (tone(2, rate), 0.1 * np.random.default_rng(0).normal(size=2 * rate), middle):
        with pytest.raises(NoSpeechError, match=r"^The array holds no speech\.$") as caught:
            recognizer.predict(sound, rate)
        assert caught.value.duration == pytest.approx(len(sound) / rate)
        assert of_any_sound.predict(sound, rate).emotion in EMOTIONS
        with pytest.raises(NoSpeechError):
            recognizer.adapt([sound], rate)
        assert of_any_sound.adapt([sound], rate).any_sound


@pytest.mark.parametrize("announced", [0xFFFFFFFF, 0x7FFFF024])
def test_wav_written_to_a_pipe_is_read(
    announced: int, recognizer: Recognizer, speech: tuple[np.ndarray, int]
) -> None:
    """FFmpeg and SoX can't go back to fill in the length."""
    samples, rate = speech
    content = bytearray(wav(samples, rate))
    data = content.find(b"data")
    for place in (4, data + 4):
        content[place : place + 4] = announced.to_bytes(4, "little")
    assert recognizer.predict(io.BytesIO(bytes(content))) == recognizer.predict(
        io.BytesIO(wav(samples, rate))
    )


def test_what_is_no_recording_is_reported(recognizer: Recognizer, tmp_path: Path) -> None:
    whole = wav(np.random.default_rng(0).normal(0, 0.1, 16000))
    contents = {
        "text": b"no audio",
        "empty": b"",
        "cut": whole[:20000],
        "silent": wav(np.zeros(16000)),
        "short": wav(np.full(100, 0.1)),
        "nan": wav(np.array([0.1, np.nan] * 8000), subtype="FLOAT"),
        "huge": wav(np.array([0.1, -1e20] * 8000), subtype="FLOAT"),
    }
    for name, reason in {
        "text": "can't be decoded",
        "empty": "can't be decoded",
        "cut": "is cut short",
        "silent": "is silent",
        "short": "lasts less than",
        "nan": "not finite",
        "huge": "samples as large as",
        "absent": "No such file",
    }.items():
        if name in contents:
            (tmp_path / name).write_bytes(contents[name])
        with pytest.raises(ValueError, match=reason):
            recognizer.predict(tmp_path / name)
    with pytest.raises(ValueError, match="Is a directory"):
        recognizer.predict(tmp_path)
    soundfile.write(tmp_path / "slow.wav", np.full(100, 0.1), 40)
    with pytest.raises(ValueError, match="sample rate of 40 Hz: expected 1000 Hz or more"):
        recognizer.predict(tmp_path / "slow.wav")
    with pytest.raises(ValueError, match="without its sample rate"):
        recognizer.predict(np.zeros(16000))
    for samples in (np.zeros((2, 2, 2)), np.zeros(9, complex), np.zeros(9, np.uint8)):
        with pytest.raises(ValueError, match="expected samples"):
            recognizer.predict(samples, 16000)


def test_a_model_that_cannot_be_used_is_reported(models: Path, tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"no model\.tflite: run `dvc repro export`"):
        Recognizer.load(tmp_path)
    folder = tmp_path / "export"
    shutil.copytree(models / "export", folder)
    change_front_end(folder, "clean", echo_cancellation=True)
    with pytest.raises(PipelineError, match=r"clean\.echo_cancellation is not known"):
        Recognizer.load(folder)
    shutil.copy(models / "export" / "settings.json", folder)
    change_front_end(folder, "featurize", kinds=["mfcc"])
    reported = "takes functionals, log_mel, which its front end does not make"
    with pytest.raises(PipelineError, match=reported):
        Recognizer.load(folder)
    shutil.copy(models / "export" / "settings.json", folder)
    (folder / "model.tflite").write_bytes(b"half a")
    with pytest.raises(PipelineError, match=r"model\.tflite is not a model that can be loaded"):
        Recognizer.load(folder)
    settings = json.loads((folder / "settings.json").read_text())
    (folder / "settings.json").write_text(json.dumps({**settings, "network": "other"}))
    with pytest.raises(PipelineError, match="names the network 'other'"):
        Recognizer.load(folder)


@pytest.mark.slow
def test_a_known_voice_changes_the_answers_alike_in_keras_and_litert(
    models: Path, recognizer: Recognizer, speech: tuple[np.ndarray, int], tmp_path: Path
) -> None:
    samples, rate = speech
    louder, path = np.clip(2 * samples, -1, 1), tmp_path / "speech.wav"
    soundfile.write(path, samples, rate, subtype="FLOAT")
    plain = recognizer.predict(samples, rate)
    adapted = recognizer.adapt([path, louder], rate)
    expected = adapted.predict(samples, rate)
    assert not close(expected.probabilities, plain.probabilities, 1e-3)
    assert recognizer.predict(samples, rate) == plain, "the recogniser itself stays as it was"
    assert recognizer.adapt([]).predict(samples, rate) == plain
    again = recognizer.adapt([samples], rate).adapt([louder], rate)
    assert again.predict(samples, rate) == expected, "adapting again adds recordings"
    keras = Recognizer.load(models / "keras").adapt([path, louder], rate)
    assert close(keras.predict(path).probabilities, expected.probabilities, 1e-3)
    assert [one.emotion for one in adapted.timeline(path, window=60)] == [expected.emotion]


def test_a_voice_that_cannot_be_known_is_reported(
    models: Path, recognizer: Recognizer, tmp_path: Path
) -> None:
    with pytest.raises(AudioError, match="silent"):
        recognizer.adapt([np.zeros(16000, np.float32)], 16000)
    folder = tmp_path / "export"
    shutil.copytree(models / "export", folder)
    (folder / "voices.npz").unlink()
    with pytest.raises(PipelineError, match=r"knows nothing of voices, .* on two speakers or more"):
        Recognizer.load(folder).adapt([])
    with pytest.raises(PipelineError, match=r"holds no model_int8\.tflite"):
        Recognizer.load(folder, int8=True)


@pytest.mark.slow
def test_memory_stays_the_same_however_long_the_recording(
    of_any_sound: Recognizer, tmp_path: Path
) -> None:
    """NumPy's own memory; what the process as a whole takes is measured by benchmarks.predict."""
    draw = np.random.default_rng(0)
    rate = 8000
    peaks = []
    for minutes in (2, 6):
        path = tmp_path / f"{minutes}.wav"
        minute = draw.normal(0, 0.1, 60 * rate)
        with soundfile.SoundFile(path, "w", rate, 1) as file:
            for _ in range(minutes):
                file.write(minute)
        tracemalloc.start()
        of_any_sound.predict(path)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]
