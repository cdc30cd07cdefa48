"""Disturbed recordings: each is what its description says, and the same every time."""

import numpy as np
import pytest
from scipy.signal import hilbert

from speech_emotion.audio import background_sounds
from speech_emotion.audio.disturbances import (
    DISTURBANCES,
    PHONE_RATE,
    POSITIONS,
    ROOMS,
    compress,
    through_mu_law,
)
from speech_emotion.audio.rooms import SOUND_SPEED, Place, impulse_response, reverberate

RATE = 16000
SOME = [f"03-01-05-01-01-01-{actor:02d}" for actor in range(1, 25)]
"""Enough ids to draw each of a few figures at least once."""

LENGTH_CHANGES = {
    "appended zeros": {100, 500, 1000},
    "prepended zeros": {100, 500, 1000},
    "cropped beginning": {-100, -500, -1000},
    "cropped end": {-100, -500, -1000},
}


@pytest.fixture(scope="module")
def voice() -> np.ndarray:
    """Two seconds of noise with syllables, louder at low frequencies as speech is."""
    random = np.random.default_rng(0)
    spectrum = np.fft.rfft(random.standard_normal(2 * RATE + 1))
    frequency = np.fft.rfftfreq(2 * RATE + 1, 1 / RATE)
    spectrum /= 1 + (frequency / 500) ** 2
    time = np.arange(2 * RATE + 1) / RATE
    sound = np.fft.irfft(spectrum, 2 * RATE + 1) * np.sin(2 * np.pi * 2 * time) ** 2
    return (0.5 * sound / np.abs(sound).max()).astype(np.float32)


def decibels(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64))))


def power(samples: np.ndarray, low: float, high: float, rate: int = RATE) -> float:
    """Of the samples between two frequencies, in Hz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    frequency = np.fft.rfftfreq(len(samples), 1 / rate)
    return float(spectrum[(frequency >= low) & (frequency < high)].sum())


def tone(frequency: float, amplitude: float = 0.3, duration: float = 2.0) -> np.ndarray:
    time = np.arange(round(duration * RATE)) / RATE
    return (amplitude * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


@pytest.mark.parametrize("name", DISTURBANCES)
def test_the_id_decides_and_the_recording_is_left_alone(name: str, voice: np.ndarray) -> None:
    disturbance = DISTURBANCES[name]
    original = voice.copy()
    first, again = (disturbance.apply(voice, RATE, SOME[0]) for _ in range(2))
    assert first.tobytes() == again.tobytes()
    assert first.dtype == np.float32
    assert np.isfinite(first).all()
    assert len({disturbance.apply(voice, RATE, one).tobytes() for one in SOME}) > 1
    assert np.array_equal(voice, original)
    assert not np.array_equal(first, voice)


@pytest.mark.parametrize("name", DISTURBANCES)
def test_lengths_are_kept_but_where_something_is_cut_or_added(name: str, voice: np.ndarray) -> None:
    changes = {len(DISTURBANCES[name].apply(voice, RATE, one)) - len(voice) for one in SOME}
    assert changes == LENGTH_CHANGES.get(name, {0})


@pytest.mark.parametrize("name", DISTURBANCES)
@pytest.mark.parametrize("rate", [4000, 8000, 22050, 48000])
def test_every_rate_of_a_front_end_and_silence_are_taken(
    name: str, rate: int, voice: np.ndarray
) -> None:
    disturbed = DISTURBANCES[name].apply(voice[: rate // 4], rate, SOME[0])
    assert np.isfinite(disturbed).all()
    assert disturbed.any()
    assert not DISTURBANCES[name].apply(np.zeros(rate, np.float32), rate, SOME[0]).any()


def test_what_is_cut_or_added_leaves_the_rest_as_it_was(voice: np.ndarray) -> None:
    for one in SOME[:6]:
        longer = DISTURBANCES["prepended zeros"].apply(voice, RATE, one)
        count = len(longer) - len(voice)
        assert not longer[:count].any()
        assert np.array_equal(longer[count:], voice)
        longer = DISTURBANCES["appended zeros"].apply(voice, RATE, one)
        assert not longer[len(voice) :].any()
        assert np.array_equal(longer[: len(voice)], voice)
        shorter = DISTURBANCES["cropped beginning"].apply(voice, RATE, one)
        assert np.array_equal(shorter, voice[-len(shorter) :])
        shorter = DISTURBANCES["cropped end"].apply(voice, RATE, one)
        assert np.array_equal(shorter, voice[: len(shorter)])


def test_a_gain_is_exact(voice: np.ndarray) -> None:
    ratios = {
        round(decibels(DISTURBANCES["gain"].apply(voice, RATE, one)) - decibels(voice), 4)
        for one in SOME
    }
    assert ratios == {-2, -1, 1, 2}


def test_a_tone_lies_as_far_below_the_peak_as_it_says(voice: np.ndarray) -> None:
    ratios = set()
    for one in SOME:
        added = DISTURBANCES["additive tone"].apply(voice, RATE, one) - voice
        assert power(added, 4990, 7010) > 0.99 * power(added, 0, RATE / 2)
        amplitude = np.abs(hilbert(added))[RATE // 2 : -RATE // 2].mean()
        ratios.add(round(20 * np.log10(np.abs(voice).max() / amplitude)))
    assert ratios == {40, 45, 50}


def test_so_many_of_the_loudest_samples_are_clipped(voice: np.ndarray) -> None:
    shares = set()
    for one in SOME:
        clipped = DISTURBANCES["clipping"].apply(voice, RATE, one)
        changed = clipped != voice
        assert np.unique(np.abs(clipped[changed])).size == 1
        assert np.abs(clipped[changed]).max() == np.abs(clipped).max()
        shares.add(round(float(changed.mean()), 4))
    assert shares == {0.001, 0.002, 0.003}


@pytest.mark.parametrize(
    ("name", "cut_offs"), [("high pass", (50, 100, 150)), ("low pass", (6500, 7000, 7500))]
)
def test_a_filter_of_order_1_halves_the_power_at_its_cut_off(
    name: str, cut_offs: tuple[float, ...]
) -> None:
    click = np.zeros(RATE, np.float32)
    click[0] = 1
    found = set()
    for one in SOME:
        response = np.abs(np.fft.rfft(DISTURBANCES[name].apply(click, RATE, one))) ** 2
        found.add(int(np.abs(response - 0.5).argmin()))  # a bin is 1 Hz
    assert found == set(cut_offs)


@pytest.mark.parametrize(
    ("name", "ratios"),
    [
        ("faint white noise", {35, 40, 45}),
        ("white noise", {20}),
        ("environment", {20}),
        ("babble", {20}),
        ("music", {20}),
        ("coughing", {10}),
    ],
)
def test_noise_is_as_loud_as_it_says(name: str, ratios: set[int], voice: np.ndarray) -> None:
    found = set()
    for one in SOME:
        noise = DISTURBANCES[name].apply(voice, RATE, one) - voice
        found.add(round(decibels(voice) - decibels(noise), 2))
    assert found == ratios


def test_babble_is_of_voices_and_no_noise(voice: np.ndarray) -> None:
    babble = background_sounds.babble(4 * RATE, RATE, "any")
    # most is within the formants, and the rhythm is that of syllables
    assert power(babble, 80, 3000) > 0.95 * power(babble, 0, RATE / 2)
    steps = np.sqrt(np.mean(babble.reshape(-1, RATE // 100) ** 2, axis=1))
    rhythm = np.abs(np.fft.rfft(steps - steps.mean())) ** 2
    rates = np.fft.rfftfreq(len(steps), 0.01)
    assert rhythm[(rates > 1) & (rates < 9)].mean() > 5 * rhythm[rates > 15].mean()
    # it repeats itself after a period of somebody's pitch; noise as dull as speech does not
    assert repetition(babble) > 0.35
    assert repetition(voice) < 0.2


def repetition(samples: np.ndarray) -> float:
    """Mean over 0.1 s pieces of the greatest autocorrelation at a lag of a period, 80 to 300 Hz."""
    pieces = samples[: len(samples) // 1600 * 1600].reshape(-1, 1600)
    correlation = np.fft.irfft(np.abs(np.fft.rfft(pieces, 3200)) ** 2)
    highest = correlation[:, RATE // 300 : RATE // 80].max(axis=1)
    return float(np.mean(highest / correlation[:, 0]))


def test_music_is_of_notes_in_tune() -> None:
    music = background_sounds.music(8 * RATE, RATE, "any")
    spectrum = np.abs(np.fft.rfft(music * np.hanning(len(music)))) ** 2
    frequency = np.fft.rfftfreq(len(music), 1 / RATE)
    low = (frequency > 60) & (frequency < 600)  # higher, overtones are out of tune by nature
    semitones = 12 * np.log2(frequency[low] / 440)
    in_tune = np.abs(semitones - np.rint(semitones)) < 0.2  # two fifths of all frequencies
    assert spectrum[low][in_tune].sum() > 0.8 * spectrum[low].sum()


def test_a_cough_is_short_whole_and_anywhere() -> None:
    starts = []
    for one in SOME:
        cough = background_sounds.cough(3 * RATE, RATE, one)
        heard = np.flatnonzero(np.abs(cough) > np.abs(cough).max() / 1000)
        assert 0.2 < (heard[-1] - heard[0]) / RATE <= 0.5
        starts.append(heard[0] / RATE)
        # it bursts: more than half of its energy is in its first third
        energy = np.cumsum(np.square(cough[heard[0] : heard[-1]], dtype=np.float64))
        assert energy[len(energy) // 3] > energy[-1] / 2
    assert min(starts) < 0.7
    assert max(starts) > 1.7


def test_a_cough_longer_than_the_recording_is_cut() -> None:
    assert background_sounds.cough(RATE // 4, RATE, "any").shape == (RATE // 4,)


@pytest.mark.parametrize("place", [POSITIONS[0], POSITIONS[-1], *ROOMS])
def test_a_room_decays_as_long_as_it_says_after_the_direct_sound(place: Place) -> None:
    response = impulse_response(place, RATE).astype(np.float64)
    assert response[0] == 1
    # Schroeder's backward integration (JASA 37, 1965), where it is straight
    left = 10 * np.log10(np.cumsum(response[::-1] ** 2)[::-1])
    straight = (left < left[1] - 5) & (left > left[1] - 25)
    slope = np.polyfit(np.flatnonzero(straight) / RATE, left[straight], 1)[0]
    assert -60 / slope == pytest.approx(place.reverberation, rel=0.1)


def test_the_first_reflection_comes_from_the_floor() -> None:
    place = Place((8.0, 8.0, 4.0), 0.5, (3.0, 4.0, 1.0), (5.0, 4.0, 1.0))
    response = impulse_response(place, RATE)
    way = np.hypot(2.0, 2.0)  # down and up again, mirrored in the floor
    expected = (way - 2.0) / SOUND_SPEED
    first = int(np.argmax(response[1:] > 0.1)) + 1
    assert first / RATE == pytest.approx(expected, abs=1 / RATE)
    assert response[first] == pytest.approx(2.0 / way * 10 ** (-3 * expected / 0.5), rel=0.05)


def test_in_a_room_a_click_is_heard_at_once_and_the_level_stays(voice: np.ndarray) -> None:
    for place in (POSITIONS[0], ROOMS[-1]):
        click = np.zeros(RATE, np.float32)
        click[1000] = 1
        heard = reverberate(click, RATE, place)
        assert np.abs(heard[:1000]).max() < 1e-6
        assert np.abs(heard).argmax() == 1000
        assert decibels(reverberate(voice, RATE, place)) == pytest.approx(decibels(voice), abs=0.01)


def test_farther_away_there_is_more_of_the_room() -> None:
    near, far = (impulse_response(POSITIONS[place], RATE)[1:] for place in (0, -1))
    assert POSITIONS[0].distance == pytest.approx(1)
    assert POSITIONS[-1].distance == pytest.approx(3)
    assert decibels(far) > decibels(near) + 6


def test_every_position_and_room_is_drawn(voice: np.ndarray) -> None:
    for name, places in (("position", POSITIONS), ("other room", ROOMS)):
        drawn = {DISTURBANCES[name].apply(voice, RATE, f"{one}").tobytes() for one in range(60)}
        assert len(drawn) == len(places)


def test_a_phone_passes_300_to_3400_hz_and_keeps_the_level() -> None:
    phone = DISTURBANCES["low-quality phone"]
    mixed = np.sum([tone(frequency, 0.1) for frequency in (100, 1000, 3000, 5000)], axis=0)
    heard = phone.apply(mixed, RATE, "any")
    lost = {
        frequency: 10
        * np.log10(
            power(mixed, frequency - 5, frequency + 5) / power(heard, frequency - 5, frequency + 5)
        )
        for frequency in (100, 1000, 3000, 5000)
    }
    assert lost[1000] == pytest.approx(lost[3000], abs=1)
    assert lost[100] > lost[1000] + 30
    assert lost[5000] > lost[1000] + 30
    assert decibels(heard) == pytest.approx(decibels(mixed), abs=0.01)


def test_a_phone_adds_noise_where_it_says(voice: np.ndarray) -> None:
    heard = DISTURBANCES["low-quality phone"].apply(voice, RATE, "any")
    other = DISTURBANCES["low-quality phone"].apply(voice, RATE, "another")
    noise = heard - other  # all else is the same
    assert power(noise, 3000, 8000) > 0.8 * power(noise, 0, 8000)
    assert -45 < decibels(noise / np.abs(heard).max()) < -25


@pytest.mark.parametrize(("level", "gain"), [(0, 0), (-10, 2), (-20, 4), (-40, 4)])
def test_a_phone_compresses_above_20_db_below_full_scale(level: float, gain: float) -> None:
    time = np.arange(PHONE_RATE) / PHONE_RATE
    steady = 10 ** (level / 20) * np.sin(2 * np.pi * 1000 * time)
    compressed = compress(steady)[PHONE_RATE // 2 :]
    assert decibels(compressed) - decibels(steady) == pytest.approx(gain, abs=0.1)


def test_the_mu_law_has_256_codes_and_nearly_the_same_ratio_at_every_level() -> None:
    ramp = np.linspace(-1, 1, 100_001)
    assert np.unique(through_mu_law(ramp)).size == 255  # both zeros are one
    for level in (0.5, 0.05):
        loud = level * np.sin(np.arange(8000) * 0.81)
        error = through_mu_law(loud) - loud
        assert 33 < decibels(loud) - decibels(error) < 40
