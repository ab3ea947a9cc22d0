from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from alliance_stats import ArgumentError, DataWarning, Roles
from alliance_stats._base.views import HasView
from alliance_stats.data import LevelsDescription, describe_levels, load_sessions
from alliance_stats.data.descriptives import DESCRIPTIVES
from alliance_stats.data.level_measures import parts_rows, size_distribution
from alliance_stats.data.variance_parts import (
    VarianceParts,
    harmonic_mean,
    three_level_parts,
    two_level_parts,
)

ROLES = Roles(therapist="therapist")


def nested(
    rng: np.random.Generator, therapists: int = 12, balanced: tuple[int, int] | None = None
) -> pd.DataFrame:
    """Sessions in patients in therapists; variances 1, 2 and 0.5 of the alliance."""
    rows: list[tuple[str, str, int, float, float]] = []
    for t in range(therapists):
        of_therapist = rng.normal(0, 0.5**0.5)
        for p in range(balanced[0] if balanced else int(rng.integers(1, 7))):
            of_patient = rng.normal(0, 2**0.5)
            for s in range(1, (balanced[1] if balanced else int(rng.integers(1, 9))) + 1):
                alliance = 5 + of_therapist + of_patient + rng.normal()
                outcome = 12 - 0.5 * alliance - 0.3 * s + rng.normal()
                rows.append((f"t{t}p{p}", f"t{t}", s, alliance, outcome))
    names = ["patient", "therapist", "session", "alliance", "outcome"]
    return pd.DataFrame(rows, columns=names)


def component(levels: LevelsDescription, unit: str, measure: str, role: str = "alliance") -> float:
    table = levels.variances
    row = table[(table["role"] == role) & (table["unit"] == unit)]
    return float(row[measure].item())


def measure(levels: LevelsDescription, name: str, role: str = "alliance") -> float:
    return float(levels.variables.set_index("role").loc[role, name])


def dense_parts(y: np.ndarray, blocks: list[np.ndarray]) -> np.ndarray:
    """Henderson I by dense projections: E[y'Py] = Σ trace(P ZZ') σ², solved as a linear system.

    `blocks` are the codes of the sessions, the patients and (last) the therapists.
    """
    n = len(y)
    z = [(codes[:, None] == np.unique(codes)[None, :]).astype(float) for codes in blocks]
    means = [m @ np.linalg.inv(m.T @ m) @ m.T for m in z] + [np.full((n, n), 1 / n)]
    squares = [inner - outer for inner, outer in zip(means[:-1], means[1:], strict=True)]
    left = np.array([[np.trace(p @ m @ m.T) for m in z] for p in squares])
    return np.linalg.solve(left, [y @ p @ y for p in squares])


def test_unbalanced_nested_parts_equal_dense_algebra(rng: np.random.Generator, tol) -> None:
    frame = nested(rng).sample(frac=1, random_state=1)
    patient, therapist = pd.factorize(frame["patient"])[0], pd.factorize(frame["therapist"])[0]
    y = frame["alliance"].to_numpy()
    got = three_level_parts(y, patient, therapist)
    expected = dense_parts(y, [np.arange(len(y)), patient, therapist])
    np.testing.assert_allclose(
        [got.session, got.patient, got.therapist], expected, rtol=tol.closed_form
    )
    two = two_level_parts(y, patient)
    expected = dense_parts(y, [np.arange(len(y)), patient])
    np.testing.assert_allclose([two.session, two.patient], expected, rtol=tol.closed_form)


def test_parts_do_not_move_with_the_origin(rng: np.random.Generator) -> None:
    frame = nested(rng)
    patient, therapist = pd.factorize(frame["patient"])[0], pd.factorize(frame["therapist"])[0]
    y = frame["alliance"].to_numpy()
    near, far = (three_level_parts(y + c, patient, therapist) for c in (0.0, 1e6))
    np.testing.assert_allclose(far.therapist, near.therapist, rtol=1e-6)
    np.testing.assert_allclose(far.patient, near.patient, rtol=1e-6)


def test_balanced_icc_is_the_anova_closed_form(rng: np.random.Generator, tol) -> None:
    frame = nested(rng, 8, balanced=(1, 5))
    groups = [g["alliance"].tolist() for _, g in frame.groupby("patient")]
    k, n = len(groups), 5
    grand = sum(map(sum, groups)) / (k * n)
    ms_between = n * sum((sum(g) / n - grand) ** 2 for g in groups) / (k - 1)
    ms_within = sum((v - sum(g) / n) ** 2 for g in groups for v in g) / (k * (n - 1))
    levels = describe_levels(frame, Roles())
    icc = (ms_between - ms_within) / (ms_between + (n - 1) * ms_within)
    assert component(levels, "patient", "icc") == pytest.approx(icc, rel=tol.closed_form)
    assert component(levels, "patient", "reliability") == pytest.approx(
        1 - ms_within / ms_between, rel=tol.closed_form
    )
    assert measure(levels, "sd_within") == pytest.approx(ms_within**0.5, rel=tol.closed_form)


def test_balanced_nested_reliability_is_the_anova_closed_form(
    rng: np.random.Generator, tol
) -> None:
    m, n = 6, 4
    frame = nested(rng, 20, balanced=(m, n))
    of_patients = frame.groupby(["therapist", "patient"])["alliance"].mean().reset_index()
    of_therapists = of_patients.groupby("therapist")["alliance"].mean()
    ms_therapists = n * m * of_therapists.var()
    within = of_patients["alliance"] - of_patients["therapist"].map(of_therapists)
    ms_patients = n * (within**2).sum() / (20 * (m - 1))
    levels = describe_levels(frame, ROLES)
    assert component(levels, "therapist", "reliability") == pytest.approx(
        1 - ms_patients / ms_therapists, rel=tol.closed_form
    )
    assert sum(component(levels, u, "icc") for u in ("session", "patient", "therapist")) == (
        pytest.approx(1)
    )


def parts_of(levels: LevelsDescription) -> tuple[float, float, float]:
    units = ("session", "patient", "therapist")
    return tuple(component(levels, unit, "variance") for unit in units)  # type: ignore[return-value]


def test_reliabilities_of_single_units_equal_naive_loops(rng: np.random.Generator, tol) -> None:
    frame = nested(rng)
    frame["alliance"] = frame["alliance"].mask(rng.random(len(frame)) < 0.2)
    levels = describe_levels(frame, ROLES)
    e, v, w = parts_of(levels)
    observed = frame.dropna()
    of_patients, of_therapists, members = [], [], []
    for _, caseload in observed.groupby("therapist"):
        errors = []
        for _, rows in caseload.groupby("patient"):
            of_patients.append(v / (v + e / len(rows)))
            errors.append(v + e / len(rows))
        members.append(len(errors))
        of_therapists.append(w / (w + sum(errors) / len(errors) ** 2))
    for unit, reliable in (("patient", of_patients), ("therapist", of_therapists)):
        low = component(levels, unit, "reliability_lowest")
        high = component(levels, unit, "reliability_highest")
        assert low == pytest.approx(min(reliable), rel=tol.closed_form)
        assert high == pytest.approx(max(reliable), rel=tol.closed_form)
        assert low < component(levels, unit, "reliability") < high
    harmonic = len(members) / sum(1 / m for m in members)
    assert component(levels, "therapist", "members") == pytest.approx(harmonic)


def test_balanced_units_are_all_as_reliable(rng: np.random.Generator, tol) -> None:
    levels = describe_levels(nested(rng, 20, balanced=(6, 4)), ROLES)
    for unit, n in (("patient", 4), ("therapist", 6)):
        reliable = component(levels, unit, "reliability")
        assert component(levels, unit, "members") == pytest.approx(n)
        for end in ("reliability_lowest", "reliability_highest"):
            assert component(levels, unit, end) == pytest.approx(reliable, rel=tol.closed_form)


def reliability_of(
    unit: str, parts: VarianceParts, sessions: list[int], therapist_of: list[int] | None = None
) -> float:
    therapists = None if therapist_of is None else np.array(therapist_of)
    rows = parts_rows(parts, np.array(sessions), therapists)
    return float(str(next(row for row in rows if row["unit"] == unit)["reliability"]))


def test_a_patient_with_ten_sessions_has_a_reliable_mean() -> None:
    reliable = reliability_of("patient", VarianceParts(session=0.4, patient=0.6), [10] * 5)
    assert reliable == pytest.approx(0.6 / (0.6 + 0.4 / 10))
    assert round(reliable, 2) == 0.94


def test_a_therapist_with_ten_patients_has_an_unreliable_mean() -> None:
    once = VarianceParts(session=0.35, patient=0.6, therapist=0.05)
    therapist_of = [0] * 10 + [1] * 10
    reliable = reliability_of("therapist", once, [1] * 20, therapist_of)
    assert reliable == pytest.approx(0.05 / (0.05 + 0.95 / 10))
    assert int(100 * reliable) == 34
    more_sessions = reliability_of("therapist", once, [1000] * 20, therapist_of)
    assert reliable < more_sessions < reliability_of("patient", once, [10] * 20, therapist_of)


def test_reliability_is_the_squared_correlation_with_the_true_mean(
    rng: np.random.Generator,
) -> None:
    therapists, patients, sessions = 40_000, 10, 3
    true = rng.normal(0, 0.05**0.5, therapists)
    of_patients = rng.normal(0, 0.6**0.5, (therapists, patients))
    errors = rng.normal(0, (0.35 / sessions) ** 0.5, (therapists, patients))
    observed = true + (of_patients + errors).mean(axis=1)
    reliable = reliability_of(
        "therapist",
        VarianceParts(session=0.35, patient=0.6, therapist=0.05),
        [sessions] * 2 * patients,
        [0] * patients + [1] * patients,
    )
    assert np.corrcoef(true, observed)[0, 1] ** 2 == pytest.approx(reliable, abs=0.015)


def test_parts_are_recovered_on_average(rng: np.random.Generator) -> None:
    draws = []
    for _ in range(300):
        frame = nested(rng)
        codes = [pd.factorize(frame[u])[0] for u in ("patient", "therapist")]
        part = three_level_parts(frame["alliance"].to_numpy(), *codes)
        draws.append((part.session, part.patient, part.therapist))
    error = np.std(draws, axis=0) / len(draws) ** 0.5
    assert (np.abs(np.mean(draws, axis=0) - [1, 2, 0.5]) < 3.5 * error).all()
    assert (error < [0.02, 0.06, 0.08]).all()


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # pingouin with pandas 3.1
def test_within_correlation_equals_pingouin(rng: np.random.Generator, tol) -> None:
    import pingouin

    frame = nested(rng, balanced=(2, 6))
    frame["alliance"] = frame["alliance"].mask(rng.random(len(frame)) < 0.1)
    both = frame.dropna()
    expected = pingouin.rm_corr(both, x="alliance", y="outcome", subject="patient")
    levels = describe_levels(frame, ROLES)
    rows = levels.correlations.set_index("level")
    assert rows.loc["within", "r"] == pytest.approx(float(expected["r"].iloc[0]), rel=1e-8)
    assert rows.loc["within", "df"] == expected["dof"].iloc[0]
    means = both.groupby("patient")[["alliance", "outcome"]].mean()
    r = np.corrcoef(means["alliance"], means["outcome"])[0, 1]
    assert rows.loc["between", "r"] == pytest.approx(r, rel=tol.closed_form)
    assert rows["n"].tolist() == [len(both), both["patient"].nunique()]


def test_measures_equal_naive_loops(rng: np.random.Generator, tol) -> None:
    frame = nested(rng)
    frame["alliance"] = frame["alliance"].clip(upper=6.5).mask(rng.random(len(frame)) < 0.2)
    frame = frame[rng.random(len(frame)) > 0.15].sample(frac=1, random_state=2)
    products, firsts, seconds, changes, flat, pairs = 0.0, 0.0, 0.0, [], 0, 0
    cross, time_squares = 0.0, 0.0
    observed = frame.dropna()
    for _, rows in observed.groupby("patient"):
        by_session = dict(zip(rows["session"], rows["alliance"], strict=True))
        mean = sum(by_session.values()) / len(by_session)
        mean_session = sum(by_session) / len(by_session)
        flat += len(by_session) > 1 and len(set(by_session.values())) == 1
        if len(by_session) > 1:
            changes.append(by_session[max(by_session)] - by_session[min(by_session)])
        for session, value in by_session.items():
            cross += (session - mean_session) * (value - mean)
            time_squares += (session - mean_session) ** 2
            if session + 1 in by_session:
                later = by_session[session + 1] - mean
                products += (value - mean) * later
                firsts += (value - mean) ** 2
                seconds += later**2
                pairs += 1
    levels = describe_levels(frame, ROLES)
    expected = {
        "n": len(observed),
        "missing": len(frame) - len(observed),
        "min": observed["alliance"].min(),
        "max": observed["alliance"].max(),
        "mean": observed["alliance"].mean(),
        "sd": observed["alliance"].std(),
        "sd_between": observed.groupby("patient")["alliance"].mean().std(),
        "share_at_maximum": (observed["alliance"] == 6.5).mean(),
        "patients": observed["patient"].nunique(),
        "flat_patients": flat,
        "rated_once": sum(len(rows) == 1 for _, rows in observed.groupby("patient")),
        "autocorrelation": products / math.sqrt(firsts * seconds),
        "autocorrelation_pairs": pairs,
        "change_per_session": cross / time_squares,
        "change_first_last": sum(changes) / len(changes),
    }
    assert flat > 0
    for name, value in expected.items():
        assert measure(levels, name) == pytest.approx(value, rel=tol.closed_form), name


def test_sizes(rng: np.random.Generator) -> None:
    frame = nested(rng)
    levels = describe_levels(frame, ROLES)
    counts = frame.groupby("patient").size()
    caseload = frame.groupby("therapist")["patient"].nunique()
    for row, series in zip(levels.sizes.to_dict("records"), (counts, caseload), strict=True):
        assert row["n"] == len(series)
        assert row["mean"] == pytest.approx(series.mean())
        for name, q in (("min", 0), ("q1", 0.25), ("median", 0.5), ("q3", 0.75), ("max", 1)):
            assert row[name] == series.quantile(q)
    assert levels.units["n"].tolist() == [len(frame), len(counts), len(caseload)]


def test_size_distribution_of_nothing_is_missing() -> None:
    row = size_distribution("patients per therapist", np.array([], dtype=np.int64))
    assert row["n"] == 0
    assert np.isnan(float(str(row["mean"])))


def test_row_order_and_labels_do_not_matter(rng: np.random.Generator) -> None:
    frame = nested(rng)
    other = frame.sample(frac=1, random_state=5)
    other["patient"] = pd.Categorical(other["patient"].map(lambda name: f"x{name[::-1]}"))
    first, second = describe_levels(frame, ROLES), describe_levels(other, ROLES)
    assert_frame_equal(first.tidy(), second.tidy(), rtol=1e-10)


def test_negative_variance_is_shown_as_zero_and_said() -> None:
    frame = pd.DataFrame(
        {
            "patient": [1, 1, 2, 2, 3, 3],
            "session": [1, 2] * 3,
            "alliance": [1.0, 3.0, 3.0, 1.0, 1.0, 3.1],
            "outcome": [1, 2, 5, 6, 9, 8],
        }
    )
    with pytest.warns(DataWarning, match="alliance: the variance of patients is estimated below"):
        levels = describe_levels(frame, Roles())
    assert component(levels, "patient", "variance") == 0
    assert component(levels, "patient", "icc") == 0
    assert component(levels, "patient", "reliability") == 0
    assert component(levels, "session", "icc") == 1
    assert len(levels.messages) == 1


def test_one_session_a_patient_gives_missing_variances(rng: np.random.Generator) -> None:
    frame = nested(rng).drop_duplicates("patient")
    with pytest.warns(DataWarning, match="variances within and between patients cannot be told"):
        levels = describe_levels(frame, Roles())
    assert levels.variances[["variance", "icc", "reliability"]].isna().all(axis=None)
    assert np.isnan(measure(levels, "sd_within"))
    assert np.isnan(levels.correlations["r"].iloc[0])
    assert measure(levels, "flat_patients") == 0


def test_one_patient_a_therapist_gives_the_patients_part_only(rng: np.random.Generator) -> None:
    frame = nested(rng, balanced=(1, 5))
    with pytest.warns(DataWarning, match="alliance: therapists cannot be told from their patients"):
        levels = describe_levels(frame, ROLES)
    alone = describe_levels(frame, Roles())
    assert np.isnan(component(levels, "therapist", "variance"))
    for name in ("variance", "icc", "reliability"):
        assert component(levels, "patient", name) == component(alone, "patient", name)


def test_therapist_changes_and_unknown_therapists_are_said(rng: np.random.Generator) -> None:
    frame = nested(rng, balanced=(3, 4))
    frame.loc[frame.index[1], "therapist"] = "t5"
    frame.loc[frame.index[8:11], "therapist"] = None
    n = frame["patient"].nunique()
    with pytest.warns(DataWarning):
        levels = describe_levels(frame, ROLES)
    assert tuple(m for m in levels.messages if "below zero" not in m) == (
        "alliance: 3 ratings without a therapist left out of the variances by unit.",
        f"1 of {n} patients is seen by more than one therapist: in the variances by unit each "
        "patient-therapist pair counts as a patient.",
        "outcome: 3 ratings without a therapist left out of the variances by unit.",
    )
    known = frame.dropna()
    pairs = pd.factorize(known["patient"] + known["therapist"])[0]
    expected = three_level_parts(
        known["alliance"].to_numpy(), pairs, pd.factorize(known["therapist"])[0]
    )
    assert component(levels, "patient", "variance") == pytest.approx(expected.patient)


def test_therapists_all_missing_are_described_without_them(rng: np.random.Generator) -> None:
    frame = nested(rng).assign(therapist=np.nan)
    with pytest.warns(DataWarning, match="ratings without a therapist left out"):
        levels = describe_levels(frame, ROLES)
    assert levels.units["n"].tolist()[-1] == 0
    assert levels.variances["variance"].isna().all()


def test_alliance_rated_by_therapists_is_described_too(rng: np.random.Generator) -> None:
    frame = nested(rng)
    frame["wai_t"] = frame["alliance"] + rng.normal(size=len(frame))
    levels = describe_levels(load_sessions(frame, Roles(alliance_therapist="wai_t")))
    assert levels.variables["variable"].tolist() == ["alliance", "outcome", "wai_t"]
    assert measure(levels, "mean", "alliance_therapist") == pytest.approx(frame["wai_t"].mean())


def test_input_is_not_changed(rng: np.random.Generator) -> None:
    frame = nested(rng)
    before = frame.copy(deep=True)
    describe_levels(frame, ROLES)
    assert_frame_equal(frame, before)


def test_roles_are_needed() -> None:
    with pytest.raises(ArgumentError, match="data is a DataFrame without roles"):
        describe_levels(pd.DataFrame({"patient": [1]}))


def test_tidy_holds_every_measure_once(rng: np.random.Generator) -> None:
    levels = describe_levels(nested(rng), ROLES)
    tidy = levels.tidy()
    assert list(tidy.columns) == ["variable", "unit", "measure", "value"]
    assert not tidy.duplicated(["variable", "unit", "measure"]).any()
    keyed = tidy.set_index(["variable", "unit", "measure"])["value"]
    assert keyed["", "therapist", "n"] == 12
    assert keyed["alliance", "patient", "icc"] == component(levels, "patient", "icc")
    assert keyed["outcome", "", "sd_within"] == measure(levels, "sd_within", "outcome")
    assert keyed["alliance with outcome", "within", "r"] == levels.correlations["r"].iloc[0]
    assert keyed["patients per therapist", "therapist", "max"] == levels.sizes["max"].iloc[1]
    assert len(tidy) == 3 + 2 * 7 + 2 * 16 + 6 * 6 + 2 * 3


def test_view_and_printing(rng: np.random.Generator) -> None:
    frame = nested(rng).rename(columns={"alliance": "<b>wai</b>"})
    levels = describe_levels(frame, Roles(therapist="therapist", alliance="<b>wai</b>"))
    view = levels.view()
    assert isinstance(levels, HasView)
    assert view.kind == "levels"
    assert view.levels is levels.units
    assert view.fit.loc[0].to_dict() == {
        "n_sessions": len(frame),
        "n_patients": frame["patient"].nunique(),
        "n_therapists": 12,
    }
    assert view.notes == levels.notes
    text = repr(levels)
    assert text.startswith(f"Levels: {len(frame)} sessions, ")
    assert "SD within" in text
    html = levels._repr_html_()
    assert "&lt;b&gt;wai&lt;/b&gt;" in html
    assert "<b>wai" not in html


def test_tables_print_counts_whole_and_names_as_they_are() -> None:
    patients = np.repeat(np.arange(600), 3)
    frame = pd.DataFrame(
        {
            "patient": patients,
            "session": np.tile([1, 2, 3], 600),
            "wai_total": np.random.default_rng(1).integers(12, 61, 1800),
            "phq9": np.random.default_rng(2).normal(10, 3, 1800),
        }
    )
    levels = describe_levels(frame, Roles(alliance="wai_total", outcome="phq9"))
    blocks = dict(block.split("\n", 1) for block in repr(levels).split("\n\n")[1:8])
    sizes = blocks["Sizes"].splitlines()[1].split()
    assert sizes == ["sessions", "per", "patient", "600", "3", "3", "3", "3", "3", "3"]
    heading, first, *_ = blocks["Ratings"].splitlines()
    assert heading.split() == ["Variable", "N", "Missing", "Minimum", "Maximum", "Mean", "SD"]
    assert first.split()[:3] == ["wai_total", "1,800", "0"]
    pairs = blocks["Lag-1 autocorrelation (N = pairs of sessions)"].splitlines()[1].split()
    assert pairs[2] == "1,200"
    variances = blocks["Variance by unit"].splitlines()[0].split()
    assert variances[:4] == ["Variable", "Unit", "Variance", "ICC"]
    assert variances[4:] == ["Members", "Reliability", "Lowest", "Highest"]
    within, between = blocks["Alliance with outcome"].splitlines()[1:]
    assert within.split()[2:] == ["1,800", "1199"]
    assert between.split()[2:] == ["600", "598"]
    assert list(levels.view().tables) == [DESCRIPTIVES, *blocks]


def test_whole_ratings_print_whole_and_others_with_decimals() -> None:
    frame = pd.DataFrame(
        {
            "patient": [1, 1, 2, 2],
            "session": [1, 2, 1, 2],
            "alliance": [1, 2, 3, 5],
            "outcome": [3, 2, 2, 1],
        }
    )
    ratings = describe_levels(frame, Roles()).view().tables["Ratings"]
    assert ratings["Maximum"].tolist() == [5, 3]
    assert ratings["Maximum"].dtype == np.int64
    ratings = (
        describe_levels(frame.assign(outcome=[3.5, 2, 2, 1]), Roles()).view().tables["Ratings"]
    )
    assert ratings["Maximum"].tolist() == [5.0, 3.5]


def test_truncated_keeps_missing_parts_missing() -> None:
    got = VarianceParts(1.0, -0.5).truncated()
    assert (got.session, got.patient) == (1.0, 0.0)
    assert math.isnan(got.therapist)


def test_harmonic_mean() -> None:
    assert harmonic_mean(np.array([1, 2, 0, 4])) == pytest.approx(3 / 1.75)
    assert math.isnan(harmonic_mean(np.array([0])))
