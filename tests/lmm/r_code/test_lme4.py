"""R code of a fit: its text, that names cannot become code, and (where R is) its numbers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance_stats._base.errors import ArgumentError, FormulaError, UnsupportedError
from alliance_stats.formula.r_names import r_name, r_text
from alliance_stats.lmm.fit import fit_quietly

HOSTILE = '"); system("echo hacked > hacked.txt"); c("'
ODD = "a\\b 'x' [1] # §"


def study() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    patient = np.repeat(np.arange(40), 6)
    n = len(patient)
    frame = pd.DataFrame({"patient": patient, "therapist": [f"0{p % 8}" for p in patient]})
    frame["session"] = np.tile(np.arange(1, 7), 40)
    frame["arm"] = np.array(["cbt", "pdt", "waitlist"])[patient % 3]
    frame["group"] = rng.random(n) < 0.5
    frame["wai"] = rng.normal(4, 1, n).round(3)
    frame["w"] = rng.integers(1, 5, n)
    frame["o"] = rng.normal(size=n).round(2)
    y = frame["wai"] + rng.normal(size=40)[patient] + rng.normal(0, 0.5, 40)[patient] * frame["wai"]
    frame["phq9"] = (y + rng.normal(size=8)[patient % 8] + rng.normal(size=n)).round(3)
    frame.loc[3, "wai"] = np.nan
    return frame


def test_the_text_of_a_model() -> None:
    fit = fit_quietly(
        "phq9 ~ wai * C(arm, 'waitlist') + C(session) + (wai || patient) + (1 | therapist)",
        study(),
        reml=False,
        weights="w",
        offset="o",
    )
    assert fit.to_r(data="sessions.csv") == GOLDEN


GOLDEN = """\
library(lme4)
library(lmerTest)
options(contrasts = c("contr.treatment", "contr.poly"))

d <- read.csv(
  "sessions.csv", check.names = FALSE, encoding = "UTF-8",
  colClasses = c(arm = "character", patient = "character", therapist = "character"),
  na.strings = c("", "NA", "NaN")
)
d <- d[complete.cases(d[c("phq9", "wai", "arm", "session", "patient", "therapist", "w", "o")]), ]
d[["arm"]] <- factor(d[["arm"]], levels = c("waitlist", "cbt", "pdt"))
d[["session"]] <- factor(d[["session"]], levels = c("1", "2", "3", "4", "5", "6"))

control <- lmerControl(
  optimizer = "bobyqa", calc.derivs = FALSE,
  optCtrl = list(rhobeg = 0.2, rhoend = 1e-9, maxfun = 1e6)
)
m <- lmer(
  phq9 ~ 1 + wai + arm + session + wai:arm +
    (1 | patient) +
    (0 + wai | patient) +
    (1 | therapist),
  data = d, REML = FALSE, control = control,
  weights = w,
  offset = o
)
stopifnot(nobs(m) == 239)
print(summary(m), digits = 8, correlation = FALSE)
print(VarCorr(m), comp = c("Variance", "Std.Dev."), digits = 8)
print(logLik(m), digits = 12)
"""


def test_a_column_in_two_roles_gets_two_columns() -> None:
    fit = fit_quietly("phq9 ~ session + C(session) + (1 | patient)", study())
    text = fit.to_r()
    assert 'd[["session.factor1"]] <- factor(d[["session"]]' in text
    assert "phq9 ~ 1 + session + session.factor1 +" in text
    assert fit.criterion.design.redundant  # R drops the same column


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("wai", "wai"),
        ("wai total", "`wai total`"),
        ("größe", "`größe`"),
        ("a\\", "`a\\\\`"),
        ('"); quit("', '`"); quit("`'),
        ("if", "`if`"),
        ("x\u00a0y", "`x\u00a0y`"),
    ],
)
def test_names_in_code(name: str, code: str) -> None:
    assert r_name(name) == code


@pytest.mark.parametrize("name", ["a`b", "a\nb", "a\u2028b", "a\u202eb", "", "a\x00b", "a\tb"])
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(FormulaError):
        r_name(name)


def test_weights_and_offsets_are_names_too() -> None:
    frame = study().rename(columns={"w": "w`; quit()", "o": "o\nquit()"})
    for argument, column in (("weights", "w`; quit()"), ("offset", "o\nquit()")):
        fit = fit_quietly("phq9 ~ wai + (1 | patient)", frame, **{argument: column})
        with pytest.raises(FormulaError, match="cannot be used"):
            fit.to_r()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a", '"a"'),
        ('a"b', '"a\\"b"'),
        ("a\\", '"a\\\\"'),
        ("a\nb", '"a\\U{a}b"'),
        ("\u202e", '"\\U{202e}"'),
        ("é`'", '"é`\'"'),
    ],
)
def test_texts_in_code(text: str, code: str) -> None:
    assert r_text(text) == code


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_texts_that_are_refused(text: str) -> None:
    with pytest.raises(UnsupportedError, match="R cannot hold"):
        r_text(text)


def test_levels_and_files_that_are_refused() -> None:
    frame = study().replace({"arm": {"cbt": "NA"}})
    fit = fit_quietly("phq9 ~ arm + (1 | patient)", frame)
    with pytest.raises(UnsupportedError, match="level 'NA', which R would read"):
        fit.to_r()
    with pytest.raises(ArgumentError, match="data=3 is no file name"):
        fit.to_r(data=3)  # type: ignore[arg-type]


def test_quotes_outside_names_and_texts_are_only_ours() -> None:
    """With hostile texts everywhere, taking out names and texts leaves the same skeleton."""
    import re

    plain, hostile = study(), study()
    hostile["arm"] = hostile["arm"].replace({"cbt": HOSTILE, "pdt": "a\\", "waitlist": "z\nq()"})
    hostile = hostile.rename(columns={"wai": HOSTILE, "patient": "p\\"})
    one = fit_quietly("phq9 ~ wai + arm + (1 | patient)", plain).to_r()
    quoted = f"phq9 ~ `{HOSTILE}` + arm + (1 | `p\\\\`)"
    two = fit_quietly(quoted, hostile).to_r(data=HOSTILE)
    token = re.compile(r'"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`|\b(?:wai|patient)\b')
    assert token.sub("_", one) == token.sub("_", two)


MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "plain": ("phq9 ~ wai * arm + group + (1 + wai | patient) + (1 | therapist)", {}),
    "weighted": (
        "phq9 ~ poly(wai, 2) + C(arm, 'pdt') + C(session) + (wai || patient)",
        {"weights": "w", "offset": "o", "reml": False},
    ),
    "hostile": (
        f"`phq 9` ~ scale(`{ODD}`) + `{HOSTILE}` + bs(session, df = 4) + (1 | `{ODD}p`)".replace(
            "\\", "\\\\"
        ),
        {},
    ),
}


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="needs R")
@pytest.mark.parametrize("name", MODELS)
def test_r_prints_the_same_numbers(name: str, tmp_path: Path, tol: Any) -> None:
    """The code as it is, run by R on the frame as written to CSV."""
    packages = ["Rscript", "-e", "library(lme4); library(lmerTest)"]
    if subprocess.run(packages, capture_output=True).returncode:
        pytest.skip("needs lme4 and lmerTest")
    frame = study()
    if name == "plain":  # levels in an order of their own, one of them without rows
        order = ["waitlist", "cbt", "none", "pdt"]
        frame["arm"] = pd.Categorical(frame["arm"], categories=order)
    if name == "hostile":
        frame["arm"] = frame["arm"].replace({"cbt": HOSTILE, "pdt": "a\\b"})
        new = {"wai": ODD, "arm": HOSTILE, "patient": f"{ODD}p", "phq9": "phq 9"}
        frame = frame.rename(columns=new)
    formula, arguments = MODELS[name]
    fit = fit_quietly(formula, frame, **arguments)
    frame.to_csv(tmp_path / "d.csv", index=False)
    code = (
        fit.to_r(data="d.csv") + 'cat("\\n@", sprintf("%.15g", c(fixef(m), sqrt(diag(vcov(m))))))'
    )
    (tmp_path / "fit.R").write_text(code, encoding="utf-8")
    done = subprocess.run(
        ["Rscript", "--encoding=UTF-8", "fit.R"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "hacked.txt").exists()
    values = np.array(done.stdout.split("@")[1].split(), dtype=float)
    beta, se = values[: len(fit.names)], values[len(fit.names) :]
    assert (np.abs(fit.beta - beta) <= tol.beta_in_se * se).all()
    np.testing.assert_allclose(fit.tidy()["se"], se, rtol=tol.se)
