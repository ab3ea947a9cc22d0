"""Lipsey & Wilson (2001), Practical meta-analysis, chapter 7: Exhibits 7.3 to 7.7, pages 133-141.

Ten challenge programmes for delinquent youth: random assignment, intensity of treatment.
"""

from __future__ import annotations

import pandas as pd
import pytest

import alliance_stats as al

DIGITS_4 = 5e-5
PROGRAMMES = pd.DataFrame(
    {
        "study": [100, 308, 1596, 2479, 9021, 9028, 161, 172, 537, 7049],
        "yi": [-0.33, 0.32, 0.39, 0.31, 0.17, 0.64, -0.33, 0.15, -0.02, 0.00],
        "vi": [0.084, 0.035, 0.017, 0.034, 0.072, 0.117, 0.102, 0.093, 0.012, 0.067],
        "random": [0, 0, 0, 0, 0, 0, 1, 1, 1, 1],
        "intensity": [7, 3, 7, 5, 7, 7, 4, 4, 5, 6],
    }
).astype({"study": str})
COLUMNS = ["estimate", "se", "statistic", "p_value", "ci_low", "ci_high"]


def fit(
    method: str, mods: str | None = None, data: pd.DataFrame = PROGRAMMES
) -> al.meta.MetaResult:
    return al.fit_meta(data, method=method, test="z", mods=mods)  # type: ignore[arg-type]


def test_means() -> None:
    """Exhibit 7.3: equal effects and DerSimonian–Laird."""
    result = fit("EE")
    row = result.tidy()[COLUMNS].iloc[0]
    assert row.tolist() == pytest.approx(
        [0.1549, 0.0609, 2.5450, 0.0109, 0.0356, 0.2742], abs=DIGITS_4
    )
    found = result.glance()[["q", "q_p"]].iloc[0]
    assert found.tolist() == pytest.approx([14.7640, 0.0976], abs=DIGITS_4)
    result = fit("DL")
    row = result.tidy()[COLUMNS].iloc[0]
    assert row.tolist() == pytest.approx(
        [0.1534, 0.0858, 1.7893, 0.0736, -0.0146, 0.3215], abs=DIGITS_4
    )
    assert result.tau2 == pytest.approx(0.025955, abs=5e-7)


def test_analysis_of_variance() -> None:
    """Exhibit 7.4: between and within kinds of assignment; some Q are 1 off in the last digit."""
    result = fit("EE", "random")
    means = result.predict(pd.DataFrame({"random": [0, 1]}))
    expected = [0.2984, 0.0813, 0.1390, 0.4578, -0.0277, 0.0917, -0.2075, 0.1521]
    found = means[["estimate", "se", "ci_low", "ci_high"]].to_numpy().ravel()
    assert found.tolist() == pytest.approx(expected, abs=DIGITS_4)
    between, within = result.moderator_test().iloc[-1], result.glance().iloc[0]
    assert [between["statistic"], within["q"]] == pytest.approx([7.0738, 7.6902], abs=1.5e-4)
    assert [between["p_value"], within["q_p"]] == pytest.approx([0.0078, 0.4643], abs=DIGITS_4)
    kinds = [PROGRAMMES[PROGRAMMES["random"] == kind] for kind in (0, 1)]
    found = [fit("EE", data=kind).glance()["q"].item() for kind in kinds]
    assert found == pytest.approx([6.4383, 1.2519], abs=1.5e-4)


@pytest.mark.parametrize(
    ("method", "published", "q_model"),
    [
        (
            "EE",
            [
                [0.3223, 0.2998, 1.0752, 0.2823, -0.2652, 0.9099],
                [-0.3298, 0.1304, -2.5286, 0.0115, -0.5854, -0.0742],
                [-0.0041, 0.0493, -0.0829, 0.9339, -0.1007, 0.0925],
            ],
            7.0807,
        ),
        (
            "DL",
            [
                [0.3311, 0.3198, 1.0351, 0.3006, -0.2958, 0.9579],
                [-0.3269, 0.1439, -2.2712, 0.0231, -0.6090, -0.0448],
                [-0.0068, 0.0528, -0.1292, 0.8972, -0.1103, 0.0967],
            ],
            5.5709,
        ),
    ],
)
def test_regression(method: str, published: list[list[float]], q_model: float) -> None:
    """Exhibits 7.6 and 7.7."""
    result = fit(method, "random + intensity")
    found = result.tidy()[COLUMNS].to_numpy().ravel()
    assert found.tolist() == pytest.approx(sum(published, []), abs=DIGITS_4)
    assert result.moderator_test().iloc[-1]["statistic"] == pytest.approx(q_model, abs=3e-4)
    assert result.tau2 == pytest.approx({"EE": 0.0, "DL": 0.00488}[method], abs=5e-6)
