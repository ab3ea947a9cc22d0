"""How effect sizes are printed, and where the ticks of their axes are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from alliance_stats._base.views import ResultView
from alliance_stats.meta.scales import SCALES
from alliance_stats.report.wording.effect_scale import (
    CORRELATIONS,
    FORWARD,
    EffectScale,
    effect_scale,
    effect_ticks,
    tick_values,
)


def scale_for(measure: str) -> EffectScale:
    return EffectScale(measure, "scale", "shown", "x", 2, 0.95)


def test_every_measure_is_read_as_the_meta_room_reads_it() -> None:
    back = {name: scale.back for name, scale in SCALES.items() if scale.back is not None}
    assert set(back) == set(FORWARD)
    x = np.linspace(-1.5, 1.5, 7)
    for name, function in back.items():
        assert np.allclose(FORWARD[name](function(x)), x)
    assert {name for name, s in SCALES.items() if "correlation" in s.shown_words} == CORRELATIONS


@pytest.mark.parametrize(
    ("measure", "value", "words"),
    [("ZCOR", 0.284, ".28"), ("ZCOR", -0.05, "−.05"), ("COR", 1.0, "1.00"), ("COR", -0.001, ".00"),
     ("SMD", -0.31, "−0.31"), ("OR", 10.05, "10.05")],
)  # fmt: skip
def test_numbers(measure: str, value: float, words: str) -> None:
    assert scale_for(measure).number(value) == words


@pytest.mark.parametrize(
    "ends", [(-0.1, 0.4), (-2.5, 2.5), (0.28, 0.31), (-0.9, 0.2), (-0.02, 0.02), (-2.4, 2.3)]
)
@pytest.mark.parametrize("measure", ["ZCOR", "OR", "SMD"])
def test_ticks_are_few_inside_and_apart(measure: str, ends: tuple[float, float]) -> None:
    axis = Figure().subplots()
    axis.set_xlim(*ends)
    effect_ticks(axis, scale_for(measure))
    places = axis.get_xticks()
    labels = [label.get_text() for label in axis.get_xticklabels()]
    assert axis.get_xlim() == ends
    assert 1 <= len(places) <= 11
    assert len(set(labels)) == len(labels)
    assert (places >= ends[0] - 1e-9).all()
    assert (places <= ends[1] + 1e-9).all()
    if measure == "ZCOR":
        assert (np.diff(places) >= 0.08 * (ends[1] - ends[0])).all()
    shown = [float(label.replace("−", "-")) for label in labels]
    forward = FORWARD.get(measure, lambda x: x)
    assert np.allclose(forward(np.array(shown)), places, atol=1e-9)


def test_ratios_have_ticks_on_both_sides_of_one() -> None:
    scale = scale_for("OR")
    assert tick_values(scale, *np.log([0.4, 4.0])).tolist() == [0.5, 0.7, 1, 1.5, 2, 3]
    assert tick_values(scale, *np.log([0.01, 200])).tolist() == [0.01, 0.1, 1, 10, 100]


def test_decimals_follow_the_standard_errors() -> None:
    none = pd.DataFrame()
    plot = pd.DataFrame({"se": [12.0, 15.0]})
    view = ResultView("meta", "", none, none, plot, none, labels={"measure": "MD"})
    assert effect_scale(view).number(103.47) == "103.47"
    assert effect_scale(view).axis_words == "Effect size"
