# Cluster-robust tests (clubSandwich) at tight settings: Rscript make_robust_references.R
# Writes robust/cluster.json from data that make_references.R writes.

suppressPackageStartupMessages({
  library(lme4)
  library(clubSandwich)
  library(jsonlite)
})

args <- commandArgs(trailingOnly = FALSE)
folder <- dirname(normalizePath(sub("--file=", "", grep("--file=", args, value = TRUE))))
control <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = .2, rhoend = 1e-9, maxfun = 1e6),
  calc.derivs = FALSE
)

# Case: data, formula, the highest unit, and the coefficients tested together (positions).
between <- "symptom ~ session + alliance_within + alliance_patient_between + alliance_therapist_between"
cases <- list(
  patients = list(
    data = "unbalanced.csv", cluster = "patient", together = c(2, 3),
    formula = "symptom ~ session + alliance_within + (1 + alliance_within | patient)"
  ),
  therapists_intercepts = list(
    data = "sessions.csv", cluster = "therapist", together = c(3, 4, 5),
    formula = paste(between, "+ (1 | patient) + (1 | therapist)")
  ),
  therapists_slopes = list(
    data = "sessions.csv", cluster = "therapist", together = c(3, 4, 5),
    formula = paste(
      between, "+ (1 + alliance_within | patient) + (1 + alliance_within | therapist)"
    )
  ),
  few_therapists = list(
    data = "sessions.csv", keep = 8, cluster = "therapist", together = c(4, 5),
    formula = paste(between, "+ (1 | patient) + (1 | therapist)")
  ),
  arms = list(
    data = "arms.csv", cluster = "therapist", together = c(2, 3),
    formula = "symptom ~ arm + session + (1 | patient) + (1 | therapist)"
  )
)

robust_case <- function(case) {
  frame <- read.csv(file.path(folder, case$data))
  if (!is.null(case$keep)) frame <- frame[frame$therapist %in% unique(frame$therapist)[1:case$keep], ]
  frame <- frame[complete.cases(frame[all.vars(as.formula(case$formula))]), ]
  out <- list(
    data = case$data, keep = case$keep, formula = case$formula, cluster = case$cluster,
    together = case$together
  )
  for (reml in c(TRUE, FALSE)) {
    fit <- lme4::lmer(as.formula(case$formula), frame, control = control, REML = reml)
    out$names <- names(fixef(fit))
    out$singular <- isSingular(fit)
    kinds <- list()
    for (kind in c("CR0", "CR1", "CR1S", "CR2")) {
      covariance <- vcovCR(fit, cluster = frame[[case$cluster]], type = kind)
      single <- coef_test(fit, vcov = covariance, test = "Satterthwaite")
      joint <- Wald_test(
        fit, constraints = constrain_zero(case$together), vcov = covariance, test = "HTZ"
      )
      kinds[[kind]] <- list(
        vcov = unname(as.matrix(covariance)), estimate = single$beta, se = single$SE,
        df = single$df_Satt, p_value = single$p_Satt,
        joint = list(
          statistic = joint$Fstat, df_numerator = joint$df_num, df_denominator = joint$df_denom,
          p_value = joint$p_val
        )
      )
    }
    out[[if (reml) "reml" else "ml"]] <- kinds
  }
  out
}

versions <- sapply(
  c("lme4", "clubSandwich", "Matrix"), function(package) as.character(packageVersion(package))
)
found <- lapply(cases, robust_case)
dir.create(file.path(folder, "robust"), showWarnings = FALSE)
write(
  toJSON(
    list(versions = as.list(c(R = as.character(getRversion()), versions)), cases = found),
    digits = 15, auto_unbox = TRUE, pretty = TRUE, null = "null"
  ),
  file.path(folder, "robust", "cluster.json")
)
