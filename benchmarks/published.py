"""What others report on the same protocols, as they report it."""

from dataclasses import dataclass

EMOBOX = "Ma et al., EmoBox, Interspeech 2024"
OUTSIDE = "measured for this project on the same folds; its code is not part of it"


@dataclass(frozen=True)
class Published:
    """A system and its figure.

    Attributes
    ----------
    system, what : str
        Its name and what it is.
    percent : float
        The figure that it is ranked by.
    source : str
        Who says so.
    as_reported : str
        The figure with what belongs to it; empty where that is the number alone.
    """

    system: str
    what: str
    percent: float
    source: str
    as_reported: str = ""


LISTENERS = Published(
    "people who listen",
    "untrained listeners, seven answers to choose from",
    62.0,
    "Livingstone and Russo 2018, PLoS ONE 13:e0196391",
    "62 (accuracy)",
)
"""How many of the answers to RAVDESS' speech were what the actor meant, in the validation by its
authors."""

EMOBOX6 = (
    LISTENERS,
    Published("eGeMAPS + SVM", "88 hand-made features", 49.0, OUTSIDE),
    Published("ComParE 2016 + SVM", "6,373 hand-made features", 54.2, OUTSIDE),
    Published("wav2vec 2.0 base, frozen", "95 M parameters, pretrained", 54.3, EMOBOX),
    Published("HuBERT base, frozen", "95 M parameters, pretrained", 65.4, EMOBOX),
    Published("HuBERT large, frozen", "317 M parameters, pretrained", 70.0, EMOBOX),
    Published("WavLM large, frozen", "317 M parameters, pretrained", 72.0, EMOBOX),
    Published("Whisper large v3 encoder, frozen", "635 M parameters, pretrained", 75.3, EMOBOX),
)
"""UA on RAVDESS speech, mean over the six folds."""

LAYERS_CHOSEN = "public study hsn07pk/ravdess-speaker-independent-ser, 2026"
ONE_SPEAKER_OUT = (
    Published("emotion2vec base, frozen", "93 M parameters, pretrained", 66.7, LAYERS_CHOSEN),
    Published("HuBERT large, frozen", "317 M parameters, pretrained", 77.8, LAYERS_CHOSEN),
    Published(
        "Whisper large v3 encoder, frozen", "635 M parameters, pretrained", 80.2, LAYERS_CHOSEN
    ),
    Published("WavLM large, frozen", "317 M parameters, pretrained", 81.3, LAYERS_CHOSEN),
    Published("XLS-R, frozen", "317 M parameters, pretrained", 81.9, LAYERS_CHOSEN),
)
"""UA on RAVDESS speech, one speaker out: logistic regression of the layer that nested validation
chose."""

LUNA_JIMENEZ5 = (
    LISTENERS,
    Published(
        "ResLSTM-SA",
        "47 k parameters, from scratch",
        62.3,
        "Krasnoproshin and Vashkevich 2026, arXiv:2606.03359",
        "62.3 mean of 10 runs, 65.2 best",
    ),
    Published(
        "PANNs CNN-14, fine-tuned",
        "80 M parameters, pretrained",
        76.6,
        "Luna-Jiménez et al. 2021, Sensors 21:7665",
        "76.6 (accuracy)",
    ),
    Published(
        "xlsr-wav2vec 2.0, fine-tuned",
        "317 M parameters, pretrained",
        81.8,
        "Luna-Jiménez et al. 2022, Applied Sciences 12:327",
        "81.8 (accuracy)",
    ),
)
"""UA on RAVDESS speech, mean over the five folds, unless it says accuracy."""

RANDOM_ALL = (
    Published(
        "the original recipe, as its authors report it",
        "mean MFCC + 1-D CNN",
        86.5,
        "SPEECH-TO-EMOTION, the notebooks that this project set out to redo",
    ),
)
"""Accuracy on a random fifth of all 5,252 recordings."""

RANDOM_SPEECH = (
    Published("TIM-Net", "bidirectional dilated convolutions", 92.1, "Ye et al., ICASSP 2023"),
)
"""Accuracy on RAVDESS speech, ten random folds."""

RANDOM_OTHER = (
    Published(
        "DCRF-BiLSTM",
        "trained on RAVDESS, TESS and SAVEE, seven emotions",
        98.8,
        "Chowdhury et al. 2025, arXiv:2507.07046",
    ),
)
"""Accuracy of a random split that can't be repeated here."""
