# Write the rows (CSV) and the reference values (JSON) of predictions and conditional variances.
#
#   Rscript tests/reference/make_prediction_references.R            from the repository root
#
# Everything is computed from the data as read back from the CSV.

suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(jsonlite)
})
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
invisible(Sys.setlocale("LC_COLLATE", "C"))
options(warn = 1, contrasts = c("contr.treatment", "contr.poly"))

FOLDER <- file.path("tests", "reference", "prediction")
TIGHT <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = .2, rhoend = 1e-9, maxfun = 1e6),
  calc.derivs = FALSE, check.conv.singular = "ignore"
)
PACKAGES <- c("lme4", "lmerTest", "Matrix", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)
CASES <- list(
  nested = "y ~ x + arm + (1 + x | patient) + (1 | therapist)",
  crossed = "y ~ poly(x, 2) + (1 + x | patient) + (1 | rater)",
  uncorrelated = "y ~ x + (1 | patient) + (0 + x | patient) + (1 | therapist)",
  three_factors = "y ~ arm + (1 | patient) + (1 | rater) + (1 | therapist)",
  weighted = "y ~ x + arm + (1 + x | patient)"
)

# ---------------------------------------------------------------- data

# 15 therapists, 120 patients with 1 to 9 sessions, each session judged by one of 8 raters.
simulate_rows <- function() {
  set.seed(3)
  lengths <- sample(1:9, 120, replace = TRUE)
  patient <- rep(seq_along(lengths), lengths)
  n <- length(patient)
  therapist <- (patient - 1) %% 15 + 1
  rows <- data.frame(
    patient = paste0("p", patient), therapist = therapist,
    rater = sample(letters[1:8], n, replace = TRUE),
    arm = c("cbt", "pdt", "waitlist")[(therapist - 1) %% 3 + 1],
    x = round(rnorm(n, 4, 2), 2), w = sample(1:5, n, replace = TRUE), o = round(rnorm(n), 1)
  )
  y <- 10 + .5 * rows$x + rnorm(120)[patient] + rnorm(120, sd = .4)[patient] * rows$x +
    rnorm(15, sd = .9)[therapist] + rnorm(8, sd = .7)[match(rows$rater, letters)] +
    rnorm(n, sd = 1.5) / sqrt(rows$w)
  rows$y <- round(y + rows$o, 3)
  rows
}

# Patients of the fit and new ones, with a fitted and with a new therapist.
new_rows <- function(rows) {
  new <- rows[c(1, 40, 41, 200, 350, 2, 90, 91), setdiff(names(rows), "y")]
  new$x <- new$x + c(.5, -1, 2, 0, 1, .25, -2, 3)
  new$patient[6:8] <- c("q1", "q1", "q2")
  new$therapist[8] <- 99
  new
}

# ---------------------------------------------------------------- values

# Conditional SDs of every random effect: terms of one factor stand in lists.
effects_of <- function(fit) {
  lapply(ranef(fit, condVar = TRUE), function(table) {
    post <- attr(table, "postVar")
    if (!is.list(post)) post <- list(post)
    sd <- lapply(post, function(v) {
      variances <- apply(v, 3, function(block) diag(as.matrix(block)))
      t(sqrt(matrix(variances, ncol = dim(v)[3])))
    })
    list(
      labels = row.names(table), terms = I(names(table)),
      mean = unname(as.matrix(table)), sd = do.call(cbind, sd)
    )
  })
}

# The fixed columns of new rows, with the levels and polynomials of the fitted rows.
columns_of <- function(text, rows, new) {
  fixed <- lm(nobars(as.formula(text)), rows)
  model.matrix(delete.response(terms(fixed)), model.frame(
    delete.response(terms(fixed)), new, xlev = fixed$xlevels
  ))
}

case_of <- function(text, weighted, rows, new) {
  fit <- if (weighted) {
    # not offset = o: predict() of lme4 leaves that out for new rows
    lmerTest::lmer(as.formula(paste(text, "+ offset(o)")), rows, weights = w, control = TIGHT)
  } else {
    lmerTest::lmer(as.formula(text), rows, control = TIGHT)
  }
  x <- columns_of(text, rows, new)
  stopifnot(all.equal(c(x %*% fixef(fit)) + weighted * new$o, unname(predict(fit, new, re.form = NA))))
  covariance <- as.matrix(vcov(fit))
  list(
    formula = text, weighted = weighted,
    effects = effects_of(fit), sigma = sigma(fit), theta = unname(getME(fit, "theta")),
    conditional = unname(predict(fit, new, allow.new.levels = TRUE)),
    marginal = unname(predict(fit, new, re.form = NA)),
    marginal_se = unname(sqrt(rowSums((x %*% covariance) * x))),
    marginal_df = unname(apply(x, 1, function(row) contest1D(fit, row)[["df"]]))
  )
}

# ---------------------------------------------------------------- main

main <- function() {
  stopifnot(dir.exists(FOLDER))
  rows <- simulate_rows()
  write.csv(rows, file.path(FOLDER, "fitted.csv"), row.names = FALSE)
  write.csv(new_rows(rows), file.path(FOLDER, "new.csv"), row.names = FALSE)
  rows <- read.csv(file.path(FOLDER, "fitted.csv"))
  new <- read.csv(file.path(FOLDER, "new.csv"))
  cases <- mapply(
    case_of, CASES, names(CASES) == "weighted",
    MoreArgs = list(rows = rows, new = new), SIMPLIFY = FALSE
  )
  text <- toJSON(
    list(versions = VERSIONS, cases = cases), auto_unbox = TRUE, digits = NA, pretty = 1
  )
  writeLines(text, file.path(FOLDER, "predictions.json"))
  for (name in names(cases)) {
    case <- cases[[name]]
    cat(name, case$sigma, case$theta, "|", case$conditional, "|", case$marginal_df[1], "\n")
  }
}

main()
