from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy.stats import t as student

from alliance_stats import Roles, load_sessions
from alliance_stats.data.trajectories import FEWEST_PATIENTS, trajectories_frame

ROLES = Roles(patient="who", alliance="wai", outcome="phq")
COLUMNS = ["panel", "layer", "x", "y", "y_low", "y_high", "group", "n"]


def sessions(rng: np.random.Generator, n_patients: int = 30) -> pd.DataFrame:
    """Unequal lengths, gaps, missing ratings, a patient without any alliance; shuffled."""
    rows = [
        (f"secret-{patient}", session, rng.normal(40, 8), rng.normal(15, 5))
        for patient in range(n_patients)
        for session in range(1, int(rng.integers(2, 15)))
        if rng.random() < 0.85
    ]
    frame = pd.DataFrame(rows, columns=["who", "session", "wai", "phq"])
    for column in ("wai", "phq"):
        frame[column] = frame[column].mask(rng.random(len(frame)) < 0.1)
    frame.loc[frame["who"] == "secret-3", "wai"] = np.nan
    return frame.sample(frac=1, random_state=3, ignore_index=True)


def layer_of(plot: pd.DataFrame, panel: str, layer: str) -> pd.DataFrame:
    return plot[(plot["panel"] == panel) & (plot["layer"] == layer)].reset_index(drop=True)


@pytest.mark.parametrize(("panel", "column"), [("alliance", "wai"), ("outcome", "phq")])
def test_lines_are_the_observed_ratings(rng: np.random.Generator, panel: str, column: str) -> None:
    frame = sessions(rng)
    plot = trajectories_frame(frame, ROLES)
    assert list(plot.columns) == COLUMNS
    lines = layer_of(plot, panel, "lines")
    number = {who: k for k, who in enumerate(frame["who"].unique())}
    expected = frame.assign(group=frame["who"].map(number)).dropna(subset=column)
    expected = expected.sort_values(["group", "session"])
    for name, source in (("x", "session"), ("y", column), ("group", "group")):
        np.testing.assert_array_equal(lines[name], expected[source])
    assert lines[["y_low", "y_high"]].isna().all(axis=None)
    assert (lines["n"] == 1).all()


@pytest.mark.parametrize("conf_level", [0.95, 0.8])
def test_means_by_a_loop(rng: np.random.Generator, conf_level: float) -> None:
    frame = sessions(rng)
    plot = trajectories_frame(frame, ROLES, conf_level=conf_level)
    for panel, column in (("alliance", "wai"), ("outcome", "phq")):
        rows = []
        for number in sorted(frame["session"].unique()):
            y = frame.loc[frame["session"] == number, column].dropna().to_numpy()
            if len(y) >= FEWEST_PATIENTS:
                half = student.ppf(0.5 + conf_level / 2, len(y) - 1) * y.std(ddof=1) / len(y) ** 0.5
                rows.append((number, y.mean(), y.mean() - half, y.mean() + half, len(y)))
        assert 3 < len(rows) < frame["session"].nunique()
        mean = layer_of(plot, panel, "mean")
        found = mean[["x", "y", "y_low", "y_high", "n"]].to_numpy(float)
        np.testing.assert_allclose(found, np.array(rows, float), rtol=1e-10)
        assert (mean["group"] == -1).all()


def test_rows_in_another_order_give_the_same_means(rng: np.random.Generator) -> None:
    frame = sessions(rng)
    plot = trajectories_frame(frame, ROLES)
    ordered = trajectories_frame(frame.sort_values(["who", "session"]), ROLES)
    for panel in ("alliance", "outcome"):
        assert_frame_equal(layer_of(ordered, panel, "mean"), layer_of(plot, panel, "mean"))
        lines = [
            layer_of(p, panel, "lines").sort_values(["x", "y"], ignore_index=True)
            for p in (plot, ordered)
        ]
        assert_frame_equal(lines[0][["x", "y"]], lines[1][["x", "y"]])


def test_equal_ratings_have_no_interval() -> None:
    frame = pd.DataFrame({"who": range(6), "session": 1, "wai": 1 / 3, "phq": 0.1})
    mean = layer_of(trajectories_frame(frame, ROLES), "alliance", "mean")
    assert mean[["y", "y_low", "y_high"]].to_numpy().tolist() == [[1 / 3] * 3]


def test_too_few_patients_give_no_mean() -> None:
    frame = pd.DataFrame({"who": range(4), "session": 1.5, "wai": [1, 2, 3, 4], "phq": 1.0})
    plot = trajectories_frame(frame, ROLES)
    assert (plot["layer"] == "lines").all()
    assert len(plot) == 8


def test_no_identifier_is_in_the_view(rng: np.random.Generator) -> None:
    view = load_sessions(sessions(rng), ROLES).view()
    assert view.plot is not None
    assert "secret" not in view.plot.to_csv()
    assert set(view.plot["panel"]) == {"alliance", "outcome"}
    assert view.labels["alliance"] == "wai"
    assert "outcome_better" not in view.labels


def test_without_roles_there_is_nothing_to_draw(rng: np.random.Generator) -> None:
    view = load_sessions(sessions(rng)).view()
    assert view.plot is None
    assert dict(view.labels) == {}
