# Write the synthetic sessions (CSV) and the reference values (JSON) of the models of therapists.
#
#   Rscript tests/reference/make_therapist_references.R            from the repository root
#
# Everything is computed from the data as read back from the CSV, the preparation included. The
# interval of the intraclass correlation is found from dense matrices of all patients.

suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(pbkrtest)
  library(jsonlite)
})
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
invisible(Sys.setlocale("LC_COLLATE", "C"))
options(warn = 1)

FOLDER <- file.path("tests", "reference", "therapist")
TIGHT <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = .2, rhoend = 1e-9, maxfun = 1e6),
  calc.derivs = FALSE, check.conv.singular = "ignore"
)
PACKAGES <- c("lme4", "lmerTest", "pbkrtest", "Matrix", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)

# ---------------------------------------------------------------- data

# Therapists who differ in alliance and outcome; ratings and scores are missing here and there.
simulate <- function(seed, caseload, tau, slope_sd) {
  set.seed(seed)
  k <- length(caseload)
  n <- sum(caseload)
  of <- rep(seq_len(k), caseload)
  top <- rnorm(k, sd = .45)
  bond <- rnorm(n, sd = .8)
  slope <- -.9 + rnorm(k, sd = slope_sd)
  intake <- round(rnorm(n, 15, 5))
  final <- 4 + .5 * intake - 1.6 * top[of] + slope[of] * bond + rnorm(k, sd = tau)[of]
  final <- final + rnorm(n, sd = 3)
  lengths <- sample(5:11, n, replace = TRUE)
  patient <- rep(seq_len(n), lengths)
  frame <- data.frame(
    therapist = paste0("T", of[patient]), patient = patient, session = sequence(lengths)
  )
  share <- frame$session / lengths[patient]
  frame$intake <- intake[patient]
  frame$wai <- round(4.5 + (top[of] + bond)[patient] + rnorm(nrow(frame), sd = .5), 2)
  frame$phq <- round(
    intake[patient] + (final - intake)[patient] * share + rnorm(nrow(frame), sd = 1.5), 1
  )
  frame$wai[sample(nrow(frame), round(.08 * nrow(frame)))] <- NA
  frame$phq[sample(nrow(frame), round(.05 * nrow(frame)))] <- NA
  frame[sample(nrow(frame)), ]
}

DATA <- list(
  sessions = function() {
    caseload <- c(1, 1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 18, 20, 25)
    simulate(1, caseload, tau = 1.6, slope_sd = 2)
  },
  few = function() simulate(2, c(3, 5, 6, 8, 8, 9, 12, 14), tau = 3, slope_sd = 1)
)

# ---------------------------------------------------------------- one row a patient

prepare <- function(frame, change, low = 3, high = 5) {
  one <- function(rows) {
    rows <- rows[order(rows$session), ]
    rated <- rows$wai[rows$session >= low & rows$session <= high]
    after <- rows$phq[rows$session > high]
    after <- after[!is.na(after)]
    start <- rows$phq[rows$session == low]
    data.frame(
      patient = rows$patient[1], therapist = rows$therapist[1],
      early = mean(rated, na.rm = TRUE),
      post = if (length(after)) after[length(after)] else NA,
      intake = rows$intake[1],
      change = if (change) (if (length(start)) start else NA) - rows$intake[1] else 0
    )
  }
  table <- do.call(rbind, lapply(split(frame, frame$patient), one))
  table <- table[complete.cases(table), ]
  theirs <- tapply(table$early, table$therapist, mean)
  own <- as.numeric(theirs[as.character(table$therapist)])
  table$tb <- own - mean(theirs)
  table$pb <- table$early - own
  table
}

# ---------------------------------------------------------------- values

fixed_values <- function(m) {
  table <- coef(summary(m))
  kr <- coef(summary(m, ddf = "Kenward-Roger"))
  weights <- setNames(rep(0, nrow(table)), rownames(table))
  weights[c("pb", "tb")] <- c(-1, 1)
  contrast <- contest1D(m, weights, confint = TRUE)
  kr_contrast <- contest1D(m, weights, confint = TRUE, ddf = "Kenward-Roger")
  rows <- function(column, of, extra) {
    c(as.list(setNames(of[, column], rownames(of))), list(contextual = extra))
  }
  list(
    beta = rows("Estimate", table, contrast[["Estimate"]]),
    se = rows("Std. Error", table, contrast[["Std. Error"]]),
    df = rows("df", table, contrast[["df"]]),
    p = rows("Pr(>|t|)", table, contrast[["Pr(>|t|)"]]),
    kr_se = rows("Std. Error", kr, kr_contrast[["Std. Error"]]),
    kr_df = rows("df", kr, kr_contrast[["df"]])
  )
}

variances <- function(m) {
  v <- as.matrix(VarCorr(m)$therapist)
  list(
    therapist = v[1, 1], slope = if (nrow(v) > 1) v[2, 2] else NA, residual = sigma(m)^2,
    loglik = c(logLik(m)), singular = isSingular(m, tol = 1e-7)
  )
}

# Wald's interval by brute force: generalised least squares at every ratio of the variances.
exact <- function(m) {
  X <- getME(m, "X")
  Z <- as.matrix(getME(m, "Z"))
  y <- getME(m, "y")
  both <- qr(cbind(X, Z))
  r <- both$rank - ncol(X)
  e <- length(y) - both$rank
  rest <- sum(qr.resid(both, y)^2)
  w <- function(icc) {
    root <- chol((1 - icc) * diag(length(y)) + icc * tcrossprod(Z))
    moved <- backsolve(root, cbind(X, y), transpose = TRUE)
    p <- ncol(X)
    total <- sum(qr.resid(qr(moved[, 1:p, drop = FALSE]), moved[, p + 1])^2) * (1 - icc)
    ((total - rest) / r) / (rest / e)
  }
  end <- function(prob) {
    value <- qf(prob, r, e)
    if (w(0) <= value) 0 else uniroot(function(icc) w(icc) - value, c(0, 1 - 1e-9), tol = 1e-12)$root
  }
  list(
    low = end(.975), high = end(.025), statistic = w(0), df = c(r, e),
    p = pf(w(0), r, e, lower.tail = FALSE)
  )
}

blups <- function(m) {
  found <- as.data.frame(ranef(m, condVar = TRUE))
  found <- found[found$term == "(Intercept)", ]
  list(
    estimate = as.list(setNames(found$condval, found$grp)),
    sd = as.list(setNames(found$condsd, found$grp))
  )
}

case_of <- function(data, change) {
  table <- prepare(read.csv(file.path(FOLDER, paste0(data, ".csv"))), change)
  controls <- if (change) "intake + change" else "intake"
  fit <- function(text) lmerTest::lmer(as.formula(text), table, control = TIGHT)
  before <- fit(paste("post ~", controls, "+ (1 | therapist)"))
  after <- fit(paste("post ~ pb + tb +", controls, "+ (1 | therapist)"))
  slope <- fit(paste("post ~ pb + tb +", controls, "+ (1 + pb | therapist)"))
  alliance <- fit("early ~ 1 + (1 | therapist)")
  models <- list(before = before, after = after, alliance = alliance)
  lr <- 2 * (c(logLik(slope)) - c(logLik(after)))
  list(
    data = paste0("therapist/", data, ".csv"), n = nrow(table), versions = VERSIONS,
    caseload = as.list(table(table$therapist)),
    fixed = fixed_values(after), slope_fixed = fixed_values(slope),
    variances = c(lapply(models, variances), list(slope = variances(slope))),
    exact = lapply(models, exact),
    blups = lapply(models[c("before", "after")], blups),
    slope_test = list(statistic = lr, p = mean(pchisq(lr, 1:2, lower.tail = FALSE)))
  )
}

# ---------------------------------------------------------------- main

main <- function() {
  stopifnot(dir.exists(FOLDER))
  for (name in names(DATA)) {
    write.csv(DATA[[name]](), file.path(FOLDER, paste0(name, ".csv")), row.names = FALSE, na = "")
  }
  cases <- list(
    change = case_of("sessions", TRUE), intake = case_of("sessions", FALSE),
    few = case_of("few", TRUE)
  )
  for (name in names(cases)) {
    text <- toJSON(cases[[name]], auto_unbox = TRUE, digits = NA, pretty = 1)
    writeLines(text, file.path(FOLDER, paste0(name, ".json")))
    cat(name, cases[[name]]$n, unlist(cases[[name]]$variances), "\n")
  }
}

main()
