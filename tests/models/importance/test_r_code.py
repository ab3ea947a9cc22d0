"""R code of an analysis of importance: that R agrees where it is installed, what is refused."""

from __future__ import annotations

import re
import shutil
import subprocess
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from tests.models.importance.conftest import ROLES


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
@pytest.mark.parametrize("therapists", [False, True])
def test_r_gives_the_same_digits(frame: pd.DataFrame, tmp_path: Path, therapists: bool) -> None:
    made = frame.rename(columns={"bond": "the bond"})
    made.loc[3, "wai"] = np.nan
    roles = replace(ROLES, therapist="therapist") if therapists else ROLES
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = al.models.fit_importance(
            made, roles, predictors=["wai", "the bond", "intake", "arm"], n_boot=0,
            time="log" if therapists else "factor",
            mean_rows="fitted" if therapists else "available",
            groups={"both": ["wai", "the bond"]} if therapists else None,
        )  # fmt: skip
    made.to_csv(tmp_path / "sessions.csv", index=False)
    (tmp_path / "refit.R").write_text(result.to_r(), encoding="utf-8")
    done = subprocess.run(
        ["Rscript", "refit.R"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    if "there is no package called" in done.stderr:
        pytest.skip("lme4 is not installed")
    assert done.returncode == 0, done.stderr
    found = [float(n) for n in re.findall(r"-?\d+\.\d{4,}(?:e-?\d+)?", done.stdout)]
    tidy = result.tidy()
    expected: list[float] = []
    for level, r2 in result.explained.r2.items():
        own = tidy[(tidy["effect"] == level) & tidy["share"].notna()]
        expected += [*r2, *own["estimate"]]
    assert found == pytest.approx(expected, abs=2e-6)


def test_names_cannot_become_code(frame: pd.DataFrame) -> None:
    hostile = 'bond"); stop("x'
    result = al.models.fit_importance(
        frame.rename(columns={"bond": hostile}), ROLES, predictors=["wai", hostile], n_boot=0
    )
    assert 'stop("x' not in result.to_r().replace('\\"', "")
    with pytest.raises(al.ArgumentError, match="no file name"):
        result.to_r(data="")
