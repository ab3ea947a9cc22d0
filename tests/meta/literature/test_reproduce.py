"""What printed intervals imply, against formulas written out and simulated meta-analyses."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import alliance_stats as al
from alliance_stats import ArgumentError
from alliance_stats._base.printed import Printed
from alliance_stats._base.views import TIDY_COLUMNS
from alliance_stats.meta.literature.implied import (
    Implied,
    Interval,
    d_of_r,
    heterogeneity,
    r_of_d,
)
from alliance_stats.meta.literature.table import published_rows

KEYS = list(published_rows())
Z = stats.norm.ppf(0.975)


def printed(text: str) -> Printed:
    found = Printed.read(text)
    assert found is not None
    return found


@pytest.mark.parametrize("key", KEYS)
def test_every_row_gives_a_whole_result(key: str) -> None:
    result = al.meta.reproduce(key)
    table = result.tidy()
    assert tuple(table.columns) == TIDY_COLUMNS
    assert len(result.glance()) == 1
    assert result.glance()["key"].item() == key
    view = result.view()
    assert view.kind == "meta_reproduce"
    assert all(message.endswith(".") for message in (*result.messages, *result.notes[1:]))
    assert key in repr(result)
    assert "<table>" in result._repr_html_() or table.empty
    if not len(result.heterogeneity):
        assert result.messages  # says what cannot be found


def test_standard_errors_are_half_widths(tol: SimpleNamespace) -> None:
    errors = al.meta.reproduce("flueckiger_2018").standard_errors.set_index("scale")
    z_half = (np.arctanh(0.299) - np.arctanh(0.256)) / 2
    assert errors.loc["Fisher's z", "se"] == pytest.approx(z_half / Z, rel=tol.closed_form)
    assert errors.loc["r", "se"] == pytest.approx(0.0215 / Z, rel=tol.closed_form)
    widest = (np.arctanh(0.2995) - np.arctanh(0.2555)) / 2 / Z
    assert errors.loc["Fisher's z", "se_high"] == pytest.approx(widest, rel=tol.closed_form)
    assert (errors["se_low"] < errors["se"]).all()
    assert (errors["se"] < errors["se_high"]).all()


def test_tidy_scales(tol: SimpleNamespace) -> None:
    table = al.meta.reproduce("gelso_2018").tidy().set_index("term")
    for name, function in {
        "Fisher's z": np.arctanh,
        "r": lambda r: r,
        "d": lambda r: 2 * r / np.sqrt(1 - r**2),
        "r squared": np.square,
    }.items():
        found = table.loc[name, ["estimate", "ci_low", "ci_high"]].to_numpy(dtype=float)
        expected = function(np.array([0.38, 0.30, 0.44]))
        np.testing.assert_allclose(found, expected, rtol=tol.closed_form)
    row = table.loc["Fisher's z"]
    assert row["statistic"] == pytest.approx(row["estimate"] / row["se"], rel=tol.closed_form)
    p = 2 * stats.norm.sf(row["statistic"])
    assert row["p_value"] == pytest.approx(p, rel=tol.closed_form)
    assert row["df"] == np.inf
    assert table.drop(index="Fisher's z")[["statistic", "df", "p_value"]].isna().all(axis=None)


def test_undefined_is_missing() -> None:
    table = al.meta.reproduce("flueckiger_2018_internet").tidy()
    assert table[["se", "statistic", "df", "p_value", "ci_low", "ci_high"]].isna().all(axis=None)
    assert al.meta.reproduce("delre_2021").tidy().empty
    ends = al.meta.reproduce("flueckiger_2020_adjusted").tidy()
    assert ends[["term", "estimate"]].to_numpy().tolist() == [
        ["lowest r", 0.23],
        ["highest r", 0.31],
    ]
    glance = al.meta.reproduce("delre_2021").glance()
    assert glance[["estimate", "se_z", "tau2_low"]].isna().all(axis=None)
    assert glance["n"].isna().all()


def test_heterogeneity_formula(tol: SimpleNamespace) -> None:
    result = al.meta.reproduce("murphy_hutton_2018", n=[50, 104])
    se = result.standard_errors["se"][0]
    for row in result.heterogeneity.to_dict("records"):
        variance = 1 / (row["n_per_study"] - 3)
        tau2 = 28 * se**2 - variance
        assert row["tau2"] == pytest.approx(tau2, rel=tol.closed_form)
        assert row["i2"] == pytest.approx(100 * tau2 / (tau2 + variance), rel=tol.closed_form)
        middle, reach = np.arctanh(0.29), Z * np.sqrt(tau2 + se**2)
        ends = np.tanh([middle - reach, middle + reach])
        assert [row["pi_low"], row["pi_high"]] == pytest.approx(ends, rel=tol.closed_form)
        negative = stats.norm.cdf(0, middle, np.sqrt(tau2))
        assert row["negative_true"] == pytest.approx(negative, rel=tol.closed_form)
        negative = stats.norm.cdf(0, middle, np.sqrt(tau2 + variance))
        assert row["negative_observed"] == pytest.approx(negative, rel=tol.closed_form)
    assert result.view().refit == "al.meta.reproduce('murphy_hutton_2018', n=[50, 104])"
    assert al.meta.reproduce("murphy_hutton_2018").heterogeneity["n_per_study"].tolist() == [
        pytest.approx(2911 / 28), pytest.approx(0.6 * 2911 / 28),
    ]  # fmt: skip


def test_implied_tau2_is_that_of_equal_studies(rng: np.random.Generator) -> None:
    """A meta-analysis of k studies of one size: its interval gives back τ²."""
    k, n, tau2 = 4_000, 60, 0.03
    z = np.arctanh(0.278) + np.sqrt(tau2 + 1 / (n - 3)) * rng.standard_normal(k)
    half = Z * z.std(ddof=1) / np.sqrt(k)
    ends = np.tanh([z.mean() - half, z.mean() + half])
    interval = Interval(*(Printed(float(end), 0.0) for end in ends))
    found = heterogeneity(k, interval.standard_error("z"), n)
    assert found.tau2.value == pytest.approx(tau2, abs=4 * np.sqrt(2 / k) * (tau2 + 1 / 57))
    assert found.tau2.low == found.tau2.value == found.tau2.high
    assert interval.centre("z").value == pytest.approx(np.tanh(z.mean()))


def test_no_room_for_heterogeneity() -> None:
    found = heterogeneity(10, Implied(0.05, 0.04, 0.1), 30)
    assert found.excess.value < 0
    assert found.tau2.value == found.tau2.low == 0
    assert found.tau2.high == pytest.approx(10 * 0.01 - 1 / 27)
    assert found.i2.value == 0
    assert found.negative(0.3, observed=False).value == 0
    assert found.prediction(0.3, 0.05) == pytest.approx(
        tuple(np.tanh(np.arctanh(0.3) + np.array([-1, 1]) * Z * 0.05))
    )


def test_d_and_r_are_inverse(tol: SimpleNamespace) -> None:
    for r in (-0.4, 0.0, 0.278):
        assert r_of_d(d_of_r(r)) == pytest.approx(r, rel=tol.closed_form)


def test_centre_of_an_interval_on_both_scales() -> None:
    wide = Interval(printed(".46"), printed(".78"))
    assert wide.centre("r").value == pytest.approx(0.62)
    assert wide.centre("z").value == pytest.approx(0.648, abs=5e-4)
    verdicts = al.meta.reproduce("safran_2011_training").checks["verdict"].tolist()
    assert verdicts == ["agrees", "on Fisher's z only", "agrees"]


def test_messages_say_what_is_not_known() -> None:
    def said(key: str) -> str:
        return " ".join(al.meta.reproduce(key).messages)

    assert "No interval is known" in said("sharf_2010")
    assert "adds up different units" in said("friedlander_2018")
    assert "Only a range of estimates is known" in said("flueckiger_2020_adjusted")
    assert "No pooled estimate is known" in said("delre_2021")
    assert "N is not known: give n=" in said("nienhuis_2018_empathy")
    assert "not plain correlations" in said("safran_2011_training")
    assert "no room for heterogeneity" in said("elliott_2011")
    assert "is a floor (more than): 74 patients a study or more" in said("horvath_2011")
    assert "is a floor" not in " ".join(al.meta.reproduce("horvath_2011", n=[60]).messages)
    assert al.meta.reproduce("tryon_2018_goal").messages == ()


def test_sizes_may_be_given_where_n_is_not_known() -> None:
    found = al.meta.reproduce("nienhuis_2018_empathy", n=(40, 80)).heterogeneity
    assert found["n_per_study"].tolist() == [40, 80]
    assert (found["tau2"] > 0).all()
    one = al.meta.reproduce("nienhuis_2018_empathy", n=np.array([40.0])).heterogeneity
    pd.testing.assert_frame_equal(one, found.head(1))


@pytest.mark.parametrize(
    ("key", "call", "message"),
    [
        ("fluckiger_2018", {}, "no published result 'fluckiger_2018'. Did you mean 'flueckiger_2"),
        (3, {}, "no published result 3. Keys: horvath_2011"),
        ("sharf_2010", {"n": [50]}, "'sharf_2010' has no interval of a correlation"),
        ("safran_2011_training", {"n": [50]}, "has no interval of a correlation"),
        ("gelso_2018", {"n": [4]}, "holds no numbers of patients above 4"),
        ("gelso_2018", {"n": []}, "holds no numbers of patients above 4"),
        ("gelso_2018", {"n": "many"}, "holds no numbers of patients above 4"),
        ("gelso_2018", {"n": [float("nan")]}, "holds no numbers of patients above 4"),
    ],
)
def test_calls_that_cannot_be(key: Any, call: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        al.meta.reproduce(key, **call)
