"""fit_growth: recovery, the null twin, invariances, what is refused, and what is said."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.models.growth.early import EarlyRate
from alliance_stats.models.growth.result import GrowthResult
from alliance_stats.report import plot_growth
from alliance_stats.report.plots.growth import figure_caption

ROLES = al.Roles(alliance="wai", outcome="phq", outcome_better="lower")
SHAPES = ["linear", "log", "quadratic", "piecewise"]


def study(
    rng: np.random.Generator,
    *,
    n: int = 150,
    sessions: int = 12,
    course: str = "log",
    rate: float = -0.2,
) -> pd.DataFrame:
    """Patients whose alliance follows a course, and whose early alliance sets the later rate."""
    patient, t = np.repeat(np.arange(n), sessions), np.tile(np.arange(sessions), n)
    bond = rng.normal(size=n)
    shape = {"log": np.log1p(t), "piecewise": np.minimum(t, 4), "linear": t / 4}[course]
    wai = 4.5 + (0.5 + 0.1 * rng.normal(size=n))[patient] * shape + bond[patient]
    slope = -0.4 + rate * bond + 0.1 * rng.normal(size=n)
    phq = 15 + 3 * rng.normal(size=n)[patient] + slope[patient] * np.maximum(t - 4, 0)
    noise = rng.normal(size=(2, len(t)))
    return pd.DataFrame(
        {"patient": patient, "session": t + 1, "wai": wai + 0.4 * noise[0], "phq": phq + noise[1]}
    )


def fit(frame: pd.DataFrame, roles: al.Roles = ROLES, **options: object) -> GrowthResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.fit_growth(frame, roles, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("course", ["log", "piecewise", "linear"])
def test_the_true_course_is_chosen(course: str, rng: np.random.Generator) -> None:
    result = fit(study(rng, course=course))
    assert result.alliance.shape == course
    chosen = result.shapes.query("variable == 'wai' and chosen != ''")
    assert chosen["chosen"].tolist() == ["by BIC (post-selection)"]
    assert chosen["delta_bic"].item() == 0


def test_truth_lies_in_the_intervals(rng: np.random.Generator) -> None:
    result = fit(study(rng, n=400), shape="log")
    rows = result.tidy().set_index("effect")
    assert rows.loc["alliance_trend", "ci_low"] < 0.5 < rows.loc["alliance_trend", "ci_high"]
    # the observed early mean has error, so that the rate is a little attenuated
    assert rows.loc["early_rate", "estimate"] == pytest.approx(-0.2, abs=0.03)
    assert rows.loc["early_rate", "unit"] == "patient"


def test_null_twin() -> None:
    result = fit(al.load_example("sessions_null").frame, al.load_example("sessions_null").roles)
    rates = result.tidy().query("effect.str.endswith('_rate')")
    assert (rates["ci_low"] < 0).all() and (rates["ci_high"] > 0).all()
    assert "inconclusive" in al.report_text(result)


def test_order_and_labels_do_not_matter(rng: np.random.Generator) -> None:
    frame = study(rng, n=40)
    other = frame.sample(frac=1, random_state=1).assign(
        patient=lambda d: "p" + d["patient"].astype(str)
    )
    one, two = fit(frame, shape="linear"), fit(other, shape="linear")
    pd.testing.assert_frame_equal(one.tidy(), two.tidy(), rtol=1e-6, atol=1e-9)
    pd.testing.assert_frame_equal(one.ceiling.rows, two.ceiling.rows, rtol=1e-5)


def test_later_rate_uses_sessions_after_the_window_only(rng: np.random.Generator) -> None:
    frame = study(rng, n=40)
    changed = frame.assign(phq=frame["phq"].where(frame["session"] > 5, 99.0))
    one, two = fit(frame).early, fit(changed).early
    assert isinstance(one, EarlyRate) and isinstance(two, EarlyRate)
    assert one.frame["session"].min() == 6
    pd.testing.assert_frame_equal(one.fit.tidy(), two.fit.tidy())


def test_ceiling(rng: np.random.Generator) -> None:
    frame = study(rng, course="linear")
    cut = frame.assign(wai=frame["wai"].clip(upper=6.0))
    result = fit(cut, alliance_max=6.0)
    rows = result.ceiling.rows.set_index("model")
    assert result.ceiling.share == pytest.approx((cut["wai"] == 6).mean())
    assert rows.loc["without censoring", "estimate"] < 0.11 < 0.125
    assert rows.loc["with censoring", "estimate"] == pytest.approx(0.125, abs=0.01)
    assert "the scale's maximum" in result.ceiling.words("wai")
    assert fit(cut).ceiling.limit == 6.0


def test_weeks_have_no_break_of_their_own(rng: np.random.Generator) -> None:
    frame = study(rng, n=40).assign(week=lambda d: (d["session"] - 1) * 1.5)
    roles = al.Roles(alliance="wai", outcome="phq", time="week")
    result = fit(frame, roles, time_column="time")
    assert list(result.prepared.shapes) == SHAPES[:3]
    assert "no break_at= is given" in " ".join(result.messages)
    assert fit(frame, roles, time_column="time", break_at=6).prepared.break_at == 6
    assert isinstance(result.early, EarlyRate)
    assert result.early.frame["time_after_window"].min() == 1.5


def test_refused(rng: np.random.Generator) -> None:
    frame = study(rng, n=20)
    short = frame[frame["session"] <= 3]
    with pytest.raises(DataError, match="shape='quadratic' is not possible.*4 sessions rated"):
        fit(short, shape="quadratic")
    with pytest.raises(DataError, match="too few sessions for a course"):
        fit(frame[frame["session"] <= 2])
    with pytest.raises(ArgumentError, match="break_at=40 does not part the observed times"):
        fit(frame, break_at=40)
    with pytest.raises(ArgumentError, match="is for the piecewise shape"):
        fit(frame, shape="log", break_at=4)
    with pytest.raises(DataError, match="alliance column 'wai' is constant: all 240"):
        fit(frame.assign(wai=6.0))
    with pytest.raises(DataError, match="at the maximum 6.*ceiling leaves no course"):
        fit(frame.assign(wai=np.where(np.arange(240) == 7, 5.0, 6.0)))
    with pytest.raises(ArgumentError, match="alliance_max=3 is below the highest rating"):
        fit(frame, alliance_max=3)
    with pytest.raises(ArgumentError, match="shape='cubic' is not known"):
        fit(frame, shape="cubic")
    with pytest.raises(ArgumentError, match="early_window=\\(5, 3\\) is not increasing"):
        fit(frame, early_window=(5, 3))
    with pytest.raises(ArgumentError, match="needs the role 'time'"):
        fit(frame, time_column="time")
    with pytest.raises(ArgumentError, match="the course of a patient is one curve"):
        fit(
            frame.assign(t=frame["patient"] // 4),
            al.Roles(alliance="wai", outcome="phq", therapist="t"),
            therapist_change="crossed",
        )


def test_one_patient_a_therapist_is_refused(rng: np.random.Generator) -> None:
    frame = study(rng, n=20).assign(t=lambda d: d["patient"])
    with pytest.raises(DataError, match="has one patient"):
        fit(frame, al.Roles(alliance="wai", outcome="phq", therapist="t"))


def test_short_treatments_leave_the_rate_out(rng: np.random.Generator) -> None:
    result = fit(study(rng, n=30).query("session <= 6"))
    assert isinstance(result.early, str)
    assert result.early in result.messages
    assert "_rate" not in " ".join(result.tidy()["effect"])


def test_what_is_said(rng: np.random.Generator) -> None:
    result = fit(study(rng))
    text = al.report_text(result)
    assert "predict" not in text
    assert "post-selection" in text and "one causes the other" in text
    assert "On average wai rose" in text
    assert "the change of phq per session after sessions 3–5 was lower (better)" in text
    beforehand = fit(study(rng), shape="linear")
    assert "post-selection" not in al.report_text(beforehand)
    assert set(beforehand.shapes["chosen"]) == {"", "beforehand"}
    assert "early_window=(3, 5)" in str(result.view().refit)


def test_figure_draws_the_frame(rng: np.random.Generator) -> None:
    import matplotlib.pyplot as plt

    result = fit(study(rng, n=30), shape="log")
    plot = result.view().plot
    chosen = plot.query("panel == 'alliance' and layer == 'chosen'")
    beta = result.alliance.fit.beta
    expected = beta.iloc[0] + beta.iloc[1] * np.log1p(chosen["x"])
    np.testing.assert_allclose(chosen["y"], expected)
    assert set(plot.query("layer == 'shape'")["shape"]) == set(SHAPES) - {"log"}
    axes = plot_growth(result)
    legend = [text.get_text() for text in axes[0].get_legend().get_texts()]
    assert legend == ["log (reported)", "piecewise", "quadratic", "linear"]
    assert "chosen beforehand" in figure_caption(result.view())
    with pytest.raises(ArgumentError, match="holds no courses"):
        plot_growth(al.load_example("sessions"))
    plt.close("all")


def test_report_and_r_code(rng: np.random.Generator, tmp_path: object) -> None:
    result = fit(study(rng, n=30), shape="linear")
    path = f"{tmp_path}/report.md"
    al.save_report(result, path)
    code = result.to_r(data="growth.csv")
    assert code.count("lmer(") >= 2 and "session_since_start" in code
    assert "wai" in repr(result) and "<table" in result._repr_html_()
