"""What must not matter to a fit: rows, labels, units, order of terms, equal weights, the path.

For crossed factors, ``||``, several terms of a factor, weights and offset. Nested designs without
these are in test_fit.py.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from alliance_stats.lmm.algebra.crossed_dense import DenseProducts
from alliance_stats.lmm.algebra.crossed_sparse import SparseProducts, sparse_products
from alliance_stats.lmm.algebra.crossings import Crossings, find_crossings
from alliance_stats.lmm.algebra.kernels import group_grams
from alliance_stats.lmm.algebra.nested import NestedProducts
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.design.build import build_design
from alliance_stats.lmm.design.groups import grouping_of, nesting_of
from alliance_stats.lmm.factors import unpack
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.result import MixedModelResult

FIXED = "y ~ x + w"
TERMS: dict[str, tuple[str, ...]] = {
    "crossed": ("(1 + x | patient)", "(1 + w | rater)"),
    "partly crossed": ("(1 | moved)", "(1 + x | patient)"),
    "three factors": ("(1 | patient)", "(1 | therapist)", "(1 + x || rater)"),
    "uncorrelated": ("(1 + x + w || patient)", "(1 | therapist)"),
    "several terms": ("(1 + x | patient)", "(0 + w | patient)", "(1 | rater)"),
}
CASES: dict[str, tuple[str, dict[str, str]]] = {
    name: (" + ".join([FIXED, *terms]), {}) for name, terms in TERMS.items()
}
CASES["weights"] = (CASES["crossed"][0], {"weights": "items"})
CASES["weights, nested"] = (CASES["uncorrelated"][0], {"weights": "items", "offset": "known"})


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(12)
    patient = np.repeat(np.arange(40), rng.integers(4, 11, 40))
    n = len(patient)
    therapist = (np.arange(40) % 7)[patient]
    rater = rng.integers(0, 9, n)
    moved = np.where(rng.random(n) < 0.1, (therapist + 1) % 7, therapist)
    x, w = rng.normal(2.0, 1.0, n), rng.normal(0.0, 2.0, n)
    y = 5 + 0.8 * x + rng.normal(0, 1.5, 40)[patient] + rng.normal(0, 1.2, 7)[moved]
    y += rng.normal(0, 1.0, 9)[rater] + rng.normal(0, 0.6, 9)[rater] * w
    y += rng.normal(0, 0.7, 40)[patient] * x + rng.normal(0, 0.4, 40)[patient] * w
    y += rng.normal(0, 0.5, 9)[rater] * x + rng.normal(size=n)
    columns = {"y": y, "x": x, "w": w, "patient": patient, "therapist": therapist}
    columns |= {"rater": rater, "moved": moved, "items": rng.integers(2, 21, n).astype(float)}
    return pd.DataFrame(columns | {"known": rng.normal(0, 2, n)})


@pytest.fixture(params=CASES.values(), ids=CASES)
def case(request: pytest.FixtureRequest) -> tuple[str, dict[str, str]]:
    found: tuple[str, dict[str, str]] = request.param
    return found


def assert_same(
    one: MixedModelResult,
    two: MixedModelResult,
    tol: SimpleNamespace,
    *,
    loglik: float = 0.0,
    units: dict[str, float] | None = None,
    sigma2: float = 1.0,
) -> None:
    """`two` equals `one`, up to a shift of the log-likelihood and units of columns and σ²."""
    assert one.converged and two.converged
    bound = tol.loglik_absolute + tol.loglik_relative * abs(one.loglik)
    assert two.loglik == pytest.approx(one.loglik + loglik, abs=bound)
    assert two.sigma2 == pytest.approx(one.sigma2 * sigma2, rel=tol.variance)
    unit = pd.Series(units or {}, dtype=float)
    a, b = one.tidy().set_index("term"), two.tidy().set_index("term")
    by = unit.reindex(a.index, fill_value=1.0)
    assert ((b["estimate"].loc[a.index] * by - a["estimate"]).abs() / a["se"]).max() <= 1e-4
    np.testing.assert_allclose(b["se"].loc[a.index] * by, a["se"], rtol=tol.se)
    np.testing.assert_allclose(b["df"].loc[a.index], a["df"], rtol=tol.df)
    assert set(one.covariances) == set(two.covariances)
    for group, wanted in one.covariances.items():
        by = unit.reindex(wanted.index, fill_value=1.0)
        found = two.covariances[group].loc[wanted.index, wanted.index] * np.outer(by, by)
        floor = 1e-2 * one.sigma2
        scale = np.sqrt(np.maximum(np.diag(wanted), floor))
        gap = np.abs(found.to_numpy() - wanted.to_numpy()) / np.outer(scale, scale)
        assert gap.max() <= 2 * tol.variance


def fit(frame: pd.DataFrame, case: tuple[str, dict[str, str]]) -> MixedModelResult:
    return fit_quietly(case[0], frame, **case[1])


def test_order_of_rows(
    frame: pd.DataFrame, case: tuple[str, dict[str, str]], tol: SimpleNamespace
) -> None:
    one, two = fit(frame, case), fit(frame.sample(frac=1.0, random_state=5), case)
    assert_same(one, two, tol)
    for group, means in one.ranef().items():
        other = two.ranef()[group].loc[means.index, means.columns]
        assert ((other - means).abs().max() <= tol.blup_in_sd * means.std()).all()


def test_labels(
    frame: pd.DataFrame, case: tuple[str, dict[str, str]], tol: SimpleNamespace
) -> None:
    renamed = frame.assign(
        patient=[f"Z{9999 - 7 * p}" for p in frame["patient"]],
        rater=pd.Categorical([f"rater {(5 * r) % 9}" for r in frame["rater"]]),
        therapist=(frame["therapist"] * 3 + 2) % 7 - 4,
        moved=[f"{(t * 3 + 2) % 7}" for t in frame["moved"]],
    )
    assert_same(fit(frame, case), fit(renamed, case), tol)


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_units_of_predictors(
    frame: pd.DataFrame, case: tuple[str, dict[str, str]], factor: float, tol: SimpleNamespace
) -> None:
    units = {"x": factor, "w": np.sqrt(factor)}
    two = fit(frame.assign(**{name: frame[name] * unit for name, unit in units.items()}), case)
    assert_same(fit(frame, case), two, tol, loglik=-1.5 * np.log(factor), units=units)


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_unit_of_the_response(
    frame: pd.DataFrame, case: tuple[str, dict[str, str]], factor: float, tol: SimpleNamespace
) -> None:
    scaled = frame.assign(y=frame["y"] * factor, known=frame["known"] * factor)
    one, two = fit(frame, case), fit(scaled, case)
    degrees = one.criterion.degrees
    assert two.loglik == pytest.approx(one.loglik - degrees * np.log(factor), rel=1e-9)
    np.testing.assert_allclose(two.beta / factor, one.beta, rtol=1e-5)
    assert two.sigma == pytest.approx(one.sigma * factor, rel=tol.variance)


@pytest.mark.parametrize("name", TERMS)
def test_order_of_terms(frame: pd.DataFrame, name: str, tol: SimpleNamespace) -> None:
    terms = TERMS[name]
    for k in range(1, len(terms)):
        turned = " + ".join([FIXED, *terms[k:], *terms[:k]])
        assert_same(fit(frame, CASES[name]), fit_quietly(turned, frame), tol)


def test_two_bars_are_terms_written_out(frame: pd.DataFrame, tol: SimpleNamespace) -> None:
    short = fit_quietly("y ~ x + w + (1 + x + w || patient) + (1 | rater)", frame)
    terms = "(1 | patient) + (0 + w | patient) + (1 | rater) + (0 + x | patient)"
    assert_same(short, fit_quietly(f"y ~ x + w + {terms}", frame), tol)


@pytest.mark.parametrize("weight", [1.0, 7.5, 1e-6])
def test_equal_weights_are_no_weights(
    frame: pd.DataFrame, case: tuple[str, dict[str, str]], weight: float, tol: SimpleNamespace
) -> None:
    """A row's residual variance is σ²/weight: only σ² takes up the weight."""
    formula, options = case
    bare = fit_quietly(formula, frame, offset=options.get("offset"))
    frame = frame.assign(items=weight)
    equal = fit_quietly(formula, frame, weights="items", offset=options.get("offset"))
    assert_same(bare, equal, tol, sigma2=weight)


@pytest.mark.parametrize("name", ["weights", "weights, nested"])
@pytest.mark.parametrize("factor", [1e-6, 3.0, 1e6])
def test_a_common_factor_of_weights(
    frame: pd.DataFrame, name: str, factor: float, tol: SimpleNamespace
) -> None:
    two = fit(frame.assign(items=frame["items"] * factor), CASES[name])
    assert_same(fit(frame, CASES[name]), two, tol, sigma2=factor)


@pytest.mark.parametrize("name", ["weights", "weights, nested"])
def test_whole_weights_have_the_products_of_repeated_rows(frame: pd.DataFrame, name: str) -> None:
    """At the same θ: β, its unscaled covariance and r² of k copies of a row, but not of n.

    The likelihood is another: copies claim that the residual within a row is zero.
    """
    formula, options = CASES[name]
    repeated = frame.loc[frame.index.repeat(frame["items"].astype(int))]
    weighted = Criterion(build_design(formula, frame, **options))
    copied = Criterion(build_design(formula, repeated, offset=options.get("offset")))
    rng = np.random.default_rng(3)
    theta = rng.normal(size=weighted.n_theta)
    found, r2 = _profile_in_data_units(weighted, theta)
    wanted, r2_wanted = _profile_in_data_units(copied, theta)
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-10)
    assert r2 == pytest.approx(r2_wanted, rel=1e-9)


def _profile_in_data_units(criterion: Criterion, theta: np.ndarray) -> tuple[np.ndarray, float]:
    """β with (X'V⁻¹X)⁻¹ below it, and r², for Λ relative to a row of weight 1."""
    design = criterion.design
    blocks = [block for level in design.levels for block in level.blocks]
    inner = [
        np.linalg.solve(block.transform, factor) * np.sqrt(design.mean_weight)
        for block, factor in zip(blocks, unpack(theta, criterion.sizes), strict=True)
    ]
    profile = criterion.profile_at(inner)
    beta = design.transform @ profile.beta * design.scale + design.least_squares
    unscaled = design.transform @ profile.unscaled @ design.transform.T / design.mean_weight
    r2 = profile.sigma2 * criterion.degrees * design.scale**2 * design.mean_weight
    return np.vstack([beta, unscaled]), float(r2)


def test_an_offset_is_subtracted(
    frame: pd.DataFrame, case: tuple[str, dict[str, str]], tol: SimpleNamespace
) -> None:
    formula, options = case
    weights = options.get("weights")
    one = fit_quietly(formula, frame, weights=weights, offset="known")
    two = fit_quietly(formula, frame.assign(y=frame["y"] - frame["known"]), weights=weights)
    assert_same(one, two, tol)


def test_an_offset_in_a_predictor_moves_its_coefficient(
    frame: pd.DataFrame, case: tuple[str, dict[str, str]]
) -> None:
    formula, options = case
    one = fit_quietly(formula, frame, weights=options.get("weights"))
    moved = frame.assign(known=3.0 - 2.0 * frame["x"])
    two = fit_quietly(formula, moved, weights=options.get("weights"), offset="known")
    difference = two.beta - one.beta
    np.testing.assert_allclose(difference, [-3.0, 2.0, 0.0], atol=1e-5)
    assert two.loglik == pytest.approx(one.loglik, abs=1e-6)


@pytest.mark.parametrize("levels", [2, 3])
@pytest.mark.parametrize("shuffled", [False, True])
def test_nested_factors_by_the_crossed_path(levels: int, shuffled: bool) -> None:
    """The blocks of the three eliminations are the same numbers."""
    rng = np.random.default_rng(levels)
    inner = np.repeat(np.arange(14), rng.integers(1, 7, 14))
    codes = [inner, (np.arange(14) // 3)[inner], (np.arange(14) // 6)[inner]][:levels]
    z = [np.array([0, 1]), np.array([0, 2]), np.array([1])][:levels]
    columns = np.vstack([np.ones(len(inner)), rng.normal(size=(3, len(inner)))])
    order = rng.permutation(len(inner)) if shuffled else np.arange(len(inner))
    crossings = find_crossings(columns[:, order], [c[order] for c in codes], z)
    sparse = sparse_products(crossings, most_pairs=10**6)
    assert sparse is not None
    nesting = nesting_of([grouping_of("g", c, np.unique(c).astype(object)) for c in codes])
    assert nesting is not None
    starts = np.flatnonzero(np.diff(inner, prepend=-1))
    nested = NestedProducts(group_grams(columns, starts), z, nesting.starts, nesting.parents)
    for crossed in (DenseProducts(crossings), sparse):
        np.testing.assert_allclose(crossed.total, nested.total, rtol=1e-11, atol=1e-11)
        for _ in range(3):
            factors = [np.tril(rng.normal(size=(len(k), len(k)))) for k in z]
            one, two = nested.eliminate(factors), crossed.eliminate(factors)
            assert two.logdet == pytest.approx(one.logdet, rel=1e-11)
            np.testing.assert_allclose(two.top, one.top, rtol=1e-9, atol=1e-10)
            for a, b in zip(one.with_columns, two.with_columns, strict=True):
                np.testing.assert_allclose(b, a, rtol=1e-8, atol=1e-9)
            for a, b in zip(one.precisions, two.precisions, strict=True):
                np.testing.assert_allclose(b, a, rtol=1e-8, atol=1e-9)


@pytest.fixture
def always_sparse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eliminate sparsely where the engine, on so little data, would do so densely."""

    def instead(crossings: Crossings) -> SparseProducts | None:
        return sparse_products(crossings, most_pairs=10**6)

    monkeypatch.setattr("alliance_stats.lmm.algebra.crossed.DenseProducts", instead)


@pytest.mark.parametrize("name", ["crossed", "partly crossed", "three factors", "weights"])
def test_whole_fits_by_the_sparse_way(
    frame: pd.DataFrame, name: str, tol: SimpleNamespace, request: pytest.FixtureRequest
) -> None:
    dense = fit(frame, CASES[name])
    request.getfixturevalue("always_sparse")
    sparse = fit(frame, CASES[name])
    assert isinstance(dense.criterion.design.products, DenseProducts)
    assert isinstance(sparse.criterion.design.products, SparseProducts)
    assert_same(dense, sparse, tol)


def raters_alike(rng: np.random.Generator) -> pd.DataFrame:
    """Every patient twice by every rater; raters' means and slopes in w are taken out of y."""
    patient, rater = (a.ravel() for a in np.meshgrid(np.arange(30), np.arange(6)))
    patient, rater = np.repeat(patient, 2), np.repeat(rater, 2)
    n = len(patient)
    w, x = np.tile([-1.0, 1.0], n // 2), rng.normal(size=n)
    y = rng.normal(0, 2, 30)[patient] + rng.normal(0, 1, 30)[patient] * w + rng.normal(size=n)
    same = (rater[:, None] == rater) / 60.0
    y = y - same @ y - w * (same @ (w * y)) + 0.3 * x
    return pd.DataFrame({"y": y, "x": x, "w": w, "patient": patient, "rater": rater})


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("random", ["(1 | rater)", "(1 + w || rater)", "(1 + w | rater)"])
@pytest.mark.parametrize("sparse", [False, True])
def test_a_crossed_factor_without_variance(
    rng: np.random.Generator,
    random: str,
    reml: bool,
    sparse: bool,
    tol: SimpleNamespace,
    request: pytest.FixtureRequest,
) -> None:
    """Raters alike by construction: the fit is that without them, and a minimum (KKT)."""
    if sparse:
        request.getfixturevalue("always_sparse")
    frame = raters_alike(rng)
    formula = "y ~ x + w + (1 + w | patient)"
    found = fit_quietly(f"{formula} + {random}", frame, reml=reml)
    assert found.singular and found.converged
    assert np.abs(found.covariances["rater"].to_numpy()).max() < 1e-6 * found.sigma2
    bare = fit_quietly(formula, frame, reml=reml)
    assert found.loglik == pytest.approx(bare.loglik, abs=tol.loglik_absolute)
    np.testing.assert_allclose(found.tidy()["df"], bare.tidy()["df"], rtol=tol.df)
    criterion = found.criterion
    gradients = criterion.gradients(found.profile)
    for factor, gradient in zip(found.profile.factors, gradients, strict=True):
        np.testing.assert_allclose(gradient @ factor, 0.0, atol=2e-3)
        assert np.linalg.eigvalsh(gradient)[0] > -2e-3
    assert max(np.linalg.eigvalsh(g)[0] for g in gradients) > 0  # the boundary holds something


SEARCHED = (
    "(1 | patient) + (1 | rater)",
    "(1 + x | patient) + (1 | rater)",
    "(1 + x || patient) + (1 | moved)",
    "(1 | patient) + (1 | moved) + (1 | rater)",
    "(1 | patient) + (0 + x | patient) + (1 | rater)",
)


def small_study(rng: np.random.Generator) -> pd.DataFrame:
    """A few patients, raters and therapists; any variance may be zero, any unit occur."""
    patients, raters, therapists = (int(rng.integers(a, b)) for a, b in ((6, 13), (3, 7), (3, 5)))
    patient = np.repeat(np.arange(patients), rng.integers(3, 6, patients))
    n = len(patient)
    rater = rng.integers(0, raters, n)
    moved = (np.arange(patients) % therapists)[patient]
    moved = np.where(rng.random(n) < 0.2, rng.integers(0, therapists, n), moved)
    x = rng.normal(size=n)
    y = rng.normal(0, rng.choice([0, 0.3, 2]), patients)[patient] + rng.normal(size=n)
    y += rng.normal(0, rng.choice([0, 0.3, 2]), raters)[rater]
    y += rng.normal(0, rng.choice([0, 0.3, 2]), therapists)[moved]
    y += rng.normal(0, rng.choice([0, 0.3, 1]), patients)[patient] * x
    columns = {"y": y, "x": x * 10 ** rng.uniform(-3, 3), "patient": patient, "rater": rater}
    return pd.DataFrame(columns | {"moved": moved, "items": rng.uniform(1, 9, n)})


def best_dense(found: MixedModelResult, frame: pd.DataFrame, rng: np.random.Generator) -> float:
    """Highest log-likelihood that a general optimiser finds with V = ZΣZ' + W⁻¹ itself."""
    design, reml = found.criterion.design, found.reml
    unit = float(frame["x"].std())
    columns = {"(Intercept)": np.ones(len(frame)), "x": frame["x"].to_numpy() / unit}
    x = np.column_stack([columns[name] for name in design.names])
    y = frame["y"].to_numpy()
    residual_variance = 1.0 / frame["items"] if design.weights else np.ones(len(frame))
    parts = []
    for level in design.levels:
        codes = frame[level.name].to_numpy()
        same = codes[:, None] == codes[None, :]
        parts += [(same, np.column_stack([columns[t] for t in b.names])) for b in level.blocks]
    m = len(y) - reml * x.shape[1]

    def deviance(theta: np.ndarray) -> float:
        v = np.diag(residual_variance)
        for (same, z), factor in zip(parts, unpack(theta, found.criterion.sizes), strict=True):
            half = z @ factor
            v = v + same * (half @ half.T)
        solved = np.linalg.solve(v, np.column_stack([x, y]))
        information = x.T @ solved[:, :-1]
        residual = y - x @ np.linalg.solve(information, x.T @ solved[:, -1])
        r2 = residual @ np.linalg.solve(v, residual)
        value = np.linalg.slogdet(v)[1] + m * (1 + np.log(2 * np.pi * r2 / m))
        return float(value + np.linalg.slogdet(information)[1] * reml)

    starts = [np.ones(found.criterion.n_theta), rng.normal(size=found.criterion.n_theta)]
    ends = [minimize(deviance, start, method="L-BFGS-B").fun for start in starts]
    return -0.5 * float(min(ends)) - np.log(unit) * reml


@pytest.mark.parametrize("seed", range(40))
def test_no_general_optimiser_finds_a_higher_likelihood(seed: int) -> None:
    """Small crossed studies, a variance often zero; V and its determinant formed as they stand."""
    rng = np.random.default_rng(1000 + seed)
    frame = small_study(rng)
    weights = "items" if seed % 3 == 0 else None
    formula = "y ~ x + " + SEARCHED[seed % len(SEARCHED)]
    found = fit_quietly(formula, frame, reml=seed % 2 == 0, weights=weights)
    assert found.converged
    dense = best_dense(found, frame, rng)
    assert found.loglik >= dense - 1e-6
    assert found.loglik <= dense + 1.0  # the same criterion, if not always the same minimum
