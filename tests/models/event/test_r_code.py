"""The R code of an event model: it runs, prints our digits, and no name becomes code."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.models.event.result import EventResult

Fit = Callable[..., EventResult]
THERAPISTS = al.Roles(alliance="wai", outcome="phq", ended="ended", therapist="therapist")
CASES: dict[str, dict[str, Any]] = {
    "levels": {
        "predictors": ["running_mean", "change"], "baseline": "factor", "link": "logit",
        "frailty": None, "covariates": ["arm"],
    },
    "early": {"predictors": ["current", "early"], "early_window": (1, 2), "frailty": None},
    "carried": {"missing": "last", "at_risk": "risk", "frailty": None, "baseline": "log"},
    "frailty": {"baseline": "log"},
}  # fmt: skip


def with_more(frame: pd.DataFrame) -> pd.DataFrame:
    number = np.arange(len(frame))
    return frame.assign(
        wai=frame["wai"].where(number % 11 > 0),
        arm=np.where(frame["patient"].str[-1].isin(list("0123")), "a b", "c"),
        risk=(number % 17 > 0).astype(int),
    ).sample(frac=1, random_state=2)


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
@pytest.mark.parametrize("case", list(CASES))
def test_it_prints_our_digits(case: str, frame: pd.DataFrame, fit: Fit, tmp_path: Path) -> None:
    data = with_more(frame)
    result = fit(data, THERAPISTS, **CASES[case])
    data.to_csv(tmp_path / "sessions.csv", index=False)
    (tmp_path / "refit.R").write_text(result.to_r(), encoding="utf-8")
    done = subprocess.run(
        ["Rscript", "refit.R"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    printed = [float(x) for x in re.findall(r"'log Lik.' (-[\d.]+)", done.stdout)]
    assert printed == pytest.approx([h.fit.loglik for h in result.hazards], abs=1e-5)
    row = next(line for line in done.stdout.splitlines() if line.startswith(("wai ", "wai_")))
    own = result.effects.iloc[0]
    assert float(row.split()[1]) == pytest.approx(own["estimate"], abs=1e-3 * own["se"])


def test_hostile_names_stay_names(frame: pd.DataFrame, fit: Fit) -> None:
    hostile = 'w"); system("id'
    roles = al.Roles(alliance=hostile, outcome="phq", ended="ended")
    code = fit(frame.rename(columns={"wai": hostile}), roles).to_r(data='a"b.csv')
    assert 'd[["w\\"); system(\\"id"]]' in code
    assert '"a\\"b.csv"' in code
    assert '`w"); system("id`' in code


def test_code_of_periods(frame: pd.DataFrame, fit: Fit) -> None:
    last = frame["session"] == frame.groupby("patient")["session"].transform("max")
    months = frame.assign(relapse=(last & (frame["ended"] == "dropout")).astype(int))
    roles = al.Roles(alliance="wai", outcome="phq")
    code = fit(months, roles, event="relapse", baseline="log").to_r()
    assert 'd[["event_came"]] <- as.integer(d[["relapse"]] %in% 1)' in code
    assert "library(lme4)" not in code
    with pytest.raises(al.ArgumentError, match="is no file name"):
        fit(frame).to_r(data="")
