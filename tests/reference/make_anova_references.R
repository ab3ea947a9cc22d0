# Type III tests of terms (lmerTest) at tight settings: Rscript make_anova_references.R
# Writes robust/anova.json from data that make_references.R writes.

suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(jsonlite)
})

args <- commandArgs(trailingOnly = FALSE)
folder <- dirname(normalizePath(sub("--file=", "", grep("--file=", args, value = TRUE))))
control <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = .2, rhoend = 1e-9, maxfun = 1e6),
  calc.derivs = FALSE
)

# The frame has a factor "phase" beside the columns of the file: session 1 or 2, or later.
random <- "+ (1 | patient) + (1 | therapist)"
cases <- list(
  no_interaction = list(data = "arms.csv", formula = paste("symptom ~ arm + session", random)),
  factor_by_covariate = list(
    data = "sessions.csv",
    formula = paste("symptom ~ session + treatment * alliance_within", random)
  ),
  two_factors = list(data = "arms.csv", formula = paste("symptom ~ clinic * phase + session", random)),
  two_factors_and_covariate = list(
    data = "arms.csv", formula = paste("symptom ~ arm * phase * alliance_within", random)
  ),
  nested_factor = list(data = "arms.csv", formula = paste("symptom ~ phase + phase:clinic", random)),
  slopes_only = list(
    data = "sessions.csv", formula = paste("symptom ~ treatment + treatment:alliance_within", random)
  ),
  curve = list(data = "arms.csv", formula = paste("symptom ~ arm * poly(session, 2)", random)),
  no_intercept = list(data = "arms.csv", formula = paste("symptom ~ 0 + arm + session", random))
)

rows_of <- function(table) {
  list(
    term = rownames(table), statistic = table[["F value"]], df_numerator = table[["NumDF"]],
    df_denominator = table[["DenDF"]], p_value = table[["Pr(>F)"]]
  )
}

anova_case <- function(case) {
  frame <- read.csv(file.path(folder, case$data))
  frame$phase <- ifelse(frame$session <= 2, "early", "late")
  fit <- lmerTest::lmer(as.formula(case$formula), frame, control = control)
  list(
    data = case$data, formula = case$formula, singular = isSingular(fit),
    satterthwaite = rows_of(anova(fit, type = 3)),
    `kenward-roger` = rows_of(anova(fit, type = 3, ddf = "Kenward-Roger"))
  )
}

versions <- sapply(
  c("lme4", "lmerTest", "pbkrtest"), function(package) as.character(packageVersion(package))
)
found <- lapply(cases, anova_case)
dir.create(file.path(folder, "robust"), showWarnings = FALSE)
write(
  toJSON(
    list(versions = as.list(c(R = as.character(getRversion()), versions)), cases = found),
    digits = 15, auto_unbox = TRUE, pretty = TRUE
  ),
  file.path(folder, "robust", "anova.json")
)
