"""Influence of effect sizes: metafor, refits one by one, invariance, what cannot be fitted."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import alliance_stats as al
from alliance_stats._base.errors import UnsupportedError

Load = Callable[[str], SimpleNamespace]
THEIRS = {
    "rstudent": "rstudent", "dffits": "dffits", "cooks_distance": "cook.d", "cov_ratio": "cov.r",
    "tau2_without": "tau2.del", "q_without": "QE.del", "hat": "hat",
}  # fmt: skip


def test_measures_are_those_of_metafor(
    metafor_case: SimpleNamespace, closeness: Callable[[str], float]
) -> None:
    found, close = metafor_case, closeness(metafor_case.result.method)
    table = al.meta.influence(found.result).tidy()
    theirs = found.theirs["influence"]
    for name, their_name in THEIRS.items():
        wanted = theirs[their_name]
        size = np.nanmax(np.abs(wanted))
        assert_allclose(table[name], wanted, rtol=close, atol=close * size, err_msg=name)
    assert_allclose(100 * table["weight"], theirs["weight"], rtol=close)


def test_dfbetas_residuals_and_marks_are_those_of_metafor(
    metafor_case: SimpleNamespace, closeness: Callable[[str], float]
) -> None:
    found, close = metafor_case, closeness(metafor_case.result.method)
    ours = al.meta.influence(found.result)
    wanted = np.array(found.theirs["dfbetas"]).T
    assert_allclose(ours.dfbetas, wanted, rtol=close, atol=close * np.nanmax(np.abs(wanted)))
    table, lone = ours.tidy(), ours.table["hat"] > 1 - 1e-9
    assert_allclose(table["residual"], found.theirs["residual"], rtol=close, atol=close)
    standard = found.theirs["rstandard"]
    assert_allclose(table["rstandard"][~lone], standard[~lone], rtol=close, atol=close)
    assert table["flagged"].tolist() == found.theirs["influential"].astype(bool).tolist()


@pytest.mark.parametrize("mods", [None, "dose"])
@pytest.mark.parametrize("method", ["REML", "ML", "PM", "HE", "SJ", "HS", "EE"])
def test_a_refit_is_fit_meta_without_the_row(
    method: str, mods: str | None, studies_frame: Callable[..., pd.DataFrame], tol: SimpleNamespace
) -> None:
    frame = studies_frame(25, tau2=0.005)
    result = al.fit_meta(frame, method=method, mods=mods)
    ours = al.meta.influence(result)
    close = tol.closed_form if method in ("HE", "SJ", "HS", "EE") else tol.meta_tau2
    for i in (0, 7, 24):
        again = al.fit_meta(frame.drop(index=i), method=method, mods=mods)
        assert_allclose(ours.refits.beta[i], again.beta, rtol=close)
        assert_allclose(ours.refits.covariance[i], again.covariance, rtol=close)
        assert ours.refits.tau2[i] == pytest.approx(again.tau2, rel=close, abs=close * 1e-3)
        assert ours.refits.i2[i] == pytest.approx(again.i2, rel=close, abs=close)
        x = result.studies.x[i]
        spread = again.fits.s2[0] * (frame["vi"][i] + again.tau2) + x @ again.covariance @ x
        student = (frame["yi"][i] - x @ again.beta) / np.sqrt(spread)
        assert ours.table["rstudent"][i] == pytest.approx(student, rel=close)


def test_order_of_rows_and_unit_do_not_matter(studies_frame: Callable[..., pd.DataFrame]) -> None:
    frame = studies_frame(30)
    first = al.meta.influence(al.fit_meta(frame)).tidy().set_index("study")
    scaled = frame.assign(yi=10 * frame["yi"], vi=100 * frame["vi"]).sample(frac=1, random_state=1)
    again = al.meta.influence(al.fit_meta(scaled)).tidy().set_index("study").loc[first.index]
    for name in ("rstandard", "rstudent", "dffits", "cooks_distance", "cov_ratio", "hat"):
        assert_allclose(again[name], first[name], rtol=1e-6, atol=1e-9)
    assert again["flagged"].equals(first["flagged"])


def test_an_effect_far_from_the_others_is_named_and_not_called_wrong() -> None:
    frame = pd.DataFrame({"study": list("abcdefgh"), "yi": [0.2] * 7 + [1.4], "vi": 0.01})
    frame["yi"] += np.linspace(-0.1, 0.1, 8)
    found = al.meta.influence(al.fit_meta(frame))
    said = " ".join(found.messages)
    assert found.tidy()["flagged"].tolist() == [False] * 7 + [True]
    assert "1 of 8 effects lies far from the others" in said and ": h." in said
    assert "wrong" not in said and "error" not in said
    assert found.glance()[["n_flagged", "n_far"]].to_numpy().tolist() == [[1, 1]]
    assert found.largest(1)["study"].tolist() == ["h"]
    assert "h" in repr(found) and "<table>" in found._repr_html_()


def test_as_many_lie_far_from_the_others_by_chance_as_is_said(
    studies_frame: Callable[..., pd.DataFrame],
) -> None:
    glances = []
    for seed in range(120):
        result = al.fit_meta(studies_frame(10, seed=seed), test="z")
        glances.append(al.meta.influence(result).glance())
    found = pd.concat(glances)
    error = found["n_far"].std() / np.sqrt(len(found))
    assert abs(found["n_far"].mean() - found["far_by_chance"].iloc[0]) < 3 * error
    assert found["n_far"].mean() > 0.5 + error  # 5% would be too few


def test_twins_share_their_values_and_no_study_is_named() -> None:
    frame = pd.DataFrame({"yi": [0.1, 0.3, 0.1, 0.3], "vi": [0.01, 0.02, 0.01, 0.02]})
    table = al.meta.influence(al.fit_meta(frame)).tidy()
    assert_allclose(table["dffits"][:2], table["dffits"][2:], rtol=1e-10)
    assert table["study"].tolist() == ["1", "2", "3", "4"]


def test_a_level_of_one_study_leaves_missing_values(load_case: Load) -> None:
    found = al.meta.influence(load_case("bcg_level_alone").result)
    lost = found.tidy().iloc[3]
    assert np.isnan(lost["rstudent"]) and np.isnan(lost["tau2_without"])
    assert found.glance()["n_undefined"][0] == 1
    assert any("a coefficient rests on it alone" in said for said in found.messages)
    assert found.changes().query("study == 'Hart & Sutherland 1977'")["estimate"].isna().all()


def test_two_effects_leave_nothing_to_fit() -> None:
    frame = pd.DataFrame({"study": ["a", "b"], "yi": [0.1, 0.4], "vi": [0.01, 0.01]})
    found = al.meta.influence(al.fit_meta(frame))
    assert found.tidy()["rstudent"].isna().all() and not found.tidy()["flagged"].any()
    assert "Without each of these" in found.messages[0]
    assert found.glance()["n_undefined"][0] == 2 and len(repr(found)) > 0


def test_equal_effect_sizes_give_no_warnings() -> None:
    frame = pd.DataFrame({"study": list("abcd"), "yi": 0.25, "vi": [0.01, 0.02, 0.03, 0.04]})
    for method, test in [("REML", "knha"), ("REML", "z"), ("EE", "z"), ("DL", "adhoc")]:
        found = al.meta.influence(al.fit_meta(frame, method=method, test=test))
        assert not found.tidy()["flagged"].any() or test == "knha"
        assert_allclose(found.refits.beta, 0.25, rtol=1e-12)


def test_dependent_effects_are_left_out_one_by_one_and_that_is_said() -> None:
    frame = pd.DataFrame(
        {"study": ["a", "a", "b", "c"], "yi": [0.1, 0.2, 0.4, 0.3], "vi": [0.01, 0.02, 0.01, 0.02]}
    )
    found = al.meta.influence(al.fit_meta(frame))
    assert found.tidy()["effect"].tolist() == ["1", "2", "", ""]
    assert any('by="study"' in said for said in found.messages)
    assert "a, effect 2" in found.view().plot["label"].tolist()


def test_the_plot_frame_has_one_panel_a_measure(studies_frame: Callable[..., pd.DataFrame]) -> None:
    result = al.fit_meta(studies_frame(12), mods="dose")
    found = al.meta.influence(result)
    plot = found.view().plot
    assert plot.columns.tolist() == [
        "measure", "term", "study", "effect", "label", "value", "reference", "limit", "flagged",
        "influential",
    ]  # fmt: skip
    assert len(plot) == 12 * 10
    assert plot.query("measure == 'dfbetas'")["term"].unique().tolist() == ["(Intercept)", "dose"]
    limits = plot.groupby("measure", sort=False)["limit"].first()
    assert limits["dffits"] == pytest.approx(3 * np.sqrt(2 / 10))
    assert limits["hat"] == pytest.approx(0.5) and np.isnan(limits["weight"])
    reference = plot.groupby("measure", sort=False)["reference"].first()
    assert reference["tau2_without"] == result.tau2 and reference["cov_ratio"] == 1
    over = plot.query("measure == 'rstudent' and flagged")
    assert (over["value"].abs() > 1.959).all()
    assert found.changes().shape == (24, 7)
    assert_allclose(found.changes()["dfbetas"].to_numpy().reshape(12, 2), found.dfbetas)


def test_only_results_of_fit_meta_are_taken() -> None:
    for ask in (al.meta.influence, al.meta.baujat, al.meta.leave_one_out):
        with pytest.raises(UnsupportedError, match="takes a result of fit_meta"):
            ask(pd.DataFrame())
