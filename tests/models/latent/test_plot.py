"""The figure of latent means: the frame it draws, arrows for intervals without ends, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError
from alliance_stats.models.latent.result import LatentResult
from alliance_stats.report.plots.latent import figure_caption, plot_latent

from .test_fit import fit, study


@pytest.fixture(scope="module")
def known() -> LatentResult:
    """Therapists who differ."""
    return fit(study(np.random.default_rng(4)), time="none")


@pytest.fixture(scope="module")
def unbounded() -> LatentResult:
    """Few therapists, who do not."""
    return fit(study(np.random.default_rng(1), therapists=12, between=0.0), time="none")


def drawn(result: LatentResult) -> tuple[Axes, pd.DataFrame]:
    (axis,) = plot_latent(result, ax=Figure(figsize=(6.9, 2.5)).subplots())
    plot = result.view().plot
    assert plot is not None
    return axis, plot


def test_the_frame_is_the_slopes_of_both_models(known: LatentResult) -> None:
    plot = known.view().plot
    assert plot is not None
    levels = ["within", "patient_between", "therapist_between"]
    assert plot["effect"].tolist() == [level for level in levels for _ in range(2)]
    assert plot["means"].tolist() == ["latent", "observed"] * 3
    latent = plot[plot["means"] == "latent"].set_index("effect")
    tidy = known.tidy().set_index("effect").loc[levels]
    np.testing.assert_array_equal(latent["x"], known.fit.slopes)
    np.testing.assert_array_equal(latent[["x_low", "x_high"]], tidy[["ci_low", "ci_high"]])
    names = ["wai_within", "wai_patient_between", "wai_therapist_between"]
    observed = plot[plot["means"] == "observed"]["x"]
    np.testing.assert_array_equal(observed, known.observed.beta[names])


def test_the_figure_draws_the_frame(known: LatentResult) -> None:
    axis, plot = drawn(known)
    lines = [line.get_xdata() for line in axis.lines]
    assert [float(x[0]) for x in lines if len(x) == 1] == pytest.approx(plot["x"])
    spans = [tuple(x) for x in lines if len(x) == 2 and tuple(x) != (0.0, 0.0)]
    assert np.array(spans) == pytest.approx(plot[["x_low", "x_high"]].to_numpy())
    names = [label.get_text() for label in axis.get_yticklabels()]
    assert names == ["Within patients", "Between patients", "Between therapists"]
    legend = axis.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["latent means", "observed means"]
    assert "Arrows" not in figure_caption(known.view())


def test_an_interval_without_ends_is_an_arrow_over_the_whole_width(
    unbounded: LatentResult,
) -> None:
    axis, plot = drawn(unbounded)
    assert (
        plot.set_index(["effect", "means"]).loc[("therapist_between", "latent"), "x_low"] < -1e300
    )
    heads = [t for t in axis.texts if t.arrow_patch is not None]  # type: ignore[attr-defined]
    assert sorted(head.xy[0] for head in heads) == sorted(axis.get_xlim())  # type: ignore[attr-defined]
    words = [t.get_text() for t in axis.texts]
    assert any(text.endswith("95% CI unbounded") for text in words)
    assert "Arrows: the interval has no ends" in figure_caption(unbounded.view())


def test_a_far_estimate_without_ends_does_not_stretch_the_axis(unbounded: LatentResult) -> None:
    view = unbounded.view()
    assert view.plot is not None
    far = view.plot.copy()
    far.loc[np.isinf(far["x_low"]), "x"] = 1e4
    (axis,) = plot_latent(replace(view, plot=far), ax=Figure().subplots())
    assert axis.get_xlim()[1] < 100
    dots = [line for line in axis.lines if len(line.get_xdata()) == 1]
    assert len(dots) == np.isfinite(far["x_low"]).sum()


def test_it_is_in_the_report(known: LatentResult, tmp_path: object) -> None:
    page = al.save_report(known, f"{tmp_path}/latent.html").read_text("utf-8")
    assert "data:image/png" in page
    assert "with latent means (filled)" in page


def test_refused(known: LatentResult) -> None:
    view = known.view()
    with pytest.raises(ArgumentError, match="Give a result of fit_latent_within_between"):
        plot_latent(replace(view, kind="lagged"))
    assert view.plot is not None
    with pytest.raises(ArgumentError, match="lacks means"):
        plot_latent(replace(view, plot=view.plot.drop(columns="means")))
