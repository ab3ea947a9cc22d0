"""Each study left out: metafor, refits one by one, whole studies, conclusions that rest on one."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError, UnsupportedError

SHARED = ("estimate", "se", "statistic", "p_value", "ci_low", "ci_high", "q", "q_p", "tau2")


def test_rows_are_those_of_metafor(
    mean_case: SimpleNamespace, closeness: Callable[[str], float]
) -> None:
    found, close = mean_case, closeness(mean_case.result.method)
    table = al.meta.leave_one_out(found.result).tidy()
    theirs = found.theirs["leave1out"]
    for name in (name for name in SHARED if len(theirs[name])):  # no tau2 of equal effects
        wanted = theirs[name]
        size = np.abs(wanted).max()
        assert_allclose(table[name], wanted, rtol=close, atol=close * size, err_msg=name)
    if len(theirs["i2"]):
        assert_allclose(100 * table["i2"], theirs["i2"], rtol=close, atol=100 * close)
        assert_allclose(table["h2"], theirs["h2"], rtol=close)


@pytest.fixture
def dependent() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    study = np.repeat(list("abcdefgh"), [1, 3, 2, 1, 1, 4, 1, 2])
    return pd.DataFrame(
        {"study": study, "yi": rng.normal(0.3, 0.25, 15), "vi": rng.uniform(0.01, 0.05, 15)}
    )


@pytest.mark.parametrize("method", ["REML", "DL"])
def test_whole_studies_are_left_out(
    dependent: pd.DataFrame, method: str, tol: SimpleNamespace
) -> None:
    result = al.fit_meta(dependent, method=method)
    table = al.meta.leave_one_out(result).tidy(conf_level=0.9)
    assert table["study"].tolist() == list("abcdefgh") and (table["effect"] == "").all()
    for i, study in enumerate("abcdefgh"):
        again = al.fit_meta(dependent[dependent["study"] != study], method=method)
        row = table.iloc[i]
        wanted = again.tidy(conf_level=0.9).iloc[0]
        close = tol.meta_tau2
        for name in ("estimate", "se", "p_value", "ci_low", "ci_high"):
            assert row[name] == pytest.approx(wanted[name], rel=close, abs=close)
        ends = again.prediction_interval(conf_level=0.9).iloc[0]
        assert row["pi_low"] == pytest.approx(ends["pi_low"], abs=close)
        assert row["pi_high"] == pytest.approx(ends["pi_high"], abs=close)
        assert row["tau2"] == pytest.approx(again.tau2, rel=close, abs=close * 1e-2)
        assert (row["k"], row["q_df"]) == (again.studies.k, again.df_residual)


def test_by_effect_is_one_row_an_effect(dependent: pd.DataFrame) -> None:
    result = al.fit_meta(dependent)
    table = al.meta.leave_one_out(result, by="effect").tidy()
    assert len(table) == 15 and (table["k"] == 14).all()
    assert table["label"].tolist()[:3] == ["a", "b, effect 1", "b, effect 2"]
    assert_allclose(table["tau2"], al.meta.influence(result).tidy()["tau2_without"], rtol=1e-9)


def test_a_conclusion_that_rests_on_one_study_is_named() -> None:
    frame = pd.DataFrame({"study": list("abcde"), "yi": [0.2, 0.31, 0.18, 0.92, 0.25], "vi": 0.015})
    found = al.meta.leave_one_out(al.fit_meta(frame, measure="ZCOR"))
    assert "includes no effect; without any one of this it no longer does: d" in found.messages[0]
    glance = found.glance().iloc[0]
    table = found.tidy()
    assert (glance["lowest"], glance["highest"]) == (
        table["estimate"].min(),
        table["estimate"].max(),
    )
    assert glance["shown"] == pytest.approx(np.tanh(glance["estimate"]))


def test_the_plot_frame_holds_what_is_read(dependent: pd.DataFrame) -> None:
    view = al.meta.leave_one_out(al.fit_meta(dependent, measure="ZCOR")).view()
    assert view.kind == "meta_leave_one_out"
    assert view.plot.columns.tolist() == [
        "study", "label", "estimate", "ci_low", "ci_high", "shown", "shown_low", "shown_high",
        "tau2", "i2", "k",
    ]  # fmt: skip
    assert_allclose(view.plot["shown_low"], np.tanh(view.plot["ci_low"]))
    assert view.terms.columns.tolist()[:3] == ["study", "term", "estimate"]


def test_the_call_it_says_gives_it_again(dependent: pd.DataFrame) -> None:
    found = al.meta.leave_one_out(al.fit_meta(dependent, method="DL"), by="effect")
    again = eval(found.view().refit, {"al": al, "frame": dependent})  # noqa: S307
    pd.testing.assert_frame_equal(again.tidy(), found.tidy())


def test_two_studies_leave_nothing_to_pool() -> None:
    frame = pd.DataFrame({"study": ["a", "b"], "yi": [0.1, 0.4], "vi": [0.01, 0.01]})
    found = al.meta.leave_one_out(al.fit_meta(frame))
    assert found.tidy()["estimate"].isna().all() and found.glance()["n_undefined"][0] == 2
    assert "too few effects are left" in found.messages[0]
    assert "–" in repr(found)


def test_long_tables_are_cut_in_print_only(studies_frame: Callable[..., pd.DataFrame]) -> None:
    found = al.meta.leave_one_out(al.fit_meta(studies_frame(40)))
    assert "10 further rows" in repr(found) and len(found.tidy()) == 40
    assert "<table>" in found._repr_html_()


def test_moderators_and_unknown_units_are_refused(
    studies_frame: Callable[..., pd.DataFrame],
) -> None:
    frame = studies_frame(12)
    with pytest.raises(UnsupportedError, match=r"influence\(result\).changes"):
        al.meta.leave_one_out(al.fit_meta(frame, mods="dose"))
    with pytest.raises(ArgumentError, match="by='paper' is not known"):
        al.meta.leave_one_out(al.fit_meta(frame), by="paper")
