"""Fits with structured residuals: what is checked, what is said, models without random effects."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError, DataError, UnsupportedError
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.residual.structure import ResidualStructure

BLOCK = ("patient", "role")
AR1 = al.lmm.ar1("session", within=BLOCK)


def truth(seed: int, *, rho: float = 0.5, n: int = 150) -> pd.DataFrame:
    """n patients with 10 sessions, random intercepts, AR(1) errors; SD 2 in arm b, 1 in arm a."""
    rng = np.random.default_rng(seed)
    patient, session = np.repeat(np.arange(n), 10), np.tile(np.arange(1, 11), n)
    half = np.linalg.cholesky(rho ** np.abs(np.subtract.outer(np.arange(10), np.arange(10))))
    error = (half @ rng.normal(size=(10, n))).T.ravel()
    arm = np.where(patient % 2 == 0, "a", "b")
    y = 5.0 - 0.3 * session + rng.normal(size=n)[patient] + error * np.where(arm == "b", 2.0, 1.0)
    return pd.DataFrame({"patient": patient, "session": session, "arm": arm, "y": y})


def test_recovers_what_was_simulated() -> None:
    structure = al.lmm.ar1("session", within="patient", variance_by="arm")
    frame = truth(1).sample(frac=0.85, random_state=1)
    fit = fit_quietly("y ~ session + (1 | patient)", frame, residual=structure)
    table = fit.confint(method="wald").set_index("term")
    for term, value in {"session": -0.3, "rho": 0.5, "sd_ratio[b]": 2.0}.items():
        half = (table.loc[term, "ci_high"] - table.loc[term, "ci_low"]) / 2
        assert abs(table.loc[term, "estimate"] - value) < 2 * half
    assert fit.sigma == pytest.approx(1.0, abs=0.15)


def test_both_optima_are_looked_at(tol: SimpleNamespace) -> None:
    """Few sessions a patient and a slow autoregression: from every start the same likelihood."""
    from alliance_stats.lmm.residual.minimum import _descend
    from alliance_stats.lmm.residual.read import read_problem

    frame = truth(4, rho=0.9, n=25)
    structure = al.lmm.ar1("session", within="patient")
    fit = fit_quietly("y ~ session + (1 | patient)", frame, residual=structure)
    formula = "y ~ session + (1 | patient)"
    problem = read_problem(formula, frame, structure, reml=True, weights=None, offset=None)
    ends = [
        _descend(problem, np.array([theta]), np.array([psi])).deviance
        for theta in (0.2, 2.0)
        for psi in (-0.5, 0.1, 0.8, 1.8)
    ]
    best = fit.minimum.deviance + fit.residual.logdet
    assert best <= min(ends) + 1e-6


def test_a_singular_fit_is_said_and_stands(dense: SimpleNamespace) -> None:
    """A factor without variance: the fit is that of the model without it."""
    frame = dense.small_frame()
    frame["room"] = np.resize(["r1", "r2", "r3", "r4", "r5"], len(frame))
    structure = al.lmm.variance_by("arm")
    with_room = fit_quietly("y ~ x + (1 | room)", frame, residual=structure)
    without = fit_quietly("y ~ x", frame, residual=structure)
    assert with_room.singular
    assert any("Singular fit at 'room'" in message for message in with_room.messages)
    assert with_room.loglik == pytest.approx(without.loglik, abs=1e-6)
    assert np.allclose(with_room.tidy()["df"], without.tidy()["df"], rtol=1e-3)
    ends = [f.confint(method="wald", parameters=["Residual"]).iloc[1] for f in (with_room, without)]
    assert ends[0]["ci_low"] == pytest.approx(ends[1]["ci_low"], rel=1e-3)


def test_a_model_without_random_effects(dense: SimpleNamespace) -> None:
    frame = dense.small_frame()
    fit = al.fit_lmm("y ~ x", frame, residual=AR1)
    assert "generalised least-squares" in repr(fit) and "; ;" not in repr(fit)
    assert fit.levels()["unit"].tolist() == ["row"]
    assert np.isnan(fit.glance()["bic_groups"].item())
    assert fit.covariances == fit.ranef() == fit.ranef_sd() == {}
    assert "residual=al.lmm.ar1('session', within=('patient', 'role'))" in fit.view().refit
    for interval in (None, "confidence", "prediction"):
        assert len(fit.predict(frame, interval=interval)) == len(frame)
    assert fit.simulate(frame, n=2, rng=1).notna().to_numpy().all()
    found = fit.residuals(frame)
    assert np.allclose(found["conditional"], found["marginal"])
    assert len(fit.diagnose().findings.columns)
    assert len(fit.anova()) == 1
    with pytest.raises(UnsupportedError, match="no random effects"):
        fit.r2()
    with pytest.raises(UnsupportedError, match="no random effects"):
        fit.variance_shares()
    with pytest.raises(UnsupportedError, match="names no clusters"):
        al.cluster_robust(fit, cluster="patient", kind="CR1S")
    with pytest.raises(ArgumentError, match="not a grouping factor"):
        fit.influence(unit="patient")


def test_rows_with_missing_values_are_dropped_and_counted(dense: SimpleNamespace) -> None:
    frame = dense.small_frame()
    frame["session"] = frame["session"].astype(float)
    frame.loc[[2, 5], "session"] = np.nan
    fit = fit_quietly("y ~ x + (1 | patient)", frame, residual=AR1)
    assert fit.messages[0] == f"2 of {len(frame)} rows dropped (session missing: 2)."
    whole = fit_quietly("y ~ x + (1 | patient)", frame.dropna(), residual=AR1)
    assert fit.loglik == whole.loglik


def test_tables_name_levels_and_roles(dense: SimpleNamespace) -> None:
    frame = dense.small_frame()
    roles = al.lmm.unstructured("role", within=("patient", "session"))
    fit = fit_quietly("y ~ role + (1 | patient)", frame, residual=roles)
    rows = fit.var_corr().query("group == 'Residual'")
    assert rows[["term", "with_term"]].to_numpy().tolist() == [
        ["patient", ""],
        ["therapist", ""],
        ["therapist", "patient"],
    ]
    variances, r = rows["variance"].to_numpy(), rows["correlation"].iloc[-1]
    assert variances[2] == pytest.approx(r * np.sqrt(variances[0] * variances[1]))
    assert fit.residual.table()["parameter"].tolist() == ["sd_ratio", "correlation"]
    assert fit.n_parameters == 2 + 1 + 2 + 1
    assert "unstructured" in repr(fit) and "unstructured" in fit._repr_html_()
    assert fit.view().labels["residual"] == str(roles)


WRONG: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], ResidualStructure, str]] = {
    "session twice": (
        lambda frame: frame,
        al.lmm.ar1("session", within="patient"),
        r"rows have a 'session' that their block of 'patient' already has",
    ),
    "role twice": (
        lambda frame: frame,
        al.lmm.unstructured("role", within="patient"),
        r"rows have a 'role' that their block",
    ),
    "broken session": (
        lambda frame: frame.assign(session=frame["session"] + 0.5),
        AR1,
        r"no whole number in \d+ rows",
    ),
    "text as time": (
        lambda frame: frame.assign(session="one"),
        AR1,
        r"time column 'session' is not numeric",
    ),
    "no block of two": (
        lambda frame: frame.assign(row=np.arange(len(frame))),
        al.lmm.ar1("session", within="row"),
        r"no two of \d+ rows have the same 'row'",
    ),
    "blocks over groups": (
        lambda frame: frame.assign(session=np.arange(len(frame))),
        al.lmm.ar1("session", within="therapist"),
        r"3 of 3 blocks of 'therapist' have rows in more than one group of 'patient'",
    ),
    "no such column": (lambda frame: frame, al.lmm.variance_by("armm"), r"Did you mean 'arm'"),
    "one arm": (
        lambda frame: frame.assign(arm="a"),
        al.lmm.variance_by("arm"),
        r"'arm' has 1 level",
    ),
    "roles that never meet": (
        lambda frame: frame.assign(
            role=np.where(frame["session"] % 2 == 0, "x", frame["role"].to_numpy())
        ).drop_duplicates(["patient", "session", "role"]),
        al.lmm.unstructured("role", within=("patient", "session")),
        r"2 of 3 pairs of levels of 'role' are never in one block",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_data_are_refused(what: str, dense: SimpleNamespace) -> None:
    change, structure, message = WRONG[what]
    with pytest.raises(DataError, match=message):
        fit_quietly("y ~ x + (1 | patient)", change(dense.small_frame()), residual=structure)


def test_crossed_factors_are_refused(dense: SimpleNamespace) -> None:
    with pytest.raises(UnsupportedError, match="crossed factors"):
        fit_quietly("y ~ x + (1 | patient) + (1 | session)", dense.small_frame(), residual=AR1)


def test_wrong_arguments_are_refused(dense: SimpleNamespace) -> None:
    frame = dense.small_frame()
    with pytest.raises(ArgumentError, match="residual is a str"):
        fit_quietly("y ~ x + (1 | patient)", frame, residual="ar1")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="names a column twice"):
        al.lmm.ar1("session", within=("patient", "session"))
    with pytest.raises(ArgumentError, match="within is empty"):
        al.lmm.ar1("session", within=())
    with pytest.raises(ArgumentError, match="no column"):
        al.lmm.variance_by(3)  # type: ignore[arg-type]
    with pytest.raises(al.FormulaError, match="residual="):
        fit_quietly("y ~ x", frame)


def test_a_correlation_that_is_not_there_is_said(dense: SimpleNamespace) -> None:
    frame = dense.small_frame()
    turn = frame.sort_values("days").groupby(["patient", "role"]).cumcount() % 2
    frame["days"] /= 50.0
    frame["y"] = turn + np.random.default_rng(2).normal(0.0, 0.1, len(frame))
    structure = al.lmm.continuous_ar1("days", within=BLOCK)
    fit = fit_quietly("y ~ x", frame, residual=structure)
    assert fit.residual.rho < 1e-6
    assert fit.converged
    assert any("rho is at the end of its range" in message for message in fit.messages)
    assert fit.confint(method="wald", parameters=[("Residual", "rho")])["ci_low"].isna().all()
    n = len(frame)
    assert np.allclose(fit.tidy()["df"], n - 2, rtol=1e-6)
    x = np.column_stack([np.ones(n), frame["x"]])
    assert np.allclose(fit.beta, np.linalg.lstsq(x, frame["y"], rcond=None)[0], atol=1e-5)


def test_a_structure_is_a_value() -> None:
    one, other = (al.lmm.ar1("session", within=w) for w in ("patient", ("patient",)))
    assert one == other and hash(one) == hash(other)
    assert str(al.lmm.ar1("s", within="p", variance_by="arm")) == (
        "ar1('s', within='p', variance_by='arm')"
    )
    assert eval(f"al.lmm.{one}", {"al": al}) == one  # noqa: S307 - of our own text


def test_comparisons(dense: SimpleNamespace) -> None:
    frame = truth(2, n=60)
    frame["half"] = np.where(frame["session"] > 5, "late", "early")
    formula = "y ~ session + (1 | patient)"
    structures = {
        "plain": None,
        "ar1": al.lmm.ar1("session", within="patient"),
        "both": al.lmm.ar1("session", within="patient", variance_by="arm"),
        "arms": al.lmm.variance_by("arm"),
        "continuous": al.lmm.continuous_ar1("session", within="patient"),
        "half": al.lmm.variance_by("half"),
    }
    fits = {name: fit_quietly(formula, frame, residual=s) for name, s in structures.items()}

    def compare(*names: str) -> pd.DataFrame:
        return al.compare_models(*(fits[name] for name in names)).table

    for small, large, df in (
        ("plain", "ar1", 1),
        ("ar1", "both", 1),
        ("arms", "both", 1),
        ("plain", "both", 2),
    ):
        row = compare(small, large).iloc[1]
        assert row["reference"] == f"χ²({df})"
        expected = 2 * (fits[large].loglik - fits[small].loglik)
        assert row["statistic"] == pytest.approx(expected, rel=1e-12)
        assert row["p_value"] < 0.05
    assert compare("ar1", "arms")["statistic"].isna().all()
    assert compare("half", "both")["statistic"].isna().all()
    found = al.compare_models(fits["plain"], fits["continuous"])
    assert any("cautious" in message for message in found.messages)
    assert "ar1('session', within='patient')" in repr(al.compare_models(fits["plain"], fits["ar1"]))
    slope = fit_quietly("y ~ session + (1 + session | patient)", frame, residual=structures["ar1"])
    with pytest.raises(UnsupportedError, match="Add one variance or slope"):
        al.compare_models(fits["plain"], slope)
    test = al.compare_models(fits["ar1"], slope).table.iloc[1]
    assert test["reference"] == "½χ²(1) + ½χ²(2)"


def test_predictions_need_no_time_but_intervals_need_the_arm(dense: SimpleNamespace) -> None:
    frame = dense.small_frame()
    structure = al.lmm.ar1("session", within=BLOCK, variance_by="arm")
    fit = fit_quietly("y ~ x + (1 | patient)", frame, residual=structure)
    rows = frame.drop(columns=["session", "arm"])
    assert fit.predict(rows)["prediction"].notna().all()
    with pytest.raises(DataError, match="'arm' not found"):
        fit.predict(rows, interval="prediction")
    with pytest.raises(DataError, match="1 level that did not occur"):
        fit.predict(frame.assign(arm="c"), interval="prediction")


GOLDEN = """\
m <- lme(
  y ~ 1 + x,
  data = d, method = "ML", control = control,
  random = list(residual.group1 = ~ 1, residual.group2 = ~ 1 + x),
  correlation = corAR1({rho:.3g}, form = ~ session | residual.group1 / residual.group2 / \
residual.block),
  weights = varIdent(c(b = 1), form = ~ 1 | residual.class)
)
"""


def test_r_code(dense: SimpleNamespace, tmp_path: Path) -> None:
    frame = dense.small_frame()
    structure = al.lmm.ar1("session", within=BLOCK, variance_by="arm")
    formula = "y ~ x + (1 | therapist) + (1 + x | patient)"
    fit = fit_quietly(formula, frame, reml=False, residual=structure)
    path = tmp_path / "rows.csv"
    code = fit.to_r(data=str(path))
    assert GOLDEN.format(rho=fit.residual.rho) in code
    if shutil.which("Rscript") is None:
        return
    frame.to_csv(path, index=False)
    (tmp_path / "fit.R").write_text(code, encoding="utf-8")
    done = subprocess.run(
        ["Rscript", str(tmp_path / "fit.R")],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and "nlme" in done.stderr:
        pytest.skip("nlme is not installed")
    assert f"{fit.loglik:.5f}" in done.stdout
