"""What is said of correlations corrected for unreliable measurement."""

from __future__ import annotations

import warnings

import pandas as pd

import alliance_stats as al


def text(r: list[float], method: str = "individual") -> str:
    frame = pd.DataFrame({"study": list("ABCD"), "ri": r, "ni": [80, 120, 60, 200], "rel": 0.81})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", al.DataWarning)
        effects = al.effect_sizes(frame, measure="COR")
        result = al.meta.correct_attenuation(effects, reliability_x="rel", method=method)  # type: ignore[arg-type]
    assert "b = unstandardised" not in str(al.coef_table(result))
    return " ".join(al.report_text(result).split())


def test_observed_and_corrected_mean() -> None:
    said = text([0.1, 0.5, 0.4, 0.2])
    assert said.startswith(
        "Over 4 studies (4 correlations, N = 460) the mean observed correlation was .287, 95% CI [."
    )
    assert "study by study (mean attenuation .90) it was .319" in said
    assert "True correlations varied with SD = " in said
    assert said.endswith("nothing was corrected for restriction of range.")
    assert "inconclusive" not in said


def test_null_and_no_spread() -> None:
    said = text([-0.05, 0.1, -0.03, 0.02], "distribution")
    assert "by the distribution of the reported reliabilities" in said
    assert "Whether there is an association at all is inconclusive." in said
    assert "no spread of true correlations was estimated" in said
