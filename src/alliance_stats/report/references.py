"""References of the methods, and which kinds of results rest on which of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """One work of the literature; `journal` is the publisher of a book.

    Attributes
    ----------
    key, authors, year, title, journal : str
        Authors as APA style has them, joined by ``;``.
    volume, issue, pages, doi : str
        Empty where there is none or it is not known.
    """

    key: str
    authors: str
    year: str
    title: str
    journal: str
    volume: str = ""
    issue: str = ""
    pages: str = ""
    doi: str = ""


_WORKS = (
    Reference("appelbaum2018", "Appelbaum, M.; Cooper, H.; Kline, R. B.; Mayo-Wilson, E.; "
              "Nezu, A. M.; Rao, S. M.", "2018",
              "Journal article reporting standards for quantitative research in psychology: The "
              "APA Publications and Communications Board task force report",
              "American Psychologist", "73", "1", "3–25", "10.1037/amp0000191"),
    Reference("baldwin2007", "Baldwin, S. A.; Wampold, B. E.; Imel, Z. E.", "2007",
              "Untangling the alliance-outcome correlation: Exploring the relative importance of "
              "therapist and patient variability in the alliance",
              "Journal of Consulting and Clinical Psychology", "75", "6", "842–852"),
    Reference("bates2015", "Bates, D.; Mächler, M.; Bolker, B.; Walker, S.", "2015",
              "Fitting linear mixed-effects models using lme4", "Journal of Statistical Software",
              "67", "1", "1–48", "10.18637/jss.v067.i01"),
    Reference("bauer2005", "Bauer, D. J.; Curran, P. J.", "2005",
              "Probing interactions in fixed and multilevel regression: Inferential and graphical "
              "techniques", "Multivariate Behavioral Research", "40", "3", "373–400",
              "10.1207/s15327906mbr4003_5"),
    Reference("bauer2006", "Bauer, D. J.; Preacher, K. J.; Gil, K. M.", "2006",
              "Conceptualizing and testing random indirect effects and moderated mediation in "
              "multilevel models: New procedures and recommendations", "Psychological Methods",
              "11", "2", "142–163", "10.1037/1082-989X.11.2.142"),
    Reference("cinelli2020", "Cinelli, C.; Hazlett, C.", "2020",
              "Making sense of sensitivity: Extending omitted variable bias",
              "Journal of the Royal Statistical Society: Series B", "82", "1", "39–67",
              "10.1111/rssb.12348"),
    Reference("cronbach1951", "Cronbach, L. J.", "1951",
              "Coefficient alpha and the internal structure of tests", "Psychometrika", "16", "3",
              "297–334", "10.1007/BF02310555"),
    Reference("curran2011", "Curran, P. J.; Bauer, D. J.", "2011",
              "The disaggregation of within-person and between-person effects in longitudinal "
              "models of change", "Annual Review of Psychology", "62", "", "583–619",
              "10.1146/annurev.psych.093008.100356"),
    Reference("duval2000", "Duval, S.; Tweedie, R.", "2000",
              "Trim and fill: A simple funnel-plot-based method of testing and adjusting for "
              "publication bias in meta-analysis", "Biometrics", "56", "2", "455–463",
              "10.1111/j.0006-341X.2000.00455.x"),
    Reference("edwards1993", "Edwards, J. R.; Parry, M. E.", "1993",
              "On the use of polynomial regression equations as an alternative to difference "
              "scores in organizational research", "Academy of Management Journal", "36", "6",
              "1577–1613"),
    Reference("egger1997", "Egger, M.; Davey Smith, G.; Schneider, M.; Minder, C.", "1997",
              "Bias in meta-analysis detected by a simple, graphical test", "BMJ", "315", "7109",
              "629–634", "10.1136/bmj.315.7109.629"),
    Reference("enders2007", "Enders, C. K.; Tofighi, D.", "2007",
              "Centering predictor variables in cross-sectional multilevel models: A new look at "
              "an old issue", "Psychological Methods", "12", "2", "121–138",
              "10.1037/1082-989X.12.2.121"),
    Reference("geldhof2014", "Geldhof, G. J.; Preacher, K. J.; Zyphur, M. J.", "2014",
              "Reliability estimation in a multilevel confirmatory factor analysis framework",
              "Psychological Methods", "19", "1", "72–91", "10.1037/a0032138"),
    Reference("hamaker2015", "Hamaker, E. L.; Kuiper, R. M.; Grasman, R. P. P. P.", "2015",
              "A critique of the cross-lagged panel model", "Psychological Methods", "20", "1",
              "102–116", "10.1037/a0038889"),
    Reference("jacobson1991", "Jacobson, N. S.; Truax, P.", "1991",
              "Clinical significance: A statistical approach to defining meaningful change in "
              "psychotherapy research", "Journal of Consulting and Clinical Psychology", "59", "1",
              "12–19", "10.1037/0022-006X.59.1.12"),
    Reference("kenny2006", "Kenny, D. A.; Kashy, D. A.; Cook, W. L.", "2006",
              "Dyadic data analysis", "Guilford"),
    Reference("kenward1997", "Kenward, M. G.; Roger, J. H.", "1997",
              "Small sample inference for fixed effects from restricted maximum likelihood",
              "Biometrics", "53", "3", "983–997", "10.2307/2533558"),
    Reference("knapp2003", "Knapp, G.; Hartung, J.", "2003",
              "Improved tests for a random effects meta-regression with a single covariate",
              "Statistics in Medicine", "22", "17", "2693–2710", "10.1002/sim.1482"),
    Reference("kuznetsova2017", "Kuznetsova, A.; Brockhoff, P. B.; Christensen, R. H. B.", "2017",
              "lmerTest package: Tests in linear mixed effects models",
              "Journal of Statistical Software", "82", "13", "1–26", "10.18637/jss.v082.i13"),
    Reference("ludtke2008", "Lüdtke, O.; Marsh, H. W.; Robitzsch, A.; Trautwein, U.; "
              "Asparouhov, T.; Muthén, B.", "2008",
              "The multilevel latent covariate model: A new, more reliable approach to group-level "
              "effects in contextual studies", "Psychological Methods", "13", "3", "203–229",
              "10.1037/a0012869"),
    Reference("luo2013", "Luo, W.; Azen, R.", "2013",
              "Determining predictor importance in hierarchical linear models using dominance "
              "analysis", "Journal of Educational and Behavioral Statistics", "38", "1", "3–31"),
    Reference("mcdonald1999", "McDonald, R. P.", "1999", "Test theory: A unified treatment",
              "Erlbaum"),
    Reference("nickell1981", "Nickell, S.", "1981", "Biases in dynamic models with fixed effects",
              "Econometrica", "49", "6", "1417–1426", "10.2307/1911408"),
    Reference("preacher2010", "Preacher, K. J.; Zyphur, M. J.; Zhang, Z.", "2010",
              "A general multilevel SEM framework for assessing multilevel mediation",
              "Psychological Methods", "15", "3", "209–233", "10.1037/a0020141"),
    Reference("pustejovsky2018", "Pustejovsky, J. E.; Tipton, E.", "2018",
              "Small-sample methods for cluster-robust variance estimation and hypothesis testing "
              "in fixed effects models", "Journal of Business & Economic Statistics", "36", "4",
              "672–683", "10.1080/07350015.2016.1247004"),
    Reference("pustejovsky2022", "Pustejovsky, J. E.; Tipton, E.", "2022",
              "Meta-analysis with robust variance estimation: Expanding the range of working "
              "models", "Prevention Science", "23", "3", "425–438", "10.1007/s11121-021-01246-3"),
    Reference("rubin1987", "Rubin, D. B.", "1987",
              "Multiple imputation for nonresponse in surveys", "Wiley"),
    Reference("schuirmann1987", "Schuirmann, D. J.", "1987",
              "A comparison of the two one-sided tests procedure and the power approach for "
              "assessing the equivalence of average bioavailability",
              "Journal of Pharmacokinetics and Biopharmaceutics", "15", "6", "657–680",
              "10.1007/BF01068419"),
    Reference("simonsohn2020", "Simonsohn, U.; Simmons, J. P.; Nelson, L. D.", "2020",
              "Specification curve analysis", "Nature Human Behaviour", "4", "11", "1208–1214",
              "10.1038/s41562-020-0912-z"),
    Reference("singer1993", "Singer, J. D.; Willett, J. B.", "1993",
              "It's about time: Using discrete-time survival analysis to study duration and the "
              "timing of events", "Journal of Educational Statistics", "18", "2", "155–195",
              "10.3102/10769986018002155"),
    Reference("singer2003", "Singer, J. D.; Willett, J. B.", "2003",
              "Applied longitudinal data analysis", "Oxford University Press"),
    Reference("steegen2016", "Steegen, S.; Tuerlinckx, F.; Gelman, A.; Vanpaemel, W.", "2016",
              "Increasing transparency through a multiverse analysis",
              "Perspectives on Psychological Science", "11", "5", "702–712",
              "10.1177/1745691616658637"),
    Reference("vevea1995", "Vevea, J. L.; Hedges, L. V.", "1995",
              "A general linear model for estimating effect size in the presence of publication "
              "bias", "Psychometrika", "60", "3", "419–435", "10.1007/BF02294384"),
    Reference("viechtbauer2005", "Viechtbauer, W.", "2005",
              "Bias and efficiency of meta-analytic variance estimators in the random-effects "
              "model", "Journal of Educational and Behavioral Statistics", "30", "3", "261–293",
              "10.3102/10769986030003261"),
    Reference("viechtbauer2010", "Viechtbauer, W.", "2010",
              "Conducting meta-analyses in R with the metafor package",
              "Journal of Statistical Software", "36", "3", "1–48", "10.18637/jss.v036.i03"),
    Reference("viechtbauer2010b", "Viechtbauer, W.; Cheung, M. W.-L.", "2010",
              "Outlier and influence diagnostics for meta-analysis", "Research Synthesis Methods",
              "1", "2", "112–125", "10.1002/jrsm.11"),
    Reference("west2011", "West, T. V.; Kenny, D. A.", "2011",
              "The truth and bias model of judgment", "Psychological Review", "118", "2",
              "357–378"),
)  # fmt: skip

#: Every work by its key.
WORKS = {work.key: work for work in _WORKS}

_MIXED = ("bates2015",)
_SPLIT = ("bates2015", "curran2011", "enders2007")
_META = ("viechtbauer2005", "viechtbauer2010")
#: The works that a kind of view rests on; tests and pooling are added by what the view says.
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
    "importance": (*_SPLIT, "luo2013"),
    "perspectives": _SPLIT,
    "congruence": (*_SPLIT, "west2011"),
    "surface": (*_MIXED, "edwards1993"),
    "dyads": (*_MIXED, "kenny2006", "nickell1981"),
    "cross_lagged": ("hamaker2015",),
    "latent_within_between": ("ludtke2008",),
    "confounding": ("cinelli2020",),
    "multiverse": ("simonsohn2020", "steegen2016"),
    "alpha": ("cronbach1951",),
    "omega": ("mcdonald1999",),
    "multilevel_reliability": ("geldhof2014",),
    "reliable_change": ("jacobson1991",),
    "meta": _META,
    "participants": (*_MIXED, *_META),
    "meta_multilevel": (*_META, "pustejovsky2022"),
    "meta_egger": ("egger1997",),
    "meta_trim_fill": ("duval2000",),
    "meta_selection": ("vevea1995",),
    "meta_influence": ("viechtbauer2010b",),
    "meta_leave_one_out": ("viechtbauer2010b",),
}
