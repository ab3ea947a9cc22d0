"""Small results of every kind that has a view."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import pandas as pd

import alliance_stats as al


@functools.cache
def every_kind() -> dict[str, Any]:
    """Results by kind of view; fitted once a run."""
    return _by_kind(
        _sessions, _mixed_models, _process, _dyads, _scores, _consistency, _agreement, _factors,
        _studies, _texts,
    )  # fmt: skip


@functools.cache
def some_kinds() -> dict[str, Any]:
    """Results that are quick to fit: of meta-analyses, and of a mixed model."""
    return _by_kind(_mixed, _studies)


def _by_kind(*rooms: Callable[[], list[Any]]) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = [result for room in rooms for result in room()]
        kinds = [result.view().kind for result in made]
    return dict(zip(reversed(kinds), reversed(made), strict=True))


def _texts() -> list[Any]:
    return [al.check_statistics("It fell, t(23) = −2.10, p = .047, and t(20) = 2.00, p = .3.")]


def _mixed() -> list[Any]:
    sessions = few("sessions", 40)
    return [al.describe_levels(sessions), al.fit_within_between(sessions)]


def few(name: str, n: int = 110) -> Any:
    """The first patients of an example."""
    data = al.load_example(name)
    kept = data.frame["patient"].drop_duplicates().head(n)
    return al.load_sessions(data.frame[data.frame["patient"].isin(kept)], data.roles)


def high_scores(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with a column that is 1 where the outcome is high."""
    return frame.assign(high=(frame["phq9"] > 10).where(frame["phq9"].notna()).astype(float))


def effects() -> pd.DataFrame:
    """The effects of the example, as Fisher's z."""
    table = al.effect_sizes(al.load_example("effects"), ri="r", ni="n", measure="ZCOR")
    return table.dropna(subset="yi")


def _run(*calls: Callable[[], Any]) -> list[Any]:
    return [call() for call in calls]


def _sessions() -> list[Any]:
    sessions, models = few("sessions"), al.models
    clinics = {
        f"Clinic {k}": al.simulate_sessions(n_patients=40, n_therapists=5, rng=k) for k in (1, 2, 3)
    }
    split = al.fit_within_between(sessions)
    frame = sessions.frame
    return _run(
        lambda: sessions,
        lambda: split,
        lambda: al.describe_levels(sessions),
        lambda: al.fit_lagged(sessions, bias_simulations=0),
        lambda: al.fit_outcome(sessions),
        lambda: al.fit_growth(sessions, shape="linear"),
        lambda: al.fit_cross_lagged(sessions, waves=range(1, 5)),
        lambda: al.fit_latent_within_between(sessions),
        lambda: models.fit_therapist(sessions),
        lambda: models.find_ruptures(sessions, simulations=99),
        lambda: models.fit_ruptures(sessions),
        lambda: split.confounding(),
        lambda: models.multiverse("within", sessions, {"time": ["linear", "log"]}),
        lambda: al.fit_lmm("phq9 ~ wai_total + (1 | patient)", frame),
        lambda: models.fit_studies(clinics, question="within_between"),
        lambda: al.fit_glmm("high ~ wai_total + (1 | patient)", high_scores(frame)),
    )


def _mixed_models() -> list[Any]:
    frame = few("sessions").frame
    small = al.fit_lmm("phq9 ~ wai_total + (1 | patient)", frame, reml=False)
    large = al.fit_lmm("phq9 ~ wai_total + session + (1 | patient)", frame, reml=False)
    files = [
        frame.assign(phq9=frame["phq9"].fillna(frame["phq9"].mean() + k)) for k in (-1.0, 0.0, 1.0)
    ]
    pooled = [
        al.lmm.pool([al.fit_lmm(fit.formula, one, reml=False) for one in files])
        for fit in (small, large)
    ]
    return _run(
        lambda: small.r2(),
        lambda: small.variance_shares(),
        lambda: small.influence(unit="patient"),
        lambda: small.diagnose(),
        lambda: small.bootstrap(20, rng=1),
        lambda: al.lmm.compare_models(small, large),
        lambda: pooled[1].compare(pooled[0]),
    )


def _process() -> list[Any]:
    process, models = few("process"), al.models
    views = {"patient": "wai_total", "therapist": "wai_therapist"}
    return _run(
        lambda: models.fit_event(process),
        lambda: models.fit_mediation(process, mediator="motivation", mediator_at="before", rng=1),
        lambda: models.fit_moderation(process, moderator="treatment", smallest_effect=0.1),
        lambda: models.fit_importance(
            process, predictors=["wai_total", "motivation"], n_boot=20, rng=1
        ),
        lambda: models.fit_perspectives(process, perspectives=views),
    )


def _dyads() -> list[Any]:
    dyads, models = few("dyads"), al.models
    return _run(
        lambda: models.fit_dyads(dyads, bias_simulations=0),
        lambda: models.fit_congruence(dyads, scale=(12, 60)),
        lambda: models.fit_response_surface(dyads, scale=(12, 60), n_boot=0),
    )


def _scores() -> list[Any]:
    reliability, (answers, items) = al.reliability, _answers()
    long = answers.melt(["patient", "session"], items, "item", "rating").dropna()
    study = reliability.g_study(
        long.groupby(["patient", "item"], as_index=False)["rating"].mean(),
        score="rating", objects="patient", facets=["item"],
    )  # fmt: skip
    ends_of = al.load_example("sessions").frame
    ends = al.measures.first_and_last(ends_of, "phq9")
    names = {"patient": "patient", "session": "session"}
    return _run(
        lambda: al.reliability_report(
            answers, "wai_sr", **names, item_prefix="wai", max_missing=1
        ),
        lambda: al.cronbach_alpha(answers[items].dropna()),
        lambda: al.multilevel_reliability(answers, items=items, **names),
        lambda: study,
        lambda: reliability.d_study(study, n={"item": range(1, 5)}),
        lambda: reliability.reliability_of_means(
            ends_of, score="phq9", patient="patient"
        ),
        lambda: al.reliable_change(
            "phq9_first", "phq9_last", frame=ends, reliability=0.84, sd=5.5,
            higher_is_better=False,
        ),
    )  # fmt: skip


def _answers() -> tuple[Any, list[str]]:
    answers = al.load_example("items").frame
    answers = answers[answers["patient"].isin(answers["patient"].unique()[:60])]
    return answers, [name for name in answers.columns if name.startswith("wai")]


def _consistency() -> list[Any]:
    reliability, (answers, items) = al.reliability, _answers()
    complete = answers[items].dropna()
    halves = complete[items[:6]].sum(axis=1), complete[items[6:]].sum(axis=1)
    return _run(
        lambda: al.mcdonald_omega(complete),
        lambda: reliability.categorical_omega(complete[items[:4]]),
        lambda: reliability.guttman_lambdas(complete),
        lambda: reliability.split_half(complete),
        lambda: reliability.item_statistics(complete),
        lambda: reliability.test_retest(*halves),
        lambda: reliability.bland_altman(*halves),
        lambda: reliability.concordance(*halves),
        lambda: reliability.standard_error_of_measurement(reliability=0.86, sd=5.5),
        lambda: reliability.disattenuated_correlation(
            0.3, reliability_x=0.85, reliability_y=0.8, n=120
        ),
        lambda: al.measures.score_report(answers, "wai_sr", item_prefix="wai", max_missing=1),
    )


def _agreement() -> list[Any]:
    reliability, (answers, items) = al.reliability, _answers()
    raters = answers[items[:3]].dropna().head(60).reset_index(drop=True)
    long = raters.rename_axis("video").reset_index().melt("video", items[:3], "rater", "rating")
    two = raters.ge(4).astype(int)
    return _run(
        lambda: al.icc(long, targets="video", raters="rater", ratings="rating"),
        lambda: reliability.cohen_kappa(two[items[0]], two[items[1]]),
        lambda: reliability.gwet_ac(two),
        lambda: reliability.krippendorff_alpha(two, metric="nominal", n_boot=200, rng=1),
        lambda: reliability.percent_agreement(two),
        lambda: reliability.rwg(answers, items=items, group="patient", scale=(1, 5)),
        lambda: reliability.aggregation_icc(answers, score=items[0], units="patient"),
    )


def _factors() -> list[Any]:
    reliability, (answers, items) = al.reliability, _answers()
    four = {"items": items[:4], "cluster": "patient"}
    half = answers["patient"].isin(answers["patient"].unique()[::2])
    return _run(
        lambda: reliability.multilevel_alpha(answers, **four),
        lambda: reliability.multilevel_omega(answers, **four),
        lambda: reliability.measurement_invariance(
            answers.assign(site=half.map({True: "a", False: "b"})),
            factors={"alliance": items[:4]}, groups="site",
        ),
        lambda: al.sem.fit_sem(al.sem.factor_model({"f": items[:4]}), answers[items].dropna()),
    )  # fmt: skip


def _studies() -> list[Any]:
    meta = al.meta
    table = effects()
    first = table.drop_duplicates("study").head(30)
    fit = al.fit_meta(first)
    regression = al.fit_meta(first, mods="year")
    correlations = al.effect_sizes(
        al.load_example("effects").drop_duplicates("study").dropna(subset="r"),
        ri="r", ni="n", measure="COR",
    )  # fmt: skip
    multilevel = al.fit_meta_multilevel(table.head(60), rho=0.6)
    return _run(
        lambda: fit,
        lambda: multilevel,
        lambda: fit.permutation_test(n=200, rng=1),
        lambda: meta.egger_test(fit),
        lambda: meta.trim_fill(fit),
        lambda: meta.leave_one_out(fit),
        lambda: meta.cumulative(fit, order=first["year"]),
        lambda: meta.influence(fit),
        lambda: meta.baujat(al.fit_meta(first, method="EE")),
        lambda: meta.regression_lines(regression, "year"),
        lambda: meta.funnel_frame(fit),
        lambda: fit.profile(),
        lambda: meta.selection_model(fit),
        lambda: meta.failsafe_n(fit),
        lambda: meta.begg_test(fit),
        lambda: meta.pet_peese(fit),
        lambda: meta.bias_report(fit),
        lambda: meta.reproduce("flueckiger_2018"),
        lambda: al.check_statistics("t(28) = 2.20, p = .036, and r(38) = .28, p = .01."),
        lambda: meta.correct_attenuation(correlations, reliability_x=0.85),
    )
