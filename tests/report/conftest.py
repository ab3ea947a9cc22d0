"""Made-up results with a view: three-level, two-level, singular, null, hostile names."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance_stats._base.views import ResultView

HOSTILE = "<script>alert(1)</script>"
HOSTILE_MARKDOWN = "a|b`c`*d*$x$\n# &lt;e&gt;"


@dataclass(frozen=True)
class FakeResult:
    """The least that the report room accepts."""

    seen: ResultView

    def view(self) -> ResultView:
        return self.seen


COEFFICIENTS = ("estimate", "se", "statistic", "df", "p_value", "ci_low", "ci_high")
TERMS = {
    "intercept": ("", "", "(Intercept)", 12.4321, 0.412, 30.17, 22.4, 1e-20, 11.579, 13.285),
    "within": ("within", "session", "wai_total_within",
               -0.1084, 0.0213, -5.089, 187.31, 8.7e-7, -0.1504, -0.0664),
    "between": ("between", "patient", "wai_total_between",
                -0.2471, 0.0512, -4.826, 236.8, 2.5e-6, -0.348, -0.1462),
    "patient": ("patient_between", "patient", "wai_total_patient_between",
                -0.2471, 0.0512, -4.826, 214.6, 2.7e-6, -0.348, -0.1462),
    "therapist": ("therapist_between", "therapist", "wai_total_therapist_between",
                  -0.1912, 0.1534, -1.246, 21.73, 0.2261, -0.5096, 0.1272),
    "contextual_patient": ("contextual", "patient", "wai_total_patient_between - within",
                           -0.1387, 0.0555, -2.499, 301.2, 0.01298, -0.2479, -0.0295),
    "contextual_therapist": ("contextual", "therapist", "therapist_between - patient_between",
                             0.0559, 0.1617, 0.346, 28.4, 0.7321, -0.2751, 0.3869),
    "time": ("", "", "time", -0.3112, 0.0187, -16.64, 1710.5, 1e-50, -0.3479, -0.2745),
}  # fmt: skip


def terms_of(*names: str) -> pd.DataFrame:
    return pd.DataFrame(
        [TERMS[name] for name in names], columns=["effect", "unit", "term", *COEFFICIENTS]
    )


THREE = terms_of(
    "intercept", "within", "patient", "therapist", "time", "contextual_patient",
    "contextual_therapist",
)  # fmt: skip
TWO = terms_of("intercept", "within", "between", "time", "contextual_patient")


def further(effects: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    random = pd.DataFrame(
        {
            "group": ["patient", "patient", "therapist", "residual"],
            "term": ["(Intercept)", "wai_total_within", "(Intercept)", ""],
            "sd": [3.212, 0.0812, 0.954, 2.477],
            "variance": [10.317, 0.0066, 0.9101, 6.1355],
            "correlation": [np.nan, 0.214, np.nan, np.nan],
        }
    )
    standard = pd.DataFrame({"effect": effects})
    standard["estimate"] = [-0.121, -0.318, -0.105][: len(effects)]
    standard["ci_low"] = [-0.168, -0.448, -0.28][: len(effects)]
    standard["ci_high"] = [-0.074, -0.188, 0.07][: len(effects)]
    standard["sd_alliance"] = [5.11, 6.42, 2.31][: len(effects)]
    standard["sd_outcome"] = [4.58, 4.99, 1.42][: len(effects)]
    main = THREE if "therapist_between" in effects else TWO
    main = main.set_index("effect").loc[list(effects)].reset_index()
    parts = []
    for model, shift in (
        ("as fitted", 0.0),
        ("without time", -0.2),
        ("with treatment length", 0.09),
    ):
        part = main.drop(columns=["unit", "term", "statistic"]).assign(model=model)
        for column in ("estimate", "ci_low", "ci_high"):
            part[column] += shift
        parts.append(part)
    sensitivity = pd.concat(parts, ignore_index=True)
    columns = ["model", "effect", "estimate", "se", "df", "p_value", "ci_low", "ci_high"]
    return {
        "Random effects": random if "therapist_between" in effects else random.drop(index=2),
        "Standardised effects": standard,
        "Sensitivity": sensitivity[columns],
    }


def plot_frame(effects: tuple[str, ...], terms: pd.DataFrame) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    sizes = {"within": (960, 5.0, 4.2), "therapist_between": (24, 2.2, 1.4)}
    frames = []
    for effect in effects:
        n, sd_x, sd_y = sizes.get(effect, (240, 6.4, 4.5))
        slope = float(terms.loc[terms["effect"] == effect, "estimate"].iloc[0])
        se = float(terms.loc[terms["effect"] == effect, "se"].iloc[0])
        x = rng.normal(0, sd_x, n)
        frames.append(
            pd.DataFrame(
                {
                    "panel": effect,
                    "layer": "points",
                    "x": x,
                    "y": 12.4 + slope * x + rng.normal(0, sd_y, n),
                    "y_low": np.nan,
                    "y_high": np.nan,
                    "group": np.arange(n) % 240 if effect == "within" else np.arange(n),
                }
            )
        )
        grid = np.linspace(x.min(), x.max(), 50)
        half = 1.97 * np.hypot(0.25, se * grid)
        line = pd.DataFrame({"panel": effect, "layer": "line", "x": grid, "y": 12.4 + slope * grid})
        frames.append(line.assign(y_low=line["y"] - half, y_high=line["y"] + half, group=-1))
    return pd.concat(frames, ignore_index=True)


def make_view(terms: pd.DataFrame, **changes: Any) -> ResultView:
    effects = tuple(e for e in terms["effect"] if e not in ("", "contextual"))
    three = "therapist_between" in effects
    units, counts = ["session", "patient", "therapist"], [1987, 240, 24]
    view = ResultView(
        kind="within_between",
        title="wai_total and phq9, within and between patients",
        terms=terms,
        fit=pd.DataFrame(
            {
                "n_obs": [1987], "n_dropped": [41], "loglik": [-5012.347], "aic": [10044.69],
                "bic": [10100.63], "bic_patients": [10079.5], "converged": [True],
                "singular": [False], "method": ["REML"],
            }
        ),
        plot=plot_frame(effects, terms),
        levels=pd.DataFrame({"unit": units, "n": counts}).head(3 if three else 2),
        notes=("Patient means use all observed ratings of the patient.",),
        messages=("41 of 2,028 sessions dropped (alliance missing: 38, outcome missing: 3).",),
        refit='fit_within_between(sessions, roles=Roles(alliance="wai_total", outcome="phq9"))',
        labels={
            "alliance": "wai_total", "outcome": "phq9", "outcome_better": "lower",
            "time": "linear", "ddf": "Satterthwaite", "verb": "association",
            "formula": "phq9 ~ wai_total_within + wai_total_patient_between + time + "
            "(1 + wai_total_within | patient) + (1 | therapist)",
        },
        tables=further(effects),
    )  # fmt: skip
    return replace(view, **changes)


@pytest.fixture
def three_level() -> FakeResult:
    return FakeResult(make_view(THREE))


@pytest.fixture
def two_level() -> FakeResult:
    return FakeResult(make_view(TWO))


@pytest.fixture
def singular() -> FakeResult:
    view = make_view(TWO)
    message = "The fit is singular: the slope of wai_total_within has variance 0."
    return FakeResult(
        replace(view, fit=view.fit.assign(singular=True), messages=(*view.messages, message))
    )


@pytest.fixture
def null_result() -> FakeResult:
    terms = TWO.copy()
    within = terms["effect"] == "within"
    terms.loc[within, list(COEFFICIENTS)] = [0.0141, 0.0213, 0.662, 187.3, 0.509, -0.0279, 0.0561]
    return FakeResult(make_view(terms, tables={}))


@pytest.fixture
def with_names() -> Callable[[str], FakeResult]:
    """A result whose alliance column, title and formula carry the given name."""

    def make(name: str) -> FakeResult:
        view = make_view(TWO)
        terms = view.terms.replace({"term": {"time": name}})
        labels = {**view.labels, "alliance": name, "formula": f"phq9 ~ `{name}`"}
        return FakeResult(
            replace(
                view, title=f"{name} and phq9", terms=terms, labels=labels, notes=(name,),
                messages=(name,), refit=f"# {name}", tables={**view.tables, name: view.levels},
            )
        )  # fmt: skip

    return make


@pytest.fixture
def sessions() -> FakeResult:
    missing = pd.DataFrame(
        {
            "column": ["wai_total", "phq9"], "role": ["alliance", "outcome"],
            "missing": [38, 0], "share": [38 / 1987, 0.0],
        }
    )  # fmt: skip
    fit = pd.DataFrame({"source": ["a.csv"], "rows_read": [2028], "rows_kept": [1987]})
    levels = pd.DataFrame({"unit": ["session", "patient"], "n": [1987, 240]})
    tables = {"Missing values": missing, "Dropped rows": pd.DataFrame()}
    view = ResultView(
        "sessions", "Sessions read from a.csv", pd.DataFrame(), fit, None, levels, tables=tables
    )
    return FakeResult(view)


@pytest.fixture
def levels() -> FakeResult:
    units = pd.DataFrame({"unit": ["session", "patient", "therapist"], "n": [2180, 240, 24]})
    sizes = pd.DataFrame(
        {
            "distribution": ["sessions per patient", "patients per therapist"], "n": [240, 0],
            "min": [1.0, np.nan], "q1": [5.0, np.nan], "median": [8.0, np.nan],
            "q3": [13.5, np.nan], "max": [23.0, np.nan], "mean": [9.08, np.nan],
        }
    )  # fmt: skip
    ratings = pd.DataFrame({"variable": ["wai_total", "phq9"], "n": [2150, 2180]})
    variances = pd.DataFrame(
        {
            "variable": ["wai_total"] * 3 + ["phq9"] * 2,
            "unit": ["therapist", "patient", "session", "patient", "session"],
            "variance": [1.07, 45.83, 25.98, np.nan, np.nan],
            "icc": [0.0147, 0.6288, 0.3565, np.nan, np.nan],
        }
    )  # fmt: skip
    tables = {
        "Sizes": sizes, "Ratings": ratings.assign(missing=[30, 0]), "Variance by unit": variances,
    }  # fmt: skip
    none = pd.DataFrame()
    return FakeResult(ResultView("levels", "Levels", none, none, None, units, tables=tables))


@pytest.fixture
def lmm() -> FakeResult:
    terms = terms_of("intercept", "time").drop(columns=["effect", "unit"])
    fit = pd.DataFrame({"n_obs": [180], "loglik": [-871.8], "method": ["REML"]})
    levels = pd.DataFrame({"unit": ["Subject"], "n": [18]})
    labels = {"formula": "y ~ time + (1 | Subject)", "ddf": "normal"}
    terms["df"] = np.inf
    return FakeResult(ResultView("lmm", "Mixed model", terms, fit, None, levels, labels=labels))


@pytest.fixture(autouse=True)
def no_open_figures() -> Iterator[None]:
    """Close what a test left to pyplot, which warns of many open figures."""
    yield
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")
