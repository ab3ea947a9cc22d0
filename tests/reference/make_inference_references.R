# Kenward-Roger (pbkrtest) and F tests (lmerTest) at tight settings: Rscript make_inference_references.R
# Writes inference/tests.json from data that make_references.R writes.

suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(pbkrtest)
  library(jsonlite)
})

args <- commandArgs(trailingOnly = FALSE)
folder <- dirname(normalizePath(sub("--file=", "", grep("--file=", args, value = TRUE))))
control <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = .2, rhoend = 1e-9, maxfun = 1e6),
  calc.derivs = FALSE
)

# Case: data, formula, and the coefficients tested together (positions among the fixed effects).
cases <- list(
  three_level = list(
    data = "sessions.csv",
    formula = paste(
      "symptom ~ session + alliance_within + alliance_patient_between +",
      "alliance_therapist_between + (1 + alliance_within | patient) +",
      "(1 + alliance_within | therapist)"
    ),
    together = c(3, 4, 5)
  ),
  few_therapists = list(
    data = "sessions.csv", keep = 8,
    formula = paste(
      "symptom ~ session + alliance_within + alliance_patient_between +",
      "alliance_therapist_between + (1 | patient) + (1 | therapist)"
    ),
    together = c(4, 5)
  ),
  unbalanced = list(
    data = "unbalanced.csv",
    formula = "symptom ~ session + alliance_within + (1 + alliance_within | patient)",
    together = c(2, 3)
  ),
  crossed = list(
    data = "ratings.csv",
    formula = "symptom ~ session + alliance_within + (1 + alliance_within | patient) + (1 | rater)",
    together = c(2, 3)
  ),
  uncorrelated = list(
    data = "sessions.csv",
    formula = "symptom ~ session + alliance_within + (1 + alliance_within || patient)",
    together = c(2, 3)
  )
)

fitted_case <- function(case) {
  frame <- read.csv(file.path(folder, case$data))
  if (!is.null(case$keep)) frame <- frame[frame$therapist %in% unique(frame$therapist)[1:case$keep], ]
  fit <- lmerTest::lmer(as.formula(case$formula), frame, control = control)
  plain <- lme4::lmer(as.formula(case$formula), frame, control = control)
  adjusted <- vcovAdj(plain)
  p <- length(fixef(fit))
  unit <- diag(p)
  together <- unit[case$together, , drop = FALSE]
  kr <- KRmodcomp(plain, together)$stats
  joint <- contestMD(fit, together)
  list(
    data = case$data, keep = case$keep, formula = case$formula, together = case$together,
    names = names(fixef(fit)),
    singular = isSingular(fit),
    adjusted = unname(as.matrix(adjusted)),
    df = sapply(seq_len(p), function(i) Lb_ddf(unit[i, ], vcov(plain), adjusted)),
    kenward_roger = list(
      statistic = kr$Fstat, df_numerator = kr$ndf, df_denominator = kr$ddf, p_value = kr$p.value
    ),
    satterthwaite = list(
      statistic = joint[["F value"]], df_numerator = joint$NumDF, df_denominator = joint$DenDF,
      p_value = joint[["Pr(>F)"]]
    )
  )
}

versions <- c(R = paste(R.version$major, R.version$minor, sep = "."), sapply(
  c("lme4", "lmerTest", "pbkrtest"), function(p) as.character(packageVersion(p))
))
dir.create(file.path(folder, "inference"), showWarnings = FALSE)
write_json(
  list(versions = as.list(versions), cases = lapply(cases, fitted_case)),
  file.path(folder, "inference", "tests.json"),
  digits = 15, auto_unbox = TRUE, pretty = TRUE, null = "null"
)
