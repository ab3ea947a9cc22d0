"""R code of a pooled result: its text, and (where R is) its numbers."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.pooling.result import PooledResult
from alliance_stats.lmm.result import MixedModelResult

Fits = Callable[..., list[MixedModelResult]]
SLOPE = "y ~ session + x + z + (1 + x | patient)"
HOSTILE = '"); system("echo hacked > hacked.txt"); c("'


def test_the_text(fits_of: Fits) -> None:
    pooled = PooledResult(tuple(fits_of(SLOPE)), 55)
    lines = pooled.to_r(data="all.csv", imputation="m").splitlines()
    assert lines[:3] == ["library(mitml)", "library(lme4)", "library(lmerTest)"]
    assert lines[lines.index('imputed <- split(d, d[["m"]])') + 1 :][:7] == [
        "stopifnot(length(imputed) == 8)",
        "fits <- lapply(imputed, function(d) lmer(",
        "    y ~ 1 + session + x + z +",
        "      (1 + x | patient),",
        "    data = d, REML = TRUE, control = control",
        "))",
        "df <- rep(55.0, length(fixef(fits[[1]])))",
    ]
    assert "rep(Inf, " in PooledResult(pooled.fits, "infinite").to_r()
    assert "rowMeans" in PooledResult(pooled.fits).to_r()


def test_refused_and_quoted(fits_of: Fits) -> None:
    pooled = PooledResult(tuple(fits_of(SLOPE)))
    with pytest.raises(al.ArgumentError, match="imputation=3 is no column name"):
        pooled.to_r(imputation=3)  # type: ignore[arg-type]
    with pytest.raises(al.ArgumentError, match="no file name"):
        pooled.to_r(data="")
    assert 'split(d, d[["\\"); system(' in pooled.to_r(imputation=HOSTILE)


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="needs R")
@pytest.mark.parametrize(
    "complete",
    ["satterthwaite", *(pytest.param(c, marks=pytest.mark.slow) for c in ("infinite", 30))],
)
def test_r_prints_the_same_numbers(
    complete: Any, frames: list[pd.DataFrame], tmp_path: Path, tol: Any
) -> None:
    packages = ["Rscript", "-e", "library(mitml); library(lmerTest)"]
    if subprocess.run(packages, capture_output=True).returncode:
        pytest.skip("needs mitml and lmerTest")
    imputed = [
        frame.assign(arm=np.where(frame["patient"] < 30, "b", "a"), w=1 + frame["session"] % 3)
        for frame in frames[:3]
    ]
    formula = "y ~ C(arm, 'b') * x + (1 + x | patient)"
    fits = tuple(fit_quietly(formula, frame, weights="w") for frame in imputed)
    pooled = PooledResult(fits, complete)
    long = pd.concat(dict(enumerate(imputed)), names=["number"]).reset_index("number")
    long.to_csv(tmp_path / "d.csv", index=False)
    code = pooled.to_r(data="d.csv", imputation="number")
    code += 'cat("@", sprintf("%.15g", t(pooled)))'
    (tmp_path / "pool.R").write_text(code, encoding="utf-8")
    done = subprocess.run(
        ["Rscript", "pool.R"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )
    assert done.returncode == 0, done.stderr
    values = np.array(done.stdout.split("@")[1].split(), dtype=float).reshape(len(pooled.names), -1)
    table = pooled.tidy()
    estimate, se, _, df, p, riv, fmi = values.T
    assert (np.abs(table["estimate"] - estimate) <= tol.beta_in_se * se).all()
    np.testing.assert_allclose(table["se"], se, rtol=tol.se)
    np.testing.assert_allclose(table["df"], df, rtol=tol.df)
    np.testing.assert_allclose(table["p_value"], p, rtol=tol.p_value, atol=1e-12)
    np.testing.assert_allclose(table["riv"], riv, rtol=tol.df, atol=tol.variance)
    np.testing.assert_allclose(table["fmi"], fmi, rtol=tol.df, atol=tol.variance)
