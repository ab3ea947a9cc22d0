"""Which works a view rests on: by its kind, and by the tests and estimators that it names."""

from __future__ import annotations

from alliance_stats._base.views import ResultView
from alliance_stats.report.citing.measurement import MEASUREMENT
from alliance_stats.report.citing.models import MODELS
from alliance_stats.report.citing.syntheses import SYNTHESES
from alliance_stats.report.wording.words import fit_value

#: Every work by its key.
WORKS = {work.key: work for work in (*MODELS, *SYNTHESES, *MEASUREMENT)}

_MIXED = ("bates2015",)
_SPLIT = ("bates2015", "curran2011", "enders2007")
_META = ("viechtbauer2005", "viechtbauer2010")
#: The works that a kind of view rests on; what a view says of its methods adds others.
KINDS: dict[str, tuple[str, ...]] = {
    "lmm": _MIXED,
    "glmm": _MIXED,
    "within_between": (*_SPLIT, "baldwin2007"),
    "lagged": (*_SPLIT, "nickell1981"),
    "outcome": (*_MIXED, "baldwin2007"),
    "therapist": (*_SPLIT, "baldwin2007"),
    "growth": (*_MIXED, "singer2003"),
    "event": (*_MIXED, "singer1993"),
    "mediation": (*_SPLIT, "bauer2006", "preacher2010"),
    "moderation": (*_SPLIT, "bauer2005", "schuirmann1987"),
    "importance": (*_SPLIT, "luo2013", "rights2019"),
    "perspectives": _SPLIT,
    "congruence": (*_SPLIT, "west2011"),
    "surface": (*_MIXED, "edwards1993", "humberg2019", "nestler2019"),
    "dyads": (*_MIXED, "kenny2006", "nickell1981", "pinheiro2000"),
    "ruptures": ("eubankscarter2012",),
    "rupture_outcome": (*_MIXED, "eubankscarter2012"),
    "latent_within_between": ("ludtke2008",),
    "confounding": ("cinelli2020",),
    "multiverse": ("simonsohn2020", "steegen2016"),
    "r2": ("nakagawa2013", "rights2019"),
    "influence": ("loy2014",),
    "diagnosis": ("loy2014",),
    "alpha": ("cronbach1951", "feldt1965"),
    "aggregation": ("james1984", "mcgraw1996"),
    "bland_altman": ("bland1999",),
    "concordance": ("lin1989",),
    "d_study": ("brennan2001",),
    "disattenuated": ("spearman1904",),
    "g_study": ("brennan2001",),
    "gwet": ("gwet2008",),
    "icc": ("mcgraw1996", "shrout1979"),
    "invariance": ("cheung2002",),
    "krippendorff": ("hayes2007",),
    "lambdas": ("guttman1945",),
    "multilevel_alpha": ("geldhof2014", "lai2021"),
    "multilevel_omega": ("geldhof2014", "lai2021"),
    "multilevel_reliability": ("cranford2006",),
    "omega": ("mcdonald1999",),
    "omega_categorical": ("green2009", "mcdonald1999"),
    "reliability_report": (
        "cranford2006", "cronbach1951", "geldhof2014", "lai2021", "mcdonald1999",
    ),
    "reliable_change": ("jacobson1991",),
    "rwg": ("james1984",),
    "split_half": ("spearman1910",),
    "statcheck": ("nuijten2016",),
    "meta": _META,
    "meta_attenuation": ("hunter2004",),
    "meta_baujat": ("baujat2002",),
    "meta_begg": ("begg1994",),
    "meta_bubble": _META,
    "meta_cumulative": ("lau1992",),
    "meta_egger": ("egger1997",),
    "meta_funnel": ("peters2008", "sterne2001"),
    "meta_influence": ("viechtbauer2010b",),
    "meta_leave_one_out": ("viechtbauer2010b",),
    "meta_multilevel": ("vandennoortgate2013", "viechtbauer2010"),
    "meta_permutation": ("higgins2004",),
    "meta_pet_peese": ("stanley2014",),
    "meta_trim_fill": ("duval2000",),
    "participants": (*_MIXED, *_META, "burke2017"),
}  # fmt: skip

#: Works by words in what a view says of its tests, intervals and residuals.
_SAID = {
    "satterthwaite": "kuznetsova2017",
    "kenward-roger": "kenward1997",
    "barnard–rubin": "barnard1999",
    "knapp–hartung": "knapp2003",
    "knha": "knapp2003",
    "adhoc": "knapp2003",
    "cr2": "pustejovsky2018",
    "cr0": "liang1986",
    "cr1": "liang1986",
    "autoregression": "pinheiro2000",
    "q-profile": "viechtbauer2007",
    "prediction intervals": "riley2011",
}
_ESTIMATORS = {
    "DL": "dersimonian1986",
    "EB": "morris1983",
    "HE": "hedges1985",
    "HS": "hunter2004",
    "HSk": "brannick2019",
    "PM": "paule1982",
    "SJ": "sidik2005",
}
_FAILSAFE = {"rosenthal": "rosenthal1979", "orwin": "orwin1983", "rosenberg": "rosenberg2005"}
_PANELS = {
    "ri-clpm": ("hamaker2015",),
    "clpm": ("hamaker2015",),
    "dpm": ("allison2017",),
    "lcm-sr": ("curran2014",),
}


def reference_keys(view: ResultView) -> list[str]:
    """Keys of the works that a view rests on, each once."""
    found = [*KINDS.get(view.kind, ()), *_of_tests(view), *_of_kind(view)]
    if fit_value(view, "n_imputations") is not None:
        found.append("rubin1987")
    return list(dict.fromkeys(found))


def _of_tests(view: ResultView) -> list[str]:
    """Works of tests, intervals and residuals, by the words of the view for them.

    Robust tests name Satterthwaite too, whose works are not those of `kuznetsova2017` there.
    """
    test = view.labels.get("test_words") or str(fit_value(view, "test") or "")
    said = " ".join((view.labels.get("ddf", ""), test, *_of_residuals(view))).lower()
    notes = " ".join(view.notes).lower() if view.kind.startswith("meta") else ""
    keys = [work for word, work in _SAID.items() if word in said]
    keys += [_SAID[word] for word in ("q-profile", "prediction intervals") if word in notes]
    robust = "cr0" in said or "cr1" in said or "cr2" in said
    return [key for key in keys if not (robust and key == "kuznetsova2017")]


def _of_residuals(view: ResultView) -> list[str]:
    """What the view says of residuals that are not independent."""
    structured = "autoregression" if view.labels.get("residual") else ""
    return [structured, *(note for note in view.notes if note.startswith("Residuals"))]


def _of_kind(view: ResultView) -> list[str]:
    """Works of the variant that a view of a kind reports."""
    if view.kind.startswith("meta") or view.kind == "participants":
        return _of_synthesis(view)
    if view.kind == "cross_lagged":
        full = ["enders2001"] if view.labels.get("missing") == "fiml" else []
        robust = ["yuan2000"] if "robust" in " ".join(view.notes).lower() else []
        return [*_PANELS.get(view.labels.get("model", ""), ()), *full, *robust]
    if view.kind == "kappa":
        return _of_kappa(view.title.lower())
    return []


def _of_synthesis(view: ResultView) -> list[str]:
    method = str(fit_value(view, "method") or "")
    if view.kind == "meta_failsafe":
        return [_FAILSAFE[method]] if method in _FAILSAFE else []
    if view.kind == "meta_selection":
        return ["citkowicz2017" if view.labels.get("kind") == "beta" else "vevea1995"]
    if view.kind == "meta_reproduce":
        return ["fluckiger2018"] if "flueckiger_2018" in str(fit_value(view, "key")) else []
    held = fit_value(view, "rho")
    correlated = ["pustejovsky2022"] if view.kind == "meta_multilevel" and held else []
    return [*([_ESTIMATORS[method]] if method in _ESTIMATORS else []), *correlated]


def _of_kappa(title: str) -> list[str]:
    if "fleiss" in title:
        return ["fleiss1971"]
    return ["cohen1968"] if "weight" in title else ["cohen1960"]
