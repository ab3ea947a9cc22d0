"""Words and figure of a result of kind ``therapist``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest

matplotlib.use("agg")

from matplotlib.figure import Figure

from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.report import plot_therapists, report_text, save_report
from alliance_stats.report.plots.therapists import figure_caption, figure_size

PATIENT = ("patient_between", "patient", "wai_p", -0.5, 0.1, -5.0, 90.0, 3e-6, -0.7, -0.3)
THERAPIST = ("therapist_between", "therapist", "wai_t", -0.2, 0.4, -0.5, 9.1, 0.63, -1.1, 0.7)
DIFFERENCE = ("contextual", "therapist", "wai_t - wai_p", 0.3, 0.4, 0.7, 9.9, 0.5, -0.6, 1.2)
COLUMNS = ["effect", "unit", "term", "estimate", "se", "statistic", "df", "p_value", "ci_low",
           "ci_high"]  # fmt: skip
SHARES, LEFT = "Therapists' share of variance", "Variance left after the alliance"
MEANS, BOTH = "Observed means of therapists", "Observed and latent means"
SLOPES = "Differences of the coefficient between therapists"


def plot_of(n: int = 4) -> pd.DataFrame:
    x = np.linspace(-1.5, 1.5, n)
    one = pd.DataFrame({"y": np.arange(1, n + 1), "x": x, "ci_low": x - 1, "ci_high": x + 1})
    one = one.assign(observed=1.5 * x, n=9, excludes_average=np.abs(x) > 1)
    return pd.concat([one.assign(panel="before"), one.assign(panel="after")], ignore_index=True)


def view_of(**changes: Any) -> ResultView:
    shares = pd.DataFrame(
        {"model": ["before", "after", "alliance"], "var_therapist": [1.0, 0.5, 0.2],
         "icc": [0.1, 0.05, 0.2], "ci_low": [0.02, 0.0, 0.1], "ci_high": [0.3, 0.2, 0.4],
         "p_value": [0.01, 0.2, 0.001]}
    )  # fmt: skip
    latent = [(*PATIENT[:8], -0.7, -0.3), (*THERAPIST[:3], -0.3, *[np.nan] * 4, -np.inf, np.inf)]
    both = pd.DataFrame(latent, columns=COLUMNS).assign(means="latent")
    view = ResultView(
        kind="therapist", title="Therapists, early wai and post-treatment phq",
        terms=pd.DataFrame([PATIENT, THERAPIST, DIFFERENCE], columns=COLUMNS),
        fit=pd.DataFrame({"n_obs": [95], "n_dropped": [5], "method": ["REML"],
                          "converged": [True], "singular": [False]}),
        plot=plot_of(),
        levels=pd.DataFrame({"unit": ["patient", "therapist"], "n": [95, 12]}),
        labels={"alliance": "wai", "outcome": "phq", "outcome_better": "lower",
                "ddf": "satterthwaite", "window": "sessions 3–5", "first_session": "3",
                "controls": "change"},
        tables={
            SHARES: shares,
            LEFT: pd.DataFrame({"unit": ["therapist", "patient"], "explained": [0.5, 0.1]}),
            "Caseloads": pd.DataFrame({"ptr": [7.92], "least": [1], "most": [15]}),
            MEANS: pd.DataFrame({"icc": [0.2], "caseload": [5.0], "reliability": [0.56]}),
            BOTH: both,
        },
    )  # fmt: skip
    return replace(view, **changes)


class Fake:
    def __init__(self, seen: ResultView) -> None:
        self.seen = seen

    def view(self) -> ResultView:
        return self.seen


def text_of(**changes: Any) -> str:
    return report_text(Fake(view_of(**changes)))


def with_table(name: str, **columns: Any) -> dict[str, Any]:
    tables = view_of().tables
    return {"tables": {**tables, name: tables[name].assign(**columns)}}


def test_the_whole_text() -> None:
    assert text_of().split("\n\n") == [
        "Across 95 patients seen by 12 therapists, an early wai above that of the therapist's "
        "other patients went with lower (better) post-treatment phq (b = −0.50, SE = 0.10, "
        "t(90) = −5.00, p < .001, 95% CI [−0.70, −0.30]). The association between therapists "
        "of mean early wai with post-treatment phq was inconclusive: the data are compatible with "
        "effects from −1.10 to 0.70 (b = −0.20, SE = 0.40, t(9.1) = −0.50, p = .630, 95% CI "
        "[−1.10, 0.70]). Whether the between-therapist and the between-patient association differ "
        "is inconclusive: the data are compatible with differences from −0.60 to 1.20 (b = 0.30, "
        "SE = 0.40, t(9.9) = 0.70, p = .500, 95% CI [−0.60, 1.20]).",
        "The patient–therapist ratio was 7.9 (1 to 15 patients a therapist). The mean early wai "
        "of 5.0 patients of one therapist (the harmonic mean) had a reliability of 0.56, so that "
        "observed means show about that share of the difference of the two coefficients. With "
        "latent means the coefficients were b = −0.50 between patients, 95% CI [−0.70, −0.30] and "
        "b = −0.30 between therapists with an interval without ends.",
        "Therapists' share of variance was 10.0% of post-treatment phq before the alliance was in "
        "the model, 95% CI [2.0%, 30.0%]; 5.0% of it with the alliance in the model, 95% CI "
        "[0.0%, 20.0%]; and 20.0% of early wai, 95% CI [10.0%, 40.0%]. With the alliance the "
        "variance between therapists was 50.0% smaller; this has no interval here. Intervals of "
        "2 of 4 therapists left out the average before and of 2 with the alliance in the model. "
        "Effects of single therapists are shrunken towards the average, and their intervals do "
        "not make a ranking.",
        "Post-treatment phq was modelled with random intercepts of therapists, fitted by REML; "
        "tests used Satterthwaite degrees of freedom. Early wai was the mean over sessions 3–5, "
        "split into the mean of the therapist's patients and the deviation from it; the score at "
        "intake and the change to session 3 were in the model. 5 of 100 patients were not used. "
        "These are associations: therapists and patients who differ in the alliance differ in "
        "much else.",
    ]


def test_nothing_is_predicted_or_caused() -> None:
    for word in ("predicts", "predicted a", "effect of the alliance", "leads"):
        assert word not in text_of()


def test_a_variance_that_rose_is_no_share_explained() -> None:
    text = text_of(**with_table(LEFT, explained=[-0.3, 0.1]))
    assert "was larger with the alliance than before, so no share of it is explained." in text
    assert "explained" not in text_of(**with_table(LEFT, explained=[np.nan, 0.1]))


def test_an_alliance_without_variance_between_therapists() -> None:
    text = text_of(**with_table(MEANS, icc=[0.0], reliability=[0.0]))
    assert "the coefficient between therapists says nothing about therapists." in text


def test_no_therapist_differs() -> None:
    flat = plot_of().assign(x=0.0, ci_low=0.0, ci_high=0.0, excludes_average=False)
    text = text_of(plot=flat)
    assert "is estimated as zero, so no therapist stands out." in text


def test_slopes_that_differ() -> None:
    row = {"sd": [0.4], "statistic": [5.1], "p_value": [0.04], "reference": ["½χ²(1) + ½χ²(2)"]}
    tables = {**view_of().tables, SLOPES: pd.DataFrame(row)}
    assert "with SD = 0.40 (LR = 5.10 against ½χ²(1) + ½χ²(2), p = .040)." in text_of(tables=tables)
    untested = {**tables, SLOPES: pd.DataFrame({**row, "p_value": [np.nan]})}
    assert "no test, because the model without differences is singular" in text_of(tables=untested)


def test_intake_alone() -> None:
    labels = {**view_of().labels, "controls": "intake"}
    assert "the score at intake was in the model." in text_of(labels=labels)


@pytest.mark.parametrize("n", [2, 24, 100])
def test_the_figure_draws_the_plot_frame(n: int) -> None:
    plot = plot_of(n)
    axes = plot_therapists(view_of(plot=plot), ax=Figure(figsize=figure_size(plot)).subplots(1, 2))
    assert [axis.get_title(loc="left") for axis in axes] == [
        "Before the alliance", "With the alliance",
    ]  # fmt: skip
    for axis, panel in zip(axes, ("before", "after"), strict=True):
        rows = plot[plot["panel"] == panel]
        drawn = np.vstack([np.asarray(c.get_offsets()) for c in axis.collections[2:]])
        expected = rows[["x", "y"]].to_numpy()
        assert np.allclose(drawn[np.argsort(drawn[:, 1])], expected)
        crosses = np.asarray(axis.collections[0].get_offsets())
        assert np.allclose(crosses, rows[["observed", "y"]].to_numpy())
    assert axes[0].texts[0].get_text() == (
        "ICC 0.100, 95% CI [0.020, 0.300]\n"
        f"{int(plot['excludes_average'].sum() / 2)} of {n} intervals leave out the average"
    )
    assert axes[0].get_xlim() == axes[1].get_xlim()
    assert axes[0].get_ylabel() == f"{n} therapists, ordered"
    assert f"{n} therapists" in figure_caption(view_of(plot=plot))


def test_what_has_no_figure_is_refused() -> None:
    with pytest.raises(ArgumentError, match="of kind 'outcome'"):
        plot_therapists(view_of(kind="outcome"))
    with pytest.raises(ArgumentError, match="lacks observed"):
        plot_therapists(view_of(plot=plot_of().drop(columns="observed")))
    with pytest.raises(ArgumentError, match="ax holds 1 Axes"):
        plot_therapists(view_of(), ax=Figure().subplots())


def test_a_report_holds_tables_and_figure(tmp_path: Any) -> None:
    path = save_report(Fake(view_of()), tmp_path / "report.html")
    text = (path or tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Therapists&#x27; share of variance" in text or SHARES in text
    assert "<svg" in text or "<img" in text
