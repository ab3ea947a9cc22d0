"""fit_outcome: the rows it makes, what it returns, what it refuses, what it says."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import (
    ArgumentError,
    DataError,
    DataWarning,
    UnsupportedError,
)
from alliance_stats._base.views import TIDY_COLUMNS
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.models.outcome.fit import fit_outcome
from alliance_stats.models.outcome.result import OutcomeResult

ROLES = al.Roles(
    patient="id", session="visit", therapist="who", alliance="wai", outcome="phq",
    outcome_better="lower", baseline="phq_intake",
)  # fmt: skip
ALONE = replace(ROLES, therapist=None)


@pytest.fixture
def frame(rng: np.random.Generator) -> pd.DataFrame:
    """80 patients of 10 therapists, 1 to 12 sessions, ratings missing here and there."""
    counts = rng.integers(1, 13, 80)
    patient = np.repeat(np.arange(80), counts)
    therapist = (np.arange(80) % 10)[patient]
    visit = np.concatenate([np.arange(n) for n in counts]) + 1
    bond = rng.normal(0, 1, 80) + rng.normal(0, 0.5, 10)[np.arange(80) % 10]
    intake = rng.normal(15, 5, 80)
    speed = 0.5 + 0.2 * bond + rng.normal(0, 0.3, 80) + rng.normal(0, 0.5, 10)[np.arange(80) % 10]
    frame = pd.DataFrame(
        {
            "id": [f"P{p}" for p in patient],
            "who": [f"T{t}" for t in therapist],
            "visit": visit,
            "wai": 4 + bond[patient] + rng.normal(0, 0.5, len(patient)),
            "phq": intake[patient] - speed[patient] * visit + rng.normal(0, 2, len(patient)),
            "phq_intake": intake[patient],
        }
    )
    frame.loc[rng.choice(len(frame), 60, replace=False), "wai"] = np.nan
    frame.loc[rng.choice(len(frame), 40, replace=False), "phq"] = np.nan
    frame.loc[frame["id"] == "P3", "phq_intake"] = np.nan
    return frame.sample(frac=1.0, random_state=2).reset_index(drop=True)


def fit(frame: pd.DataFrame, roles: al.Roles = ROLES, **options: object) -> OutcomeResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fit_outcome(frame, roles, **options)  # type: ignore[arg-type]


def by_hand(
    frame: pd.DataFrame, low: int = 3, high: int = 5, least: int = 1
) -> tuple[pd.DataFrame, dict[str, int]]:
    """The rows by hand, patient by patient, and why the others are left out."""
    rows, reasons = [], {"rated": 0, "post": 0, "intake": 0, "start": 0}
    for patient, sessions in frame.groupby("id", sort=False):
        ordered = sessions.sort_values("visit")
        window = ordered[(ordered["visit"] >= low) & (ordered["visit"] <= high)]["wai"].dropna()
        after = ordered[ordered["visit"] > high].dropna(subset=["phq"])
        start = ordered[ordered["visit"] == low]["phq"].dropna()
        intake = ordered["phq_intake"].dropna()
        if len(window) < least:
            reasons["rated"] += 1
        elif after.empty:
            reasons["post"] += 1
        elif intake.empty:
            reasons["intake"] += 1
        elif start.empty:
            reasons["start"] += 1
        else:
            last = after.iloc[-1]
            rows.append(
                (patient, ordered["who"].iloc[0], window.mean(), last["phq"], intake.iloc[0],
                 start.iloc[0] - intake.iloc[0], len(window), last["visit"])
            )  # fmt: skip
    columns = ["id", "who", "x", "y", "intake", "change", "n", "last"]
    return pd.DataFrame(rows, columns=columns), {k: n for k, n in reasons.items() if n}


@pytest.mark.parametrize(("window", "least"), [((3, 5), 1), ((3, 5), 2), ((2, 2), 1), ([1, 4], 3)])
def test_rows_equal_the_plain_loop(
    frame: pd.DataFrame, window: tuple[int, int], least: int
) -> None:
    prepared = fit(frame, alliance_window=window, min_ratings=least).prepared
    plain, reasons = by_hand(frame, *window, least)
    found = prepared.frame.set_index("id").loc[plain["id"]]
    assert len(prepared.frame) == len(plain)
    assert list(prepared.dropped.values()) == list(reasons.values())
    assert prepared.n_patients == 80 == len(plain) + sum(reasons.values())
    names = {"wai_early": "x", "phq_post": "y", "phq_intake": "intake", "n_ratings": "n",
             "phq_early_change": "change", "post_session": "last"}  # fmt: skip
    for column, hand in names.items():
        np.testing.assert_allclose(found[column], plain[hand], rtol=1e-12)
    assert found["who"].tolist() == plain["who"].tolist()


def test_dropped_patients_are_counted_with_every_reason(frame: pd.DataFrame) -> None:
    first, second = by_hand(frame)[0]["id"].head(2)
    frame.loc[frame["id"] == first, "who"] = None
    frame.loc[frame["id"] == second, "phq_intake"] = np.nan
    with pytest.warns(DataWarning, match=r"of 80 patients dropped \(no wai in sessions 3–5: "):
        result = fit_outcome(frame, ROLES)
    text = " ".join(result.messages)
    for reason in (
        "no phq after session 5",
        "no phq_intake: 1",
        "no phq at session 3",
        "no therapist: 1",
    ):
        assert reason in text
    assert result.glance()["n_dropped"].iloc[0] == 80 - result.glance()["n_obs"].iloc[0]
    assert "fewer than 2 ratings of wai in sessions 3–5: " in fit(frame, min_ratings=2).messages[0]


def test_the_mixed_model_written_out(frame: pd.DataFrame) -> None:
    result = fit(frame)
    plain = fit_quietly("y ~ x + intake + change + (1 | who)", by_hand(frame)[0])
    assert result.fit.loglik == pytest.approx(plain.loglik, abs=1e-7)
    table = result.tidy()
    assert table["effect"].tolist() == ["early_alliance", "", "", ""]
    assert table["term"].tolist() == ["wai_early", "(Intercept)", "phq_intake", "phq_early_change"]
    assert tuple(table.columns) == ("effect", "unit", *TIDY_COLUMNS)
    assert table["estimate"].iloc[0] == pytest.approx(plain.beta["x"], rel=1e-6)
    assert result.formula == "phq_post ~ wai_early + phq_intake + phq_early_change + (1 | who)"


def test_split_between_patients_and_therapists(frame: pd.DataFrame) -> None:
    result = fit(frame, split="therapist", rng=1)
    plain, _ = by_hand(frame)
    means = plain.groupby("who")["x"].mean()
    plain["tb"] = plain["who"].map(means) - means.mean()
    plain["pb"] = plain["x"] - plain["who"].map(means)
    other = fit_quietly("y ~ pb + tb + intake + change + (1 | who)", plain)
    assert result.fit.loglik == pytest.approx(other.loglik, abs=1e-7)
    rows = result.tidy()
    assert rows["effect"].tolist()[:3] == ["patient_between", "therapist_between", "contextual"]
    assert rows["estimate"].iloc[2] == pytest.approx(other.beta["tb"] - other.beta["pb"], rel=1e-5)
    assert result.effects["effect"].tolist() == ["patient_between", "therapist_between"]
    assert result.correlations()["n_controls"].tolist() == [0, 3, 3, 0, 3, 3]
    assert set(result.view().plot["panel"]) == {"patient_between", "therapist_between"}
    with pytest.raises(UnsupportedError, match="split='none'"):
        result.to_effect()


def test_standardised_b(frame: pd.DataFrame) -> None:
    result = fit(frame, ALONE)
    plain, _ = by_hand(frame)
    row = result.effect_sizes().iloc[0]
    b = result.tidy().iloc[0]
    assert row["estimate"] == pytest.approx(b["estimate"] * plain["x"].std() / plain["y"].std())
    z = (plain[["x", "y", "intake", "change"]] - plain.mean(numeric_only=True)[
        ["x", "y", "intake", "change"]]) / plain[["x", "y", "intake", "change"]].std()  # fmt: skip
    beta = np.linalg.lstsq(z[["x", "intake", "change"]].to_numpy(), z["y"].to_numpy(), rcond=None)
    assert row["estimate"] == pytest.approx(beta[0][0], rel=1e-9)


def test_semi_partial_squared_is_the_change_in_r_squared(frame: pd.DataFrame) -> None:
    plain, _ = by_hand(frame)

    def r2(columns: list[str]) -> float:
        x = np.column_stack([np.ones(len(plain)), plain[columns]])
        y = plain["y"].to_numpy()
        left = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
        return 1 - float((left**2).sum() / ((y - y.mean()) ** 2).sum())

    r = fit(frame, ALONE).correlations().set_index("kind")["r"]
    assert r["semi-partial"] ** 2 == pytest.approx(
        r2(["x", "intake", "change"]) - r2(["intake", "change"]), rel=1e-8
    )


def test_resamples_equal_correlations_of_the_drawn_rows(frame: pd.DataFrame) -> None:
    from alliance_stats.numeric.resample import resample_counts, spawn_generators

    result = fit(frame, rng=3, n_boot=100)
    rows = result.prepared.frame
    counts = resample_counts(rows["who"].nunique(), 100, spawn_generators(3, 1)[0])
    members = list(rows.groupby("who", sort=False))
    for b in (0, 57):
        drawn = pd.concat(
            [group for (_, group), k in zip(members, counts[b], strict=True) for _ in range(int(k))]
        )
        x = np.column_stack([np.ones(len(drawn)), drawn[["phq_intake", "phq_early_change"]]])

        def left(values: pd.Series, x: np.ndarray = x) -> np.ndarray:
            y = values.to_numpy()
            return y - x @ np.linalg.lstsq(x, y, rcond=None)[0]

        y, e = drawn["phq_post"], drawn["wai_early"]
        expected = [
            np.corrcoef(y, e)[0, 1],
            np.corrcoef(left(y), left(e))[0, 1],
            np.corrcoef(y, left(e))[0, 1],
        ]
        assert result.bootstrap is not None
        np.testing.assert_allclose(result.bootstrap.replicates[b, 0], expected, rtol=1e-8)


def test_intervals_of_correlations(frame: pd.DataFrame) -> None:
    none = fit(frame).correlations()
    assert none[["ci_low", "ci_high"]].isna().all(axis=None)
    assert any("give rng=1" in note for note in fit(frame).notes)
    closed = fit(frame, ALONE).correlations()
    assert closed["ci_low"].notna().tolist() == [True, True, False]
    both = fit(frame, ALONE, rng=1).correlations()
    assert both["interval"].tolist() == ["Fisher z", "Fisher z", "bootstrap over patients"]
    row, n = both.iloc[1], both["n"].iloc[0]
    half = 1.959963984540054 / np.sqrt(n - 2 - 3)
    assert row["ci_low"] == pytest.approx(np.tanh(np.arctanh(row["r"]) - half), rel=1e-12)
    wide, narrow = (
        fit(frame, rng=1).correlations(conf_level=level).iloc[1] for level in (0.99, 0.8)
    )
    assert wide["ci_low"] < narrow["ci_low"] < narrow["r"] < narrow["ci_high"] < wide["ci_high"]
    one, two = fit(frame, rng=1).correlations(), fit(frame, rng=2).correlations()
    pd.testing.assert_frame_equal(one, fit(frame, rng=1).correlations())
    assert (one["ci_low"] != two["ci_low"]).all()


def test_effects_for_a_meta_analysis(frame: pd.DataFrame) -> None:
    result = fit(frame)
    plain, _ = by_hand(frame)
    effect = result.to_effect().iloc[0]
    r = np.corrcoef(plain["x"], plain["y"])[0, 1]
    assert effect["es_measure"] == "ZCOR"
    assert effect["yi"] == pytest.approx(np.arctanh(-r), rel=1e-9)  # lower is better
    assert effect["vi"] == pytest.approx(1 / (len(plain) - 3))
    partial = result.to_effect(kind="partial").iloc[0]
    assert (partial["es_measure"], partial["ni"], partial["n_controls"]) == ("ZPCOR", len(plain), 2)
    assert partial["vi"] == pytest.approx(1 / (len(plain) - 2 - 3))
    higher = fit(frame, replace(ROLES, outcome_better="higher"))
    assert higher.to_effect()["yi"].iloc[0] == pytest.approx(-effect["yi"])
    np.testing.assert_allclose(higher.tidy()["estimate"], result.tidy()["estimate"])
    np.testing.assert_allclose(higher.correlations()["r"], -result.correlations()["r"])
    with pytest.raises(DataError, match="outcome_better='lower'"):
        fit(frame, replace(ROLES, outcome_better=None)).to_effect()
    with pytest.raises(ArgumentError, match="kind='semi-partial'"):
        result.to_effect(kind="semi-partial")  # type: ignore[arg-type]


def test_signed_intervals_are_mirrored(frame: pd.DataFrame) -> None:
    lower = fit(frame, rng=1).correlations()
    raw = fit(frame, replace(ROLES, outcome_better=None), rng=1).correlations()
    np.testing.assert_allclose(lower["ci_low"], -raw["ci_high"])
    assert (lower["ci_low"] < lower["ci_high"]).all()


def test_order_labels_and_scale_do_not_matter(frame: pd.DataFrame) -> None:
    renamed = frame.sample(frac=1.0, random_state=9)
    renamed = renamed.assign(
        id=pd.Categorical(renamed["id"].str.replace("P", "x-")), who=renamed["who"] + "ü",
        wai=1e6 + 100 * renamed["wai"],
    )  # fmt: skip
    one, two = fit(frame), fit(renamed)
    assert two.tidy()["estimate"].iloc[0] == pytest.approx(
        one.tidy()["estimate"].iloc[0] / 100, rel=1e-6
    )
    np.testing.assert_allclose(one.correlations()["r"], two.correlations()["r"], rtol=1e-7)


def test_the_plot_frame(frame: pd.DataFrame) -> None:
    for roles in (ROLES, ALONE):
        result = fit(frame, roles)
        view = result.view()
        plot = view.plot
        assert view.kind == "outcome"
        assert plot is not None
        assert list(plot.columns) == ["panel", "layer", "x", "y", "y_low", "y_high", "group"]
        points, line = plot[plot["layer"] == "points"], plot[plot["layer"] == "line"]
        assert set(plot["panel"]) == {"early_alliance"}
        assert len(points) == len(result.prepared.frame)
        slope = np.polyfit(line["x"], line["y"], 1)[0]
        assert slope == pytest.approx(result.tidy()["estimate"].iloc[0], rel=1e-8)
        assert (line["y_low"] < line["y"]).all()
    # least squares: the line through the points is the line of the model
    assert points["y"].mean() == pytest.approx(result.prepared.frame["phq_post"].mean())
    fitted = np.polyfit(points["x"], points["y"] - line["y"].iloc[0], 1)[0]
    assert np.sign(fitted) == np.sign(slope)


def test_refit_and_text(frame: pd.DataFrame) -> None:
    result = fit(frame, rng=7, n_boot=500, alliance_window=(2, 4), min_ratings=2)
    call = result.view().refit
    assert call == (
        "al.fit_outcome(sessions, alliance_window=(2, 4), min_ratings=2, split='none', rng=7, "
        "n_boot=500)"
    )
    text = repr(result)
    assert "Early wai and post-treatment phq" in text
    assert "sessions 2–4" in text
    assert "<table" in result._repr_html_()
    assert any(note.startswith("Only 10 therapists") for note in result.notes)
    late = fit(frame, replace(ALONE, outcome_at="after"))
    assert any("is rated after the session" in note for note in late.notes)


def test_nothing_is_written_into_the_given_frame(frame: pd.DataFrame) -> None:
    before = frame.copy()
    fit(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_few_patients_leave_resamples_without_a_correlation(frame: pd.DataFrame) -> None:
    kept = by_hand(frame)[0]["id"].head(6)
    result = fit(frame[frame["id"].isin(kept)], ALONE, rng=1)
    assert result.bootstrap is not None
    assert result.bootstrap.n_unused > 0
    assert any("left out of the intervals" in message for message in result.messages)
    assert np.isfinite(result.correlations()["ci_low"]).all()


BAD_ARGUMENTS: list[tuple[dict[str, object], str]] = [
    ({"alliance_window": (5, 3)}, r"alliance_window=\(5, 3\) is not increasing.*Give \(3, 5\)"),
    ({"alliance_window": 3}, "not two whole session numbers"),
    ({"alliance_window": (1.5, 3)}, "not two whole session numbers"),
    ({"alliance_window": (1, 2, 3)}, "not two whole session numbers"),
    ({"min_ratings": 4}, r"min_ratings=4 is more than alliance_window=\(3, 5\) can hold: 3"),
    ({"min_ratings": 0}, "min_ratings=0 is not a number of ratings"),
    ({"split": "patient"}, "split='patient' is not known"),
    ({"n_boot": 500}, "n_boot=500 would be ignored"),
    ({"n_boot": 3, "rng": 1}, "n_boot=3 is not a usable number"),
    ({"rng": -1}, "rng=-1 cannot seed"),
]


@pytest.mark.parametrize(("options", "words"), BAD_ARGUMENTS)
def test_bad_arguments(frame: pd.DataFrame, options: dict[str, object], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        fit(frame, **options)


def test_roles_that_are_needed(frame: pd.DataFrame) -> None:
    with pytest.raises(ArgumentError, match="the role 'baseline' is not given"):
        fit(frame, replace(ROLES, baseline=None))
    with pytest.raises(ArgumentError, match="split='therapist' needs therapists"):
        fit(frame, ALONE, split="therapist")
    with pytest.raises(ArgumentError, match="without roles"):
        fit_outcome(frame)


def test_data_that_cannot_be_used(frame: pd.DataFrame) -> None:
    last = frame["visit"].max()
    with pytest.raises(DataError, match=r"alliance_window=\(20, 30\) holds no ratings.*from 1 to"):
        fit(frame, alliance_window=(20, 30))
    with pytest.raises(DataError, match=f"'phq' is not observed after session {last}"):
        fit(frame, alliance_window=(3, int(last)))
    few = by_hand(frame)[0]["id"].head(5)
    with pytest.raises(DataError, match="too few for 4 coefficients. At least 6"):
        fit(frame[frame["id"].isin(few)], ALONE)
    with pytest.raises(DataError, match="constant over the .* in the model: phq_intake"):
        fit(frame.assign(phq_intake=12.0), ALONE)
    same = frame.assign(phq=frame["phq"].where(frame["visit"] != 3, frame["phq_intake"] * 0.5))
    with pytest.raises(DataError, match="linearly dependent"):
        fit(same, ALONE)
    with pytest.raises(DataError, match="centred already"):
        centred = frame["wai"] - frame.groupby("id")["wai"].transform("mean")
        fit(frame.assign(wai=centred))
    with pytest.raises(DataError, match="derives itself"):
        fit(frame.rename(columns={"phq_intake": "phq_post"}), replace(ROLES, baseline="phq_post"))


def test_therapists_that_cannot_be_compared(frame: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="1 therapist. At least 2"):
        fit(frame.assign(who="T1"))
    with pytest.raises(DataError, match="has one patient"):
        fit(frame.assign(who=frame["id"] + "t"))
    changed = frame.copy()
    changed.loc[changed.index[changed["id"] == "P5"][:1], "who"] = "T99"
    with pytest.raises(DataError, match="more than one therapist"):
        fit(changed)
