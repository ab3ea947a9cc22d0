"""R code: the lines of five results are pinned, and R has run them as they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al

FOLDER = Path(__file__).parents[2] / "reference" / "meta_bias"


def data(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / f"{name}.csv", dtype={"study": str})


#: Every result, and the numbers that R prints of it.
CASES: dict[str, tuple[Callable[[], Any], Callable[[Any], list[float]]]] = {
    "egger": (
        lambda: al.meta.egger_test(data("bcg"), mods="ablat", predictor="sqrtninv"),
        lambda r: [r.regression.beta[-1], r.regression.se[-1]],
    ),
    "clustered": (
        lambda: al.meta.pet_peese(data("begg1989")),
        lambda r: [r.peese.beta[0], r.peese.se[0], r.peese.df[0]],
    ),
    "trim_fill": (
        lambda: al.meta.trim_fill(data("bcg")),
        lambda r: [r.filled.beta[0, 0], r.filled.se[0, 0], r.k0],
    ),
    "selection": (
        lambda: al.meta.selection_model(data("molloy2014"), steps=(0.025, 0.5), mods="quality"),
        lambda r: [*r.beta, r.tau2, *r.weights],
    ),
    "begg": (
        lambda: al.meta.begg_test(data("hackshaw1998")),
        lambda r: [r.correlation.tau, r.correlation.p_value],
    ),
    "failsafe": (
        lambda: al.meta.failsafe_n(data("bcg"), method="orwin", weighted=True),
        lambda r: [r.n, r.mean],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_lines_are_those_that_r_ran(name: str) -> None:
    assert CASES[name][0]().to_r() + "\n" == (FOLDER / "lines" / f"{name}.R").read_text("utf-8")


@pytest.mark.parametrize("name", CASES)
def test_r_gave_the_same_numbers(name: str, tol: SimpleNamespace) -> None:
    theirs = json.loads((FOLDER / "lines.json").read_text("utf-8"))["values"][name]
    make, numbers = CASES[name]
    # selmodel() stops where its optimiser does
    limit = 2e-5 if name == "selection" else tol.meta_pooled
    np.testing.assert_allclose(numbers(make()), theirs, rtol=limit, atol=limit)


def test_names_that_r_code_cannot_hold() -> None:
    frame = data("bcg").rename(columns={"ablat": 'abs "lat"'})
    code = al.meta.egger_test(frame, mods='`abs "lat"`').to_r()
    assert '`abs "lat"`' in code
