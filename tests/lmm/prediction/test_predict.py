"""Predictions, their intervals and conditional SDs: lme4, dense algebra, simulated truth."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri, stdtrit

from alliance_stats._base.errors import ArgumentError, DataError, DataWarning
from alliance_stats.formula.columns import same_columns
from alliance_stats.lmm.algebra.crossed_sparse import SparseProducts
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.result import MixedModelResult

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "prediction"
REFERENCE = json.loads((FOLDER / "predictions.json").read_text(encoding="utf-8"))["cases"]


def quietly(fit: MixedModelResult, data: pd.DataFrame, **arguments: Any) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return fit.predict(data, **arguments)


# ---------------------------------------------------------------- lme4


@pytest.fixture(scope="module", params=sorted(REFERENCE))
def case(request: pytest.FixtureRequest) -> tuple[MixedModelResult, pd.DataFrame, dict[str, Any]]:
    values = REFERENCE[request.param]
    extra = {"weights": "w", "offset": "o"} if values["weighted"] else {}
    fit = fit_quietly(values["formula"], pd.read_csv(FOLDER / "fitted.csv"), **extra)
    return fit, pd.read_csv(FOLDER / "new.csv"), values


def test_conditional_moments_equal_lme4(case: Any, tol: SimpleNamespace) -> None:
    fit, _, values = case
    means, sds = fit.ranef(), fit.ranef_sd()
    assert set(means) == set(sds) == set(values["effects"])
    for name, expected in values["effects"].items():
        labels = [int(x) if x.isdigit() else x for x in expected["labels"]]
        mean = pd.DataFrame(expected["mean"], index=labels, columns=expected["terms"])
        sd = pd.DataFrame(expected["sd"], index=labels, columns=expected["terms"])
        for term in expected["terms"]:
            gap = (means[name].loc[labels, term] - mean[term]).abs().max()
            assert gap <= tol.blup_in_sd * mean[term].std()
            np.testing.assert_allclose(sds[name].loc[labels, term], sd[term], rtol=tol.se)


def test_predictions_equal_lme4(case: Any, tol: SimpleNamespace) -> None:
    fit, new, values = case
    conditional = quietly(fit, new, new_groups="population")["prediction"]
    marginal = fit.predict(new, kind="marginal", interval="confidence")
    se = np.array(values["marginal_se"])
    assert (np.abs(conditional - values["conditional"]) <= tol.beta_in_se * se).all()
    assert (np.abs(marginal["prediction"] - values["marginal"]) <= tol.beta_in_se * se).all()
    df = np.array(values["marginal_df"])
    half = (marginal["ci_high"] - marginal["ci_low"]) / 2
    np.testing.assert_allclose(half, stdtrit(df, 0.975) * se, rtol=tol.se)


# ---------------------------------------------------------------- dense algebra

DESIGNS = {
    "one factor": "y ~ x + (1 + x | patient)",
    "no fixed intercept": "y ~ 0 + x + (1 + x | patient)",
    "slope without a fixed effect": "y ~ x + (1 + v | patient) + (1 | therapist)",
    "nested": "y ~ x + arm + (1 + x | patient) + (1 + v | therapist)",
    "four levels": "y ~ x + (1 | patient) + (1 + x | therapist) + (1 + v | clinic) + (1 | country)",
    "crossed": "y ~ x + (1 + x | patient) + (1 + v | rater)",
    "three factors": "y ~ x + (1 | patient) + (1 + x | rater) + (1 | therapist)",
    "uncorrelated": "y ~ x + (1 + x || patient) + (1 | therapist)",
    "redundant": "y ~ x + twice + (1 + x | patient)",
    "combination": "y ~ x + (1 | therapist:rater) + (1 | therapist)",
}


def study(rng: np.random.Generator, patients: int = 36, sessions: int = 5) -> pd.DataFrame:
    patient = np.repeat(np.arange(patients), sessions)
    n = len(patient)
    therapist = patient % 12
    frame = pd.DataFrame(
        {
            "patient": patient,
            "therapist": therapist,
            "clinic": therapist % 6,
            "country": therapist % 3,
            "rater": rng.integers(0, 7, n),
            "arm": np.array(["a", "b", "c"])[therapist % 3],
            "x": rng.normal(3, 1, n),
            "v": rng.normal(0, 2, n),
            "w": rng.integers(1, 5, n),
            "o": rng.normal(0, 1, n),
        }
    )
    frame["twice"] = 2 * frame["x"] + 1
    y = frame["o"] + frame["x"] + rng.normal(size=n) * 2 / np.sqrt(frame["w"])
    y += rng.normal(0, 0.7, patients)[patient] * frame["x"] + rng.normal(0, 1.5, patients)[patient]
    for name, sd in {"therapist": 1.2, "clinic": 1.0, "country": 1.5, "rater": 1.0}.items():
        groups = frame[name]
        y += rng.normal(0, sd, 12)[groups] + rng.normal(0, 0.5, 12)[groups] * frame["v"]
    return frame.assign(y=y)


def columns_of(fit: MixedModelResult, frame: pd.DataFrame) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for memory in fit.criterion.design.memories:
        columns = same_columns(memory, frame)
        found |= dict(zip(columns.names, columns.columns, strict=True))
    return found


def labels_of(name: str, frame: pd.DataFrame) -> list[object]:
    parts = name.split(":")
    rows = frame[parts].itertuples(index=False)
    return [tuple(row) if len(parts) > 1 else row[0] for row in rows]


def dense(fit: MixedModelResult, frame: pd.DataFrame) -> tuple[np.ndarray, list[np.ndarray]]:
    """X (n, p), and every factor's Z (n, q·G): groups in the order of `ranef`, effects inside."""
    columns = columns_of(fit, frame)
    x = np.array([columns[name] for name in fit.names]).reshape(-1, len(frame)).T
    blocks = []
    for name, table in fit.ranef().items():
        z = np.column_stack([columns[effect] for effect in table.columns])
        position = {label: k for k, label in enumerate(table.index)}
        wide = np.zeros((len(frame), len(position), z.shape[1]))
        for row, label in enumerate(labels_of(name, frame)):
            if label in position:
                wide[row, position[label]] = z[row]
        blocks.append(wide.reshape(len(frame), -1))
    return x, blocks


def henderson(
    fit: MixedModelResult, frame: pd.DataFrame, new: pd.DataFrame, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Predictions of new rows and their error variances, from the mixed model equations.

    The equations are those in Λ⁻¹u, which hold for a singular covariance too.
    """
    x, blocks = dense(fit, frame)
    x_new, new_blocks = dense(fit, new)
    roots = []
    for name, block in zip(fit.ranef(), blocks, strict=True):
        values, vectors = np.linalg.eigh(fit.covariances[name].to_numpy())
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        roots.append(np.kron(np.eye(block.shape[1] // len(root)), root))
    z = np.hstack([b @ r for b, r in zip(blocks, roots, strict=True)])
    z_new = np.hstack([b @ r for b, r in zip(new_blocks, roots, strict=True)])
    t, t_new = np.hstack([x, z]), np.hstack([x_new, z_new])
    precision = weights / fit.sigma2
    system = (t.T * precision) @ t
    system[x.shape[1] :, x.shape[1] :] += np.eye(z.shape[1])
    inverse = np.linalg.inv(system)
    offset = frame["o"] if fit.criterion.design.offset else 0.0
    solution = inverse @ (t.T @ (precision * (frame["y"] - offset)))
    return t_new @ solution, np.einsum("na,ab,nb->n", t_new, inverse, t_new)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weights, offset"])
@pytest.mark.parametrize("name", DESIGNS)
def test_conditional_predictions_solve_the_mixed_model_equations(
    name: str, weighted: bool, rng: np.random.Generator
) -> None:
    """Fitted and new groups in any mixture, patients with a therapist not their own too."""
    frame = study(rng)
    extra = {"weights": "w", "offset": "o"} if weighted else {}
    fit = fit_quietly(DESIGNS[name], frame, **extra)
    weights = frame["w"].to_numpy(float) if weighted else np.ones(len(frame))
    new = frame.sample(60, random_state=1).reset_index(drop=True)
    for column, share in {"patient": 0.3, "therapist": 0.3, "rater": 0.2, "clinic": 0.2}.items():
        moved = rng.random(len(new)) < share
        new.loc[moved, column] = rng.integers(0, 50, moved.sum())
    found = quietly(fit, new, new_groups="population", interval="confidence", conf_level=0.5)
    mean, variance = henderson(fit, frame, new, weights)
    offset = new["o"] if weighted else 0.0
    np.testing.assert_allclose(found["prediction"], mean + offset, rtol=1e-6, atol=1e-7)
    used = found["blups"] != ""
    assert used.sum() > 20
    se = (found["ci_high"] - found["prediction"]) / ndtri(0.75)
    np.testing.assert_allclose(se[used], np.sqrt(variance[used]), rtol=1e-6)


def test_sparse_elimination_gives_the_same(rng: np.random.Generator) -> None:
    """Patients who change therapist now and then; new rows bring together who never met."""
    patient = np.repeat(np.arange(500), 3)
    n = len(patient)
    therapist = np.where(rng.random(n) < 0.03, rng.integers(0, 220, n), (patient % 220))
    frame = pd.DataFrame({"patient": patient, "therapist": therapist, "x": rng.normal(size=n)})
    frame["y"] = frame["x"] + rng.normal(size=500)[patient] + rng.normal(size=n)
    frame["y"] += rng.normal(size=220)[therapist] + rng.normal(size=220)[therapist] * frame["x"]
    fit = fit_quietly("y ~ x + (1 | patient) + (1 + x | therapist)", frame)
    assert isinstance(fit.criterion.design.products, SparseProducts)
    new = frame.sample(200, random_state=3).reset_index(drop=True)
    new.loc[:99, "therapist"] = rng.integers(0, 220, 100)
    found = fit.predict(new, interval="confidence", conf_level=0.5)
    mean, variance = henderson(fit, frame, new, np.ones(n))
    np.testing.assert_allclose(found["prediction"], mean, rtol=1e-6, atol=1e-7)
    se = (found["ci_high"] - found["prediction"]) / ndtri(0.75)
    np.testing.assert_allclose(se, np.sqrt(variance), rtol=1e-6)


def test_little_residual_variance_leaves_the_digits() -> None:
    """With σ tiny beside the groups' variance, a fitted mean is known as a mean of its rows is."""
    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(40), 5)
    y = rng.normal(size=40)[patient] + rng.normal(size=8)[patient % 8]
    frame = pd.DataFrame({"patient": patient, "therapist": patient % 8})
    frame["y"] = y + 1e-4 * rng.normal(size=200)
    fit = fit_quietly("y ~ 1 + (1 | patient) + (1 | therapist)", frame)
    found = fit.predict(frame.iloc[::5], interval="confidence")
    half = (found["ci_high"] - found["ci_low"]) / 2
    np.testing.assert_allclose(half, ndtri(0.975) * fit.sigma / np.sqrt(5), rtol=1e-4)


@pytest.mark.parametrize(("shift", "factor"), [(0.0, 1e6), (2000.0, 1.0), (0.0, 1e-6)])
def test_units_of_a_predictor_do_not_matter(
    shift: float, factor: float, rng: np.random.Generator
) -> None:
    frame = study(rng)
    moved = frame.assign(x=frame["x"] * factor + shift)
    one, two = (
        fit_quietly(DESIGNS["one factor"], f).predict(f, interval="prediction")
        for f in (frame, moved)
    )
    columns = ["prediction", "pi_low", "pi_high"]
    np.testing.assert_allclose(one[columns], two[columns], rtol=1e-5)


def test_prediction_intervals_add_what_the_prediction_leaves_out(rng: np.random.Generator) -> None:
    frame = study(rng)
    fit = fit_quietly(DESIGNS["nested"], frame, weights="w")
    new = frame.head(40).copy()
    new.loc[new.index[10:20], "patient"] = 500
    new.loc[new.index[20:], ["patient", "therapist"]] = 600
    arguments: dict[str, Any] = {"new_groups": "population", "conf_level": 0.9}
    wide = quietly(fit, new, interval="prediction", **arguments)
    _, variance = henderson(fit, frame, new, frame["w"].to_numpy(float))
    columns = columns_of(fit, new)
    for row, (_, values) in enumerate(new.iterrows()):
        variance[row] += fit.sigma2 / values["w"]
        for level, table in fit.covariances.items():
            z = np.array([columns[effect][row] for effect in table.columns])
            fresh = values[level] not in set(frame[level])
            variance[row] += fresh * (z @ table.to_numpy() @ z)
    half = wide["pi_high"] - wide["prediction"]
    np.testing.assert_allclose(half, ndtri(0.95) * np.sqrt(variance), rtol=1e-6)
    everything_new = quietly(
        fit, new.assign(patient=500, therapist=600), interval="prediction", **arguments
    )
    marginal = fit.predict(new, kind="marginal", interval="prediction", conf_level=0.9)
    pd.testing.assert_frame_equal(everything_new, marginal)


def test_marginal_intervals_are_those_of_contrasts(rng: np.random.Generator) -> None:
    frame = study(rng)
    fit = fit_quietly(DESIGNS["uncorrelated"], frame)
    found = fit.predict(frame.head(5), kind="marginal", interval="confidence", conf_level=0.8)
    rows = {str(i): {"(Intercept)": 1.0, "x": x} for i, x in enumerate(frame["x"].head(5))}
    table = fit.contrasts(rows, conf_level=0.8)
    np.testing.assert_allclose(found["ci_low"], table["ci_low"], rtol=1e-10)
    np.testing.assert_allclose(found["ci_high"], table["ci_high"], rtol=1e-10)
    fresh = frame.head(5).assign(patient=99, therapist=99)
    new = quietly(fit, fresh, new_groups="population", interval="confidence", conf_level=0.8)
    pd.testing.assert_frame_equal(new, found)


def test_intervals_cover_what_they_say() -> None:
    """80% of new responses and of true group means, over studies with a known truth."""
    hits = {"confidence": [], "prediction": []}  # type: dict[str, list[float]]
    for seed in range(30):
        rng = np.random.default_rng(seed)
        patient = np.repeat(np.arange(80), 4)
        x = rng.normal(size=len(patient))
        level, slope = rng.normal(0, 1.5, 90), rng.normal(0.5, 0.8, 90)
        truth = level[patient] + slope[patient] * x
        frame = pd.DataFrame({"patient": patient, "x": x, "y": truth + rng.normal(size=len(x))})
        fit = fit_quietly("y ~ x + (1 + x | patient)", frame)
        new = pd.DataFrame({"patient": np.arange(90), "x": rng.normal(size=90)})
        mean = level + slope * new["x"]
        targets = {"confidence": mean, "prediction": mean + rng.normal(size=90)}
        for interval, target in targets.items():
            rows = new.index < (80 if interval == "confidence" else 90)
            found = quietly(
                fit, new, new_groups="population", interval=interval, conf_level=0.8
            ).loc[rows]
            inside = (found.iloc[:, 1] <= target[rows]) & (target[rows] <= found.iloc[:, 2])
            hits[interval].append(float(inside.mean()))
    for values in hits.values():
        error = np.std(values) / np.sqrt(len(values))
        assert np.mean(values) == pytest.approx(0.8, abs=4 * error)
        assert error < 0.02


# ---------------------------------------------------------------- rows and labels


@pytest.fixture(scope="module")
def fitted() -> tuple[MixedModelResult, pd.DataFrame]:
    frame = study(np.random.default_rng(5))
    return fit_quietly(DESIGNS["slope without a fixed effect"], frame), frame


def test_the_index_and_order_of_rows_are_kept(fitted: Any) -> None:
    fit, frame = fitted
    shuffled = frame.sample(frac=1, random_state=2).set_index("o")
    found = fit.predict(shuffled, interval="prediction")
    assert found.index.equals(shuffled.index)
    again = fit.predict(frame, interval="prediction").set_index(frame["o"]).loc[shuffled.index]
    pd.testing.assert_frame_equal(found, again)
    assert (found["blups"] == "patient, therapist").all()


def test_fitted_rows_are_predicted_from_the_same_columns(fitted: Any) -> None:
    """Residuals of the fitted rows add to zero with an intercept in the model, weighted by V⁻¹."""
    fit, frame = fitted
    x, blocks = dense(fit, frame)
    u = np.concatenate([table.to_numpy().ravel() for table in fit.ranef().values()])
    expected = x @ fit.beta.to_numpy() + np.hstack(blocks) @ u
    np.testing.assert_allclose(fit.predict(frame)["prediction"], expected, rtol=1e-10)


def test_missing_predictors_give_nan_and_are_counted(fitted: Any) -> None:
    fit, frame = fitted
    new = frame.head(6).copy()
    new.loc[new.index[0], "x"] = np.nan
    new.loc[new.index[1:3], "v"] = np.nan
    with pytest.warns(
        DataWarning, match=r"No prediction for 3 of 6 rows \(x missing: 1, v missing: 2"
    ):
        found = fit.predict(new, interval="confidence")
    assert found[["prediction", "ci_low"]].isna().all(axis=1).tolist() == [True] * 3 + [False] * 3
    with pytest.warns(DataWarning, match="1 of 6 rows"):
        marginal = fit.predict(new, kind="marginal")
    assert marginal["prediction"].isna().sum() == 1  # v is a random slope only


def test_a_missing_weight_leaves_the_prediction(rng: np.random.Generator) -> None:
    frame = study(rng)
    fit = fit_quietly(DESIGNS["nested"], frame, weights="w")
    new = frame.head(3).assign(w=[np.nan, 1, 4])
    found = fit.predict(new, interval="prediction")
    assert found["prediction"].notna().all()
    assert found["pi_low"].isna().tolist() == [True, False, False]
    fit.predict(new.drop(columns="w"), interval="confidence")
    with pytest.raises(DataError, match="column 'w' not found"):
        fit.predict(new.drop(columns="w"), interval="prediction")
    with pytest.raises(DataError, match="'w' has 1 value of zero or below"):
        fit.predict(new.assign(w=[0, 1, 1]), interval="prediction")


def test_new_groups_are_refused_or_counted(fitted: Any) -> None:
    fit, frame = fitted
    new = frame.head(12).astype({"patient": object}).copy()
    new.loc[new.index[:4], "patient"] = ["secret1", "secret1", "secret2", None]
    with pytest.raises(DataError, match=r"4 of 12 rows have no fitted group of 'patient'") as error:
        fit.predict(new)
    assert "2 new groups; no label in 1 row" in str(error.value)
    assert "secret" not in str(error.value)
    with pytest.warns(DataWarning, match="4 of 12 rows have no fitted group of 'patient'"):
        found = fit.predict(new, new_groups="population")
    assert found["blups"].tolist() == ["therapist"] * 4 + ["patient, therapist"] * 8
    therapists = fit.ranef()["therapist"]["(Intercept)"]
    expected = (
        fit.predict(new, kind="marginal")["prediction"]
        + therapists.loc[new["therapist"]].to_numpy()
    )
    np.testing.assert_allclose(found["prediction"].iloc[:4], expected.iloc[:4], rtol=1e-12)


def test_labels_of_another_type_are_refused(fitted: Any) -> None:
    fit, frame = fitted
    with pytest.raises(DataError, match=r"as text only: str here, int") as error:
        fit.predict(frame.astype({"patient": str}), new_groups="population")
    assert "Convert the column to the type" in str(error.value)
    as_float = fit.predict(frame.astype({"patient": float}))
    pd.testing.assert_frame_equal(as_float, fit.predict(frame))
    as_category = fit.predict(frame.astype({"patient": "category"}))
    pd.testing.assert_frame_equal(as_category, fit.predict(frame))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "both"}, "kind='both' is not known"),
        ({"interval": "ci"}, "interval='ci' is not known"),
        ({"new_groups": "zero"}, "new_groups='zero' is not known"),
        ({"conf_level": 95}, "conf_level=95"),
        ({"kind": "marginal", "new_groups": "population"}, "has no effect with kind='marginal'"),
    ],
)
def test_arguments_are_checked(fitted: Any, arguments: dict[str, Any], message: str) -> None:
    fit, frame = fitted
    with pytest.raises(ArgumentError, match=message):
        fit.predict(frame, **arguments)


def test_frames_are_checked(fitted: Any) -> None:
    fit, frame = fitted
    with pytest.raises(DataError, match="data has no rows"):
        fit.predict(frame.head(0))
    with pytest.raises(DataError, match="column 'patient' not found"):
        fit.predict(frame.drop(columns="patient"))
    fit.predict(frame.drop(columns=["patient", "y", "v"]), kind="marginal")
    with pytest.raises(ArgumentError, match="not a DataFrame"):
        fit.predict([1])


def test_a_model_without_fixed_effects() -> None:
    rng = np.random.default_rng(2)
    patient = np.repeat(np.arange(30), 5)
    frame = pd.DataFrame({"patient": patient, "y": rng.normal(size=30)[patient]})
    frame["y"] += rng.normal(size=150)
    fit = fit_quietly("y ~ 0 + (1 | patient)", frame)
    found = fit.predict(frame, interval="confidence")
    mean, variance = henderson(fit, frame, frame, np.ones(150))
    np.testing.assert_allclose(found["prediction"], mean, rtol=1e-8, atol=1e-10)
    half = (found["ci_high"] - found["ci_low"]) / 2
    np.testing.assert_allclose(half, ndtri(0.975) * np.sqrt(variance), rtol=1e-8)
    marginal = fit.predict(frame, kind="marginal", interval="prediction")
    assert (marginal["prediction"] == 0).all() and marginal["pi_high"].nunique() == 1


def test_conditional_sds_shrink_with_more_rows_and_vanish_with_the_variance() -> None:
    rng = np.random.default_rng(1)
    patient = np.repeat(np.arange(40), np.arange(1, 41))
    y = rng.normal(size=40)[patient] + rng.normal(size=len(patient))
    fit = fit_quietly("y ~ 1 + (1 | patient)", pd.DataFrame({"y": y, "patient": patient}))
    sd = fit.ranef_sd()["patient"]["(Intercept)"].to_numpy()
    tau2 = fit.covariances["patient"].iloc[0, 0]
    expected = np.sqrt(tau2 * fit.sigma2 / (fit.sigma2 + np.arange(1, 41) * tau2))
    np.testing.assert_allclose(sd, expected, rtol=1e-10)
    flat = rng.normal(size=len(patient))
    flat -= pd.Series(flat).groupby(patient).transform("mean").to_numpy()
    none = fit_quietly("y ~ 1 + (1 | patient)", pd.DataFrame({"y": flat, "patient": patient}))
    assert none.singular and (none.ranef_sd()["patient"].to_numpy() == 0).all()
