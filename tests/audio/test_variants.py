"""Variants do what their names say, and depend on nothing but the recording."""

import librosa
import numpy as np
import pytest
from conftest import tone
from numpy.linalg import norm
from pydantic import ValidationError

from speech_emotion.audio.codec import decode
from speech_emotion.audio.noise import add_noise
from speech_emotion.audio.variants import AugmentParams, Original, Variant
from speech_emotion.audio.variants import make_variant as make
from speech_emotion.audio.vocoder import FFT_SIZE, TOLERANCE, frame_size
from speech_emotion.data.synthetic.corpus import SyntheticRecording

RATE = 16000


def variant(kind: str, amount: float) -> Variant:
    return Variant.model_validate({kind: amount})


def make_variant(samples: np.ndarray, one: Variant, source_id: str = "a") -> np.ndarray:
    return make(one, Original(source_id, samples, RATE))


def pitch_of(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 8 * len(samples)))
    return float(spectrum.argmax() * RATE / (8 * len(samples)))


@pytest.mark.parametrize("semitones", [-3.5, -2.5, -1, 1, 2.5, 3.5])
def test_pitch_moves_by_semitones_and_duration_stays(semitones: float) -> None:
    shifted = make_variant(tone(2), variant("pitch", semitones))
    assert len(shifted) == 2 * RATE
    assert pitch_of(shifted) == pytest.approx(220 * 2 ** (semitones / 12), rel=0.0035)


@pytest.mark.parametrize("rate", [0.81, 1.07])
def test_stretch_changes_duration_and_not_pitch(rate: float) -> None:
    stretched = make_variant(tone(2), variant("stretch", rate))
    assert len(stretched) == pytest.approx(2 * RATE / rate, abs=1)
    assert pitch_of(stretched) == pytest.approx(220, rel=0.005)


@pytest.mark.parametrize("rate", [0.9, 1.1])
def test_speed_changes_duration_and_pitch_alike(rate: float) -> None:
    faster = make_variant(tone(2), variant("speed", rate))
    assert len(faster) == pytest.approx(2 * RATE / rate, abs=1)
    assert pitch_of(faster) == pytest.approx(220 * rate, rel=0.002)


@pytest.mark.slow
def test_noise_has_the_ratio_asked_for_and_a_seed_of_its_own() -> None:
    speech = librosa.chirp(fmin=100, fmax=400, sr=RATE, duration=2).astype(np.float32) * 0.2
    noisy = {name: make_variant(speech, variant("noise", 20), name) for name in ("a", "b")}
    ratio = np.mean(speech**2) / np.mean((noisy["a"] - speech) ** 2)
    assert 10 * np.log10(ratio) == pytest.approx(20, abs=0.01)
    assert not np.array_equal(noisy["a"], noisy["b"])
    np.testing.assert_array_equal(noisy["a"], make_variant(speech, variant("noise", 20)))


def test_noise_is_drawn_as_before_names_lost_their_dots() -> None:
    speech = tone(0.5)
    made = make_variant(speech, variant("noise", 12.5), "03-01-05-01-01-01-02")
    expected = add_noise(speech, 12.5, "03-01-05-01-01-01-02_noise12.5")
    np.testing.assert_array_equal(made, expected)


def test_a_band_ends_where_it_is_asked_to() -> None:
    speech = np.random.default_rng(0).normal(0, 0.1, 2 * RATE).astype(np.float32)
    made = make_variant(speech, variant("band", 4000))
    assert len(made) == len(speech)
    before, after = np.square(np.abs(np.fft.rfft([speech, made])))
    quarter = len(before) // 4
    assert after[2 * quarter + quarter // 8 :].sum() < 1e-6 * before.sum()
    assert after[:quarter].sum() == pytest.approx(before[:quarter].sum(), rel=1e-3)


OUTSIDE = {
    "babble": 10,
    "clipping": 20,
    "coloured": 10,
    "hum": 10,
    "knocks": 10,
    "lossy": 8,
    "music": 10,
    "room": 0.6,
    "telephone": 3600,
}
"""What recordings suffer outside a studio, and how much of it."""


@pytest.mark.parametrize("kind", OUTSIDE)
def test_outside_the_studio_recordings_stay_as_long_and_as_loud(
    kind: str, speech: tuple[np.ndarray, int]
) -> None:
    samples = librosa.resample(speech[0], orig_sr=speech[1], target_sr=RATE)
    one = variant(kind, OUTSIDE[kind])
    made = make_variant(samples, one)
    assert made.shape == samples.shape
    assert made.dtype == np.float32
    assert norm(made) == pytest.approx(norm(samples), rel=1e-3)
    assert not np.array_equal(made, samples)
    np.testing.assert_array_equal(made, make_variant(samples, one))
    # in a room or by a coder a recording has no seed that says much, so look at several
    others = [make_variant(samples, one, name) for name in "bcde"]
    assert any(not np.array_equal(made, other) for other in others)


@pytest.mark.parametrize("kind", OUTSIDE)
def test_silence_is_no_reason_to_stop(kind: str) -> None:
    made = make_variant(np.zeros(RATE // 4, np.float32), variant(kind, OUTSIDE[kind]))
    assert len(made) == RATE // 4
    assert np.isfinite(made).all()


@pytest.mark.parametrize("kind", ["babble", "coloured", "hum", "knocks", "music"])
def test_sounds_lie_as_far_below_as_was_asked_for(kind: str) -> None:
    speech = tone(2)
    for name in "abcdef":
        made = make_variant(speech, variant(kind, 10), name)
        # what is left when the part that is the recording is taken away
        share = np.dot(made, speech) / np.dot(speech, speech)
        ratio = 20 * np.log10(norm(share * speech) / norm(made - share * speech))
        assert 9.5 < ratio < 20.5


def test_people_in_the_background_are_the_speaker_with_other_voices() -> None:
    time = np.arange(RATE) / RATE
    others = [np.sin(2 * np.pi * pitch * time, dtype=np.float32) for pitch in (300, 1000)]
    original = Original("a", np.random.default_rng(0).normal(0, 0.1, RATE), RATE, others)
    made = make(variant("babble", 0), original)
    spectrum = np.abs(np.fft.rfft(made, 8 * RATE))
    loudest = spectrum.argmax() / 8
    # an octave of speeds at most around the two tones
    assert 300 * 0.7 < loudest < 1000 * 1.4


def test_a_telephone_has_no_treble_and_no_bass() -> None:
    noise = np.random.default_rng(0).normal(0, 0.05, 2 * RATE).astype(np.float32)
    power = np.abs(np.fft.rfft(make_variant(noise, variant("telephone", 3400)))) ** 2
    frequency = np.fft.rfftfreq(2 * RATE, 1 / RATE)
    assert power[(frequency < 200) | (frequency > 3900)].sum() < 0.01 * power.sum()


def test_names_differ_and_hold_no_dot_where_webdataset_would_split_them() -> None:
    amounts = [("pitch", -3.5), ("pitch", 1), ("stretch", 0.81), ("noise", 20), ("noise", 12.5)]
    names = [variant(kind, amount).name for kind, amount in amounts]
    assert names == ["pitch-3p5", "pitch+1", "stretch0p81", "noise20", "noise12p5"]


def test_a_variant_is_exactly_one_thing() -> None:
    for fault in ({}, {"pitch": 1, "stretch": 1.1}):
        with pytest.raises(
            ValidationError, match="exactly one of babble, band, clipping, coloured, hum, knocks"
        ):
            Variant.model_validate(fault)
    with pytest.raises(ValidationError, match=r"expected -24 to 24 semitones"):
        Variant.model_validate({"pitch": 30})
    with pytest.raises(ValidationError, match="more than once"):
        AugmentParams.model_validate({"variants": [{"pitch": 1}, {"pitch": 1.0}]})


def test_each_recording_gets_as_many_variants_as_were_asked_for_and_others_other_ones() -> None:
    amounts = {"speed": 1.1, **OUTSIDE}
    all_of_them = [{kind: amount} for kind, amount in amounts.items()]
    params = AugmentParams.model_validate({"variants": all_of_them, "per_recording": 3})
    drawn = {name: [one.kind for one in params.drawn_for(name)] for name in map(str, range(200))}
    assert all(len(set(kinds)) == 3 for kinds in drawn.values())
    assert all(kinds == sorted(kinds, key=list(amounts).index) for kinds in drawn.values())
    counts = {kind: sum(kind in kinds for kinds in drawn.values()) for kind in amounts}
    assert all(35 < count < 85 for count in counts.values()), "60 each, but for chance"
    assert params.drawn_for("1") == params.drawn_for("1")
    assert len(AugmentParams.model_validate({"variants": all_of_them}).drawn_for("1")) == 10
    with pytest.raises(ValidationError, match="there are 10 variants to draw from"):
        AugmentParams.model_validate({"variants": all_of_them, "per_recording": 11})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "amount"), [("pitch", -3.5), ("pitch", 2.5), ("stretch", 0.81), ("stretch", 1.5)]
)
def test_the_vocoder_is_librosas(
    kind: str, amount: float, synthetic_recordings: list[SyntheticRecording]
) -> None:
    samples, rate = decode(synthetic_recordings[0].read())
    samples = librosa.resample(samples[:, 0], orig_sr=rate, target_sr=RATE)
    samples[: RATE // 4] = 0  # digital silence, as noise reduction leaves it
    if kind == "pitch":
        semitones = 12 * np.log2(FFT_SIZE / frame_size(amount))
        assert semitones == pytest.approx(amount, abs=TOLERANCE / 100)
        expected = librosa.effects.pitch_shift(samples, sr=RATE, n_steps=semitones)
    else:
        expected = librosa.effects.time_stretch(samples, rate=amount)
    made = make_variant(samples, variant(kind, amount))
    assert len(made) == len(expected)
    spectrum, error = np.abs(np.fft.rfft([expected, made - expected]))
    # beyond this the resamplers roll off, each in its own way
    below = len(spectrum) * 3 // 4
    assert 20 * np.log10(norm(error[:below]) / norm(spectrum[:below])) < -50


@pytest.mark.parametrize("length", [1, 100, 600, 5000])
def test_clips_shorter_than_a_frame(length: int) -> None:
    samples = tone(1)[:length]
    assert len(make_variant(samples, variant("pitch", 2))) == length
    assert len(make_variant(samples, variant("stretch", 0.5))) == 2 * length
