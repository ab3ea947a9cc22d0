"""Baujat's display: metafor, the sum of contributions, names."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import alliance_stats as al


def test_points_are_those_of_metafor(
    metafor_case: SimpleNamespace, closeness: Callable[[str], float]
) -> None:
    found, close = metafor_case, closeness(metafor_case.result.method)
    ours, theirs = al.meta.baujat(found.result).tidy(), found.theirs["baujat"]
    kept = np.isfinite(theirs["y"]) & np.isfinite(ours["y"])
    assert kept.sum() >= len(ours) - 1
    for name in ("x", "y"):
        size = theirs[name][kept].max()
        assert_allclose(ours[name][kept], theirs[name][kept], rtol=close, atol=close * size)


def test_contributions_to_q_sum_to_q(studies_frame: Callable[..., pd.DataFrame]) -> None:
    result = al.fit_meta(studies_frame(20), method="EE")
    found = al.meta.baujat(result)
    assert found.tidy()["x"].sum() == pytest.approx(result.q)
    assert found.view().labels["x"] == "Contribution to Q"
    first = al.fit_meta(studies_frame(20).drop(index=0), method="EE")
    y = (result.beta[0] - first.beta[0]) ** 2 / first.covariance[0, 0]
    assert found.tidy()["y"][0] == pytest.approx(y)


def test_points_far_out_are_named() -> None:
    frame = pd.DataFrame({"study": list("abcdef"), "yi": [0.2, 0.25, 0.2, 0.15, 0.2, 1.2]})
    found = al.meta.baujat(al.fit_meta(frame.assign(vi=0.01)))
    assert found.tidy()["flagged"].tolist() == [False] * 5 + [True]
    assert "1 effect lies far from the others or changes the result much: f" in found.messages[0]
    view = found.view()
    assert view.plot.columns.tolist() == ["study", "effect", "label", "x", "y", "flagged"]
    assert view.labels["x"] == "Squared Pearson residual" and view.kind == "meta_baujat"
    assert "f" in repr(found) and "<table>" in found._repr_html_()
    assert found.glance()["n_flagged"][0] == 1
