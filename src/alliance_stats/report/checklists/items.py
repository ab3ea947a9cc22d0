"""What the reporting standards ask for: JARS–Quant of longitudinal studies, and MARS.

After Appelbaum et al. (2018); every item in words of our own. The third entry is what of a view
fills it; without one it is for the author.
"""

from __future__ import annotations

#: Section, what is asked for, and the answer's name.
Item = tuple[str, str, str]

JARS: tuple[Item, ...] = (
    ("Title and abstract", "Variables, sample and design named", ""),
    ("Introduction", "Problem, its importance, and earlier work", ""),
    ("Introduction", "Hypotheses, which of them were set before the data were seen", ""),
    ("Method: participants", "Inclusion and exclusion of patients, therapists and sessions", ""),
    ("Method: participants", "Characteristics of patients and therapists", ""),
    ("Method: sampling", "Where, when and how data were collected; consent and ethics", ""),
    ("Method: sample size", "Intended size, its reason, power, and any stopping rule", ""),
    ("Method: sample size", "Number of units analysed at each level", "units"),
    ("Method: measures", "Measures, who rated, when in the session, and how often", "timing"),
    ("Method: measures", "Reliability of scores in this sample, within and between patients",
     "reliability"),
    ("Method: design", "Treatment, its conditions, and how patients came to therapists", ""),
    ("Method: longitudinal", "Occasions of measurement and how time entered", "time"),
    ("Method: longitudinal", "Attrition and what goes with it", ""),
    ("Method: data", "Missing values: how many, why, and how treated", "missing"),
    ("Method: data", "Rows left out after collection, and transformations", "missing"),
    ("Method: analysis", "Statistical model, centring and levels", "model"),
    ("Method: analysis", "Estimation, tests and degrees of freedom", "estimation"),
    ("Method: analysis", "Software and versions", "software"),
    ("Results: descriptives", "Means, SDs, ICCs and correlations at each level", "descriptives"),
    ("Results: estimates", "Estimates with standard errors and confidence intervals", "estimates"),
    ("Results: estimates", "Effect sizes, standardised at their level", "sizes"),
    ("Results: estimates", "Variance components", "variances"),
    ("Results: problems", "Convergence, singular fits and violated assumptions", "problems"),
    ("Results: further", "Analyses of sensitivity; which analyses are exploratory", "sensitivity"),
    ("Discussion", "Results against the hypotheses, inconclusive ones named so", ""),
    ("Discussion", "Limits: confounding, measurement, whom the results stand for", ""),
    ("Openness", "Availability of data, code and materials; registration; funding", "code"),
)  # fmt: skip

MARS: tuple[Item, ...] = (
    ("Title and abstract", "Question, studies, and main result with its interval", ""),
    ("Introduction", "Question, its importance, and moderators expected", ""),
    ("Method: selection", "Criteria of inclusion, of studies and of effect sizes", ""),
    ("Method: search", "Sources, dates, search terms, unpublished work", ""),
    ("Method: coding", "What was coded, by whom, and agreement of coders", ""),
    ("Method: quality", "Risk of bias of the studies", ""),
    ("Method: effects", "Metric of effect sizes and how they were made", "measure"),
    ("Method: effects", "Dependent effects of one study and how they were treated", "dependence"),
    ("Method: analysis", "Model, estimator of heterogeneity, weights", "model"),
    ("Method: analysis", "Tests and intervals", "estimation"),
    ("Method: analysis", "Software and versions", "software"),
    ("Results: studies", "Flow of studies, and why studies were left out", "missing"),
    ("Results: studies", "Number of studies and of effect sizes", "units"),
    ("Results: studies", "Table of the studies with their effect sizes", "forest"),
    ("Results: estimates", "Mean effect with interval and prediction interval", "estimates"),
    ("Results: heterogeneity", "Q, τ², I² and their intervals", "heterogeneity"),
    ("Results: moderators", "Moderators, tested together, with intervals", "moderators"),
    ("Results: bias", "Publication bias, and what results would be without it", "bias"),
    ("Results: further", "Influential studies and other analyses of sensitivity", "influence"),
    ("Discussion", "Findings, alternative explanations, whom they stand for", ""),
    ("Openness", "Availability of data and code; registration; funding", "code"),
)
