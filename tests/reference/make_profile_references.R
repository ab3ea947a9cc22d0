# Profile-likelihood intervals of lme4, and the same ends found exactly.
#
#   Rscript tests/reference/make_profile_references.R [case ...]     from the repository root
#
# Writes profile/<case>.json from data that make_references.R writes. `confint` holds the ends of
# confint(method = "profile"), interpolated by splines between points of lme4's profile. `exact`
# holds the roots of lme4's own deviance, minimised over all other parameters at every value:
# standard deviations and correlations by lme4's devfun2, fixed effects by fits without the column
# to a shifted response. Ends that lme4 does not find are null.

suppressPackageStartupMessages({
  library(lme4)
  library(minqa)
  library(jsonlite)
})
options(warn = -1)

FOLDER <- file.path("tests", "reference")
TIGHT <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = .05, rhoend = 1e-8, maxfun = 1e6),
  calc.derivs = FALSE, check.conv.singular = "ignore"
)
LIMIT <- qchisq(.95, 1)
CASES <- c(
  "two_level_slope", "three_level_slopes", "crossed_slopes", "singular_slope", "weights_crossed"
)

# ---------------------------------------------------------------- variance parameters

# Least deviance with parameter i of devfun2 held at a value; the others from `start`.
least <- function(devfun, i, value, start, lower, upper) {
  at <- function(rest) {
    pars <- start
    pars[i] <- value
    pars[-i] <- rest
    found <- tryCatch(devfun(pars), error = function(e) 1e10)
    if (is.finite(found)) found else 1e10
  }
  rest <- pmin(pmax(start[-i], lower[-i]), upper[-i])
  found <- bobyqa(rest, at, lower[-i], upper[-i],
    control = list(rhobeg = .03, rhoend = 1e-6, maxfun = 1e5, npt = 2 * length(rest) + 1))
  pars <- start
  pars[-i] <- found$par
  list(deviance = found$fval, pars = pars)
}

variance_ends <- function(fit, guesses) {
  devfun <- lme4:::devfun2(fit, useSc = TRUE, signames = TRUE)
  pars <- unname(attr(devfun, "optimum"))[seq_len(length(getME(fit, "theta")) + 1)]
  correlations <- c(is_correlation(fit), FALSE)
  lower <- ifelse(correlations, -1, 0)
  upper <- ifelse(correlations, 1, Inf)
  minimum <- min(attr(devfun, "basedev"), devfun(pars))
  ends <- matrix(NA_real_, length(pars), 2)
  for (i in seq_along(pars)) {
    for (side in 1:2) {
      from <- pars
      excess <- function(x) {
        found <- least(devfun, i, x, from, lower, upper)
        away <- found$deviance - minimum - LIMIT
        if (abs(away) < 1) from <<- found$pars # not those of a bound far away
        away
      }
      bound <- if (i == length(pars)) c(-Inf, Inf) else c(lower[i], upper[i])
      ends[i, side] <- one_end(excess, pars[i], guesses[i, side], bound[side])
    }
  }
  ends
}

is_correlation <- function(fit) {
  unlist(lapply(getME(fit, "cnms"), function(names) {
    square <- diag(length(names))
    lower.tri(square)[lower.tri(square, diag = TRUE)]
  }), use.names = FALSE)
}

# ---------------------------------------------------------------- fixed effects

fixed_ends <- function(fit, frame, formula, weights, guesses) {
  X <- getME(fit, "X")
  minimum <- deviance(fit)
  random <- paste(sprintf("(%s)", sapply(findbars(formula), deparse)), collapse = " + ")
  rows <- frame[rownames(fit@frame), ]
  rows$y_full <- getME(fit, "y")
  rows$w_all <- if (is.null(weights)) 1 else rows[[weights]]
  t(sapply(seq_len(ncol(X)), function(j) {
    rows$X_rest <- X[, -j, drop = FALSE]
    shifted <- as.formula(paste("y_shifted ~ 0 + X_rest +", random))
    excess <- function(v) {
      rows$y_shifted <- rows$y_full - v * X[, j]
      again <- lmer(shifted, rows, REML = FALSE, control = TIGHT, weights = w_all,
        start = getME(fit, "theta"))
      deviance(again) - minimum - LIMIT
    }
    sapply(1:2, function(side) one_end(excess, fixef(fit)[[j]], guesses[j, side], c(-Inf, Inf)[side]))
  }))
}

# ---------------------------------------------------------------- an end

# Root of `excess` beyond the estimate, near the guess where there is one; the bound if none.
one_end <- function(excess, estimate, guess, bound) {
  if (abs(bound - estimate) < 1e-6) return(bound)
  if (is.finite(bound) && excess(bound) <= 0) return(bound)
  if (is.na(guess) || guess == estimate) guess <- if (is.finite(bound)) (estimate + bound) / 2 else 2 * estimate
  width <- guess - estimate
  inner <- estimate + .95 * width
  outer <- estimate + 1.05 * width
  if (is.finite(bound) && abs(outer - estimate) > abs(bound - estimate)) outer <- bound
  while (excess(inner) > 0) inner <- estimate + .7 * (inner - estimate)
  while (excess(outer) < 0) outer <- estimate + 1.3 * (outer - estimate)
  uniroot(excess, sort(c(inner, outer)), tol = 1e-5 * abs(width))$root
}

# ---------------------------------------------------------------- cases

run_case <- function(case) {
  known <- fromJSON(file.path(FOLDER, paste0(case, ".json")), simplifyVector = TRUE)
  frame <- read.csv(file.path(FOLDER, known$data))
  if (!is.null(known$weights)) frame$w_fit <- frame[[known$weights]] else frame$w_fit <- 1
  formula <- as.formula(known$formula)
  fit <- lmer(formula, frame, REML = FALSE, control = TIGHT, weights = w_fit)
  devfun <- lme4:::devfun2(fit, useSc = TRUE, signames = TRUE)
  k <- length(getME(fit, "theta")) + 1
  seconds <- system.time(profiled <- tryCatch(
    as.matrix(suppressMessages(confint(fit, method = "profile", quiet = TRUE))),
    error = function(e) matrix(NA_real_, k + length(fixef(fit)), 2)
  ))[["elapsed"]]
  exact <- rbind(
    variance_ends(fit, profiled[seq_len(k), , drop = FALSE]),
    fixed_ends(fit, frame, formula, known$weights, profiled[-seq_len(k), , drop = FALSE])
  )
  value <- list(
    data = known$data, formula = known$formula, weights = known$weights,
    versions = list(R = paste(R.version$major, R.version$minor, sep = "."),
      lme4 = as.character(packageVersion("lme4")), minqa = as.character(packageVersion("minqa"))),
    cnms = lapply(getME(fit, "cnms"), I), groups = names(getME(fit, "cnms")),
    fixed = names(fixef(fit)), correlation = c(is_correlation(fit), FALSE),
    estimate = unname(attr(devfun, "optimum")),
    confint = unname(profiled), exact = unname(exact), seconds = seconds
  )
  write_json(value, file.path(FOLDER, "profile", paste0(case, ".json")),
    digits = 12, auto_unbox = TRUE, pretty = TRUE, null = "null", na = "null")
  cat(case, seconds, "\n")
  print(cbind(profiled, exact), digits = 8)
}

args <- commandArgs(trailingOnly = TRUE)
for (case in if (length(args)) args else CASES) run_case(case)
