# Write the reference values (JSON) of parallel growth of alliance and outcome.
#
#   Rscript tests/reference/make_parallel_references.R   from the repository root
#
# The data are data/synthetic/sessions.csv without therapists: all ratings, and the sessions with
# both. One stacked model by REML in nlme, both variables in their own standard deviations.

suppressPackageStartupMessages({
  library(nlme)
  library(jsonlite)
})
FOLDER <- file.path("tests", "reference", "growth")
VERSIONS <- list(
  R = paste(R.version$major, R.version$minor, sep = "."),
  nlme = as.character(packageVersion("nlme")), jsonlite = as.character(packageVersion("jsonlite"))
)

frame <- read.csv(file.path("data", "synthetic", "sessions.csv"))
full <- subset(frame, !is.na(wai_total) & !is.na(phq9))
population_sd <- function(x) sqrt(mean((x - mean(x))^2))

stacked <- function(frame) {
  frame$t <- frame$session - ave(frame$session, frame$patient, FUN = min)
  frame$t <- frame$t / population_sd(frame$t)
  half <- function(y, first) {
    known <- !is.na(y)
    data.frame(
      patient = frame$patient, session = frame$session, position = if (first) 1 else 2,
      variable = if (first) "alliance" else "outcome", value = y / population_sd(y[known]),
      a0 = as.numeric(first), a1 = first * frame$t, y0 = as.numeric(!first), y1 = (!first) * frame$t
    )[known, ]
  }
  rows <- rbind(half(frame$wai_total, TRUE), half(frame$phq9, FALSE))
  rows[order(rows$patient, rows$session, rows$position), ]
}

case_of <- function(frame) {
  rows <- stacked(frame)
  fit <- lme(
    value ~ 0 + a0 + a1 + y0 + y1, rows, random = ~ 0 + a0 + a1 + y0 + y1 | patient,
    correlation = corSymm(form = ~ position | patient / session),
    weights = varIdent(form = ~ 1 | variable),
    control = lmeControl(
      msMaxIter = 1000, maxIter = 1000, tolerance = 1e-10, msTol = 1e-12, niterEM = 50,
      msMaxEval = 5000
    )
  )
  random <- matrix(as.numeric(getVarCov(fit)), 4)
  list(
    loglik = as.numeric(logLik(fit)), beta = as.list(fixef(fit)),
    correlation = cov2cor(random), sd = sqrt(diag(random)),
    residual_correlation = as.numeric(coef(fit$modelStruct$corStruct, unconstrained = FALSE))
  )
}
write_json(
  list(versions = VERSIONS, missing = case_of(frame), complete = case_of(full)),
  file.path(FOLDER, "parallel.json"), digits = I(17), auto_unbox = TRUE, pretty = TRUE
)
