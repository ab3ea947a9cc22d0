"""R code of latent means: what it holds, that R agrees where it is installed, what is refused."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

import alliance_stats as al


@pytest.fixture(scope="module")
def sessions() -> al.SessionData:
    return al.load_example("sessions")


def test_the_levels_and_time_are_those_of_the_model(sessions: al.SessionData) -> None:
    three = al.fit_latent_within_between(sessions).to_r(data="my file.csv")
    assert 'read.csv(\n  "my file.csv"' in three
    assert "corSymm(form = ~ position | therapist / patient / session)" in three
    assert "value ~ 0 + rating + rating:t" in three
    two = al.fit_latent_within_between(sessions, unit="patient", time="none").to_r()
    assert "random = list(patient = pdSymm(~ 0 + rating))" in two
    assert "rating:t" not in two
    assert "therapist" not in two


def test_names_cannot_become_code(sessions: al.SessionData) -> None:
    hostile = 'wai"); stop("x'
    frame = sessions.frame.rename(columns={"wai_total": hostile})
    roles = replace(sessions.roles, alliance=hostile)
    text = al.fit_latent_within_between(frame, roles).to_r()
    assert 'stop("x' not in text.replace('\\"', "")
    with pytest.raises(al.ArgumentError, match="no file name"):
        al.fit_latent_within_between(sessions).to_r(data="")


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
@pytest.mark.parametrize("time", ["linear", "log"])
def test_r_gives_the_same_digits(sessions: al.SessionData, tmp_path: Path, time: str) -> None:
    result = al.fit_latent_within_between(sessions, unit="patient", time=time)
    sessions.frame.to_csv(tmp_path / "sessions.csv", index=False)
    (tmp_path / "refit.R").write_text(result.to_r(), encoding="utf-8")
    done = subprocess.run(
        ["Rscript", "refit.R"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    if "there is no package called" in done.stderr:
        pytest.skip("nlme is not installed")
    assert done.returncode == 0, done.stderr
    found = [float(n) for n in re.findall(r"-?\d+\.\d{4,}", done.stdout)]
    expected = [*result.fit.slopes, result.fit.loglik]
    assert found == pytest.approx(expected, abs=1e-4)
