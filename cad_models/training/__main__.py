"""``make train``: every embedded network again, in the order in which they build on each other.

Each step is a process of its own and is resumable by its own checkpoints; a step that fails stops the run.
"""

from __future__ import annotations

import subprocess
import sys

# Gate and view read the segmenter's features, the classifier its masks, the reporter the classifier's features.
STEPS = (
    ("-m", "cad_models.training.segmenter"),
    ("-m", "cad_models.training.gate"),
    ("-m", "cad_models.training.view"),
    ("-m", "cad_models.training.classifier"),
    ("-m", "cad_models.training.calibrate"),
    ("-m", "cad_models.training.reporter"),
    ("-m", "chatcad", "eval", "cad"),
    ("-m", "cad_models.training.cards"),
    ("-m", "evaluation.readme"),
)


def main() -> None:
    """Run every step."""
    for number, step in enumerate(STEPS, start=1):
        print(f"[{number}/{len(STEPS)}] python {' '.join(step)}", flush=True)
        subprocess.run([sys.executable, *step], check=True)  # noqa: S603  -- our own modules only


if __name__ == "__main__":
    main()
