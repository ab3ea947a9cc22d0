"""Studies added one by one: metafor, fits of the first ones, orders, ties."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError, DataError, UnsupportedError

SHARED = ("estimate", "se", "statistic", "p_value", "ci_low", "ci_high", "q", "q_p", "tau2")


def test_rows_are_those_of_metafor(
    mean_case: SimpleNamespace, closeness: Callable[[str], float]
) -> None:
    found, close = mean_case, closeness(mean_case.result.method)
    ours = al.meta.cumulative(found.result, order=found.frame["year"]).tidy()
    theirs = found.theirs["cumul"]
    assert np.isnan(ours["tau2"][0]) or found.result.method == "EE"  # metafor: 0
    ours.loc[0, "tau2"] = 0.0
    for name in (name for name in SHARED if len(theirs[name])):  # no tau2 of equal effects
        size = np.abs(theirs[name]).max()
        assert_allclose(ours[name][1:], theirs[name][1:], rtol=close, atol=close * size)
        if name != "q_p":
            assert ours[name][0] == pytest.approx(theirs[name][0], rel=close)


@pytest.mark.parametrize("method", ["REML", "ML", "PM", "DL", "EE"])
def test_a_row_is_fit_meta_of_the_first_studies(
    method: str, studies_frame: Callable[..., pd.DataFrame], tol: SimpleNamespace
) -> None:
    frame = studies_frame(60, tau2=0.004, seed=5)
    order = frame["year"].to_numpy()
    ours = al.meta.cumulative(al.fit_meta(frame, method=method), order=order).tidy()
    added = frame.iloc[np.argsort(order, kind="stable")]
    close = tol.closed_form if method in ("DL", "EE") else tol.meta_tau2
    for n in (2, 3, 5, 9, 17, 33, 60):
        again = al.fit_meta(added.head(n), method=method)
        row = ours.iloc[n - 1]
        assert row["estimate"] == pytest.approx(float(again.beta[0]), rel=close)
        assert row["se"] == pytest.approx(float(again.se[0]), rel=close)
        assert row["tau2"] == pytest.approx(again.tau2, rel=close, abs=close * 1e-3)
        assert row["k"] == n


def test_the_last_row_is_the_result(studies_frame: Callable[..., pd.DataFrame]) -> None:
    result = al.fit_meta(studies_frame(20))
    found = al.meta.cumulative(result, order="precision")
    last, whole = found.tidy().iloc[-1], result.tidy().iloc[0]
    assert_allclose(last[["estimate", "ci_low"]].tolist(), whole[["estimate", "ci_low"]].tolist())
    assert found.tidy()["order"].is_monotonic_increasing
    assert found.view().plot["order"].iloc[0] == result.studies.vi.min()
    assert found.tidy()["label"].str.startswith("+ ").tolist() == [False] + [True] * 19


def test_effects_of_a_study_come_in_together() -> None:
    frame = pd.DataFrame(
        {
            "study": ["b", "a", "b", "c"], "year": [2003, 2001, 2005, 2004],
            "yi": [0.1, 0.2, 0.4, 0.3], "vi": [0.01, 0.02, 0.01, 0.02],
        }
    )  # fmt: skip
    result = al.fit_meta(frame)
    together = al.meta.cumulative(result, order=frame["year"]).tidy()
    assert together[["label", "k"]].to_numpy().tolist() == [["a", 1], ["+ b", 3], ["+ c", 4]]
    apart = al.meta.cumulative(result, order=frame["year"], by="effect").tidy()
    assert apart["label"].tolist() == ["a", "+ b, effect 1", "+ c", "+ b, effect 2"]


def test_orders_of_dropped_rows_are_left_out() -> None:
    frame = pd.DataFrame(
        {"study": list("abcd"), "year": [4.0, np.nan, 2.0, 1.0], "yi": [0.1, np.nan, 0.3, 0.2]}
    ).assign(vi=0.01)
    result = al.fit_meta(frame)
    assert al.meta.cumulative(result, order=frame["year"]).tidy()["study"].tolist() == list("dca")
    assert al.meta.cumulative(result, order=[3, 1, 2]).tidy()["study"].tolist() == list("cda")
    with pytest.raises(DataError, match="order is missing for 1 effect size: row 2"):
        al.meta.cumulative(result, order=[1.0, np.nan, 2.0])
    with pytest.raises(ArgumentError, match=r"shape \(2,\), but the frame had 4 rows, 3"):
        al.meta.cumulative(result, order=[1, 2])


def test_names_of_columns_and_ties() -> None:
    frame = pd.DataFrame({"study": list("dcba"), "yi": [0.1, 0.2, 0.3, 0.2], "vi": [0.01] * 4})
    result = al.fit_meta(frame)
    assert al.meta.cumulative(result, order="study").tidy()["study"].tolist() == list("abcd")
    tied = al.meta.cumulative(result, order="precision")
    assert "3 studies share a value of the order" in tied.messages[0]
    with pytest.raises(ArgumentError, match=r"Give the values themselves: order=frame\['year'\]"):
        al.meta.cumulative(result, order="year")
    again = eval(tied.view().refit, {"al": al, "frame": frame})  # noqa: S307
    pd.testing.assert_frame_equal(again.tidy(), tied.tidy())


def test_moderators_are_refused(studies_frame: Callable[..., pd.DataFrame]) -> None:
    with pytest.raises(UnsupportedError, match="follows one mean effect"):
        al.meta.cumulative(al.fit_meta(studies_frame(12), mods="dose"), order="dose")
