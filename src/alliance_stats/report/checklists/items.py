"""What the reporting standards ask for: JARS–Quant of longitudinal studies, and MARS.

After Appelbaum et al. (2018): their sections in their order, what JARS–Quant asks of every study
(Table 1) and in addition of longitudinal ones, and the standards for meta-analyses; every item in
words of our own. The third entry is what of a view fills it; without one it is for the author.
"""

from __future__ import annotations

#: Section, what is asked for, and the answer's name.
Item = tuple[str, str, str]

JARS: tuple[Item, ...] = (
    ("Title page", "Title: main variables, how they may be related, and the population", ""),
    ("Title page", "Author note: registration, funding, conflicts of interest, other reports from "
     "these data, contact", ""),
    ("Abstract", "Problem and main hypotheses", ""),
    ("Abstract", "Participants, design, sample size, measures and procedure", ""),
    ("Abstract", "Findings with effect sizes and intervals; conclusions", ""),
    ("Introduction", "Problem and why it matters, in theory or in practice", ""),
    ("Introduction", "Earlier work, and how this report differs from others on the same data", ""),
    ("Introduction", "Hypotheses, which of them were set before the data were seen", ""),
    ("Method: participants", "Inclusion and exclusion of patients, therapists and sessions", ""),
    ("Method: participants", "Characteristics of patients and therapists", ""),
    ("Method: sampling", "How participants were found, how many of those asked took part, "
     "settings and dates", ""),
    ("Method: sampling", "Payment, consent, ethics, and monitoring of safety", ""),
    ("Method: sample size", "Intended size, its reason, power, and any stopping rule", ""),
    ("Method: sample size", "Number of units analysed at each level", "units"),
    ("Method: data collection", "How data were collected", ""),
    ("Method: measures", "All measures and covariates, those not analysed too; who rated, when in "
     "the session, and how often", "timing"),
    ("Method: measures", "What was done for the quality of measurement: training, several raters "
     "or observations", ""),
    ("Method: measures", "Instruments, with what is known of them from earlier work", ""),
    ("Method: measures", "Reliability of scores in this sample, within and between patients",
     "reliability"),
    ("Method: masking", "Who knew of hypotheses, conditions or the other's ratings", ""),
    ("Method: design", "Treatment, its conditions, and how patients came to therapists", ""),
    ("Method: data", "Diagnostics: exclusions after collection, outliers, distributions, "
     "transformations", ""),
    ("Method: data", "Rule for missing values in analyses", "rule"),
    ("Method: analysis", "Statistical model, centring and levels", "model"),
    ("Method: analysis", "Estimation, tests and degrees of freedom", "estimation"),
    ("Method: analysis", "Which analyses are primary, secondary and exploratory; how errors of "
     "several tests were held down", ""),
    ("Method: analysis", "Software and versions", "software"),
    ("Method: longitudinal", "Occasions of measurement and how time entered", "time"),
    ("Method: longitudinal", "How participants were kept; attrition at each occasion and what goes "
     "with it", ""),
    ("Method: longitudinal", "What changed for participants meanwhile, such as therapist or "
     "setting", ""),
    ("Method: longitudinal", "Where parts of the data were published, and how far they overlap",
     ""),
    ("Results: flow", "Participants at each stage; dates of recruitment and of measurement", ""),
    ("Results: data", "Missing values: how many, why, and how treated", "missing"),
    ("Results: descriptives", "Means, SDs, ICCs and correlations at each level", "descriptives"),
    ("Results: estimates", "Estimates with standard errors and confidence intervals", "estimates"),
    ("Results: estimates", "Effect sizes, standardised at their level", "sizes"),
    ("Results: estimates", "Variance components", "variances"),
    ("Results: problems", "Convergence, singular fits and violated assumptions", "problems"),
    ("Results: further", "Analyses of sensitivity and of subgroups; exploratory ones named so",
     "sensitivity"),
    ("Discussion", "Support of the hypotheses, primary and secondary; inconclusive results named "
     "so", ""),
    ("Discussion", "Agreement with what others found", ""),
    ("Discussion", "Limits: bias and confounding, imprecise measures, number of tests, sample "
     "size", ""),
    ("Discussion", "Whom the results stand for, and what follows for research and practice", ""),
    ("Openness", "Availability of data, code and materials", "code"),
)  # fmt: skip

MARS: tuple[Item, ...] = (
    ("Title page", "Title: the question, and that it is a meta-analysis", ""),
    ("Title page", "Author note: registration, funding, conflicts of interest, contact", ""),
    ("Abstract", "Objectives and criteria of eligibility", ""),
    ("Abstract", "Methods of synthesis", ""),
    ("Abstract", "Main result with its interval; conclusions", ""),
    ("Introduction", "Problem, its importance, and earlier syntheses", ""),
    ("Introduction", "Question, and moderators expected", ""),
    ("Method: protocol", "Where a protocol can be found, and departures from it", ""),
    ("Method: eligibility", "Criteria of inclusion, of studies and of effect sizes", ""),
    ("Method: search", "Sources, dates of searches, unpublished work, contact with authors", ""),
    ("Method: search", "Search terms and limits", ""),
    ("Method: selection", "How studies were selected, by whom, and with what agreement", ""),
    ("Method: coding", "What was coded, by whom, and agreement of coders", ""),
    ("Method: validity", "How risks to the internal validity of studies were judged", ""),
    ("Method: effects", "Metric of effect sizes and how they were made", "measure"),
    ("Method: synthesis", "Model, estimator of heterogeneity, weights", "model"),
    ("Method: synthesis", "Dependent effects of one study and how they were treated", "dependence"),
    ("Method: synthesis", "Tests and intervals", "estimation"),
    ("Method: synthesis", "Software and versions", "software"),
    ("Method: bias", "How publication bias and selective reporting were examined", "bias"),
    ("Results: studies", "Flow of studies, and why studies were left out", "missing"),
    ("Results: studies", "Number of studies and of effect sizes", "units"),
    ("Results: studies", "Characteristics of the studies, in a table", ""),
    ("Results: studies", "Results of each study with its interval", "forest"),
    ("Results: estimates", "Mean effect with interval and prediction interval", "estimates"),
    ("Results: heterogeneity", "Q, τ², I² and their intervals", "heterogeneity"),
    ("Results: moderators", "Moderators, tested together, with intervals", "moderators"),
    ("Results: validity", "Internal validity of the studies, and results by it", ""),
    ("Results: bias", "Publication bias, and what results would be without it", "bias"),
    ("Results: further", "Influential studies and other analyses of sensitivity", "influence"),
    ("Results: harms", "Adverse and harmful effects in the studies", ""),
    ("Discussion", "Findings and their strength", ""),
    ("Discussion", "Limits of the studies and of the synthesis; alternative explanations", ""),
    ("Discussion", "Whom the results stand for, and what follows for research and practice", ""),
    ("Openness", "Availability of data and code", "code"),
)  # fmt: skip
