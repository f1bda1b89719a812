"""The labels that the classifier has a channel for, in the order of its channels, spelt as torchxrayvision spells."""

from __future__ import annotations

LABELS = (
    "Effusion", "Lung Opacity", "Consolidation", "Atelectasis", "Edema", "Nodule", "Mass", "Pneumothorax",
    "Cardiomegaly", "Tuberculosis",
)  # fmt: skip
