"""Every rule over arrays equals a plain loop over one patient at a time."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from alliance_stats.models.ruptures.control_chart import D2, moving_range
from alliance_stats.models.ruptures.criterion import reference
from alliance_stats.models.ruptures.episodes import episodes_of, signals_of
from alliance_stats.models.ruptures.partition import two_levels
from alliance_stats.models.ruptures.rule import DROPS, Rule
from alliance_stats.models.ruptures.series import Floats, Series

Ratings = dict[int, float]
Signals = tuple[dict[int, float], dict[int, bool], dict[int, float], float]


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def own_sd(values: list[float]) -> float:
    m = mean(values)
    return math.sqrt(sum((v - m) ** 2 for v in values) / (len(values) - 1))


def runs(low: dict[int, bool]) -> dict[int, bool]:
    """Low ratings after a rating that was not low, or after none."""
    onset, before = {}, False
    for t in sorted(low):
        onset[t] = low[t] and not before
        before = low[t]
    return onset


def loop_criterion(y: Ratings, drop: float, sd: float | None, lookback: int | None) -> Signals:
    unit = own_sd(list(y.values())) if sd is None else sd
    onset, level = {}, {}
    for t in y:
        before = [y[s] for s in y if s < t and (lookback is None or s >= t - lookback)]
        onset[t] = bool(before) and max(before) - y[t] >= drop * unit * (1 - 1e-12)
        level[t] = max(before) if before else math.nan
    return y, onset, level, unit


def loop_control_chart(y: Ratings, drop: float, rho: float) -> Signals:
    ranges = [abs(y[t] - y[t - 1]) for t in y if t - 1 in y]
    sigma = mean(ranges) / (2 / math.sqrt(math.pi)) / math.sqrt(1 - rho)
    m = mean(list(y.values()))
    low = {t: y[t] < m - drop * sigma for t in y}
    return y, runs(low), dict.fromkeys(y, m), sigma


def loop_regression(y: Ratings, drop: float) -> Signals:
    times = list(y)
    tm, ym = mean([float(t) for t in times]), mean(list(y.values()))
    slope = sum((t - tm) * (y[t] - ym) for t in times) / sum((t - tm) ** 2 for t in times)
    left = {t: y[t] - ym - slope * (t - tm) for t in times}
    sd = math.sqrt(sum(v**2 for v in left.values()) / (len(left) - 2))
    low = {t: left[t] <= -drop * sd * (1 - 1e-12) for t in times}
    return left, runs(low), dict.fromkeys(y, 0.0), sd


def loop_partition(y: Ratings, drop: float, penalty: float | None) -> Signals:
    """All cuts of the ordered ratings, then all paths of two levels."""
    values, n = sorted(y.values()), len(y)

    def squares(some: list[float]) -> float:
        return sum((v - mean(some)) ** 2 for v in some)

    cut = min(range(1, n), key=lambda k: squares(values[:k]) + squares(values[k:]))
    low, high = mean(values[:cut]), mean(values[cut:])
    within = (squares(values[:cut]) + squares(values[cut:])) / n
    cost = (math.log(n) if penalty is None else penalty) * within

    def price(path: tuple[int, ...]) -> float:
        miss = sum((y[t] - (high, low)[s]) ** 2 for t, s in zip(sorted(y), path, strict=True))
        return miss + cost * sum(a != b for a, b in zip(path, path[1:], strict=False))

    best = min(product((0, 1), repeat=n), key=price)
    is_low = {t: bool(s) for t, s in zip(sorted(y), best, strict=True)}
    onset = runs(is_low)
    onset[min(y)] = False
    far = high - low >= drop * own_sd(list(y.values())) * (1 - 1e-12)
    path_level = {t: low if is_low[t] else high for t in y}
    return path_level, {t: onset[t] and far for t in y}, dict.fromkeys(y, high), math.nan


def loop_episodes(
    signals: Signals, window: int, tolerance: float
) -> list[tuple[int, int | None, int | None]]:
    """Start, repair and resolution of every rupture."""
    y, onset, level, sd = signals
    unit = 0.0 if math.isnan(sd) else sd
    found: list[tuple[int, int | None, int | None]] = []
    busy_until = -1
    for t in sorted(y):
        if t <= busy_until or not onset[t]:
            continue
        goal = level[t] - tolerance * unit * (1 + 1e-12)
        back = next((s for s in sorted(y) if s > t and y[s] >= goal), None)
        repair = back if back is not None and back <= t + window else None
        busy_until = t + window if repair is None else repair
        found.append((t, repair, back))
    return found


CASES = [
    Rule("criterion", 1.0),
    Rule("criterion", 1.5, window=4, tolerance=0.0),
    Rule("criterion", 1.0, lookback=3, window=1, tolerance=1.0),
    Rule("criterion", 2.0, lookback=None),
    Rule("criterion", 0.8, sd="pooled"),
    Rule("criterion", 1.0, sd=4.0),
    Rule("control_chart", 1.5),
    Rule("control_chart", 2.0, window=3),
    Rule("regression", 1.0),
    Rule("regression", 1.5, window=1, tolerance=0.2),
    Rule("partition", 1.0),
    Rule("partition", 1.9, penalty=0.5, window=3),
    Rule("partition", 0.2, penalty=0.1),
]


def ratings(seed: int, n_patients: int = 12, n_studies: int = 4) -> Series:
    """Ratings in whole points, with gaps and series of different length."""
    rng = np.random.default_rng(seed)
    y = np.rint(50 + 6 * rng.normal(size=(10, n_patients, n_studies)))
    seen = rng.random((10, n_patients)) > 0.15
    seen &= np.arange(10)[:, None] < rng.integers(8, 11, n_patients)
    seen[0] = True
    seen[:, 0] = True
    y[~seen] = np.nan
    return Series(y, seen)


def one(y: Floats) -> Ratings:
    return {int(t): float(y[t]) for t in np.flatnonzero(~np.isnan(y))}


def plain(series: Series, rule: Rule, p: int, m: int, rho: float) -> Signals:
    y = one(series.y[:, p, m])
    if rule.name == "criterion":
        sd: float | None = None
        if rule.sd == "pooled":
            each = [one(series.y[:, q, m]) for q in range(series.y.shape[1])]
            squares = sum(own_sd(list(e.values())) ** 2 * (len(e) - 1) for e in each)
            sd = float(np.sqrt(squares / sum(len(e) - 1 for e in each)))
        elif not isinstance(rule.sd, str):
            sd = rule.sd
        return loop_criterion(y, rule.drop, sd, rule.lookback)
    if rule.name == "control_chart":
        return loop_control_chart(y, rule.drop, rho)
    if rule.name == "regression":
        return loop_regression(y, rule.drop)
    return loop_partition(y, rule.drop, rule.penalty)


@pytest.mark.parametrize("rule", CASES, ids=lambda r: f"{r.name}-{r.drop}-{r.window}")
@pytest.mark.parametrize("seed", [1, 2])
def test_arrays_equal_the_plain_loop(rule: Rule, seed: int) -> None:
    series = ratings(seed)
    rho = np.array([0.0, 0.2, 0.4, -0.2])
    found = episodes_of(signals_of(series, rule, rho), rule)
    total = 0
    for p in range(series.y.shape[1]):
        for m in range(series.y.shape[2]):
            signals = plain(series, rule, p, m, float(rho[m]))
            hand = loop_episodes(signals, rule.window, rule.tolerance)
            total += len(hand)
            assert np.flatnonzero(found.start[:, p, m]).tolist() == [e[0] for e in hand]
            assert np.flatnonzero(found.repair[:, p, m]).tolist() == [
                e[1] for e in hand if e[1] is not None
            ]
            assert np.flatnonzero(found.resolved[:, p, m]).tolist() == [
                e[0] for e in hand if e[2] is not None
            ]
    assert total > 3


@pytest.mark.parametrize("name", sorted(DROPS))
def test_studies_and_patients_do_not_touch_each_other(name: str) -> None:
    """All studies at a time are each study alone; so are patients, and their order is free."""
    series, rule = ratings(5), Rule(name, 1.0)  # type: ignore[arg-type]
    rho = np.array([0.1, 0.2, 0.3, 0.4])
    whole = episodes_of(signals_of(series, rule, rho), rule).counts()
    order = np.random.default_rng(1).permutation(series.y.shape[1])
    for m in range(4):
        some = Series(series.y[:, order, m : m + 1], series.seen[:, order])
        alone = episodes_of(signals_of(some, rule, rho[m : m + 1]), rule).counts()
        assert (alone[:, :, 0] == whole[:, order, m]).all()


@pytest.mark.parametrize("name", sorted(DROPS))
def test_units_of_the_ratings_do_not_matter(name: str) -> None:
    series, rule = ratings(6), Rule(name, 1.1)  # type: ignore[arg-type]
    other = Series(3.0 + 8.0 * series.y, series.seen)
    rho = np.full(4, 0.2)
    counts = [episodes_of(signals_of(s, rule, rho), rule).counts() for s in (series, other)]
    assert (counts[0] == counts[1]).all()


def series_of(*ratings: float) -> Series:
    y = np.array(ratings, dtype=float)[:, None, None]
    return Series(y, ~np.isnan(y[:, :, 0]))


def test_a_series_by_hand() -> None:
    """Falls at sessions 3 and 6; the first is regained at once, the second three sessions on."""
    series = series_of(50, 50, 40, 50, 50, 40, 42, 44, 50, 50)
    rule = Rule("criterion", 1.0, window=2, tolerance=0.25)
    found = episodes_of(signals_of(series, rule, np.zeros(1)), rule)
    assert np.flatnonzero(found.start[:, 0, 0]).tolist() == [2, 5]
    assert np.flatnonzero(found.repair[:, 0, 0]).tolist() == [3]
    assert found.counts()[:, 0, 0].tolist() == [2, 1, 2, 1]


def test_gaps_are_strict() -> None:
    """After a session without a rating there is nothing to fall from, unless one looks back."""
    y = series_of(50, 51, np.nan, 40, 50, 51, 50, 49, 50).y
    assert np.isnan(reference(y, 1)[3, 0, 0])
    assert reference(y, 2)[3, 0, 0] == 51
    assert reference(y, None)[3, 0, 0] == 51
    assert moving_range(series_of(50, np.nan, 40, 44))[0, 0] == 4


def test_limits_of_the_chart_by_hand() -> None:
    """Mean 50, mean moving range 4: limits 50 ± 2.66 · 4, wider by 1/√(1 − .36) at ρ = .36."""
    series = series_of(48, 52, 48, 52, 48, 52, 48, 52)
    assert pytest.approx(2.66, abs=2e-3) == 3 / D2
    signals = signals_of(series, Rule("control_chart", 3.0), np.array([0.0]))
    assert float(3 * signals.sd[0, 0]) == pytest.approx(2.6587 * 4, rel=1e-4)
    wider = signals_of(series, Rule("control_chart", 3.0), np.array([0.36]))
    assert float(wider.sd[0, 0] / signals.sd[0, 0]) == pytest.approx(1.25)


def test_moving_ranges_of_an_autoregression(rng: np.random.Generator) -> None:
    """E|y_t − y_{t−1}| = 2σ√((1 − ρ)/π): divided by d₂√(1 − ρ) it estimates σ."""
    from alliance_stats.models.ruptures.simulate import autoregression

    y = 3.0 * autoregression(rng.normal(size=(40, 4000, 1)), 0.5)
    series = Series(y, np.ones((40, 4000), dtype=bool))
    sigma = signals_of(series, Rule("control_chart", 3.0), np.array([0.5])).sd.mean()
    assert float(sigma) == pytest.approx(3.0, rel=0.01)


def test_two_levels_of_a_step() -> None:
    high, low, within = two_levels(series_of(10, 10, 4, 4, 4, 10, np.nan, 10))
    assert (high[0, 0], low[0, 0], within[0, 0]) == (10, 4, pytest.approx(0, abs=1e-12))
    rule = Rule("partition", 1.0, window=3)
    found = episodes_of(signals_of(series_of(10, 10, 4, 4, 4, 10, 11, 10), rule, np.zeros(1)), rule)
    assert found.counts()[:, 0, 0].tolist() == [1, 1, 1, 0]
