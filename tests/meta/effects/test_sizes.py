"""effect_sizes: metafor's numbers, every form of input, signs, unreported results, refusals."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special
from scipy.integrate import quad

import alliance_stats as al
from alliance_stats import DataError, DataWarning, UnsupportedError
from alliance_stats.meta.effects.measures import MEASURES
from alliance_stats.meta.scales import SCALES

REFERENCE = Path(__file__).parents[2] / "reference" / "meta_effects"
CASES = [
    "cor", "zcor", "mcdaniel1994", "aloe2013_pcor", "aloe2013_spcor",
    "normand1999_smd", "normand1999_md", "groups_smd", "groups_md", "change_smcr", "change_smcc",
    "bcg_or", "nielweise2007_or",
]  # fmt: skip


def reference(case: str) -> dict[str, Any]:
    return json.loads((REFERENCE / f"{case}.json").read_text(encoding="utf-8"))


def quiet(frame: pd.DataFrame, **asked: Any) -> pd.DataFrame:
    """Effect sizes without their messages."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return al.effect_sizes(frame, **asked)


def said(frame: pd.DataFrame, **asked: Any) -> list[str]:
    """The messages of effect_sizes."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        al.effect_sizes(frame, **asked)
    return [str(each.message) for each in caught]


@pytest.mark.parametrize("case", CASES)
def test_equal_to_metafor(case: str, tol: SimpleNamespace) -> None:
    values = reference(case)
    frame = pd.DataFrame(values["data"])
    effects = quiet(frame, measure=values["measure"])
    assert effects["yi"].to_numpy() == pytest.approx(values["yi"], rel=tol.closed_form, abs=1e-15)
    assert effects["vi"].to_numpy() == pytest.approx(values["vi"], rel=tol.closed_form)
    assert (effects["es_measure"] == values["measure"]).all()


def integral(c: float, x: float) -> float:
    """₂F₁(½, ½; c; x) by Euler's integral."""
    inside = quad(
        lambda u: np.cos(u) ** (2 * c - 2) / np.sqrt(1 - x * np.sin(u) ** 2),
        0, np.pi / 2, epsabs=0, epsrel=1e-12, limit=200,
    )[0]  # fmt: skip
    return 2 * inside / special.beta(0.5, c - 0.5)


def test_unbiased_r_by_its_integral_and_of_metafor(tol: SimpleNamespace) -> None:
    """metafor 3.8 integrates too coarsely in 4 of 48 rows, all with r near 0: up to 1.3e-3 off."""
    values = reference("ucor")
    effects = quiet(pd.DataFrame(values["data"]), measure="UCOR")
    r, n = effects["ri"], effects["ni"]
    exact = [x * integral((m - 2) / 2, 1 - x**2) for x, m in zip(r, n, strict=True)]
    assert effects["yi"].to_numpy() == pytest.approx(exact, rel=tol.closed_form)
    off = np.abs(np.array(values["yi"]) - exact) > 1e-9
    assert off.sum() == 4
    assert (r[off].abs() <= 0.05).all()
    for name in ("yi", "vi"):
        seen, wanted = effects[name][~off], np.array(values[name])[~off]
        assert seen.to_numpy() == pytest.approx(wanted, rel=tol.closed_form, abs=1e-15)


def test_z_of_a_partial_r_has_the_variance_of_fisher_not_that_of_metafor(
    tol: SimpleNamespace,
) -> None:
    """1/(n − k − 3); metafor 3.8 divides by n − k − 2."""
    values = reference("aloe2013_zpcor")
    frame = pd.DataFrame(values["data"])
    effects = quiet(frame, measure="ZPCOR", ti="ti", ni="ni", controls="controls")
    assert effects["yi"].to_numpy() == pytest.approx(values["yi"], rel=tol.closed_form)
    left = frame["ni"] - frame["controls"] - 3
    assert effects["vi"].to_numpy() == pytest.approx(1 / left.to_numpy(), rel=tol.closed_form)
    assert np.array(values["vi"]) == pytest.approx(1 / (left + 1).to_numpy(), rel=tol.closed_form)


def test_partial_z_variance_is_that_of_simulated_regressions(rng: np.random.Generator) -> None:
    n, k, times = 14, 4, 4000
    x = rng.standard_normal((times, n, k + 2))
    inverse = np.linalg.inv(np.einsum("tni,tnj->tij", x - x.mean(1, keepdims=True), x))
    r = -inverse[:, 0, 1] / np.sqrt(inverse[:, 0, 0] * inverse[:, 1, 1])
    seen, error = np.arctanh(r).var(), np.sqrt(2 / times)
    assert seen * (n - k - 3) == pytest.approx(1, abs=4 * error)
    assert seen * (n - k - 2) > 1 + 4 * error


def test_every_measure_has_words() -> None:
    assert set(MEASURES) == set(SCALES)


# ---------------------------------------------------------------- forms of input

N = np.array([12, 40, 333])
R = np.array([-0.6, 0.02, 0.31])


def statistics() -> pd.DataFrame:
    """The same correlations as r, t, F, χ², and p."""
    t = R * np.sqrt((N - 2) / (1 - R**2))
    return pd.DataFrame(
        {
            "ri": R, "ni": N, "ti": t, "fi": t**2, "chi2i": N * R**2,
            "pi": 2 * special.stdtr(N - 2, -np.abs(t)),
            "signi": ["negative", "+", 1],
        }
    )  # fmt: skip


@pytest.mark.parametrize("form", ["ti", "fi signi", "chi2i signi", "pi signi"])
@pytest.mark.parametrize("measure", ["COR", "ZCOR", "UCOR"])
def test_statistics_of_one_correlation_give_one_effect(form: str, measure: str) -> None:
    frame = statistics()
    columns = {word: word for word in (*form.split(), "ni")}
    ours = quiet(frame, measure=measure, **columns)
    direct = quiet(frame, measure=measure, ri="ri", ni="ni")
    assert ours["yi"].to_numpy() == pytest.approx(direct["yi"].to_numpy(), rel=1e-10)
    assert ours["vi"].to_numpy() == pytest.approx(direct["vi"].to_numpy(), rel=1e-10)


def test_partial_r_of_t_is_that_of_the_regression(rng: np.random.Generator) -> None:
    x = rng.standard_normal((30, 4))
    y = x @ [0.5, 0.3, 0, -0.2] + rng.standard_normal(30)
    design = np.column_stack([np.ones(30), x])
    beta, rss = np.linalg.lstsq(design, y)[:2]
    se = np.sqrt(rss[0] / 25 * np.linalg.inv(design.T @ design)[1, 1])
    others = np.delete(design, 1, axis=1)
    rest = [v - others @ np.linalg.lstsq(others, v)[0] for v in (x[:, 0], y)]
    frame = pd.DataFrame({"t": [beta[1] / se], "n": [30]})
    effect = quiet(frame, measure="PCOR", ti="t", ni="n", controls=3)
    assert effect["yi"][0] == pytest.approx(np.corrcoef(*rest)[0, 1], rel=1e-10)
    r2 = 1 - rss[0] / ((y - y.mean()) ** 2).sum()
    semi = quiet(frame.assign(r2=r2), measure="SPCOR", ti="t", ni="n", controls=3, r2i="r2")
    assert semi["yi"][0] == pytest.approx(np.corrcoef(rest[0], y)[0, 1], rel=1e-10)


@pytest.mark.parametrize("form", ["di", "gi", "ti", "fi signi", "pi signi"])
def test_standardised_difference_from_other_numbers(form: str) -> None:
    values = reference("groups_smd")
    frame = pd.DataFrame(values["data"]).iloc[3:]
    n = frame["n1i"] + frame["n2i"]
    squares = (frame["n1i"] - 1) * frame["sd1i"] ** 2 + (frame["n2i"] - 1) * frame["sd2i"] ** 2
    d = (frame["m1i"] - frame["m2i"]) / np.sqrt(squares / (n - 2))
    t = d / np.sqrt(1 / frame["n1i"] + 1 / frame["n2i"])
    given = frame[["n1i", "n2i"]].assign(
        di=d, gi=values["yi"][3:], ti=t, fi=t**2, pi=2 * special.stdtr(n - 2, -t.abs()),
        signi=np.sign(t),
    )  # fmt: skip
    columns = {word: word for word in (*form.split(), "n1i", "n2i")}
    effects = quiet(given, measure="SMD", **columns)
    assert effects["yi"].to_numpy() == pytest.approx(values["yi"][3:], rel=1e-10)
    assert effects["vi"].to_numpy() == pytest.approx(values["vi"][3:], rel=1e-10)
    assert effects["ni"].tolist() == n.tolist()


def test_correlation_of_a_difference_has_the_variance_of_the_difference() -> None:
    frame = pd.DataFrame({"d": [0.5], "a": [40], "b": [60], "n": [100]})
    r, variance = al.meta.d_to_r(0.5, variance=1 / 40 + 1 / 60 + 0.25 / 200, n1=40, n2=60)
    plain = quiet(frame, measure="COR", di="d", n1i="a", n2i="b")
    assert (plain["yi"][0], plain["vi"][0]) == pytest.approx((r, variance))
    z = quiet(frame, measure="ZCOR", di="d", n1i="a", n2i="b")
    assert (z["yi"][0], z["vi"][0]) == pytest.approx(al.meta.r_to_z(r, variance=variance))
    equal = quiet(frame, measure="COR", di="d", ni="n")
    assert equal["yi"][0] == pytest.approx(0.5 / np.sqrt(0.25 + 4))


def test_correlation_of_an_odds_ratio_goes_by_way_of_d() -> None:
    frame = pd.DataFrame({"or": [2.5], "low": [1.25], "high": [5.0], "n": [80]})
    log_odds = quiet(frame, measure="OR", ori="or", ci_low="low", ci_high="high")
    width = (np.log(5) - np.log(1.25)) / (2 * special.ndtri(0.975))
    assert (log_odds["yi"][0], log_odds["vi"][0]) == pytest.approx((np.log(2.5), width**2))
    d = al.meta.log_odds_to_d(np.log(2.5), variance=width**2)
    r = al.meta.d_to_r(d.value, variance=d.variance)
    ours = quiet(frame, measure="COR", ori="or", ci_low="low", ci_high="high", ni="n")
    assert (ours["yi"][0], ours["vi"][0]) == pytest.approx(r)


def test_paired_t_gives_the_change_in_its_own_sd() -> None:
    values = reference("change_smcc")
    frame = pd.DataFrame(values["data"])
    sd = np.sqrt(
        frame["sdpre"] ** 2
        + frame["sdpost"] ** 2
        - 2 * frame["ri"] * frame["sdpre"] * frame["sdpost"]
    )
    frame["d"] = (frame["mpost"] - frame["mpre"]) / sd
    frame["t"] = frame["d"] * np.sqrt(frame["ni"])
    for columns in ({"di": "d"}, {"ti": "t"}):
        effects = quiet(frame, measure="SMCC", ni="ni", **columns)
        assert effects["yi"].to_numpy() == pytest.approx(values["yi"], rel=1e-10)
        assert effects["vi"].to_numpy() == pytest.approx(values["vi"], rel=1e-10)


def test_difference_of_changes_of_morris_2008() -> None:
    """Table 5 of Morris (2008), data of Carlson and Schmidt (1999)."""
    frame = pd.DataFrame(
        {
            "m1pre": [30.6, 23.5, 0.5, 53.4, 35.6], "m1post": [38.5, 26.8, 0.7, 75.9, 36.0],
            "sd1pre": [15.0, 3.1, 0.1, 14.5, 4.7], "n1i": [20, 50, 9, 10, 14],
            "m2pre": [23.1, 24.9, 0.6, 55.7, 34.8], "m2post": [19.7, 25.3, 0.6, 60.7, 33.4],
            "sd2pre": [13.8, 4.1, 0.2, 17.3, 3.1], "n2i": [20, 42, 9, 11, 14],
            "ri": [0.47, 0.64, 0.77, 0.89, 0.44],
        }
    )  # fmt: skip
    effects = quiet(frame, measure="SMDC")
    assert effects["yi"].round(2).tolist() == [0.77, 0.80, 1.20, 1.05, 0.44]
    alone = frame.assign(m2pre=0.0, m2post=0.0, n2i=10**9, sd2pre=frame["sd1pre"], n1i=10**6)
    big = frame.assign(ni=10**6).rename(
        columns={"m1pre": "mpre", "m1post": "mpost", "sd1pre": "sdpre"}
    )
    one = quiet(big, measure="SMCR", mpre="mpre", mpost="mpost", sdpre="sdpre", ri="ri", ni="ni")
    alone["sd2pre"] = frame["sd1pre"]
    two = quiet(alone, measure="SMDC")
    assert two["yi"].to_numpy() == pytest.approx(one["yi"].to_numpy(), rel=1e-5)


def test_rows_take_the_first_form_they_have_complete() -> None:
    frame = pd.DataFrame(
        {"r": [0.3, None, None], "t": [9.0, 2.0, None], "n": [50, 50, 60], "study": ["A", "B", "C"]}
    )
    asked = {"ri": "r", "ti": "t", "ni": "n"}
    effects = quiet(frame, **asked)
    assert effects["computed_from"].tolist()[:2] == ["ri ni", "ti ni"]
    assert pd.isna(effects["computed_from"][2])
    assert effects["yi"][0] == np.arctanh(0.3)
    assert effects["ni"].tolist() == [50, 50, 60]
    messages = said(frame, **asked)
    assert messages[0] == "2 effects: 1 from ri ni, 1 from ti ni."
    assert "1 of 3 effects is not reported though the sample size is, in study C" in messages[1]


# ---------------------------------------------------------------- invariances

correlations = st.lists(
    st.tuples(st.floats(-0.99, 0.99), st.integers(5, 5000)), min_size=2, max_size=8
)


@given(correlations, st.sampled_from(["COR", "ZCOR", "UCOR"]))
def test_the_other_sign_and_the_other_order(pairs: list[tuple[float, int]], measure: str) -> None:
    frame = pd.DataFrame(pairs, columns=["ri", "ni"])
    effects = quiet(frame, measure=measure)
    turned = quiet(frame, measure=measure, direction="lower")
    assert turned["yi"].tolist() == (-effects["yi"]).tolist()
    assert turned["vi"].tolist() == effects["vi"].tolist()
    negative = quiet(frame.assign(ri=-frame["ri"]), measure=measure)
    assert negative["yi"].to_numpy() == pytest.approx(turned["yi"].to_numpy(), rel=1e-12)
    order = quiet(frame[::-1], measure=measure)
    assert order[["yi", "vi"]].equals(effects[["yi", "vi"]][::-1])


@given(st.floats(0.01, 1000), st.floats(-50, 50))
def test_standardised_differences_do_not_depend_on_the_scale(scale: float, shift: float) -> None:
    frame = pd.DataFrame(reference("normand1999_smd")["data"])
    moved = frame.assign(
        m1i=scale * (frame["m1i"] + shift), m2i=scale * (frame["m2i"] + shift),
        sd1i=scale * frame["sd1i"], sd2i=scale * frame["sd2i"],
    )  # fmt: skip
    first, second = (quiet(each, measure="SMD") for each in (frame, moved))
    assert second["yi"].to_numpy() == pytest.approx(first["yi"].to_numpy(), rel=1e-9, abs=1e-11)


def test_unbiased_r_is_unbiased(rng: np.random.Generator) -> None:
    n, true, times = 8, 0.5, 40000
    x = rng.standard_normal((2, times, n))
    x[1] = true * x[0] + np.sqrt(1 - true**2) * x[1]
    x -= x.mean(axis=2, keepdims=True)
    r = (x[0] * x[1]).sum(1) / np.sqrt((x[0] ** 2).sum(1) * (x[1] ** 2).sum(1))
    effects = quiet(pd.DataFrame({"ri": r, "ni": n}), measure="UCOR")
    error = 4 * r.std() / np.sqrt(times)
    assert effects["yi"].mean() == pytest.approx(true, abs=error)
    assert r.mean() < true - error


# ---------------------------------------------------------------- signs, unreported, zero cells


def test_directions_of_rows_columns_and_outcomes() -> None:
    frame = pd.DataFrame(
        {"ri": [0.2, 0.3, 0.4], "ni": 50, "outcome": ["PHQ-9", " GAF", "PHQ-9"],
         "better": ["lower", "Higher ", "lower"]}
    )  # fmt: skip
    by_column = quiet(frame, direction="better")
    by_name = quiet(frame, direction={"PHQ-9": "lower", "GAF": "higher"})
    assert by_column.equals(by_name)
    assert np.sign(by_column["yi"]).tolist() == [-1, 1, -1]
    assert by_column["flipped"].tolist() == [True, False, True]
    assert said(frame, direction="better") == [
        "2 of 3 effects have the other sign: lower scores of the outcome are better there. "
        "Positive means a better outcome."
    ]
    assert "flipped" not in quiet(frame)


@pytest.mark.parametrize("cell", ["n.s.", "NS ", None, "not significant"])
def test_unreported_results_are_left_out_and_counted(cell: str | None) -> None:
    frame = pd.DataFrame({"study": ["A", "B"], "r": ["−.3", cell], "n": [50, 60]})
    effects = quiet(frame, ri="r", ni="n")
    assert effects["yi"].isna().tolist() == [False, True]
    assert effects["yi"][0] == np.arctanh(-0.3)
    (message,) = said(frame, ri="r", ni="n")
    assert message.startswith("1 of 2 effects is not reported though the sample size is, in study")
    zero = quiet(frame, ri="r", ni="n", unreported="zero")
    assert zero.loc[1, ["yi", "vi"]].tolist() == [0, 1 / 57]
    assert zero["computed_from"].tolist() == ["ri ni", "unreported, taken as 0"]


@pytest.mark.parametrize(
    ("measure", "sizes", "variance"),
    [
        ("COR", {"ni": 50}, 1 / 49),
        ("UCOR", {"ni": 50}, 1 / 49),
        ("ZPCOR", {"ni": 50, "controls": 2}, 1 / 45),
        ("SMD", {"n1i": 20, "n2i": 30}, 1 / 20 + 1 / 30),
    ],
)
def test_zero_for_unreported(measure: str, sizes: dict[str, int], variance: float) -> None:
    effect = "gi" if measure == "SMD" else "ri"
    frame = pd.DataFrame({effect: [0.2, None], **sizes})
    zero = quiet(frame, measure=measure, unreported="zero")
    assert zero.loc[1, "yi"] == 0
    assert zero.loc[1, "vi"] == pytest.approx(variance)


def test_zero_needs_a_variance_that_follows_from_the_size() -> None:
    frame = pd.DataFrame({"ai": [1], "bi": 2, "ci": 3, "di": 4})
    with pytest.raises(UnsupportedError, match="available for ZCOR, COR"):
        al.effect_sizes(frame, measure="OR", unreported="zero")


def test_tables_with_a_cell_of_zero_are_counted() -> None:
    frame = pd.DataFrame({"ai": [0, 3, 0], "bi": [4, 4, 5], "ci": [5, 5, 0], "di": [6, 6, 7]})
    assert said(frame, measure="OR") == [
        "2 tables of 3 have a cell of 0: ½ was added to each of their cells; 1 of them holds no "
        "event, or only events, and says nothing."
    ]


def test_incomplete_rows_are_counted() -> None:
    frame = pd.DataFrame({"ri": [0.2, 0.3], "ni": [50, None]})
    assert said(frame) == [
        "1 row of 2 could not be computed: ri ni is not complete at row 1 (counted from 0)."
    ]
    with pytest.raises(DataError, match="none of 2 rows has the numbers"):
        al.effect_sizes(frame.assign(ni=np.nan))


def test_the_frame_is_not_changed_and_keeps_its_index() -> None:
    frame = pd.DataFrame({"ri": [0.2, 0.3], "ni": [50, 60]}, index=["x", "y"])
    before = frame.copy()
    effects = quiet(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert effects.index.tolist() == ["x", "y"]
    assert effects.columns.tolist() == ["ri", "ni", "yi", "vi", "es_measure"]
