# Generalised linear mixed models by lme4's glmer: Rscript make_glmm_references.R [case ...]
# Writes glmm/visits.csv and one JSON a case. glmer's default settings end up to .05 in the
# log-likelihood below the maximum, so every fit is repeated from its own end until it no longer
# rises, at a tight tolerance of the penalised least squares. One case is checked with glmmTMB.

suppressPackageStartupMessages({
  library(lme4)
  library(glmmTMB)
  library(jsonlite)
})

args <- commandArgs(trailingOnly = FALSE)
folder <- dirname(normalizePath(sub("--file=", "", grep("--file=", args, value = TRUE))))
target <- file.path(folder, "glmm")

# 160 patients of 20 therapists, 3 to 8 visits each, every visit rated by one of 12 raters. `room`
# has no effect at all: the seed is the first of 1, 2, 3, ... for which its variance ends at zero.
SEED <- 2
simulate_visits <- function() {
  set.seed(SEED)
  n <- sample(3:8, 160, replace = TRUE)
  patient <- rep(1:160, n)
  therapist <- sample(20, 160, replace = TRUE)[patient]
  frame <- data.frame(patient = sprintf("p%03d", patient), therapist = sprintf("t%02d", therapist))
  rows <- nrow(frame)
  frame$rater <- sprintf("r%02d", sample(12, rows, replace = TRUE))
  frame$room <- sample(8, rows, replace = TRUE)
  frame$session <- sequence(n)
  frame$alliance <- round(rnorm(160)[patient] + rnorm(rows), 2)
  frame$arm <- c("cbt", "ipt", "wait")[sample(3, 160, replace = TRUE)][patient]
  frame$n_items <- sample(3:9, rows, replace = TRUE)
  frame$log_weeks <- round(log(sample(1:6, rows, replace = TRUE)), 6)
  slope <- rnorm(160, sd = .25)[patient]
  eta <- -.3 + .5 * frame$alliance - .1 * frame$session + c(0, .4, -.5)[factor(frame$arm)] +
    rnorm(160, sd = 1)[patient] + rnorm(20, sd = .6)[therapist] +
    rnorm(12, sd = .5)[as.integer(factor(frame$rater))]
  frame$remitted <- rbinom(rows, 1, plogis(eta))
  frame$endorsed <- rbinom(rows, frame$n_items, plogis(eta - .2 + slope * (frame$session - 3)))
  frame$relapses <- rpois(rows, exp(.5 * eta - 1 + frame$log_weeks))
  frame[sample(rows), ]
}

case <- function(formula, family = "binomial", link = "logit", n_agq = 1, trials = NULL,
                 offset = NULL) {
  as.list(environment())
}
cases <- list(
  logit_intercept = case("remitted ~ session + alliance + (1 | patient)"),
  cloglog_intercept = case("remitted ~ session + alliance + (1 | patient)", link = "cloglog"),
  probit_intercept = case("remitted ~ session + alliance + (1 | patient)", link = "probit"),
  logit_nested = case("remitted ~ alliance + (1 | therapist/patient)"),
  logit_slope = case("remitted ~ session + alliance + (1 + alliance | therapist)"),
  logit_crossed = case("remitted ~ alliance + (1 | patient) + (1 | rater)"),
  cloglog_crossed = case("remitted ~ alliance + (1 | patient) + (1 | rater)", link = "cloglog"),
  categorical = case("remitted ~ arm * alliance + (1 | patient)"),
  singular = case("remitted ~ alliance + (1 | patient) + (1 | room)"),
  trials_slope = case(
    "endorsed ~ session + (1 + session | patient) + (1 | therapist)", trials = "n_items"
  ),
  trials_uncorrelated = case("endorsed ~ session + (1 + session || patient)", trials = "n_items"),
  poisson_offset = case("relapses ~ arm + (1 | therapist)", "poisson", "log", offset = "log_weeks"),
  poisson_nested = case(
    "relapses ~ alliance + (1 | therapist/patient)", "poisson", "log", offset = "log_weeks"
  ),
  agq_5 = case("remitted ~ session + alliance + (1 | patient)", n_agq = 5),
  agq_11 = case("remitted ~ session + alliance + (1 | patient)", n_agq = 11),
  agq_25 = case("remitted ~ session + alliance + (1 | patient)", n_agq = 25),
  agq_cloglog = case("remitted ~ session + alliance + (1 | patient)", link = "cloglog", n_agq = 11),
  agq_trials = case("endorsed ~ session + (1 | patient)", trials = "n_items", n_agq = 11),
  agq_poisson = case(
    "relapses ~ arm + (1 | therapist)", "poisson", "log", offset = "log_weeks", n_agq = 7
  )
)

control <- function(rhobeg, tolerance) {
  glmerControl(
    optimizer = "bobyqa", optCtrl = list(rhobeg = rhobeg, rhoend = 1e-9, maxfun = 1e6),
    tolPwrss = tolerance, check.conv.grad = "ignore", check.conv.hess = "ignore",
    check.conv.singular = "ignore"
  )
}

fitted_case <- function(case, frame) {
  left <- sub(" ~.*", "", case$formula)
  formula <- case$formula
  if (!is.null(case$trials)) {
    formula <- sub(left, sprintf("cbind(%s, %s - %s)", left, case$trials, left), formula)
  }
  family <- if (case$family == "poisson") poisson(case$link) else binomial(case$link)
  frame$shift <- if (is.null(case$offset)) 0 else frame[[case$offset]]
  fit <- NULL
  for (rhobeg in c(.2, .05, .02, .01, .005, .002)) {
    start <- if (is.null(fit)) NULL else getME(fit, c("theta", "fixef"))
    again <- glmer(
      as.formula(formula), frame, family, control(rhobeg, 1e-13), start = start,
      nAGQ = case$n_agq, offset = shift
    )
    better <- is.null(fit) || logLik(again) > logLik(fit)
    if (better) fit <- again
  }
  fit
}

# For nAGQ > 1 glmer's log-likelihood leaves out that of the saturated model.
saturated <- function(case, frame) {
  y <- frame[[sub(" ~.*", "", case$formula)]]
  if (case$family == "poisson") return(sum(dpois(y, y, log = TRUE)))
  m <- if (is.null(case$trials)) rep(1, length(y)) else frame[[case$trials]]
  sum(dbinom(y, m, y / m, log = TRUE))
}

values_of <- function(case, fit, frame) {
  loglik <- as.numeric(logLik(fit))
  if (case$n_agq > 1) loglik <- loglik + saturated(case, frame)
  effects <- ranef(fit, condVar = TRUE)
  list(
    data = "glmm/visits.csv", formula = case$formula, family = case$family, link = case$link,
    n_agq = case$n_agq, trials = case$trials, offset = case$offset, loglik = loglik,
    beta = as.list(fixef(fit)), se = as.list(sqrt(diag(as.matrix(vcov(fit))))),
    covariances = lapply(VarCorr(fit), function(v) {
      list(names = I(colnames(v)), values = unname(matrix(as.numeric(v), nrow(v))))
    }),
    modes = lapply(effects, function(e) c(list(label = I(rownames(e))), lapply(e, I))),
    mode_sd = lapply(effects, function(e) {
      variance <- attr(e, "postVar")
      if (is.list(variance)) NULL else I(as.numeric(sqrt(apply(variance, 3, diag))))
    }),
    residuals = list(
      pearson = unname(residuals(fit, "pearson"))[1:40],
      deviance = unname(residuals(fit, "deviance"))[1:40]
    ),
    singular = isSingular(fit),
    versions = list(R = R.version.string, lme4 = as.character(packageVersion("lme4")),
                    glmmTMB = as.character(packageVersion("glmmTMB")))
  )
}

write <- function(values, name) {
  text <- toJSON(values, digits = I(12), auto_unbox = TRUE, pretty = TRUE, null = "null")
  writeLines(text, file.path(target, paste0(name, ".json")))
}

write.csv(simulate_visits(), file.path(target, "visits.csv"), row.names = FALSE)
visits <- read.csv(file.path(target, "visits.csv"))
wanted <- commandArgs(trailingOnly = TRUE)
for (name in if (length(wanted)) wanted else names(cases)) {
  fit <- fitted_case(cases[[name]], visits)
  values <- values_of(cases[[name]], fit, visits)
  if (name == "logit_intercept") {
    tmb <- glmmTMB(as.formula(cases[[name]]$formula), visits, binomial())
    values$glmmTMB <- list(
      loglik = as.numeric(logLik(tmb)), beta = as.list(fixef(tmb)$cond),
      se = as.list(sqrt(diag(vcov(tmb)$cond)))
    )
  }
  write(values, name)
  cat(sprintf("%-20s %.7f%s\n", name, values$loglik, if (values$singular) " singular" else ""))
}
