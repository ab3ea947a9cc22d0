"""Profile intervals and boundary tests against the dense likelihood."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq, minimize, minimize_scalar
from scipy.special import chdtrc, chdtri

import alliance_stats as al
from alliance_stats.meta.multilevel.component_tests import mixture_p
from alliance_stats.meta.multilevel.fit_layout import fit_layout
from alliance_stats.meta.multilevel.result import MultilevelMetaResult
from tests.conftest import TOL
from tests.meta.multilevel.designs import dense_deviance, effects, layout_of

RISE = float(chdtri(1, 0.05))


def test_three_levels() -> None:
    result = al.fit_meta_multilevel(effects(), rho=0.4)
    table = result.confint().set_index(["unit", "quantity"])
    for place, unit in enumerate(("study", "study/effect")):

        def rise(value: float, place: int = place) -> float:
            def at(other: float) -> float:
                natural = np.empty(2)
                natural[place], natural[1 - place] = value, other**2
                return dense_deviance(result.layout, natural, True)

            found = minimize_scalar(at, bounds=(0, 2), method="bounded", options={"xatol": 1e-10})
            return float(min(found.fun, at(0.0))) - result.point.deviance - RISE

        low, high = table.loc[(unit, "tau2"), ["ci_low", "ci_high"]]
        estimate = result.estimate.natural[place]
        width = high - low
        assert abs(high - brentq(rise, estimate, estimate + 1)) <= TOL.interval_profile * width
        if low > 0:
            assert abs(low - brentq(rise, 0.0, estimate)) <= TOL.interval_profile * width
        else:
            assert rise(0.0) <= 1e-6


@pytest.mark.parametrize("structure", ["UN", "CS", "HCS"])
def test_a_correlation(structure: str) -> None:
    """At each end the deviance, minimised over the rest by a general optimiser, is χ² above."""
    frame = effects(30).query("outcome != 'c'")
    result = al.fit_meta_multilevel(frame, rho=0.5, random="outcome | study", structure=structure)
    row = result.confint().set_index("quantity").loc["correlation"]
    for end in (row["ci_low"], row["ci_high"]):
        if abs(end) == 1.0:
            continue
        assert abs(profiled(result, float(end)) - result.point.deviance - RISE) < 1e-4


def profiled(result: MultilevelMetaResult, rho: float) -> float:
    structure = result.layout.terms[0].structure
    equal = structure.kind == "CS"

    def at(log_sd: np.ndarray) -> float:
        sds = np.exp(np.full(2, log_sd[0]) if equal else log_sd)
        matrix = np.outer(sds, sds) * np.array([[1.0, rho], [rho, 1.0]])
        if equal:
            natural = np.array([matrix[0, 0] * (1 + rho), matrix[0, 0] * (1 - rho)])
        else:
            natural = matrix[structure.pairs]
        return dense_deviance(result.layout, natural, True)

    start = np.log(result.tau2["tau"].to_numpy()[: 1 if equal else 2])
    options = {"xatol": 1e-9, "fatol": 1e-11, "maxiter": 4000}
    return float(minimize(at, start, method="Nelder-Mead", options=options).fun)


def test_a_variance_of_zero() -> None:
    frame = effects(12, most=3)
    rng = np.random.default_rng(8)
    frame["yi"] = 0.2 + rng.normal(size=len(frame)) * np.sqrt(0.5 * frame["vi"])
    result = al.fit_meta_multilevel(frame, rho=0.0)
    assert (result.tau2["tau2"] == 0).all()
    assert result.glance()["singular"].iloc[0]
    assert any("estimated as 0" in message for message in result.messages)
    table = result.confint()
    assert (table["ci_low"] == 0).all()
    assert (table["ci_high"] > 0).all()
    tests = result.component_tests()
    assert (tests["p_value"] == 1.0).all()


def test_boundary_tests() -> None:
    result = al.fit_meta_multilevel(effects(30), rho=0.3)
    table = result.component_tests()
    without = al.fit_meta_multilevel(effects(30), rho=0.3, random="study")
    ratio = 2.0 * (result.loglik - without.loglik)
    np.testing.assert_allclose(table["statistic"].iloc[1], ratio, rtol=1e-6)
    np.testing.assert_allclose(table["p_value"].iloc[1], 0.5 * chdtrc(1, ratio), rtol=1e-5)
    assert table["df"].tolist() == ["0, 1", "0, 1"]


def test_an_outcome_left_out_of_a_matrix() -> None:
    result = al.fit_meta_multilevel(effects(30), rho=0.3, random="outcome | study")
    table = result.component_tests()
    assert table["df"].tolist() == ["2, 3"] * 3
    np.testing.assert_allclose(mixture_p(7.0, 2), (chdtrc(2, 7.0) + chdtrc(3, 7.0)) / 2, rtol=1e-12)
    unclear = al.fit_meta_multilevel(
        effects(30), rho=0.3, random="outcome | study", structure="HCS"
    ).component_tests()
    assert unclear["p_value"].isna().all()


def test_a_saddle_is_left() -> None:
    """A search that begins with no variance at all finds the same optimum."""
    for random, structure in (("study/effect", None), ("outcome | study", "UN")):
        result = al.fit_meta_multilevel(effects(30), rho=0.3, random=random, structure=structure)
        again = fit_layout(result.layout, True, np.zeros_like(result.estimate.theta))
        np.testing.assert_allclose(again.point.deviance, result.point.deviance, atol=1e-8)


def test_a_peak_with_an_absent_effect_is_found() -> None:
    """One correlation for all: without one of three outcomes it is that of the other two."""
    layout = layout_of(effects(15, seed=18), "outcome | study", 0.5, "HCS")
    near = fit_layout(layout, True, np.array([-20.0, -1.2, -1.2, 3.2]))
    plain = fit_layout(layout, True, np.array([-1.5, -1.5, -1.5, 0.0]))
    found = fit_layout(layout, True)
    assert near.point.deviance < plain.point.deviance - 1.0
    assert found.point.deviance <= near.point.deviance + 1e-8
