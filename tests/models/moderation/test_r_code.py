"""R code of moderation models: R prints the same digits where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.models import ModerationResult

ROLES = al.Roles(
    patient="id", session="visit", therapist="who", alliance="wai", outcome="phq", treatment="arm"
)


def expected_numbers(result: ModerationResult) -> list[list[float]]:
    """Difference, SE, df, interval and p of every comparison."""
    columns = ["estimate", "se", "df", "tost_low", "tost_high", "p_equivalence"]
    numbers: list[list[float]] = result.equivalence()[columns].to_numpy().tolist()
    return numbers


def printed_numbers(text: str, comparisons: list[str]) -> list[list[float]]:
    """What R prints behind each comparison, over the lines a wide table is broken into."""
    blocks = re.split(r"^ +b +se", text, flags=re.MULTILINE)[1:]
    found = []
    for block in blocks:
        for comparison in dict.fromkeys(comparisons):
            rows = [
                line.removeprefix(comparison)
                for line in block.splitlines()
                if line.startswith(f"{comparison} ")
            ]
            if rows:
                found.append([float(n) for row in rows for n in row.split()][:6])
    return found


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
@pytest.mark.parametrize(
    "case",
    ["free", *(pytest.param(c, marks=pytest.mark.slow) for c in ("skill", "given", "sessions"))],
)
def test_r_gives_the_same_digits(
    frame: pd.DataFrame, fitted: Any, tmp_path: Path, case: str
) -> None:
    options: dict[str, Any] = {
        "free": {},
        "skill": {"moderator": "skill", "mean_rows": "fitted"},
        "given": {"moderator": "intake", "at": (10, 20), "time": "log"},
        "sessions": {"therapist_mean": "sessions", "time": "factor", "reml": False},
    }[case]
    if case == "free":
        frame = frame.assign(who=frame["who"].where(frame["arm"] != "sup"))
    frame = frame.assign(phq=frame["phq"].mask(frame.index < 9))
    result = fitted(frame, ROLES, **options)
    frame.to_csv(tmp_path / "sessions.csv", index=False)
    (tmp_path / "refit.R").write_text(result.to_r(), encoding="utf-8")
    done = subprocess.run(
        ["Rscript", "refit.R"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    if "there is no package called" in done.stderr:
        pytest.skip("lmerTest is not installed")
    assert done.returncode == 0, done.stderr
    found = printed_numbers(done.stdout, result.equivalence()["comparison"].tolist())
    assert len(found) == len(result.equivalence())
    for numbers, expected in zip(found, expected_numbers(result), strict=True):
        assert numbers == pytest.approx(expected, rel=1e-3)


def test_names_cannot_become_code(frame: pd.DataFrame, fitted: Any) -> None:
    hostile = 'a"); stop("x'
    odd = frame.assign(arm=frame["arm"].replace("cbt", hostile))
    text = fitted(odd, ROLES).to_r()
    assert 'stop("x' not in text.replace('\\"', "")
    with pytest.raises(al.ArgumentError, match="no file name"):
        fitted(frame, ROLES).to_r(data="")
