# Write the synthetic sessions (CSV) and the reference values (JSON) of the outcome model's tests.
#
#   Rscript tests/reference/make_outcome_references.R            from the repository root
#
# Everything is computed from the data as read back from the CSV, the preparation included.

suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(psych)
  library(jsonlite)
})
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
invisible(Sys.setlocale("LC_COLLATE", "C"))
options(warn = 1)

FOLDER <- file.path("tests", "reference", "outcome")
REPLICATES <- 5000
TIGHT <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = .2, rhoend = 1e-9, maxfun = 1e6),
  calc.derivs = FALSE, check.conv.singular = "ignore"
)
PACKAGES <- c("lme4", "lmerTest", "psych", "Matrix", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)

# ---------------------------------------------------------------- data

# 12 therapists, 96 patients, 2 to 14 sessions each; ratings and scores are missing here and there.
simulate <- function() {
  set.seed(1)
  caseload <- rep(c(5, 6, 8, 9, 10, 10), 2)
  n <- sum(caseload)
  therapist <- rep(seq_along(caseload), caseload)
  bond <- rnorm(length(caseload), sd = .4)[therapist] + rnorm(n, sd = .7)
  intake <- round(rnorm(n, 15, 5))
  speed <- .7 + .25 * bond + rnorm(length(caseload), sd = .3)[therapist] + rnorm(n, sd = .3)
  lengths <- sample(2:14, n, replace = TRUE, prob = c(1, 1, 1, 1, rep(3, 9)))
  patient <- rep(seq_len(n), lengths)
  frame <- data.frame(therapist = therapist[patient], patient = patient, session = sequence(lengths))
  frame$intake <- intake[patient]
  frame$wai <- round(4.5 + bond[patient] + .05 * frame$session + rnorm(nrow(frame), sd = .6), 2)
  frame$phq <- round(intake[patient] - speed[patient] * frame$session + rnorm(nrow(frame), sd = 2), 1)
  frame$wai[sample(nrow(frame), 90)] <- NA
  frame$phq[sample(nrow(frame), 60)] <- NA
  frame$intake[frame$patient == 7] <- NA
  frame[sample(nrow(frame)), ]
}

# ---------------------------------------------------------------- one row a patient

prepare <- function(frame, low = 3, high = 5) {
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
      change = (if (length(start)) start else NA) - rows$intake[1]
    )
  }
  table <- do.call(rbind, lapply(split(frame, frame$patient), one))
  table <- table[complete.cases(table), ]
  theirs <- tapply(table$early, table$therapist, mean)
  table$tb <- theirs[as.character(table$therapist)] - mean(theirs)
  table$pb <- table$early - theirs[as.character(table$therapist)]
  table
}

# ---------------------------------------------------------------- correlations

# Raw sign. psych::partial.r gives the partial correlation; the semi-partial one is the
# correlation of the outcome with the residual of the effect.
correlations <- function(table, effect, others) {
  used <- table[c("post", effect, others)]
  partial <- psych::partial.r(used, 1:2, 2 + seq_along(others))[1, 2]
  residual <- resid(lm(reformulate(others, effect), used))
  c(zero_order = cor(used$post, used[[effect]]), partial = partial, semi_partial = cor(used$post, residual))
}

# Whole therapists, or patients, drawn with replacement; percentiles by quantile type 7.
bootstrap <- function(table, cluster, effect, others) {
  set.seed(2)
  members <- split(seq_len(nrow(table)), cluster)
  drawn <- replicate(REPLICATES, {
    rows <- unlist(members[sample(length(members), replace = TRUE)])
    again <- table[rows, ]
    outcome <- again$post
    x <- again[[effect]]
    controls <- cbind(1, as.matrix(again[others]))
    x_left <- lm.fit(controls, x)$residuals
    y_left <- lm.fit(controls, outcome)$residuals
    c(cor(outcome, x), cor(y_left, x_left), cor(outcome, x_left))
  })
  ends <- apply(drawn, 1, quantile, c(.025, .975))
  colnames(ends) <- c("zero_order", "partial", "semi_partial")
  list(
    low = as.list(ends[1, ]), high = as.list(ends[2, ]),
    sd = as.list(setNames(apply(drawn, 1, sd), colnames(ends)))
  )
}

# ---------------------------------------------------------------- models

fitted_values <- function(fit) {
  table <- coef(summary(fit))
  columns <- list(beta = table[, "Estimate"], se = table[, "Std. Error"], t = table[, "t value"])
  if ("df" %in% colnames(table)) columns$df <- table[, "df"]
  columns$p <- table[, ncol(table)]
  out <- lapply(columns, as.list)
  out$sigma <- sigma(fit)
  out$loglik <- c(logLik(fit))
  out$aic <- AIC(fit)
  out$bic <- BIC(fit)
  ends <- if (inherits(fit, "lm")) confint(fit) else NULL
  if (!is.null(ends)) out$ci <- list(low = as.list(ends[, 1]), high = as.list(ends[, 2]))
  if (inherits(fit, "merMod")) {
    out$variance <- c(VarCorr(fit)$therapist)
    out$singular <- isSingular(fit, tol = 1e-7)
  }
  out
}

case_of <- function(table, therapists, effects) {
  fixed <- c(effects, "intake", "change")
  text <- paste("post ~", paste(fixed, collapse = " + "))
  fit <- if (therapists) {
    lmerTest::lmer(as.formula(paste(text, "+ (1 | therapist)")), table, control = TIGHT)
  } else {
    lm(as.formula(text), table)
  }
  cluster <- if (therapists) table$therapist else table$patient
  of_effect <- function(effect) {
    others <- setdiff(fixed, effect)
    list(
      r = as.list(correlations(table, effect, others)),
      bootstrap = bootstrap(table, cluster, effect, others),
      standardised = fixef_of(fit)[[effect]] * sd(table[[effect]]) / sd(table$post)
    )
  }
  list(
    data = "outcome/sessions.csv", n = nrow(table), n_replicates = REPLICATES, versions = VERSIONS,
    fit = fitted_values(fit), effects = sapply(effects, of_effect, simplify = FALSE)
  )
}

fixef_of <- function(fit) as.list(if (inherits(fit, "lm")) coef(fit) else fixef(fit))

# ---------------------------------------------------------------- main

main <- function() {
  stopifnot(dir.exists(FOLDER))
  path <- file.path(FOLDER, "sessions.csv")
  write.csv(simulate(), path, row.names = FALSE, na = "")
  table <- prepare(read.csv(path))
  cases <- list(
    patients = case_of(table, FALSE, "early"),
    therapists = case_of(table, TRUE, "early"),
    split = case_of(table, TRUE, c("pb", "tb"))
  )
  for (name in names(cases)) {
    text <- toJSON(cases[[name]], auto_unbox = TRUE, digits = NA, pretty = 1)
    writeLines(text, file.path(FOLDER, paste0(name, ".json")))
    cat(name, cases[[name]]$n, unlist(cases[[name]]$effects[[1]]$r), cases[[name]]$fit$variance, "\n")
  }
}

main()
