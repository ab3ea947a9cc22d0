"""fit_studies: input, scales, failures, invariances, recovery, what is shown."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats import ArgumentError, DataError
from alliance_stats.models.participants.result import StudiesResult


def quietly(studies: Any, roles: Any = None, **more: Any) -> StudiesResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.models.fit_studies(studies, roles, **more)


def lagged(studies: Any, **more: Any) -> StudiesResult:
    return quietly(studies, **({"question": "lagged", "bias_simulations": 0} | more))


def together(studies: dict[str, al.SessionData]) -> pd.DataFrame:
    """One frame with a column of sites and names of patients and therapists of their own."""
    frames = []
    for name, data in studies.items():
        frame = data.frame.assign(site=name)
        for unit in ("patient", "therapist"):
            frame[unit] = name + frame[unit].astype(str)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


# ---------------------------------------------------------------- input


def test_sites_are_studies(four: dict[str, al.SessionData]) -> None:
    roles = replace(next(iter(four.values())).roles, site="site")
    one, several = lagged(together(four), roles=roles), lagged(four)
    pd.testing.assert_frame_equal(one.tidy(), several.tidy(), rtol=1e-9)
    pd.testing.assert_frame_equal(
        one.comparison().drop(columns="df"), several.comparison().drop(columns="df"), rtol=1e-5
    )


def test_stage_one_is_the_function_itself(four: dict[str, al.SessionData]) -> None:
    result = lagged(four, time="log")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        alone = al.fit_lagged(four["Study 2"], time="log", bias_simulations=0)
    row = alone.effects.iloc[0]
    table = result.study_effects.set_index(["study", "effect", "scale"])
    found = table.loc[("Study 2", "alliance_to_outcome", "raw")]
    assert found["yi"] == row["estimate"]
    assert np.sqrt(found["vi"]) == pytest.approx(row["se"], rel=1e-12)
    standard = table.loc[("Study 2", "alliance_to_outcome", "standardised")]
    assert standard["yi"] == pytest.approx(alone.effect_sizes()["estimate"][0], rel=1e-12)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"question": "panel"}, ArgumentError, "question='panel'"),
        ({"timee": "log"}, ArgumentError, "Did you mean 'time'"),
        ({"same_scale": "yes"}, ArgumentError, "same_scale"),
        ({"time": "weekly"}, ArgumentError, "study 'Study 1'"),
        ({"question": "within_between", "residual": "ar1"}, ArgumentError, "cannot be given here"),
        ({"question": "outcome", "rng": 1}, ArgumentError, "cannot be given here"),
    ],
)
def test_arguments_are_refused(
    four: dict[str, al.SessionData], change: dict[str, Any], error: type[Exception], words: str
) -> None:
    more = {"question": "lagged"} | change
    with pytest.raises(error, match=words.replace("(", r"\(")):
        quietly(four, **more)


def test_one_study_is_too_few(four: dict[str, al.SessionData]) -> None:
    with pytest.raises(DataError, match="1 study can be read, and at least 2"):
        lagged({"A": four["Study 1"]})


def test_names_of_studies_differ(four: dict[str, al.SessionData]) -> None:
    with pytest.raises(ArgumentError, match="must be different"):
        lagged({"A": four["Study 1"], "A ": four["Study 2"]})


def test_no_site(four: dict[str, al.SessionData]) -> None:
    with pytest.raises(ArgumentError, match="no role 'site'"):
        lagged(four["Study 1"])


def test_missing_sites_and_patients_at_two(four: dict[str, al.SessionData]) -> None:
    frame, roles = together(four), replace(four["Study 1"].roles, site="site")
    with pytest.raises(DataError, match="is missing in 3 of"):
        lagged(frame.assign(site=frame["site"].where(frame.index > 2)), roles=roles)
    moved = frame.assign(site=np.where(frame.index == 1, "Study 3", frame["site"]))
    with pytest.raises(DataError, match="1 patient of .* has sessions at several sites"):
        lagged(moved, roles=roles)


def test_roles_that_the_question_needs(four: dict[str, al.SessionData]) -> None:
    first = four["Study 1"]
    changed = {**four, "Study 1": replace(first, roles=replace(first.roles, outcome_better=None))}
    with pytest.raises(ArgumentError, match="needs the role 'outcome_better'.*Study 1"):
        quietly(changed, question="outcome")


def test_another_order_of_ratings_is_another_path(four: dict[str, al.SessionData]) -> None:
    first = four["Study 1"]
    changed = {**four, "Study 1": replace(first, roles=replace(first.roles, outcome_at="after"))}
    with pytest.raises(DataError, match="another order in some studies"):
        lagged(changed)


# ---------------------------------------------------------------- failures


def broken(data: al.SessionData) -> al.SessionData:
    """Sessions whose outcome does not vary within patients."""
    constant = data.frame.groupby("patient")["phq9"].transform("first")
    return replace(data, frame=data.frame.assign(phq9=constant))


def test_a_failed_study_is_named_and_counted(four: dict[str, al.SessionData]) -> None:
    studies = {**four, "Broken": broken(four["Study 1"])}
    with pytest.warns(al.DataWarning, match="1 of 5 studies is left out. Broken: column 'phq9'"):
        result = al.models.fit_studies(studies, question="lagged", bias_simulations=0)
    assert list(result.failed) == ["Broken"]
    assert result.meta().studies.k == 4
    assert result.view().fit["n_failed"].item() == 1
    assert "1 studies" not in al.report_text(result)
    pd.testing.assert_frame_equal(result.tidy(), lagged(four).tidy())


def test_all_but_one_failed(four: dict[str, al.SessionData]) -> None:
    data = four["Study 1"]
    with pytest.raises(DataError, match="could be fitted in 1 of 2 studies.*Broken: column"):
        lagged({"A": data, "Broken": broken(data)})


def test_studies_without_therapists(four: dict[str, al.SessionData]) -> None:
    first = four["Study 1"]
    alone = replace(first, roles=replace(first.roles, therapist=None))
    result = quietly(
        {**four, "Study 1": alone}, question="within_between", therapist_change="first"
    )
    assert result.meta("within").studies.k == 4
    assert result.meta("patient_between").studies.k == 3
    assert "between" not in result.effects  # of one study only
    assert "Study 1 without therapists" in result.one_stage_failed["within"]
    assert any("patient_between: 3 of 4 studies" in text for text in result.messages)


# ---------------------------------------------------------------- scales


def test_scales_with_other_names_are_standardised(four: dict[str, al.SessionData]) -> None:
    first = four["Study 1"]
    renamed = replace(
        first,
        frame=first.frame.rename(columns={"phq9": "bdi"}),
        roles=replace(first.roles, outcome="bdi"),
    )
    studies = {"Study 1": renamed, **{k: v for k, v in four.items() if k != "Study 1"}}
    result = lagged(studies)
    assert result.scales == ("standardised",)
    assert result.one_stage_scale == "standardised"
    forced = lagged(studies, same_scale=True)
    pd.testing.assert_frame_equal(forced.tidy(), lagged(four).tidy())


def test_standardised_effects_do_not_depend_on_units(four: dict[str, al.SessionData]) -> None:
    first = four["Study 1"]
    other_units = {"phq9": 3 * first.frame["phq9"] + 5, "wai_total": first.frame["wai_total"] / 7}
    points = replace(first, frame=first.frame.assign(**other_units))
    one = lagged(four, same_scale=False)
    other = lagged({**four, "Study 1": points}, same_scale=False)
    pd.testing.assert_frame_equal(one.tidy(), other.tidy(), rtol=1e-4)
    a, b = (r.one_stage["alliance_to_outcome"].row(0.95) for r in (one, other))
    assert a["estimate"] == pytest.approx(b["estimate"], rel=1e-4)


def test_scales_that_look_different_are_named(four: dict[str, al.SessionData]) -> None:
    first = four["Study 1"]
    points = replace(first, frame=first.frame.assign(phq9=10 * first.frame["phq9"]))
    result = lagged({**four, "Study 1": points})
    assert any(
        "of the outcome from" in text and "same_scale=False" in text for text in result.messages
    )


def test_outcomes_of_another_direction_are_turned(four: dict[str, al.SessionData]) -> None:
    first = four["Study 1"]
    turned = replace(
        first,
        frame=first.frame.assign(phq9=-first.frame["phq9"]),
        roles=replace(first.roles, outcome_better="higher"),
    )
    studies = {**four, "Study 1": turned}
    result, plain = lagged(studies), lagged(four, same_scale=False)
    assert result.scales == ("standardised",)
    assert result.tidy()["estimate"].to_numpy() == pytest.approx(
        -plain.tidy()["estimate"].to_numpy()
    )
    one, other = result.one_stage, plain.one_stage
    for effect in one:
        assert one[effect].row(0.95)["estimate"] == pytest.approx(
            -other[effect].row(0.95)["estimate"], rel=1e-5
        )
    with pytest.raises(DataError, match="outcome_better differs"):
        lagged(studies, same_scale=True)
    unknown = replace(first, roles=replace(first.roles, outcome_better=None))
    with pytest.raises(DataError, match="known of some studies only"):
        lagged({**four, "Study 1": unknown})


# ---------------------------------------------------------------- both ways


def test_nothing_leaks_across_studies(four: dict[str, al.SessionData]) -> None:
    """Levels of whole studies tell nothing: they may be shifted at will."""
    shifts = dict(zip(four, (0.0, 30.0, -20.0, 50.0), strict=True))
    moved = {
        name: replace(
            data,
            frame=data.frame.assign(
                phq9=data.frame["phq9"] + shifts[name],
                wai_total=data.frame["wai_total"] - shifts[name],
            ),
        )
        for name, data in four.items()
    }
    for question in ("lagged", "within_between"):
        more = {"bias_simulations": 0} if question == "lagged" else {}
        a, b = (quietly(s, question=question, **more).comparison() for s in (four, moved))
        assert b["estimate"].to_numpy() == pytest.approx(
            a["estimate"].to_numpy(), rel=1e-4, abs=1e-6
        )
        assert b["se"].to_numpy() == pytest.approx(a["se"].to_numpy(), rel=1e-3)


def test_order_of_studies_does_not_matter(four: dict[str, al.SessionData]) -> None:
    a, b = lagged(four), lagged(dict(reversed(four.items())))
    assert b.tidy()["estimate"].to_numpy() == pytest.approx(
        a.tidy()["estimate"].to_numpy(), rel=1e-9
    )
    for effect in a.one_stage:
        x, y = (r.one_stage[effect].row(0.95)["estimate"] for r in (a, b))
        assert y == pytest.approx(x, rel=1e-5)


def test_one_stage_is_a_dense_mixed_model(four: dict[str, al.SessionData]) -> None:
    """β of generalised least squares with the V that the fit implies, row by row."""
    model = lagged(four).one_stage["alliance_to_outcome"]
    fit, frame = model.fit, model.frame.dropna().reset_index(drop=True)
    dummies = pd.get_dummies(frame["study"], dtype=float)
    own = (
        "session_since_start", "phq9_within_lag1", "wai_total_patient_between",
        "wai_total_therapist_between",
    )  # fmt: skip
    columns = [frame[model.column], *(dummies[s] for s in dummies)]
    columns += [dummies[s] * frame[name] for name in own for s in dummies]
    x, y = np.column_stack(columns), frame["phq9"].to_numpy(float)
    v = fit.sigma**2 * np.eye(len(y))
    z = np.column_stack([np.ones(len(y)), frame[model.column]])
    for unit, columns_of in (("patient", z), ("therapist", z[:, :1]), ("study", z[:, 1:])):
        same = frame[unit].to_numpy()[:, None] == frame[unit].to_numpy()[None, :]
        v += same * (columns_of @ fit.covariances[unit].to_numpy() @ columns_of.T)
    whole = np.linalg.inv(x.T @ np.linalg.solve(v, x))
    b = whole @ x.T @ np.linalg.solve(v, y)
    row = model.row(0.95)
    assert row["estimate"] == pytest.approx(b[0], rel=1e-6)
    assert row["se"] == pytest.approx(np.sqrt(whole[0, 0]), rel=1e-6)


@pytest.mark.parametrize("time", ["none", "log", "factor", "patient"])
def test_time_in_both_ways(four: dict[str, al.SessionData], time: str) -> None:
    result = quietly(four, question="within_between", time=time, random_slopes={})
    table = result.comparison()
    parts = table.pivot(index="effect", columns="way", values="estimate")
    assert np.abs(parts["one stage"] - parts["two stages"]).loc["within"] < 0.05


def test_joint_needs_four_studies(four: dict[str, al.SessionData]) -> None:
    assert lagged(four).joint is not None
    three = {k: v for k, v in four.items() if k != "Study 1"}
    assert lagged(three).joint is None
    assert quietly(four, question="outcome").joint is None


def test_without_one_stage(four: dict[str, al.SessionData]) -> None:
    result = lagged(four, one_stage=False)
    assert set(result.comparison()["way"]) == {"two stages", "two stages, jointly"}
    assert "one_stage=False" in str(result.view().refit)


# ---------------------------------------------------------------- truth


def test_mean_and_tau_are_recovered(make_studies: Any) -> None:
    """The effect within patients is N(−0.3, 0.15²) over 20 studies."""
    result = quietly(make_studies(20, sd=0.15, n=40), question="within_between", random_slopes={})
    table = result.comparison().set_index(["effect", "way"])
    drawn = np.random.default_rng(1).normal(-0.3, 0.15, 20)
    for way in ("two stages", "one stage"):
        row = table.loc[("within", way)]
        assert abs(row["estimate"] - drawn.mean()) < 0.03
        assert row["tau"] == pytest.approx(drawn.std(ddof=1), abs=0.05)
        assert row["ci_low"] < -0.3 < row["ci_high"]
    truths = dict(zip(result.fits, drawn, strict=True))
    estimates = result.study_effects.query("effect == 'within' and scale == 'raw'")
    error = estimates["yi"].to_numpy() - np.array([truths[s] for s in estimates["study"]])
    assert np.abs(error / np.sqrt(estimates["vi"])).mean() < 1.2


def test_bias_is_the_weighted_mean_of_the_studies(four: dict[str, al.SessionData]) -> None:
    result = lagged(four, bias_simulations=50, rng=3)
    table, meta = result.bias, result.meta("alliance_to_outcome")
    assert table["truth"].tolist() == ["zero", "estimate"] * 2
    own = [fit.bias.set_index(["effect", "truth"]) for fit in result.fits.values()]  # type: ignore[union-attr]
    biases = [frame.loc[("alliance_to_outcome", "zero"), "bias"] for frame in own]
    expected = float(np.average(biases, weights=meta.weights))
    assert table["bias"][0] == pytest.approx(expected)
    assert table["bias_in_se"][0] == pytest.approx(expected / meta.se[0])
    assert len({str(fit.seed) for fit in result.fits.values()}) == 4  # type: ignore[union-attr]


def test_a_biased_mean_is_not_tested(make_studies: Any) -> None:
    """Few sessions and strong autoregressions: small biases that add up over studies."""
    studies = make_studies(
        6, "lagged_effect", 0.0, n=60, seed=4, sessions_median=5, sessions_max=6,
        reverse_effect=-0.3, alliance_ar=0.5, outcome_ar=0.5, within_effect=0.0,
    )  # fmt: skip
    result = lagged(studies, bias_simulations=100, random_slopes={}, one_stage=False)
    assert result.biased
    text = al.report_text(result)
    assert "is not tested: in simulated studies of these designs" in text
    assert "Biases of single studies do not average out." in text


# ---------------------------------------------------------------- what is shown


@pytest.mark.parametrize("question", ["lagged", "outcome", "within_between"])
def test_what_is_shown(four: dict[str, al.SessionData], question: str) -> None:
    more = {"bias_simulations": 0} if question == "lagged" else {}
    result = quietly(four, question=question, **more)
    view, text = result.view(), al.report_text(result)
    assert view.kind == "participants"
    assert {
        "row",
        "study",
        "effect",
        "group",
        "estimate",
        "ci_low",
        "ci_high",
        "shown",
        "weight",
        "n",
    } <= set(view.plot)
    effects = result.of_scale(result.scale)
    assert (view.plot["row"] == "study").sum() == 4 * len(effects)
    for _, part in view.plot[view.plot["row"] == "study"].groupby("group"):
        assert part["weight"].sum() == pytest.approx(1.0)
    kinds = set(view.plot["row"])
    assert kinds == {"study", "mean" if len(effects) == 1 else "subgroup", "prediction"}
    assert "prediction interval" in text
    assert ("predicts" in text or "predicted" in text) == (question != "within_between")
    assert "4 studies" in repr(result)
    assert "<table" in result._repr_html_()
    assert al.coef_table(result).frame.shape[0] == len(effects)
    glance = result.glance()
    assert len(glance) == len(result.metas)
    assert f"question={question!r}" in str(view.refit)


def test_the_second_stage_can_be_moderated(four: dict[str, al.SessionData]) -> None:
    """Rows of one effect and scale go into fit_meta with columns of the studies."""
    table = lagged(four).study_effects
    rows = table[(table["effect"] == "outcome_to_alliance") & (table["scale"] == "raw")]
    years = rows.assign(year=[2001, 2008, 2012, 2020])
    assert al.fit_meta(years, mods="year").term_names == ("(Intercept)", "year")


def test_unknown_effects_and_scales(four: dict[str, al.SessionData]) -> None:
    result = lagged(four)
    with pytest.raises(ArgumentError, match="There are: alliance_to_outcome"):
        result.meta("within")
    with pytest.raises(ArgumentError, match="scale="):
        result.tidy(scale="partial")


def test_r_code_names_a_file_for_each_model(four: dict[str, al.SessionData]) -> None:
    result = lagged(four)
    code = result.to_r()
    assert code.count("library(metafor)") == 2
    assert '"alliance_to_outcome.csv"' in code
    assert "lmer(" in code
    with pytest.raises(ArgumentError, match="names one file for 2 models"):
        result.to_r(data="rows.csv")


def test_forest_plot(four: dict[str, al.SessionData]) -> None:
    """A group of lines for each path, with its mean; in a report too."""
    from matplotlib.figure import Figure

    result = lagged(four)
    axes = al.plot_forest(result, ax=Figure().subplots())
    texts = [text.get_text() for text in axes[0].texts]
    for group in ("wai_total to later phq9", "phq9 to later wai_total"):
        assert any(group in text for text in texts)
    assert axes[0].get_xlabel() == "Coefficient b"
