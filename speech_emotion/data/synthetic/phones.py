"""What the synthetic speakers say, sound by sound: formants, levels and durations of each phone.

References
----------
.. [1] Klatt DH (1980). Software for a cascade/parallel formant synthesizer. JASA 67(3).
"""

from collections.abc import Mapping
from dataclasses import dataclass

OFF = -80.0  # dB, and below, where a sound is not made


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A stretch of steady articulation; phones are one or two of them.

    Attributes
    ----------
    duration : float
        In s, at tempo 1.
    formants : tuple of float
        First to third, in Hz, for an average man.
    voicing : float
        Level of the pulses, in dB against a vowel; `OFF` for none.
    breath : float
        Level of the aspiration, in dB against a vowel's.
    friction : float
        Level of the noise that no formant shapes, in dB; `OFF` for none.
    friction_centre, friction_width : float
        Of that noise's spectrum, in Hz.
    """

    duration: float
    formants: tuple[float, float, float]
    voicing: float = 0.0
    breath: float = 0.0
    friction: float = OFF
    friction_centre: float = 4000.0
    friction_width: float = 1500.0


def _vowel(duration: float, *formants: tuple[float, float, float]) -> tuple[Segment, ...]:
    return tuple(Segment(duration=duration / len(formants), formants=f) for f in formants)


def _nasal(f2: float) -> tuple[Segment, ...]:
    return (Segment(duration=0.07, formants=(260, f2, 2300), voicing=-9.0),)


def _fricative(level: float, centre: float, width: float, voicing: float) -> tuple[Segment, ...]:
    return (
        Segment(
            duration=0.10 if voicing == OFF else 0.06, formants=(300, 1600, 2600),
            voicing=voicing, breath=voicing, friction=level,
            friction_centre=centre, friction_width=width,
        ),
    )  # fmt: skip


def _stop(f2: float, burst_centre: float, *, voiced: bool) -> tuple[Segment, ...]:
    """A closure and its release: a burst, which breath follows where the stop is voiceless."""
    formants = (250.0, f2, 2500.0)
    closure = Segment(
        duration=0.055, formants=formants, voicing=-20.0 if voiced else OFF, breath=OFF
    )
    burst = Segment(
        duration=0.016 if voiced else 0.045, formants=formants,
        voicing=-10.0 if voiced else OFF, breath=0.0 if voiced else 14.0,
        friction=-18.0, friction_centre=burst_centre, friction_width=1200.0,
    )  # fmt: skip
    return (closure, burst)


PHONES: Mapping[str, tuple[Segment, ...]] = {
    "i": _vowel(0.10, (300, 2250, 2950)),
    "ih": _vowel(0.085, (400, 1950, 2550)),
    "ae": _vowel(0.15, (680, 1720, 2450)),
    "ah": _vowel(0.07, (520, 1300, 2450)),
    "aa": _vowel(0.14, (730, 1100, 2440)),
    "ao": _vowel(0.15, (570, 850, 2410)),
    "u": _vowel(0.15, (320, 900, 2250)),
    "er": _vowel(0.13, (480, 1350, 1700)),
    "ei": _vowel(0.16, (520, 1850, 2500), (350, 2150, 2700)),
    "ai": _vowel(0.18, (720, 1200, 2500), (420, 1950, 2600)),
    "r": (Segment(duration=0.06, formants=(420, 1200, 1600), voicing=-4.0),),
    "w": (Segment(duration=0.06, formants=(300, 650, 2200), voicing=-5.0),),
    "n": _nasal(1500),
    "ng": _nasal(1900),
    "s": _fricative(-12.0, 7000, 1800, OFF),
    "z": _fricative(-17.0, 6500, 1800, -9.0),
    "th": _fricative(-28.0, 6000, 3000, OFF),
    "dh": _fricative(-32.0, 6000, 3000, -7.0),
    "f": _fricative(-26.0, 5000, 3500, OFF),
    "b": _stop(900, 1200, voiced=True),
    "d": _stop(1700, 4000, voiced=True),
    "g": _stop(1900, 2200, voiced=True),
    "t": _stop(1700, 4500, voiced=False),
    "k": _stop(1900, 2200, voiced=False),
}
"""The phones of the statements; formants as in [1]_."""

STRESS = "'"
"""Stands before a stressed phone."""
