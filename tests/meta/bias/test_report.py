"""The report of all methods, the funnel, and what report_text and tables make of every result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.views import TIDY_COLUMNS

FOLDER = Path(__file__).parents[2] / "reference" / "meta_bias"


def data(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / f"{name}.csv", dtype={"study": str})


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    frame, meta = data("hackshaw1998"), al.meta
    return {
        "egger": meta.egger_test(frame, measure="OR"),
        "begg": meta.begg_test(frame),
        "trim_fill": meta.trim_fill(frame),
        "pet_peese": meta.pet_peese(frame, model="rma"),
        "steps": meta.selection_model(frame, steps=(0.025, 0.5)),
        "beta": meta.selection_model(frame, kind="beta"),
        "given": meta.selection_model(frame, weights=(1, 0.5)),
        "rosenthal": meta.failsafe_n(frame),
        "orwin": meta.failsafe_n(frame, method="orwin"),
        "funnel": meta.funnel_frame(frame, fill=meta.trim_fill(frame)),
        "report": meta.bias_report(frame),
    }


NAMES = (
    "egger", "begg", "trim_fill", "pet_peese", "steps", "beta", "given", "rosenthal", "orwin",
    "funnel", "report",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_result_shows_itself(results: dict[str, Any], name: str) -> None:
    result = results[name]
    table, view = result.tidy(), result.view()
    assert list(table.columns) == ["effect", *TIDY_COLUMNS]
    assert len(result.glance()) == 1
    assert "37 studies" in repr(result)
    assert "<table>" in result._repr_html_()
    text = str(al.report_text(result))
    assert text.endswith(".")
    assert "nan" not in text
    assert "no bias" not in text.lower()
    assert al.coef_table(result).frame.shape[0] == len(table)
    assert view.kind.startswith("meta_")


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("funnel",)])
def test_the_call_in_the_view_makes_the_result_again(results: dict[str, Any], name: str) -> None:
    refit = results[name].view().refit
    again = eval(refit, {"al": al, "frame": data("hackshaw1998")})  # noqa: S307
    pd.testing.assert_frame_equal(again.tidy(), results[name].tidy())


def test_words_of_inconclusive_tests(results: dict[str, Any]) -> None:
    text = str(al.report_text(results["begg"]))
    assert "inconclusive" in text
    assert "does not show a symmetric funnel" in text
    assert "showed a lopsided funnel" in str(al.report_text(results["egger"]))
    assert "does not show that there is none" in str(al.report_text(results["beta"]))


def test_the_report_agrees_with_its_answers(results: dict[str, Any]) -> None:
    report = results["report"]
    table = report.tidy().set_index("term")
    p = results["begg"].correlation.p_value
    assert table.loc["Rank test", "p_value"] == p
    selection = report.answers["Selection model"]
    assert selection.steps == (0.025, 0.5)
    adjusted = report.tidy().query("effect == 'adjusted'")
    assert len(adjusted) == 3
    assert adjusted["estimate"].iloc[-1] == selection.beta[0]
    assert report.glance()["lowest_adjusted_shown"].iloc[0] == adjusted["estimate"].min()


def test_the_report_of_dependent_effects_says_what_it_left_out() -> None:
    report = al.meta.bias_report(data("assink2016"))
    assert list(report.answers) == ["Egger regression", "PET-PEESE"]
    table = report.table().set_index("method")
    assert (table.loc[list(report.left_out), "result"] == "not used").all()
    assert "needs one effect a study" in str(al.report_text(report))


def test_the_report_takes_one_step_where_two_leave_an_interval_empty() -> None:
    frame = data("hackshaw1998").query("yi > 0")
    assert al.meta.bias_report(frame).answers["Selection model"].steps == (0.025,)


def test_contours_and_limits_of_the_funnel(results: dict[str, Any]) -> None:
    funnel = results["funnel"]
    frame = funnel.frame
    contour = frame[(frame["row"] == "contour") & (frame["level"] == 0.05)]
    np.testing.assert_allclose(contour["high"], 1.959964 * contour["se"], rtol=1e-6)
    np.testing.assert_allclose(contour["low"], -contour["high"])
    inner, outer = (frame[frame["row"] == row] for row in ("interval", "spread"))
    assert inner["low"].iloc[0] == funnel.centre
    assert outer["high"].iloc[0] == pytest.approx(funnel.centre + 1.959964 * funnel.tau2**0.5)
    points = frame[frame["row"] == "study"]
    assert (points["p_value"] < 0.05).sum() == (
        points["estimate"].abs() / points["se"] > 1.96
    ).sum()
    assert (frame["row"] == "filled").sum() == results["trim_fill"].k0
    assert funnel.view().plot is frame


def test_a_funnel_of_residuals_has_no_contours() -> None:
    frame = data("bcg")
    fit = al.fit_meta(frame, mods="ablat")
    funnel = al.meta.funnel_frame(fit)
    assert set(funnel.frame["row"]) == {"study", "interval", "spread"}
    assert funnel.centre == 0.0
    np.testing.assert_allclose(
        funnel.frame.query("row == 'study'")["estimate"], frame["yi"] - fit.studies.x @ fit.beta
    )
    with pytest.raises(al.ArgumentError, match="13 other effects than these 37"):
        al.meta.funnel_frame(data("hackshaw1998"), fill=al.meta.trim_fill(frame))


def test_correlations_are_read_back() -> None:
    frame = data("mcdaniel1994")
    trimmed = al.meta.trim_fill(frame, measure="ZCOR")
    shown = trimmed.glance()["adjusted_shown"].iloc[0]
    assert shown == pytest.approx(np.tanh(trimmed.tidy()["estimate"].iloc[1]))
    assert "(r = " in str(al.report_text(trimmed))
