"""The baseline that every figure must stand beside: a thumbnail and a few global statistics, no disease in sight.

In these collections normal and abnormal films come from other years and machines, so grey values alone tell them
apart. A network that doesn't beat this has shown nothing. It is cross-fitted *inside* the evaluation set, which
favours the baseline: the network has never seen that set.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FOLDS = 5
THUMBNAIL = 8


def thumbnail_features(square: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the 8×8 thumbnail with mean, spread, percentiles and sharpness of one film: 74 numbers."""
    small = np.asarray(Image.fromarray(square).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX), dtype=np.float32)
    film = square.astype(np.float32)
    steps = [np.abs(np.diff(film, axis=a)).mean() for a in (0, 1)]
    extra = [film.mean(), film.std(), *steps, *np.percentile(film, (5, 10, 25, 50, 75, 90))]
    return np.concatenate([small.ravel(), np.array(extra, np.float32)])


def thumbnail_scores(
    features: NDArray[np.float32], truth: NDArray[np.bool_], patients: Sequence[str]
) -> NDArray[np.float64]:
    """Return each film's score from gradient boosting that was trained on the other patients' films.

    Parameters
    ----------
    features
        ``(n, 74)`` from `thumbnail_features`.
    truth
        ``(n,)`` bool.
    patients
        The patient of each film; no patient is in two folds.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import StratifiedGroupKFold

    scores = np.zeros(len(truth))
    for train, test in StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0).split(features, truth, patients):
        model = HistGradientBoostingClassifier(max_iter=80, learning_rate=0.08, max_leaf_nodes=8, random_state=0)
        scores[test] = model.fit(features[train], truth[train]).predict_proba(features[test])[:, 1]
    return scores
