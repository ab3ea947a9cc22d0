"""p values of printed statistics equal scipy's, and their range is that of all roundings."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from alliance_stats._base.printed import Printed
from alliance_stats.report.statcheck.items import Item
from alliance_stats.report.statcheck.p_values import (
    agrees,
    p_ends,
    printed_significant,
    significant,
    two_tailed,
)

ORACLES = {
    "t": lambda x, df: 2 * stats.t.sf(x, *df),
    "z": lambda x, df: 2 * stats.norm.sf(x),
    "F": lambda x, df: stats.f.sf(x, *df),
    "χ²": lambda x, df: stats.chi2.sf(x, *df),
    "Q": lambda x, df: stats.chi2.sf(x, *df),
    "r": lambda x, df: stats.beta(df[0] / 2, df[0] / 2, loc=-1, scale=2).sf(x) * 2,
}
CASES = [
    ("t", "-2.10", ("187.3",)), ("t", "0.04", ("3",)), ("z", "1.96", ()),
    ("F", "4.4", ("2", "45.3")),
    ("χ²", "7.10", ("2",)), ("Q", "812.3", ("294",)), ("r", ".38", ("88",)), ("r", "-.05", ("12",)),
]  # fmt: skip


def test(kind: str, number: str) -> Item:
    return Item(kind, 0, 1, "=", Printed.of(number))


test.__test__ = False  # type: ignore[attr-defined]


@pytest.mark.parametrize(("kind", "number", "df"), CASES)
def test_p_values_are_those_of_scipy(
    kind: str, number: str, df: tuple[str, ...], tol: SimpleNamespace
) -> None:
    degrees = tuple(Printed.of(each) for each in df)
    expected = ORACLES[kind](abs(float(number)), [float(each) for each in df])
    found = p_ends([(test(kind, number), degrees)])[0][0]
    assert found == pytest.approx(expected, rel=tol.closed_form)


@pytest.mark.parametrize(("kind", "number", "df"), CASES)
def test_the_range_holds_every_rounding_and_no_more(
    kind: str, number: str, df: tuple[str, ...], rng: np.random.Generator, tol: SimpleNamespace
) -> None:
    statistic, degrees = Printed.of(number), tuple(Printed.of(each) for each in df)
    _, low, high = p_ends([(test(kind, number), degrees)])[0]
    values = abs(rng.uniform(statistic.low, statistic.high, 800))
    drawn = [rng.uniform(d.low, d.high, 800) if d.has_decimals else np.full(800, d.value)
             for d in degrees]  # fmt: skip
    found = [ORACLES[kind](x, each) for x, *each in zip(values, *drawn, strict=True)]
    assert low * (1 - tol.closed_form) <= min(found)
    assert max(found) <= high * (1 + tol.closed_form)
    assert min(found) - low < 0.1 * (high - low) and high - max(found) < 0.1 * (high - low)


def test_many_at_once_are_as_each_alone(tol: SimpleNamespace) -> None:
    """Kinds mixed, degrees of freedom with and without decimals."""
    tests = [(test(kind, n), tuple(map(Printed.of, df))) for kind, n, df in CASES * 2]
    together = np.array(p_ends(tests))
    alone = np.array([p_ends([each])[0] for each in tests])
    np.testing.assert_allclose(together, alone, rtol=tol.closed_form)
    assert p_ends([]) == []


def test_a_correlation_of_one_has_p_zero() -> None:
    assert two_tailed("r", 1.0, [10.0]) == 0.0


@pytest.mark.parametrize(
    ("sign", "number", "fits"),
    [
        ("=", ".05", True), ("=", ".047", True), ("=", ".04", False), ("<", ".05", True),
        ("<", ".046", False), ("<", ".047", True), (">", ".05", False), (">", ".047", True),
        ("≤", ".046", True), ("≥", ".048", True), ("≥", ".049", False), ("ns", "9", False),
    ],
)  # fmt: skip
def test_a_printed_p_stands_for_all_that_round_to_it(sign: str, number: str, fits: bool) -> None:
    assert agrees(0.046, 0.048, Item("p", 0, 1, sign, Printed.of(number)), 0.05) is fits


@pytest.mark.parametrize(
    ("sign", "number", "says"),
    [
        ("<", ".05", True), ("<", ".001", True), ("<", ".10", None), (">", ".05", False),
        (">", ".01", None), ("=", ".049", True), ("=", ".05", None), ("=", ".051", False),
        ("ns", "9", False),
    ],
)  # fmt: skip
def test_what_a_printed_p_says_of_significance(sign: str, number: str, says: bool | None) -> None:
    assert printed_significant(Item("p", 0, 1, sign, Printed.of(number)), 0.05) is says
    assert significant(0.01, 0.02, 0.05) is True
    assert significant(0.06, 0.07, 0.05) is False
    assert significant(0.04, 0.06, 0.05) is None
