# Write the reference values (JSON) of growth models.
#
#   Rscript tests/reference/make_growth_references.R   from the repository root
#
# The data are data/synthetic/sessions.csv: with what is missing and with therapists, and the
# sessions with both ratings, without therapists. Time, early alliance and its centring are worked
# out here, apart from the Python code.

suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(jsonlite)
  library(survival)
})
invisible(Sys.setlocale("LC_COLLATE", "C"))
options(warn = 1)

FOLDER <- file.path("tests", "reference", "growth")
TIGHT <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = .2, rhoend = 1e-9, maxfun = 1e6),
  calc.derivs = FALSE, check.conv.singular = "ignore"
)
PACKAGES <- c("lme4", "lmerTest", "Matrix", "survival", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)
# lme4 converges badly with a squared column of this size: it is scaled here, its coefficients back.
SQUARE <- 100
SHAPES <- list(
  linear = "t", log = "tlog", quadratic = c("t", "tsq"), piecewise = c("t", "tafter")
)
write_case <- function(values, name) {
  write_json(
    c(list(versions = VERSIONS), values), file.path(FOLDER, paste0(name, ".json")),
    digits = I(17), auto_unbox = TRUE, pretty = TRUE
  )
}

# ---------------------------------------------------------------- data

frame <- read.csv(file.path("data", "synthetic", "sessions.csv"))
frame$t <- frame$session - ave(frame$session, frame$patient, FUN = min)
frame$attended <- as.numeric(table(frame$patient)[frame$patient])
full <- subset(frame, !is.na(wai_total) & !is.na(phq9))
full$t <- full$session - ave(full$session, full$patient, FUN = min)
full$attended <- as.numeric(table(full$patient)[full$patient])
with_shapes <- function(frame) {
  firsts <- !duplicated(frame$patient)
  frame$length <- frame$attended - mean(frame$attended[firsts])
  frame$tlog <- log(1 + frame$t)
  frame$tsq <- frame$t^2 / SQUARE
  frame$tafter <- pmax(frame$t - 4, 0)
  frame
}

# ---------------------------------------------------------------- models

model_of <- function(y, times, therapist, extra = NULL) {
  inside <- paste(times, collapse = " + ")
  text <- sprintf("%s ~ %s + (1 + %s | patient)", y, paste(c(times, extra), collapse = " + "), inside)
  as.formula(if (therapist) paste(text, "+ (1 | therapist)") else text)
}
# lme4's bobyqa, started from the identity, ends at a singular local optimum for the piecewise
# course: it is started from the end of Nelder-Mead as well, and the higher likelihood kept.
best_fit <- function(formula, data, reml = TRUE) {
  first <- lme4::lmer(
    formula, data, REML = reml,
    control = lmerControl(
      optimizer = "Nelder_Mead", calc.derivs = FALSE, check.conv.singular = "ignore",
      optCtrl = list(maxfun = 1e5)
    )
  )
  starts <- list(NULL, getME(first, "theta"))
  fits <- lapply(starts, function(start) {
    lmerTest::lmer(formula, data, REML = reml, start = start, control = TIGHT)
  })
  fits[[which.max(sapply(fits, logLik))]]
}
fixed_of <- function(fit) {
  table <- coef(summary(fit))
  squared <- rownames(table) == "tsq"
  table[squared, c("Estimate", "Std. Error")] <- table[squared, c("Estimate", "Std. Error")] / SQUARE
  list(
    beta = as.list(table[, "Estimate"]), se = as.list(table[, "Std. Error"]),
    df = as.list(table[, "df"])
  )
}
course_of <- function(frame, y, therapist) {
  shapes <- lapply(SHAPES, function(times) {
    formula <- model_of(y, times, therapist)
    ml <- best_fit(formula, frame, reml = FALSE)
    fit <- best_fit(formula, frame)
    c(
      list(
        loglik = as.numeric(logLik(ml)), aic = AIC(ml), bic = BIC(ml),
        singular = isSingular(fit) || isSingular(ml)
      ),
      fixed_of(fit)
    )
  })
  long <- best_fit(model_of(y, "t", therapist, c("length", "length:t")), frame)
  list(shapes = shapes, with_length = fixed_of(long))
}
mean_of <- function(values) mean(values, na.rm = TRUE)
early_of <- function(frame, therapist) {
  inside <- frame$session >= 3 & frame$session <= 5
  frame$early <- tapply(
    ifelse(inside, frame$wai_total, NA), frame$patient, mean_of
  )[as.character(frame$patient)]
  frame$before <- tapply(
    ifelse(frame$session <= 5, frame$phq9, NA), frame$patient, mean_of
  )[as.character(frame$patient)]
  later <- subset(frame, session > 5 & !is.na(early) & !is.na(phq9))
  later$after <- later$session - 5
  firsts <- !duplicated(later$patient)
  later$before <- later$before - mean_of(later$before[firsts])
  if (therapist) {
    means <- tapply(later$early[firsts], later$therapist[firsts], mean)
    later$tb <- as.numeric(means[later$therapist]) - mean(means)
    later$pb <- later$early - as.numeric(means[later$therapist])
    fixed <- "after * pb + after * tb"
    random <- "(1 + after | patient) + (1 + after | therapist)"
  } else {
    later$early <- later$early - mean(later$early[firsts])
    fixed <- "after * early"
    random <- "(1 + after | patient)"
  }
  fit <- function(extra = "") {
    best_fit(as.formula(sprintf("phq9 ~ %s %s + %s", fixed, extra, random)), later)
  }
  plain <- fit()
  list(
    n_obs = nobs(plain), singular = isSingular(plain), fit = fixed_of(plain),
    given_outcome = fixed_of(fit("+ before * after")), with_length = fixed_of(fit("+ length * after"))
  )
}
case_of <- function(frame, therapist) {
  frame <- with_shapes(frame)
  list(
    alliance = course_of(frame, "wai_total", therapist),
    outcome = course_of(frame, "phq9", therapist),
    early = early_of(frame, therapist)
  )
}
write_case(case_of(full, FALSE), "patients_complete")
write_case(case_of(frame, TRUE), "therapists_missing")

# ---------------------------------------------------------------- censoring without groups

set.seed(11)
x <- rep(0:9, 30)
y <- pmin(round(4 + .3 * x + rnorm(300), 3), 6)
tobit <- survreg(
  Surv(y, y < 6) ~ x, dist = "gaussian",
  control = survreg.control(rel.tolerance = 1e-12, maxiter = 100)
)
write_case(
  list(
    x = x, y = y, limit = 6, beta = as.numeric(coef(tobit)), sigma = tobit$scale,
    se = as.numeric(sqrt(diag(vcov(tobit)))[1:2]), loglik = as.numeric(logLik(tobit))
  ),
  "tobit_no_groups"
)
