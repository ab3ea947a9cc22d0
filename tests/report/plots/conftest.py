"""Effect sizes for figures of meta-analyses, and what tests ask of drawn figures."""

from __future__ import annotations

import itertools
from typing import Any

import matplotlib

matplotlib.use("agg")

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import alliance_stats as al

HOSTILE = [
    "Longstocking-Ephraimsdotter, P., Raskolnikov, R., & Others with $x_1$ (2001)",
    "$\\frac{1}{0}$ 100% a_b^c",
    "<b>Bold</b> & \\alpha",
    "Übersee  \n (2010)",
    "_%$",
]


def few_effects() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "study": ["Abel (2001)", "Bond (2003)", "Cole (2005)", "Dorn (2010)", "Ekman (2012)"],
            "yi": [0.20, 0.35, 0.08, 0.52, 0.31],
            "vi": [0.010, 0.020, 0.012, 0.035, 0.008],
            "ni": [103, 53, 86, 31, 128],
            "format": ["cbt", "dynamic", "cbt", "dynamic", "cbt"],
            "year": [2001, 2003, 2005, 2010, 2012],
        }
    )


def many_effects(k: int = 295) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    n = np.maximum(8, np.exp(rng.normal(np.log(60), 0.8, k)).round()).astype(int)
    v = 1.0 / (n - 3.0)
    return pd.DataFrame(
        {
            "study": [f"Study {i + 1} ({1980 + i % 40})" for i in range(k)],
            "yi": rng.normal(0.29, np.sqrt(0.028 + v)),
            "vi": v,
            "ni": n,
            "format": rng.choice(["cbt", "dynamic", "other"], k),
            "year": 1980 + np.arange(k) % 40,
        }
    )


@pytest.fixture(scope="session")
def few() -> Any:
    """A meta-analysis of five correlations."""
    return al.fit_meta(few_effects(), measure="ZCOR")


@pytest.fixture(scope="session")
def many() -> Any:
    """A meta-analysis of 295 correlations."""
    return al.fit_meta(many_effects(), measure="ZCOR")


@pytest.fixture
def axis() -> Any:
    """Axes of a figure of their own."""
    return Figure(figsize=(6.9, 4.0)).subplots()


def texts_of(axis: Any) -> list[str]:
    return [text.get_text() for text in axis.texts]


def crossing_texts(figure: Any) -> list[tuple[str, str]]:
    """Pairs of texts of a drawn figure that cover each other."""
    figure.draw_without_rendering()
    found = []
    for axis in figure.axes:
        (left, right), (low, high) = sorted(axis.get_xlim()), sorted(axis.get_ylim())
        labels = [t for t in axis.get_xticklabels() if left <= t.get_position()[0] <= right]
        labels += [t for t in axis.get_yticklabels() if low <= t.get_position()[1] <= high]
        labels += [axis.xaxis.label, axis.yaxis.label]
        texts = [t for t in [*axis.texts, *labels] if t.get_text().strip() and t.get_visible()]
        found += [(t.get_text(), t.get_window_extent()) for t in texts]
    return [
        (a, b)
        for (a, box), (b, other) in itertools.combinations(found, 2)
        if min(box.x1, other.x1) - max(box.x0, other.x0) > 1
        and min(box.y1, other.y1) - max(box.y0, other.y0) > 1
    ]
