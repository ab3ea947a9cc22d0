"""What this library prints is found and consistent; one digit changed beyond rounding is not."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import cache

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import alliance_stats as al
from alliance_stats.report.wording.numbers import numbers, p_phrase

estimates = st.floats(-50, 50, allow_nan=False).filter(lambda b: abs(b) > 1e-3)
ratios = st.floats(0.01, 12).map(lambda t: round(t, 6))
degrees = st.one_of(st.floats(1.5, 3000), st.integers(2, 3000).map(float), st.just(math.inf))


def coefficient(b: float, t: float, df: float) -> dict[str, float]:
    se = abs(b) / t
    statistic = b / se
    p = 2 * (stats.t.sf(abs(statistic), df) if math.isfinite(df) else stats.norm.sf(abs(statistic)))
    half = se * (stats.t.ppf(0.975, df) if math.isfinite(df) else stats.norm.ppf(0.975))
    return {"estimate": b, "se": se, "statistic": statistic, "df": df, "p_value": p,
            "ci_low": b - half, "ci_high": b + half}  # fmt: skip


@given(estimates, ratios, degrees, st.sampled_from([2, 3, 4]))
def test_coefficients_as_printed_here_are_consistent(
    b: float, t: float, df: float, decimals: int
) -> None:
    text = f"It did ({numbers(coefficient(b, t, df), decimals, 0.95)})."
    frame = al.check_statistics(text).frame
    assert frame["verdict"].tolist() == ["consistent"], f"{text} {frame['message'][0]}"
    assert frame["kind"][0] == ("t" if math.isfinite(df) else "z")
    assert frame["value"][0] == pytest.approx(b / abs(b) * t, abs=0.0051)


@given(st.floats(0.01, 40), st.integers(1, 6), st.floats(2, 900))
def test_tests_of_several_terms_are_consistent(x: float, df: int, df_residual: float) -> None:
    f = stats.f.sf(x, df, df_residual)
    chi2 = stats.chi2.sf(x, df)
    text = (
        f"It went with it (F({df}, {df_residual:.1f}) = {x:.2f}, {p_phrase(f)}); "
        f"effects differed (Q({df}) = {x:.2f}, {p_phrase(chi2)}); "
        f"models too (χ²({df}) = {x:.2f}, {p_phrase(chi2)})."
    )
    frame = al.check_statistics(text).frame
    assert frame["kind"].tolist() == ["F", "Q", "χ²"]
    assert set(frame["verdict"]) == {"consistent"}, text


@cache
def effects() -> pd.DataFrame:
    return al.effect_sizes(al.load_example("effects"), measure="ZCOR", ri="r", ni="n")


REPORTS: dict[str, Callable[[], object]] = {
    "within_between": lambda: al.fit_within_between(al.load_example("sessions")),
    "within_between_null": lambda: al.fit_within_between(al.load_example("sessions_null")),
    "outcome": lambda: al.fit_outcome(al.load_example("sessions"), rng=1, n_boot=100),
    "growth": lambda: al.fit_growth(al.load_example("sessions")),
    "cross_lagged": lambda: al.fit_cross_lagged(al.load_example("sessions")),
    "latent": lambda: al.fit_latent_within_between(al.load_example("sessions")),
    "therapist": lambda: al.models.fit_therapist(al.load_example("sessions")),
    "lmm": lambda: al.fit_lmm("phq9 ~ session + (1 | patient)", al.load_example("sessions").frame),
    "event": lambda: al.models.fit_event(al.load_example("sessions")),
    "moderation": lambda: al.models.fit_moderation(
        al.load_example("process"), moderator="treatment", smallest_effect=0.1
    ),
    "perspectives": lambda: al.models.fit_perspectives(al.load_example("process")),
    "congruence": lambda: al.models.fit_congruence(al.load_example("dyads")),
    "mediation": lambda: al.models.fit_mediation(
        al.load_example("process"), mediator="motivation", mediator_at="after", rng=1
    ),
    "multilevel": lambda: al.fit_meta_multilevel(effects(), rho=0.6),
    "meta": lambda: al.fit_meta(effects()),
    "meta_moderators": lambda: al.fit_meta(effects(), mods="year"),
    "meta_bias": lambda: al.meta.egger_test(al.fit_meta(effects())),
}


@pytest.mark.parametrize("name", REPORTS)
def test_every_sentence_of_a_report_is_consistent(name: str) -> None:
    text = str(al.report_text(REPORTS[name]()))  # type: ignore[arg-type]
    frame = al.check_statistics(text).frame
    printed = re.findall(r"(?:\b[tFQ]|χ²)\([^()]+\) =|\bz =", text)
    assert len(frame) >= len(printed) > 0
    assert set(frame["verdict"]) == {"consistent"}, frame[["text", "message"]].to_string()


MUTATED = [
    "b = −0.108, SE = 0.021, t(187.3) = −5.14, p < .001",
    "b = −0.108, SE = 0.052, t(187.3) = −2.08, p = .039",
    "F(2, 45.3) = 3.41, p = .042",
    "χ²(2, N = 90) = 7.10, p = .029",
    "Q(12) = 18.55, p = .100",
    "r(88) = .234, p = .026",
    "z = 2.17, p = .030",
]


@pytest.mark.parametrize("text", MUTATED)
def test_one_digit_changed_beyond_rounding_is_flagged(text: str) -> None:
    """Every digit of statistic, df and p in turn; those that rounding can explain are listed."""
    assert al.check_statistics(text).ok
    missed = []
    for place, sign in enumerate(text):
        if not sign.isdigit() or "N = 90" in text[place - 4 : place + 3] or text[place - 1] == "χ":
            continue
        for other in "0123456789":
            changed = text[:place] + other + text[place + 1 :]
            if other != sign and changed != text and al.check_statistics(changed).ok:
                missed.append(changed)
    assert not [each for each in missed if not explained(each)]


def explained(text: str) -> bool:
    """Whether numbers drawn within their rounding can all be right, by scipy over a grid."""
    value, half = number(
        re.search(r"(?:t\(.*?\)|F\(.*?\)|χ²\(.*?\)|Q\(.*?\)|r\(.*?\)|z) = (\S+?),", text)
    )
    df = [float(each) for each in re.findall(r"[\d.]+", re.sub(r"N = \d+", "", between(text)))]
    sizes = [max(abs(value) + step * half, 0.0) for step in (-1, -0.5, 0, 0.5, 1)]
    kind = re.search(r"([tFQrz]|χ²)(?:\(| =)", text)
    assert kind is not None
    found = [tail(kind.group(1), size, df) for size in sizes]
    sign, p, rounding = (
        re.search(r"p ([=<]) ", text).group(1),
        *number(re.search(r"p . (\S+)$", text)),
    )
    fits = (
        min(found) < p if sign == "<" else min(found) <= p + rounding and max(found) >= p - rounding
    )
    return fits and quotient(text, value, half)


def quotient(text: str, t: float, half: float) -> bool:
    if "SE" not in text:
        return True
    b, b_half = number(re.search(r"b = (\S+?),", text))
    se, se_half = number(re.search(r"SE = (\S+?),", text))
    if se - se_half <= 0:
        return True
    ends = [(b + i * b_half) / (se + j * se_half) for i in (-1, 1) for j in (-1, 1)]
    return min(ends) <= t + half + 1e-9 and max(ends) >= t - half - 1e-9


def between(text: str) -> str:
    found = re.search(r"\((.*?)\)", text)
    return found.group(1) if found else ""


def number(found: re.Match[str] | None) -> tuple[float, float]:
    assert found is not None
    text = found.group(1).replace("−", "-")
    return float(text), 0.5 * 10.0 ** -len(text.partition(".")[2])


def tail(kind: str, size: float, df: list[float]) -> float:
    if kind == "r":
        size, kind = size * math.sqrt(df[0] / (1 - size**2)), "t"
    sf = {"t": stats.t.sf, "F": stats.f.sf, "χ²": stats.chi2.sf, "Q": stats.chi2.sf}
    return float(
        2 * stats.norm.sf(size) if kind == "z" else sf[kind](size, *df) * (2 if kind == "t" else 1)
    )
