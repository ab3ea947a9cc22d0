"""Bland & Altman (1986), Lancet 327: peak expiratory flow of 17 subjects by two meters."""

from __future__ import annotations

import alliance_stats as al

#: Table: first measurements, l/min.
WRIGHT = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]


def test_bias_limits_and_interval_of_the_bias() -> None:
    """Mean difference −2.1, SD 38.8, limits of two SDs −79.7 and 75.5; bias −22.0 to 17.8."""
    found = al.reliability.bland_altman(WRIGHT, MINI)
    bias = found.tidy().iloc[0]
    sd = found.tables["Differences"]["sd"].item()
    assert (round(bias["estimate"], 1), round(sd, 1)) == (-2.1, 38.8)
    assert [round(bias["estimate"] + k * sd, 1) for k in (-2, 2)] == [-79.6, 75.4]
    assert abs(bias["ci_low"] + 22.0) < 0.1 and abs(bias["ci_high"] - 17.8) < 0.1
