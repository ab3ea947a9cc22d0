"""Refits to drawn groups with residual variances by class, against fits to the drawn rows."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import UnsupportedError
from alliance_stats.lmm.resampling.variance_classes import class_grams, refit_drawn


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    n, size = 60, 10
    patient = np.repeat(np.arange(n), size)
    kind = np.tile(["m", "y"], n * size // 2)
    x = rng.normal(size=len(patient))
    effects = rng.multivariate_normal([0, 0], [[1, 0.3], [0.3, 0.5]], size=n)[patient]
    of_therapist = rng.normal(size=12)[patient % 12]
    noise = np.where(kind == "m", 1.0, 2.0) * rng.normal(size=len(x))
    y = of_therapist + effects[:, 0] + (0.5 + effects[:, 1]) * x + noise
    made = {"patient": patient, "therapist": patient % 12, "which": kind, "x": x, "y": y}
    return pd.DataFrame(made).sample(frac=1.0, random_state=2).reset_index(drop=True)


def redrawn(
    frame: pd.DataFrame, column: str, labels: np.ndarray, counts: np.ndarray
) -> pd.DataFrame:
    """The rows of drawn groups, every copy a group of its own."""
    parts = []
    for label, count in zip(labels, counts, strict=True):
        rows = frame[frame[column] == label]
        for copy in range(count):
            names = {c: rows[c].astype(str) + f".{copy}" for c in {"patient", column}}
            parts.append(rows.assign(**names))
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("random", ["(1 + x | patient)", "(1 + x | patient) + (1 | therapist)"])
@pytest.mark.parametrize("reml", [True, False])
def test_as_fitted_to_the_rows(
    frame: pd.DataFrame, random: str, reml: bool, tol: SimpleNamespace
) -> None:
    residual = al.lmm.variance_by("which")
    fit = al.fit_lmm(f"y ~ x + {random}", frame, residual=residual, reml=reml)
    grams = class_grams(fit, frame)
    level = fit.criterion.design.levels[-1]
    rng = np.random.default_rng(5)
    for _ in range(3):
        counts = rng.multinomial(
            len(level.labels), np.full(len(level.labels), 1 / len(level.labels))
        )
        found = refit_drawn(grams, counts)
        rows = redrawn(frame, level.name, level.labels, counts)
        wanted = al.fit_lmm(f"y ~ x + {random}", rows, residual=residual, reml=reml)
        assert found is not None
        assert found.n_obs == wanted.n_obs
        se = np.sqrt(np.diag(wanted.vcov.to_numpy()))
        assert (np.abs(found.beta - wanted.beta).to_numpy() / se).max() < tol.beta_in_se
        for name, table in wanted.covariances.items():
            apart = np.abs(found.covariances[name].to_numpy() - table.to_numpy())
            assert (apart / max(1e-2 * wanted.sigma2, table.to_numpy().max())).max() < tol.variance
        assert found.sigma2 == pytest.approx(wanted.sigma2, rel=tol.variance)


def test_all_groups_once_give_the_fit(frame: pd.DataFrame) -> None:
    fit = al.fit_lmm("y ~ x + (1 + x | patient)", frame, residual=al.lmm.variance_by("which"))
    grams = class_grams(fit, frame)
    whole = np.einsum("k,kabg->abg", np.array([1.0, fit.residual.ratios[1] ** -2]), grams.grams)
    np.testing.assert_allclose(whole, fit.criterion.design.products.grams, atol=1e-9)
    again = refit_drawn(grams, np.ones(60, dtype=int))
    assert again is not None
    np.testing.assert_allclose(again.beta, fit.beta, rtol=1e-6)


def test_other_structures_are_refused(frame: pd.DataFrame) -> None:
    fit = al.fit_lmm("y ~ x + (1 | patient)", frame)
    with pytest.raises(UnsupportedError, match="variance_by"):
        class_grams(fit, frame)
