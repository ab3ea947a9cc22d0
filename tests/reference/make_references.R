# Write the synthetic data (CSV) and the reference values (JSON) of the mixed-model tests.
#
#   Rscript tests/reference/make_references.R            all cases, from the repository root
#   Rscript tests/reference/make_references.R scales     the cases named (the data are always written)
#
# Every model is fitted on the data as read back from the CSV. See README.md beside this file.

suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(nlme)
  library(jsonlite)
})
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
invisible(Sys.setlocale("LC_COLLATE", "C"))
options(warn = 1, contrasts = c("contr.treatment", "contr.poly"))

FOLDER <- file.path("tests", "reference")
TIGHT <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = .2, rhoend = 1e-9, maxfun = 1e6),
  calc.derivs = FALSE, check.conv.singular = "ignore"
)
PACKAGES <- c("lme4", "lmerTest", "nlme", "Matrix", "jsonlite", "numDeriv")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)

# ---------------------------------------------------------------- data

# One row per session; `caseload` patients per therapist, `lengths` sessions per patient.
frame_of <- function(caseload, lengths) {
  therapist <- rep(seq_along(caseload), caseload)
  patient <- rep(seq_along(lengths), lengths)
  data.frame(therapist = therapist[patient], patient = patient, session = sequence(lengths))
}

# Normal effects, one row per unit, with the given SDs and correlations.
effects_of <- function(units, sd, correlation = diag(length(sd))) {
  z <- matrix(rnorm(units * length(sd)), units)
  z %*% chol(correlation) %*% diag(sd, length(sd))
}

alliance_of <- function(frame) {
  patients <- max(frame$patient)
  score <- 5 + rnorm(max(frame$therapist), sd = .35)[frame$therapist] +
    rnorm(patients, sd = .7)[frame$patient] + .04 * frame$session + rnorm(nrow(frame), sd = .6)
  round(score, 2)
}

# Observed-mean centring at two and at three levels (means over the ratings there are).
centre <- function(frame) {
  mean_of <- function(x) mean(x, na.rm = TRUE)
  patients <- unique(frame[c("patient", "therapist")])
  patients$mean <- tapply(frame$alliance, frame$patient, mean_of)[as.character(patients$patient)]
  of_therapist <- tapply(patients$mean, patients$therapist, mean_of)
  grand <- mean_of(patients$mean)
  mine <- patients$mean[match(frame$patient, patients$patient)]
  theirs <- of_therapist[as.character(frame$therapist)]
  frame$alliance_within <- frame$alliance - mine
  frame$alliance_between <- mine - grand
  frame$alliance_patient_between <- mine - theirs
  frame$alliance_therapist_between <- theirs - mean(of_therapist)
  frame
}

# patient: columns intercept, within slope, session slope; therapist: intercept, within slope.
symptom_of <- function(frame, patient, therapist, treatment_effect = 0, sigma = 3) {
  i <- frame$patient
  k <- frame$therapist
  slope <- -1 + treatment_effect + patient[i, 2] + therapist[k, 2]
  14 + patient[i, 1] + therapist[k, 1] + slope * frame$alliance_within +
    (-.35 + patient[i, 3]) * frame$session - 1.8 * frame$alliance_patient_between -
    2.2 * frame$alliance_therapist_between + rnorm(nrow(frame), sd = sigma)
}

pair <- function(r) matrix(c(1, r, r, 1), 2)
triple <- function(a, b, c) matrix(c(1, a, b, a, 1, c, b, c, 1), 3)

# 20 therapists, 200 patients, about 2,000 sessions, three treatments.
simulate_sessions <- function() {
  set.seed(1)
  caseload <- rep(c(7, 9, 10, 11, 13), 4)
  frame <- frame_of(caseload, sample(5:15, sum(caseload), replace = TRUE))
  treatment <- sample(rep_len(c("cognitive", "dynamic", "humanistic"), sum(caseload)))
  frame$treatment <- treatment[frame$patient]
  frame$alliance <- alliance_of(frame)
  frame <- centre(frame)
  patient <- cbind(effects_of(sum(caseload), c(4, 1.6), pair(-.3)), 0)
  therapist <- effects_of(length(caseload), c(2, 1.1), pair(.3))
  effect <- c(cognitive = 0, dynamic = -.6, humanistic = .5)[frame$treatment]
  frame$symptom <- symptom_of(frame, patient, therapist, effect)
  frame
}

# The same design with patients who also differ in their trend; no therapist effect.
simulate_trends <- function() {
  set.seed(2)
  frame <- frame_of(rep(10, 15), sample(6:16, 150, replace = TRUE))
  frame$alliance <- alliance_of(frame)
  frame <- centre(frame)
  patient <- effects_of(150, c(4, 1.8, .45), triple(-.3, -.2, .25))
  frame$symptom <- symptom_of(frame, patient, matrix(0, 15, 2), sigma = 2.5)
  frame
}

# Patients differ in their within slope and not in level.
simulate_slopes <- function() {
  set.seed(4)
  frame <- frame_of(rep(10, 12), sample(5:14, 120, replace = TRUE))
  frame$alliance <- alliance_of(frame)
  frame <- centre(frame)
  patient <- cbind(0, effects_of(120, 2), 0)
  frame$symptom <- symptom_of(frame, patient, matrix(0, 12, 2))
  frame
}

# Patients differ in level only, and therapists' patients are as alike as any others': the
# estimated slope variance and therapist variance end on the boundary. The seed is the first of
# 1, 2, 3, ... for which both do.
simulate_flat <- function() {
  set.seed(2)
  frame <- frame_of(rep(8, 15), sample(4:12, 120, replace = TRUE))
  frame$alliance <- alliance_of(frame)
  frame <- centre(frame)
  patient <- cbind(effects_of(120, 4), 0, 0)
  patient[, 1] <- patient[, 1] - .9 * ave(patient[, 1], rep(1:15, each = 8))
  frame$symptom <- symptom_of(frame, patient, matrix(0, 15, 2))
  frame
}

# 1 to 25 sessions, 1 to 30 patients a therapist, missing values, string ids, shuffled rows.
simulate_unbalanced <- function() {
  set.seed(3)
  caseload <- c(1, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9, 11, 12, 14, 16, 19, 22, 30)
  lengths <- pmin(25, 1 + rgeom(sum(caseload), .12))
  frame <- frame_of(caseload, lengths)
  frame$alliance <- alliance_of(frame)
  complete <- centre(frame)
  patient <- cbind(effects_of(sum(caseload), c(4, 2), pair(-.4)), 0)
  therapist <- cbind(rnorm(length(caseload), sd = 2.2), 0)
  symptom <- symptom_of(complete, patient, therapist)
  frame$alliance[runif(nrow(frame)) < .12] <- NA
  frame <- centre(frame)
  frame$symptom <- ifelse(runif(nrow(frame)) < .10, NA, symptom)
  frame$session[runif(nrow(frame)) < .02] <- NA
  frame$therapist <- sprintf("T%s", sample(100:999, length(caseload)))[frame$therapist]
  frame$patient <- sprintf("p-%s", sample(1000:9999, sum(caseload)))[frame$patient]
  frame[sample(nrow(frame)), ]
}

# Decimal shifts of sessions.csv: the within part in units of 1e4, sessions counted from 2000 in 1e3.
rescale <- function(frame) {
  frame$alliance_within <- frame$alliance_within * 1e-4
  frame$session <- frame$session * 1000 + 2000
  frame
}

# Columns written as they are.
EXACT <- c(
  "patient", "therapist", "session", "treatment", "rater", "room", "items", "arm", "clinic", "weeks"
)

write_data <- function(frame, name, decimals = 4) {
  exact <- names(frame) %in% EXACT
  for (column in names(frame)[!exact]) {
    text <- formatC(frame[[column]], digits = decimals, format = "f")
    frame[[column]] <- ifelse(is.na(frame[[column]]), "", text)
  }
  write.csv(frame, file.path(FOLDER, name), row.names = FALSE, quote = FALSE, na = "")
}

read_data <- function(name) {
  read.csv(file.path(FOLDER, name), stringsAsFactors = FALSE, na.strings = "")
}

write_all_data <- function() {
  write_data(simulate_sessions(), "sessions.csv")
  write_data(simulate_trends(), "trends.csv")
  write_data(simulate_slopes(), "slopes.csv")
  write_data(simulate_flat(), "flat.csv")
  write_data(simulate_unbalanced(), "unbalanced.csv")
  write_data(rescale(read_data("sessions.csv")), "rescaled.csv", decimals = 8)
  write_designs()
}

# ---------------------------------------------------------------- fits

# The call holds the values themselves, so that update() (used by lmerTest) finds them anywhere.
fit_lme4 <- function(case, data, reml, control = TIGHT, start = NULL, ...) {
  extra <- list(weights = case$weights, offset = case$offset)
  extra <- lapply(extra[lengths(extra) > 0], function(name) data[[name]])
  do.call(
    lme4::lmer,
    c(list(case$formula, data, REML = reml, control = control, start = start, ...), extra)
  )
}

fit_nlme <- function(case, data, reml) {
  control <- lmeControl(
    maxIter = 500, msMaxIter = 2000, niterEM = 100, tolerance = 1e-12, msTol = 1e-13,
    msMaxEval = 5000
  )
  complete <- data[complete.cases(data[all.vars(case$formula)]), ]
  spread <- if (!is.null(case$weights)) varFixed(as.formula(paste("~ I(1 /", case$weights, ")")))
  random <- lapply(case$nested, function(part) if (is.character(part)) as.formula(part) else part)
  tryCatch(
    do.call(nlme::lme, list(
      nobars(case$formula), complete, random,
      method = if (reml) "REML" else "ML", weights = spread, control = control
    )),
    error = function(e) NULL
  )
}

# The tight fit from several starts: the one with the highest log-likelihood.
fit_best <- function(case, data, reml) {
  first <- fit_lme4(case, data, reml)
  at <- getME(first, "theta")
  default <- start_of(first)
  starts <- list(.3 * default, at + .1 * default, pmax(at, .05) * 1.3)
  more <- lapply(starts, function(start) fit_lme4(case, data, reml, start = start))
  fits <- c(list(first), more)
  fits[[which.max(vapply(fits, logLik, 0))]]
}

start_of <- function(fit) as.numeric(getME(fit, "lower") == 0)

# ---------------------------------------------------------------- values

numbers <- function(x) I(unname(as.numeric(x)))
table_of <- function(x) I(unname(as.matrix(x)))
named <- function(x, names) as.list(setNames(as.numeric(x), names))

# Terms of the same factor (patient, patient.1) are joined to one block-diagonal matrix.
random_of <- function(fit) {
  blocks <- VarCorr(fit)
  factors <- names(getME(fit, "cnms"))
  joined <- function(parts) {
    if (length(parts) == 1) return(parts[[1]])
    unname(as.matrix(Matrix::bdiag(parts)))
  }
  lapply(setNames(nm = unique(factors)), function(name) {
    mine <- unclass(blocks)[factors == name]
    correlation <- joined(lapply(mine, attr, "correlation"))
    correlation[!is.finite(correlation)] <- NA
    list(
      names = I(unname(unlist(lapply(mine, rownames)))),
      covariance = table_of(joined(lapply(mine, function(block) matrix(block, nrow(block))))),
      correlation = table_of(correlation)
    )
  })
}

ranef_of <- function(fit) {
  lapply(ranef(fit, condVar = TRUE), function(block) {
    parts <- attr(block, "postVar")
    if (!is.list(parts)) parts <- list(parts)
    sd_of <- function(part) {
      lapply(seq_len(nrow(part)), function(j) numbers(sqrt(pmax(part[j, j, ], 0))))
    }
    spread <- unlist(lapply(parts, sd_of), recursive = FALSE, use.names = FALSE)
    list(
      labels = I(rownames(block)), values = lapply(block, numbers),
      sd = setNames(spread, names(block))
    )
  })
}

# Criteria at fixed theta: lme4's start, a general point, the last column of each block zero, the
# first column of each block zero.
points_of <- function(fit) {
  sizes <- lengths(getME(fit, "cnms"))
  fill <- function(size, column, general) {
    block <- diag(1, size)
    k <- seq_len(size * (size + 1) / 2)
    if (general) block[lower.tri(block, TRUE)] <- .45 + .15 * k * (-1)^(k + 1)
    if (general) diag(block) <- abs(diag(block))
    if (!is.na(column)) block[, if (column == 0) size else column] <- 0
    block[lower.tri(block, TRUE)]
  }
  all <- function(column, general) {
    unlist(lapply(sizes, fill, column = column, general = general), use.names = FALSE)
  }
  unique(list(all(NA, FALSE), all(NA, TRUE), all(0, TRUE), all(1, TRUE)))
}

deviance_at <- function(case, data, fit) {
  criterion <- fit_lme4(case, data, isREML(fit), devFunOnly = TRUE)
  lapply(points_of(fit), function(theta) list(theta = numbers(theta), value = criterion(theta)))
}

one_df <- function(tested, weights) {
  row <- contest1D(tested, weights)
  list(estimate = row[["Estimate"]], se = row[["Std. Error"]], df = row[["df"]],
       t = row[["t value"]], p = row[["Pr(>|t|)"]])
}

contextual_weights <- function(case, names) {
  between <- intersect(c("alliance_between", "alliance_patient_between"), names)
  weights <- setNames(numeric(length(names)), names)
  weights[between] <- 1
  weights["alliance_within"] <- -1 / case$within_unit
  weights
}

# Satterthwaite tests of every coefficient and of the contextual effect; none for a singular fit.
tests_of <- function(case, fit) {
  names <- names(fixef(fit))
  weights <- contextual_weights(case, names)
  estimate <- sum(weights * fixef(fit))
  se <- sqrt(c(weights %*% as.matrix(vcov(fit)) %*% weights))
  plain <- list(weights = as.list(weights), estimate = estimate, se = se)
  if (isSingular(fit) || case$unidentified) return(list(satterthwaite = NA, contrast = plain))
  tested <- as_lmerModLmerTest(fit)
  unit <- diag(length(names))
  rows <- lapply(seq_along(names), function(j) one_df(tested, unit[j, ])[c("df", "t", "p")])
  list(
    satterthwaite = setNames(rows, names),
    contrast = c(list(weights = as.list(weights)), one_df(tested, weights))
  )
}

# Satterthwaite df of every coefficient once more: in (theta, log sigma) and with other steps.
df_again <- function(criterion, fit) {
  reml <- isREML(fit)
  at <- c(getME(fit, "theta"), log(sigma(fit)))
  natural <- function(x) c(head(x, -1), exp(tail(x, 1)))
  deviance <- function(x) lmerTest:::devfun_vp(natural(x), criterion, reml)
  variance <- function(x) diag(lmerTest:::get_covbeta(natural(x), criterion))
  steps <- list(d = .01, r = 6)
  spread <- 2 * solve(numDeriv::hessian(deviance, at, method.args = steps))
  slopes <- numDeriv::jacobian(variance, at, method.args = steps)
  2 * variance(at)^2 / rowSums((slopes %*% spread) * slopes)
}

# What the optimiser left (largest slope, length of a Newton step, log-likelihood to be gained by
# it) and how far the numerical df of lmerTest are from those with other steps (relative).
quality_of <- function(case, data, fit, satterthwaite) {
  if (isSingular(fit) || case$unidentified) return(NULL)
  criterion <- fit_lme4(case, data, isREML(fit), devFunOnly = TRUE)
  theta <- getME(fit, "theta")
  slope <- numDeriv::grad(criterion, theta)
  step <- solve(numDeriv::hessian(criterion, theta), slope)
  df <- vapply(satterthwaite, function(row) row$df, 0)
  list(
    gradient_max = max(abs(slope)), newton_step_max = max(abs(step)),
    loglik_to_gain = sum(slope * step) / 4, df_relative = max(abs(df_again(criterion, fit) / df - 1))
  )
}

far <- function(fit, beta, se) max(abs(beta - fixef(fit)) / se)

also_of <- function(case, data, fit) {
  reml <- isREML(fit)
  se <- sqrt(diag(as.matrix(vcov(fit))))
  other <- if (is.null(case$nested)) NULL else fit_nlme(case, data, reml)
  quick <- suppressMessages(suppressWarnings(fit_lme4(case, data, reml, lmerControl())))
  sigma2 <- sigma(fit)^2
  apart <- mapply(function(a, b) max(abs(a - b) / pmax(abs(a), .01 * sigma2)), VarCorr(fit), VarCorr(quick))
  if (case$unidentified) apart <- NA
  list(
    nlme_loglik = if (is.null(other)) NA else c(logLik(other)),
    max_abs_diff_beta_in_se = if (is.null(other)) NA else far(fit, nlme::fixef(other), se),
    lme4_default_loglik = c(logLik(quick)),
    lme4_default_diff_beta_in_se = far(fit, fixef(quick), se),
    lme4_default_diff_variance = max(apart)
  )
}

values_of <- function(case, data, reml) {
  fit <- fit_best(case, data, reml)
  names <- names(fixef(fit))
  covariance <- as.matrix(vcov(fit))
  tests <- tests_of(case, fit)
  c(
    list(
      n_obs = nobs(fit), n_groups = as.list(ngrps(fit)),
      beta = named(fixef(fit), names), se = named(sqrt(diag(covariance)), names),
      vcov = table_of(covariance), sigma2 = sigma(fit)^2, random = random_of(fit),
      theta = numbers(getME(fit, "theta")), theta_names = I(names(getME(fit, "theta"))),
      loglik = c(logLik(fit)), aic = AIC(fit), bic = BIC(fit), singular = isSingular(fit)
    ),
    tests,
    list(
      ranef = ranef_of(fit), deviance_at = deviance_at(case, data, fit),
      also = also_of(case, data, fit),
      quality = quality_of(case, data, fit, tests$satterthwaite)
    )
  )
}

# ---------------------------------------------------------------- cases

case_of <- function(data, formula, nested = NULL, weights = NULL, offset = NULL,
                    unidentified = FALSE) {
  list(
    data = data, formula = as.formula(formula), text = formula, nested = nested, within_unit = 1,
    weights = weights, offset = offset, unidentified = unidentified
  )
}

TWO <- "symptom ~ session + alliance_within + alliance_between"
THREE <- "symptom ~ session + alliance_within + alliance_patient_between + alliance_therapist_between"
with_terms <- function(fixed, ...) paste(c(fixed, ...), collapse = " + ")
P1 <- "(1 | patient)"
T1 <- "(1 | therapist)"
PW <- "(1 + alliance_within | patient)"
TW <- "(1 + alliance_within | therapist)"
SLOPE <- "~ 1 + alliance_within"

CASES <- list(
  two_level_intercept = case_of("sessions.csv", with_terms(TWO, P1), list(patient = "~ 1")),
  two_level_slope = case_of("sessions.csv", with_terms(TWO, PW), list(patient = SLOPE)),
  three_level_slopes = case_of(
    "sessions.csv", with_terms(THREE, PW, TW), list(therapist = SLOPE, patient = SLOPE)
  ),
  three_level_intercepts = case_of(
    "sessions.csv", with_terms(THREE, P1, T1), list(therapist = "~ 1", patient = "~ 1")
  ),
  singular_slope = case_of("flat.csv", with_terms(TWO, PW), list(patient = SLOPE)),
  singular_therapist = case_of(
    "flat.csv", with_terms(THREE, P1, T1), list(therapist = "~ 1", patient = "~ 1")
  ),
  unbalanced_missing = case_of(
    "unbalanced.csv", with_terms(THREE, PW, T1), list(therapist = "~ 1", patient = SLOPE)
  ),
  slope_only = case_of(
    "slopes.csv", with_terms(TWO, "(0 + alliance_within | patient)"),
    list(patient = "~ 0 + alliance_within")
  ),
  three_columns = case_of(
    "trends.csv", with_terms(TWO, "(1 + session + alliance_within | patient)"),
    list(patient = "~ 1 + session + alliance_within")
  ),
  interaction_factor = case_of(
    "sessions.csv", "symptom ~ treatment * alliance_within + session + (1 | patient)",
    list(patient = "~ 1")
  )
)
source(file.path(FOLDER, "designs.R"))
CASES <- c(CASES, DESIGNS)

# ---------------------------------------------------------------- the rescaled case, exactly

# With x' = x A (columns), beta' = A^-1 beta. Random slopes scale by the inverse unit. The REML
# log-likelihood falls by log|det A|; the ML one does not change.
RESCALED <- list(
  scales = list(
    data = "rescaled.csv", of = "two_level_slope", within = 1e-4, session = 1000, origin = 2000,
    maxfun = 1e6
  ),
  crossed_scales = list(
    data = "rescaled_ratings.csv", of = "crossed_slopes", within = 1e-6, session = 1e6, origin = 0,
    maxfun = 2e4
  )
)

rescaled_of <- function(values, case, data, reml, to) {
  names <- names(values$beta)
  back <- diag(length(names))
  dimnames(back) <- list(names, names)
  back["session", "session"] <- 1 / to$session
  back["(Intercept)", "session"] <- -to$origin / to$session
  back["alliance_within", "alliance_within"] <- 1 / to$within
  covariance <- back %*% values$vcov %*% t(back)
  out <- values
  out$beta <- named(back %*% unlist(values$beta), names)
  out$se <- named(sqrt(diag(covariance)), names)
  out$vcov <- table_of(covariance)
  change <- if (reml) log(det(back)) else 0
  out$loglik <- values$loglik + change
  out$aic <- values$aic - 2 * change
  out$bic <- values$bic - 2 * change
  unit <- c(1, 1 / to$within)
  of_theta <- unit[1 + grepl("alliance_within", values$theta_names)]
  out$theta <- numbers(values$theta * of_theta)
  out$deviance_at <- lapply(values$deviance_at, function(at) {
    list(theta = numbers(at$theta * of_theta), value = at$value - 2 * change)
  })
  for (factor in names(out$random)) {
    covariance <- values$random[[factor]]$covariance
    out$random[[factor]]$covariance <- table_of(unit * t(unit * t(covariance)))
    for (part in c("values", "sd")) {
      column <- out$ranef[[factor]][[part]]$alliance_within
      out$ranef[[factor]][[part]]$alliance_within <- numbers(column / to$within)
    }
  }
  tested <- as_lmerModLmerTest(fit_best(case, data, reml))
  rows <- lapply(seq_along(names), function(j) one_df(tested, back[j, ])[c("df", "t", "p")])
  out$satterthwaite <- setNames(rows, names)
  out$contrast$weights$alliance_within <- -to$within
  out$also <- list()
  out$quality <- NULL
  out
}

# lme4 itself on the rescaled columns, for the record. With the within part in units of 1e6 the
# tight settings go on for minutes: `maxfun` stops them.
direct_on_rescaled <- function(case, reml, reference, to) {
  data <- read_data(to$data)
  brief <- TIGHT
  brief$optCtrl$maxfun <- to$maxfun
  run <- function(control) {
    fit <- suppressMessages(suppressWarnings(fit_lme4(case, data, reml, control)))
    list(
      loglik = c(logLik(fit)), diff_beta_in_se = far(fit, unlist(reference$beta), unlist(reference$se))
    )
  }
  list(lme4_default = run(lmerControl()), lme4_tight = run(brief))
}

make_rescaled <- function(to) {
  case <- CASES[[to$of]]
  data <- read_data(case$data)
  one <- function(reml) {
    out <- rescaled_of(values_of(case, data, reml), case, data, reml, to)
    out$also <- direct_on_rescaled(case, reml, out, to)
    out
  }
  list(
    data = to$data, formula = case$text, versions = VERSIONS,
    derived = paste("exact transformation of", paste0(to$of, ","), "not a fit of these columns"),
    reml = one(TRUE), ml = one(FALSE)
  )
}

# ---------------------------------------------------------------- main

make_case <- function(name) {
  if (name %in% names(RESCALED)) return(make_rescaled(RESCALED[[name]]))
  case <- CASES[[name]]
  data <- read_data(case$data)
  options <- list(
    weights = case$weights, offset = case$offset, unidentified = if (case$unidentified) TRUE
  )
  c(
    list(data = case$data, formula = case$text), options[lengths(options) > 0],
    list(
      versions = VERSIONS, reml = values_of(case, data, TRUE), ml = values_of(case, data, FALSE)
    )
  )
}

report <- function(name, out) {
  for (method in c("reml", "ml")) {
    v <- out[[method]]
    cat(sprintf(
      "%-23s %-4s n=%d logLik=%.6f singular=%s theta=%s\n", name, method, v$n_obs, v$loglik,
      v$singular, paste(signif(v$theta, 4), collapse = " ")
    ))
    cat("    ", paste(names(unlist(c(v$also, v$quality))), signif(unlist(c(v$also, v$quality)), 10), collapse = "; "), "\n")
  }
}

main <- function() {
  stopifnot(dir.exists(FOLDER))
  cat(paste(names(VERSIONS), unlist(VERSIONS), collapse = ", "), "\n")
  write_all_data()
  wanted <- commandArgs(trailingOnly = TRUE)
  for (name in if (length(wanted)) wanted else c(names(CASES), names(RESCALED))) {
    out <- make_case(name)
    stopifnot(out$reml$singular == startsWith(name, "singular"), out$ml$singular == out$reml$singular)
    text <- toJSON(out, auto_unbox = TRUE, digits = NA, na = "null", null = "null", pretty = 1)
    writeLines(text, file.path(FOLDER, paste0(name, ".json")))
    report(name, out)
  }
}

main()
