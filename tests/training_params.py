"""Sections train and split for tests, as params.yaml would hold them."""

from typing import Any

from speech_emotion.data.corpora.ravdess import EMOTIONS

AUGMENTATION: dict[str, Any] = {
    "time_stretch": 0.2,
    "mel_warp": 0.1,
    "mel_shift": 1,
    "gain": 1,
    "frequency_masks": {"count": 1, "max_width": 2},
    "time_masks": {"count": 2, "max_width": 12},
}

CNN2D: dict[str, Any] = {
    "network": "cnn2d",
    "seed": 1,
    "epochs": 3,
    "batch_size": 8,
    "as_recorded": None,
    "optimizer": "adamw",
    "learning_rate": 2e-3,
    "schedule": "one_cycle",
    "weight_decay": 0.05,
    "label_smoothing": 0.1,
    "gradient_norm": 5,
    "weight_averaging": 0.9,
    "class_weights": True,
    "early_stopping": 3,
    "augmentation": AUGMENTATION,
    "caution": None,
}

FUSION: dict[str, Any] = {**CNN2D, "network": "fusion"}

BASELINE: dict[str, Any] = {
    "network": "baseline_cnn1d",
    "seed": 1,
    "epochs": 4,
    "batch_size": 16,
    "as_recorded": None,
    "optimizer": "rmsprop",
    "learning_rate": 1e-3,
    "schedule": "constant",
    "weight_decay": 0,
    "label_smoothing": 0,
    "gradient_norm": None,
    "weight_averaging": None,
    "class_weights": False,
    "early_stopping": None,
    "augmentation": None,
    "caution": None,
}

LDA: dict[str, Any] = {**BASELINE, "network": "functionals_lda"}

LABELS: dict[str, Any] = {"map": {emotion: emotion for emotion in EMOTIONS}}

SPLIT: dict[str, Any] = {
    "protocol": "leave_one_speaker_out",
    "folds": 5,
    "fold": "04",
    "train": ["ravdess/speech"],
    "validation_speakers": 2,
    "validation_share": 0.1,
    "seed": 0,
}
