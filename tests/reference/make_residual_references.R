# Structured residuals with nlme (lme, gls) at tight settings: Rscript make_residual_references.R
# Writes residual/*.csv (synthetic data) and residual/fits.json.

suppressPackageStartupMessages({
  library(nlme)
  library(clubSandwich)
  library(jsonlite)
})

args <- commandArgs(trailingOnly = FALSE)
folder <- dirname(normalizePath(sub("--file=", "", grep("--file=", args, value = TRUE))))
path <- function(name) file.path(folder, "residual", name)

# One block of an autoregression at given times.
series <- function(times, rho) {
  gaps <- abs(outer(times, times, "-"))
  as.vector(t(chol(rho^gaps)) %*% rnorm(length(times)))
}

# 60 patients of 10 therapists in two arms, sessions 1 to 12 with one in eight missing, irregular
# days, a time-varying predictor; autoregression .45 a session and 1.5 times the SD in the second arm.
simulate_series <- function(seed, rho, continuous = FALSE) {
  set.seed(seed)
  parts <- lapply(1:60, function(patient) {
    sessions <- sort(sample(12, sample(8:11, 1)))
    days <- sort(sample(1:110, length(sessions)))
    arm <- if (patient %% 2 == 1) "control" else "treated"
    error <- series(if (continuous) days / 7 else sessions, rho) * if (arm == "treated") 3 else 2
    data.frame(
      therapist = sprintf("T%02d", (patient - 1) %/% 6 + 1), patient = sprintf("P%02d", patient),
      session = sessions, days = days, arm = arm, stress = round(rnorm(length(sessions)), 2),
      error = error
    )
  })
  frame <- do.call(rbind, parts)
  therapist <- rnorm(10, sd = 1.5)[as.integer(factor(frame$therapist))]
  k <- as.integer(factor(frame$patient))
  intercept <- rnorm(60, sd = 2.5)[k]
  slope <- rnorm(60, sd = .8)[k]
  frame$symptom <- round(15 + therapist + intercept - .4 * frame$session +
    (.6 + slope) * frame$stress + frame$error, 3)
  frame$error <- NULL
  frame
}

# 50 patients, 8 sessions, rated by two or three roles; one rating in six is missing.
simulate_roles <- function(seed, roles, covariance) {
  set.seed(seed)
  k <- length(roles)
  frame <- expand.grid(role = roles, session = 1:8, patient = sprintf("P%02d", 1:50))
  half <- t(chol(covariance))
  error <- as.vector(half %*% matrix(rnorm(k * 400), k))
  between <- as.vector(t(chol(diag(k) * 3 + 2)) %*% matrix(rnorm(k * 50), k))
  at <- (as.integer(frame$patient) - 1) * k + as.integer(frame$role)
  frame$rating <- round(40 + 3 * as.integer(frame$role) + .3 * frame$session + between[at] + error, 3)
  frame <- frame[sort(c(1, sample(2:nrow(frame), round(nrow(frame) * 5 / 6)))), ]
  frame[c("patient", "session", "role", "rating")]
}

data <- list(
  series = simulate_series(1, .45),
  alternating = simulate_series(2, -.4),
  days = simulate_series(3, .5, continuous = TRUE),
  dyads = simulate_roles(4, c("patient", "therapist"), matrix(c(4, 1.2, 1.2, 2), 2)),
  triads = simulate_roles(
    5, c("observer", "patient", "therapist"),
    matrix(c(3, 1, .5, 1, 4, 1.2, .5, 1.2, 2), 3)
  )
)
for (name in names(data)) {
  write.csv(data[[name]], path(paste0(name, ".csv")), row.names = FALSE, quote = FALSE)
  data[[name]] <- read.csv(path(paste0(name, ".csv")))
}

ar <- function(value) corAR1(value, form = ~ session | patient)
nested_ar <- function(value) corAR1(value, form = ~ session | therapist / patient)
car <- function(value) corCAR1(value, form = ~ days | patient)
nested_car <- function(value) corCAR1(value, form = ~ days | therapist / patient)
arms <- function() varIdent(form = ~ 1 | arm)
roles <- function() varIdent(form = ~ 1 | role)
pairs <- function(value) corSymm(form = ~ place | patient / session)
alone <- function(value) NULL
equal <- function() NULL

# data, fixed, random (NULL: gls), correlation, weights, our formula and our structure
case <- function(data, fixed, random, correlation, weights, formula, residual) {
  as.list(environment())
}
growth <- symptom ~ session + stress
cases <- list(
  ar1 = case("series", growth, ~ 1 | patient, ar, equal,
    "symptom ~ session + stress + (1 | patient)", "ar1('session', within='patient')"),
  ar1_slope = case("series", growth, ~ stress | patient, ar, equal,
    "symptom ~ session + stress + (1 + stress | patient)", "ar1('session', within='patient')"),
  ar1_nested = case("series", growth, ~ 1 | therapist / patient, nested_ar, equal,
    "symptom ~ session + stress + (1 | therapist/patient)", "ar1('session', within='patient')"),
  ar1_slopes_nested = case("series", growth, list(therapist = ~ 1, patient = ~ stress), nested_ar,
    equal, "symptom ~ session + stress + (1 | therapist) + (1 + stress | patient)",
    "ar1('session', within='patient')"),
  ar1_arms = case("series", symptom ~ arm * session, ~ 1 | patient, ar, arms,
    "symptom ~ arm * session + (1 | patient)",
    "ar1('session', within='patient', variance_by='arm')"),
  ar1_alone = case("series", growth, NULL, ar, equal, "symptom ~ session + stress",
    "ar1('session', within='patient')"),
  negative = case("alternating", growth, ~ 1 | patient, ar, equal,
    "symptom ~ session + stress + (1 | patient)", "ar1('session', within='patient')"),
  negative_alone = case("alternating", growth, NULL, ar, equal, "symptom ~ session + stress",
    "ar1('session', within='patient')"),
  car1 = case("days", growth, ~ 1 | patient, car, equal,
    "symptom ~ session + stress + (1 | patient)", "continuous_ar1('days', within='patient')"),
  car1_nested = case("days", growth, list(therapist = ~ 1, patient = ~ stress), nested_car, equal,
    "symptom ~ session + stress + (1 | therapist) + (1 + stress | patient)",
    "continuous_ar1('days', within='patient')"),
  car1_arms = case("days", growth, ~ 1 | patient, car, arms,
    "symptom ~ session + stress + (1 | patient)",
    "continuous_ar1('days', within='patient', variance_by='arm')"),
  car1_alone = case("days", growth, NULL, car, equal, "symptom ~ session + stress",
    "continuous_ar1('days', within='patient')"),
  arms = case("series", symptom ~ arm * session, ~ 1 | patient, alone, arms,
    "symptom ~ arm * session + (1 | patient)", "variance_by('arm')"),
  arms_nested = case("series", growth, list(therapist = ~ 1, patient = ~ stress), alone, arms,
    "symptom ~ session + stress + (1 | therapist) + (1 + stress | patient)", "variance_by('arm')"),
  arms_alone = case("series", growth, NULL, alone, arms, "symptom ~ session + stress",
    "variance_by('arm')"),
  dyads = case("dyads", rating ~ role + session, ~ 0 + role | patient, pairs, roles,
    "rating ~ role + session + (0 + role | patient)",
    "unstructured('role', within=('patient', 'session'))"),
  dyads_alone = case("dyads", rating ~ role + session, NULL, pairs, roles,
    "rating ~ role + session", "unstructured('role', within=('patient', 'session'))"),
  triads = case("triads", rating ~ role, ~ 1 | patient, pairs, roles,
    "rating ~ role + (1 | patient)", "unstructured('role', within=('patient', 'session'))")
)

# The best of several starts and optimisers.
fit_case <- function(case, method) {
  frame <- data[[case$data]]
  if (!is.null(frame$role)) {
    frame$role <- factor(frame$role)
    frame$place <- as.integer(frame$role)
  }
  timed <- any(grepl("ar1", case$residual, fixed = TRUE))
  starts <- if (!timed) NA else if (case$data == "alternating") c(-.4, .1) else c(.15, .65)
  best <- NULL
  for (start in starts) for (opt in c("nlminb", "optim")) {
    value <- if (is.na(start)) 0 else if (grepl("continuous", case$residual)) start^(1 / 7) else start
    arguments <- list(case$fixed, data = frame, method = method,
      correlation = case$correlation(value), weights = case$weights())
    found <- try(if (is.null(case$random)) {
      control <- glsControl(maxIter = 500, msMaxIter = 1000, tolerance = 1e-12, msTol = 1e-12,
        opt = opt, .relStep = 5e-5, minAbsParApVar = .5)
      do.call(gls, c(arguments, list(control = control)))
    } else {
      control <- lmeControl(maxIter = 500, msMaxIter = 1000, niterEM = 50, tolerance = 1e-12,
        msTol = 1e-12, opt = opt, .relStep = 5e-5, minAbsParApVar = .5)
      do.call(lme, c(arguments, list(random = case$random, control = control)))
    }, silent = TRUE)
    if (inherits(found, "try-error")) next
    if (is.null(best) || logLik(found) > logLik(best)) best <- found
  }
  best
}

random_parts <- function(fit) {
  parts <- lapply(fit$modelStruct$reStruct, function(block) {
    values <- as.matrix(block) * fit$sigma^2
    list(names = colnames(values), covariance = unname(values))
  })
  if (length(parts)) parts else NULL
}

values_of <- function(case, method) {
  fit <- fit_case(case, method)
  mixed <- inherits(fit, "lme")
  structure <- fit$modelStruct
  ends <- try(intervals(fit), silent = TRUE)
  table <- summary(fit)$tTable
  correlation <- if (is.null(structure$corStruct)) NULL else
    as.vector(coef(structure$corStruct, unconstrained = FALSE))
  ratios <- if (is.null(structure$varStruct)) NULL else
    as.list(coef(structure$varStruct, unconstrained = FALSE))
  normalized <- as.vector(resid(fit, type = "normalized"))
  failed <- inherits(ends, "try-error")
  list(
    loglik = as.numeric(logLik(fit)), n_parameters = attr(logLik(fit), "df"),
    names = rownames(table), beta = unname(table[, "Value"]), se = unname(table[, "Std.Error"]),
    sigma = fit$sigma, random = if (mixed) random_parts(fit),
    correlation = correlation, ratios = ratios,
    correlation_interval = if (!failed && !is.null(correlation)) unname(ends$corStruct[, c(1, 3)]),
    ratio_interval = if (!failed && !is.null(ratios)) unname(ends$varStruct[, c(1, 3)]),
    normalized = normalized[1:40]
  )
}

found <- lapply(cases, function(case) {
  list(
    data = paste0("residual/", case$data, ".csv"), formula = case$formula, residual = case$residual,
    reml = values_of(case, "REML"), ml = values_of(case, "ML")
  )
})
# Cluster-robust standard errors with the autoregression in the working covariance.
fit <- fit_case(cases$ar1, "REML")
robust <- lapply(c(CR0 = "CR0", CR1 = "CR1", CR1S = "CR1S"), function(type) {
  table <- coef_test(fit, vcov = type, test = "Satterthwaite")
  list(se = table$SE, df = table$df_Satt)
})
versions <- list(R = as.character(getRversion()), nlme = as.character(packageVersion("nlme")),
  clubSandwich = as.character(packageVersion("clubSandwich")))
write_json(list(versions = versions, cases = found, robust = robust), path("fits.json"),
  digits = NA, auto_unbox = TRUE, pretty = TRUE, null = "null")
