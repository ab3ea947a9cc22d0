# Likelihood-ratio tests (anova) and fresh fits of simulated responses: Rscript make_comparison_references.R
# Writes comparison/tests.json, comparison/refits.json and comparison/responses.csv from data that
# make_references.R writes. lme4's refit() divides by n - 1 where REML needs n - p, so every
# response is fitted afresh.

suppressPackageStartupMessages({
  library(lme4)
  library(jsonlite)
})

args <- commandArgs(trailingOnly = FALSE)
folder <- dirname(normalizePath(sub("--file=", "", grep("--file=", args, value = TRUE))))
control <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = .2, rhoend = 1e-9, maxfun = 1e6),
  calc.derivs = FALSE
)
sessions <- read.csv(file.path(folder, "sessions.csv"))
tight <- function(formula, reml, data = sessions) {
  lmer(as.formula(formula), data, REML = reml, control = control)
}

# Case: smaller and larger model, by REML or ML.
fixed <- "symptom ~ session + alliance_within"
cases <- list(
  variance = list(
    smaller = paste(fixed, "+ (1 | patient)"),
    larger = paste(fixed, "+ (1 | patient) + (1 | therapist)"), reml = TRUE
  ),
  slope = list(
    smaller = paste(fixed, "+ (1 | patient) + (1 | therapist)"),
    larger = paste(fixed, "+ (1 + alliance_within | patient) + (1 | therapist)"), reml = TRUE
  ),
  slope_ml = list(
    smaller = paste(fixed, "+ (1 | patient)"),
    larger = paste(fixed, "+ (1 + alliance_within | patient)"), reml = FALSE
  ),
  second_slope = list(
    smaller = paste(fixed, "+ (1 + alliance_within | patient)"),
    larger = paste(fixed, "+ (1 + alliance_within + session | patient)"), reml = TRUE
  ),
  uncorrelated_slope = list(
    smaller = paste(fixed, "+ (1 | patient)"),
    larger = paste(fixed, "+ (1 + alliance_within || patient)"), reml = TRUE
  ),
  correlation = list(
    smaller = paste(fixed, "+ (1 + alliance_within || patient)"),
    larger = paste(fixed, "+ (1 + alliance_within | patient)"), reml = TRUE
  ),
  fixed = list(
    smaller = "symptom ~ session + (1 | patient) + (1 | therapist)",
    larger = paste(fixed, "+ alliance_patient_between + (1 | patient) + (1 | therapist)"),
    reml = FALSE
  )
)

compared <- function(case) {
  one <- tight(case$smaller, case$reml)
  two <- tight(case$larger, case$reml)
  table <- as.data.frame(anova(one, two, refit = FALSE))
  c(case, list(
    parameters = table$npar, loglik = table$logLik, aic = table$AIC, bic = table$BIC,
    statistic = table$Chisq[2], df = table$Df[2], p_plain = table[["Pr(>Chisq)"]][2]
  ))
}

# anova() of REML fits refits them by ML where it is not told otherwise: the same as reml = FALSE.
refitted <- as.data.frame(anova(
  tight(cases$fixed$smaller, TRUE), tight(cases$fixed$larger, TRUE), refit = TRUE
))

model <- paste(fixed, "+ (1 + alliance_within | patient) + (1 | therapist)")
truth <- tight(model, TRUE)
drawn <- round(simulate(truth, nsim = 6, seed = 20180101), 4)
names(drawn) <- paste0("response_", seq_along(drawn))
fresh <- function(y, reml) {
  data <- sessions
  data$symptom <- y
  fit <- tight(model, reml, data)
  table <- as.data.frame(VarCorr(fit))
  list(
    beta = unname(fixef(fit)), se = unname(sqrt(diag(as.matrix(vcov(fit))))),
    loglik = as.numeric(logLik(fit)), group = table$grp, sdcor = table$sdcor, sigma = sigma(fit)
  )
}

versions <- list(
  R = paste(R.version$major, R.version$minor, sep = "."),
  lme4 = as.character(packageVersion("lme4"))
)
dir.create(file.path(folder, "comparison"), showWarnings = FALSE)
save <- function(value, name) {
  write_json(value, file.path(folder, "comparison", name),
    digits = 15, auto_unbox = TRUE, pretty = TRUE, null = "null"
  )
}
write.csv(drawn, file.path(folder, "comparison", "responses.csv"), row.names = FALSE)
save(
  list(
    versions = versions, data = "sessions.csv", cases = lapply(cases, compared),
    refit_statistic = refitted$Chisq[2]
  ),
  "tests.json"
)
save(
  list(
    versions = versions, data = "sessions.csv", formula = model,
    reml = lapply(drawn, fresh, TRUE), ml = lapply(drawn, fresh, FALSE)
  ),
  "refits.json"
)
