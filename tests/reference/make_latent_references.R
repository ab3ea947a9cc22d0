# Write the reference values (JSON) of models with latent means.
#
#   Rscript tests/reference/make_latent_references.R   from the repository root
#
# The data are data/synthetic/sessions.csv. lavaan's two-level model has two levels and no time;
# nlme's stacked model has two or three levels, with time. Sessions with both ratings are used:
# dropped before (complete) or by the library (missing); the reference is the same.

suppressPackageStartupMessages({
  library(lavaan)
  library(nlme)
  library(jsonlite)
})
FOLDER <- file.path("tests", "reference", "latent")
PACKAGES <- c("lavaan", "nlme", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)

frame <- read.csv(file.path("data", "synthetic", "sessions.csv"))
frame$t <- frame$session - ave(frame$session, frame$patient, FUN = min)
frame <- subset(frame, !is.na(wai_total) & !is.na(phq9))
frame$x <- frame$wai_total
frame$y <- frame$phq9

# ---------------------------------------------------------------- lavaan, two levels

model <- "
level: 1
  y ~ bw * x
level: 2
  y ~ bb * x
contextual := bb - bw
"
fit_from <- function(start, tolerance) suppressWarnings(sem(
  model, frame, cluster = "patient", fixed.x = FALSE, start = start,
  optim.method = "nlminb", control = list(rel.tol = tolerance, iter.max = 2000)
))
# The tightest search ends highest, but lavaan calls it not converged and gives no standard errors:
# these are from a second one, started at its end.
tight <- fit_from("simple", 1e-14)
estimates <- parameterEstimates(tight)
errors <- parameterEstimates(fit_from(tight, 1e-10))
pick <- function(label) list(
  estimate = estimates$est[estimates$label == label], se = errors$se[errors$label == label]
)
two_level <- list(
  loglik = suppressWarnings(as.numeric(logLik(tight))), within = pick("bw"), between = pick("bb"),
  contextual = pick("contextual")
)

# ---------------------------------------------------------------- nlme, stacked

stack_of <- function(frame) {
  half <- function(values, first) data.frame(
    patient = frame$patient, therapist = frame$therapist, session = frame$session,
    position = if (first) 1 else 2, variable = if (first) "x" else "y", value = values,
    ix = as.numeric(first), iy = as.numeric(!first), tx = first * frame$t, ty = (!first) * frame$t
  )
  rows <- rbind(half(frame$x, TRUE), half(frame$y, FALSE))
  rows[order(rows$therapist, rows$patient, rows$session, rows$position), ]
}
CONTROL <- lmeControl(
  msMaxIter = 2000, maxIter = 2000, tolerance = 1e-11, msTol = 1e-13, niterEM = 100,
  msMaxEval = 10000
)
stacked <- function(random, within) {
  rows <- stack_of(frame)
  fit <- lme(
    value ~ 0 + ix + iy + tx + ty, rows, random = random, method = "ML",
    correlation = corSymm(form = within), weights = varIdent(form = ~ 1 | variable),
    control = CONTROL
  )
  ratio <- coef(fit$modelStruct$varStruct, unconstrained = FALSE, allCoef = TRUE)
  sd <- fit$sigma * ratio[c("x", "y")]
  r <- as.numeric(coef(fit$modelStruct$corStruct, unconstrained = FALSE))
  matrices <- lapply(rev(fit$modelStruct$reStruct), function(part) {
    matrix(as.numeric(as.matrix(part)), 2) * fit$sigma^2
  })
  residual <- outer(sd, sd) * matrix(c(1, r, r, 1), 2)
  list(
    loglik = as.numeric(logLik(fit)), beta = as.list(fixef(fit)),
    se = as.list(sqrt(diag(vcov(fit)))), residual = unname(residual), random = unname(matrices)
  )
}
patients <- stacked(list(patient = pdSymm(~ 0 + ix + iy)), ~ position | patient / session)
therapists <- stacked(
  list(therapist = pdSymm(~ 0 + ix + iy), patient = pdSymm(~ 0 + ix + iy)),
  ~ position | therapist / patient / session
)
write_json(
  list(
    versions = VERSIONS, n_obs = nrow(frame), lavaan = two_level, patients = patients,
    therapists = therapists
  ),
  file.path(FOLDER, "latent.json"), digits = I(17), auto_unbox = TRUE, pretty = TRUE
)
print(lapply(therapists$random, function(m) m[1, 2] / m[1, 1]))
print(two_level)
print(c(patients$loglik, therapists$loglik))
