"""Findings: each appears where it was planted and not elsewhere; simpler models against fits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alliance_stats._base.views import HasView
from alliance_stats.lmm.diagnosis.diagnose import diagnose
from alliance_stats.lmm.diagnosis.result import NOTHING
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.result import MixedModelResult


def simulate(
    rng: np.random.Generator,
    *,
    patients: int = 200,
    therapists: int = 40,
    slope: float = 0.6,
    therapist: float = 0.8,
    rows: int = 8,
) -> pd.DataFrame:
    patient = np.repeat(np.arange(patients), rows)
    of = patient % therapists
    n = len(patient)
    x, z = rng.standard_normal(n), rng.standard_normal(n)
    y = 1.0 + 0.8 * x + rng.standard_normal(patients)[patient] + rng.standard_normal(n)
    y += therapist * rng.standard_normal(therapists)[of]
    y += slope * rng.standard_normal(patients)[patient] * x
    return pd.DataFrame({"y": y, "x": x, "z": z, "patient": patient, "therapist": of})


def found(fit: MixedModelResult) -> set[tuple[str, str]]:
    table = fit.diagnose().findings
    return set(zip(table["finding"], table["where"], strict=True))


def test_a_sound_fit_has_no_findings(rng: np.random.Generator) -> None:
    fit = fit_quietly("y ~ x + (1 + x | patient) + (1 | therapist)", simulate(rng))
    result = fit.diagnose()
    assert result.ok
    assert not len(result.findings)
    assert result.simpler is None
    assert NOTHING in repr(result)


@pytest.mark.parametrize(
    "formula",
    [
        "y ~ x + (1 + x | patient) + (1 | therapist)",
        "y ~ x + (1 + x + z | patient)",
        "y ~ x + (1 + x | patient) + (0 + z | patient) + (1 | therapist)",
        "y ~ x + (1 + z | therapist) + (1 | patient)",
    ],
)
@pytest.mark.parametrize("crossed", [False, True])
@pytest.mark.parametrize("reml", [True, False])
def test_the_simpler_model_is_one_that_fits(formula: str, crossed: bool, reml: bool) -> None:
    """Its deviance, found from the same products, is that of a fit of its formula."""
    seen = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        frame = simulate(rng, patients=30, therapists=6, slope=0.0, therapist=0.0, rows=5)
        if crossed:
            frame["therapist"] = rng.integers(0, 6, len(frame))
        fit = fit_quietly(formula, frame, reml=reml)
        result = fit.diagnose()
        assert (result.simpler is not None) <= fit.singular
        if result.simpler is None:
            continue
        seen += 1
        other = fit_quietly(result.simpler, frame, reml=reml)
        assert not other.singular
        assert other.n_parameters < fit.n_parameters
        (text,) = result.findings.loc[result.findings["finding"] == "simpler model", "text"]
        fewer = fit.n_parameters - other.n_parameters
        rise = max(2 * (fit.loglik - other.loglik), 0.0)
        assert f"it has {fewer} fewer variance parameters" in text
        assert float(text.split("rises by ")[1].rstrip(".")) == pytest.approx(rise, abs=0.0051)
    assert seen


def test_what_vanished_is_named(rng: np.random.Generator) -> None:
    frame = simulate(rng)
    frame["y"] -= frame.groupby("therapist")["y"].transform("mean")
    fit = fit_quietly("y ~ x + (1 | patient) + (1 | therapist)", frame)
    table = fit.diagnose().findings.set_index("finding")
    assert table.loc["singular", "where"] == "therapist"
    assert (
        "groups of 'therapist' do not differ in their level"
        in table.loc["singular", "text"].lower()
    )
    assert fit.diagnose().simpler == "y ~ 1 + x + (1 | patient)" or fit.diagnose().simpler == (
        "y ~ x + (1 | patient)"
    )


def test_near_the_boundary(rng: np.random.Generator) -> None:
    """Slopes that follow the level, and a spread between patients of 3% of the residual's."""
    frame = simulate(rng, patients=3000, therapists=3000, slope=0.0, therapist=0.0, rows=4)
    level = rng.standard_normal(3000)[frame["patient"]]
    frame["y"] = level * (1.0 + 0.5 * frame["x"]) + rng.standard_normal(len(frame))
    fit = fit_quietly("y ~ x + (1 + x | patient)", frame)
    if not fit.singular:
        assert ("near boundary", "patient") in found(fit)
    assert {f for f, _ in found(fit)} & {"near boundary", "singular"}
    noise = simulate(rng, patients=40, therapists=40, slope=0.0, therapist=0.0, rows=3000)
    noise["y"] = 0.03 * rng.standard_normal(40)[noise["patient"]] + rng.standard_normal(len(noise))
    fit = fit_quietly("y ~ x + (1 | patient)", noise)
    (row,) = fit.diagnose().findings.query("finding == 'near boundary'").itertuples()
    share = np.sqrt(fit.covariances["patient"].to_numpy()[0, 0]) / fit.sigma
    assert f"{100 * share:.1f}% of the residual" in row.text


def test_a_therapist_on_whom_the_effect_rests(rng: np.random.Generator) -> None:
    frame = simulate(rng, slope=0.0)
    own = frame["therapist"] == 3
    frame["y"] -= 0.8 * frame["x"]
    frame["y"] += np.where(own, 3.0 * frame["x"], 0.0)
    fit = fit_quietly("y ~ x + (1 | patient) + (1 | therapist)", frame)
    table = fit.diagnose().findings
    texts = table.loc[(table["finding"] == "influential") & (table["where"] == "therapist"), "text"]
    assert any("one group of 'therapist' changes the coefficient of x" in t for t in texts)
    again = fit_quietly("y ~ x + (1 | patient) + (1 | therapist)", frame[~own])
    lost = again.tidy().set_index("term").loc["x", "p_value"] > 0.05
    assert any("makes the effect of x not significant" in t for t in texts) == lost


def test_too_few_groups_and_rows(rng: np.random.Generator) -> None:
    frame = simulate(rng, patients=160, therapists=8)
    frame["training"] = rng.standard_normal(8)[frame["therapist"]]
    fit = fit_quietly("y ~ x + training + (1 | patient) + (1 + x | therapist)", frame)
    assert {
        ("few groups", "therapist"),
        ("many random effects", "therapist"),
        ("small sample", "therapist"),
    } <= found(fit)
    table = fit.diagnose().findings.set_index("finding")
    assert table.loc["small sample", "text"].startswith("training differs between groups")
    assert not {("few groups", "patient"), ("small sample", "patient")} & found(fit)
    rows = frame.groupby("patient").cumcount()
    short = frame[(rows < 2) | (frame["patient"] < 40)]
    assert ("few rows", "patient") in found(fit_quietly("y ~ x + (1 + x | patient)", short))
    assert ("few rows", "patient") not in found(fit_quietly("y ~ x + (1 + x | patient)", frame))


def test_units_and_zeros_far_away(rng: np.random.Generator) -> None:
    frame = simulate(rng).assign(w=lambda t: 1e5 * t["z"], year=lambda t: 2020 + t["z"])
    fit = fit_quietly("y ~ x + w + (1 | patient)", frame)
    (row,) = fit.diagnose().findings.query("finding == 'scales'").itertuples()
    ratio = frame["w"].std() / frame["x"].std()
    times = float(row.text.split("spreads ")[1].split(" times")[0].replace(",", ""))
    assert times == pytest.approx(ratio, rel=1e-4)
    fit = fit_quietly("y ~ year + (1 | patient)", frame)
    (row,) = fit.diagnose().findings.query("finding == 'scales'").itertuples()
    far = frame["year"].mean() / frame["year"].std(ddof=0)
    assert f"{far:,.0f} standard deviations from the mean of 'year'" in row.text
    assert row.severity == "note"
    fit = fit_quietly("y ~ year + (1 + year | patient)", frame)
    assert fit.diagnose().findings.query("finding == 'scales'")["severity"].tolist() == ["caution"]


def test_crossed_factors_are_said(rng: np.random.Generator) -> None:
    frame = simulate(rng).assign(therapist=lambda t: rng.integers(0, 40, len(t)))
    fit = fit_quietly("y ~ x + (1 | patient) + (1 | therapist)", frame)
    row = fit.diagnose().findings.set_index("finding").loc["crossed"]
    assert "If labels of 'patient' are reused" in row["advice"]


def test_a_fit_that_did_not_converge_is_no_fit(rng: np.random.Generator) -> None:
    from dataclasses import replace

    fit = fit_quietly("y ~ x + (1 | patient)", simulate(rng))
    failed = replace(fit, minimum=replace(fit.minimum, converged=False))
    result = diagnose(failed)
    assert not result.ok
    assert result.findings["severity"].iloc[0] == "problem"
    assert result.glance()["n_problems"].item() == 1


def test_labels_are_never_shown(rng: np.random.Generator) -> None:
    frame = simulate(rng, patients=30, therapists=5)
    frame = frame.assign(
        patient="secret-" + frame["patient"].astype(str),
        therapist="secret-" + frame["therapist"].astype(str),
    )
    frame.loc[frame["therapist"] == "secret-1", "y"] *= 8.0
    result = fit_quietly("y ~ x + (1 + x | patient) + (1 | therapist)", frame).diagnose()
    assert isinstance(result, HasView)
    assert len(result.findings)
    shown = [
        repr(result),
        result._repr_html_(),
        result.tidy().to_csv(),
        result.view().labels["findings"],
    ]
    assert not any("secret" in text for text in shown)
