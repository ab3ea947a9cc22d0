# Writes tests/reference/explained/explained.json: R² and shares of variance by their definitions,
# row by row, from lme4 fits at tight settings. Run from the root of the repository:
#
#   Rscript tests/reference/make_explained_references.R
#
# The rows are those of tests/reference/prediction/fitted.csv (make_prediction_references.R).

suppressPackageStartupMessages({
  library(lme4)
  library(jsonlite)
})
options(warn = 1, contrasts = c("contr.treatment", "contr.poly"))

FOLDER <- file.path("tests", "reference", "explained")
TIGHT <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = .2, rhoend = 1e-9, maxfun = 1e6),
  calc.derivs = FALSE, check.conv.singular = "ignore"
)
PACKAGES <- c("lme4", "Matrix", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)
CASES <- list(
  centred = "y ~ xw + xb + arm + (1 + xw | patient)",
  raw = "y ~ x + arm + (1 + x | patient)",
  three_levels = "y ~ xw + xp + xt + (1 + xw | patient) + (1 + xp | therapist)",
  three_levels_raw = "y ~ x + arm + (1 + x | patient) + (1 + x | therapist)",
  crossed = "y ~ x + arm + (1 + x | patient) + (1 | rater)",
  uncorrelated = "y ~ x + (1 | patient) + (0 + x | patient) + (1 | therapist)",
  weighted = "y ~ x + arm + (1 + x | patient) + (1 | therapist)"
)

# ---------------------------------------------------------------- definitions, row by row

# Sums of squares about weighted means, over n - 1: `at` are the means that a row is compared with.
spread <- function(values, at, w) sum(w * (values - at)^2) / (length(values) - 1)
mean_by <- function(values, group, w) ave(w * values, group, FUN = sum) / ave(w, group, FUN = sum)

# Variance of a column within the first of nested groups, between them, ..., between the last.
split_spread <- function(values, groups, w) {
  means <- lapply(groups, function(g) mean_by(values, g, w))
  means <- c(list(values), means, list(rep(sum(w * values) / sum(w), length(values))))
  sapply(seq_len(length(means) - 1), function(i) spread(means[[i]], means[[i + 1]], w))
}

# E(z'Tz) over rows, and its part at the means of z; the rest by unit, one eigenvector of T at a time.
random_parts <- function(z, covariance, groups, w) {
  mean_z <- colSums(w * z) / sum(w)
  e <- eigen(covariance, symmetric = TRUE)
  slopes <- Reduce(`+`, lapply(seq_along(e$values), function(k) {
    e$values[k] * split_spread(c(z %*% e$vectors[, k]), groups, w)
  }))
  list(
    mean = sum(w * rowSums((z %*% covariance) * z)) / sum(w),
    at_means = c(mean_z %*% covariance %*% mean_z), slopes = slopes
  )
}

# Covariance matrix and columns of all terms of a factor (a || term has several).
factor_parts <- function(fit, name) {
  blocks <- VarCorr(fit)[sub("\\.\\d+$", "", names(VarCorr(fit))) == name]
  names_z <- unlist(lapply(blocks, rownames))
  covariance <- as.matrix(Matrix::bdiag(lapply(blocks, function(b) matrix(b, nrow(b)))))
  columns <- cbind(`(Intercept)` = 1, model.frame(fit))
  list(z = as.matrix(columns[, names_z, drop = FALSE]), covariance = covariance)
}

case_of <- function(name, rows) {
  rows$one <- 1
  w <- if (name == "weighted") rows$w / mean(rows$w) else rep(1, nrow(rows))
  fit <- if (name == "weighted") {
    lmer(as.formula(CASES[[name]]), rows, weights = w, control = TIGHT)
  } else {
    lmer(as.formula(CASES[[name]]), rows, control = TIGHT)
  }
  levels <- unique(sub("\\.\\d+$", "", names(VarCorr(fit))))
  levels <- intersect(c("patient", "therapist", "rater"), levels)
  nested <- !("rater" %in% levels)
  groups <- if (nested) rows[levels] else list()
  fixed <- c(model.matrix(fit) %*% fixef(fit))
  random <- lapply(setNames(levels, levels), function(level) {
    parts <- factor_parts(fit, level)
    random_parts(parts$z, parts$covariance, groups, w)
  })
  residual <- sigma(fit)^2 / if (name == "weighted") mean(rows$w) else 1
  total <- spread(fixed, sum(w * fixed) / sum(w), w)
  all_random <- sum(sapply(random, function(r) r$mean))
  whole <- total + all_random + residual
  list(
    formula = CASES[[name]], weighted = name == "weighted", levels = I(levels),
    marginal = total / whole, conditional = (total + all_random) / whole,
    residual = residual, fixed = I(split_spread(fixed, groups, w)),
    slopes = lapply(random, function(r) I(r$slopes)),
    means = lapply(random, function(r) r$at_means)
  )
}

# The null model: an intercept of every factor.
null_of <- function(name, rows) {
  levels <- if (name == "crossed") c("patient", "rater") else c("patient", "therapist")
  text <- paste("y ~ 1 +", paste0("(1 | ", levels, ")", collapse = " + "))
  fit <- if (name == "weighted") {
    lmer(as.formula(text), rows, weights = w, control = TIGHT)
  } else {
    lmer(as.formula(text), rows, control = TIGHT)
  }
  residual <- sigma(fit)^2 / if (name == "weighted") mean(rows$w) else 1
  c(lapply(VarCorr(fit), function(v) v[1, 1]), residual = residual)
}

# Rights and Sterba's (2019) measures for centred predictors, from their matrices phi, T and Sigma.
twelve <- function(rows) {
  fit <- lmer(as.formula(CASES$centred), rows, control = TIGHT)
  x <- model.matrix(fit)
  between <- setdiff(colnames(x), c("(Intercept)", "xw"))
  covariance <- matrix(VarCorr(fit)$patient, 2)
  f1 <- fixef(fit)[["xw"]]^2 * var(x[, "xw"])
  f2 <- c(fixef(fit)[between] %*% var(x[, between]) %*% fixef(fit)[between])
  v <- covariance[2, 2] * var(x[, "xw"])
  m <- covariance[1, 1]
  s <- sigma(fit)^2
  total <- f1 + f2 + v + m + s
  list(
    "R²t(f1)" = f1 / total, "R²t(f2)" = f2 / total, "R²t(v)" = v / total, "R²t(m)" = m / total,
    "R²t(f)" = (f1 + f2) / total, "R²t(fv)" = (f1 + f2 + v) / total,
    "R²t(fvm)" = (f1 + f2 + v + m) / total,
    "R²w(f1)" = f1 / (f1 + v + s), "R²w(v)" = v / (f1 + v + s), "R²w(f1v)" = (f1 + v) / (f1 + v + s),
    "R²b(f2)" = f2 / (f2 + m), "R²b(m)" = m / (f2 + m)
  )
}

# ---------------------------------------------------------------- main

main <- function() {
  stopifnot(dir.exists(FOLDER))
  rows <- read.csv(file.path("tests", "reference", "prediction", "fitted.csv"))
  patient <- ave(rows$x, rows$patient)
  therapist <- ave(rows$x, rows$therapist)
  rows$xw <- rows$x - patient
  rows$xb <- patient
  rows$xp <- patient - therapist
  rows$xt <- therapist
  cases <- lapply(setNames(names(CASES), names(CASES)), case_of, rows = rows)
  nulls <- lapply(setNames(nm = c("three_levels_raw", "crossed", "weighted")), null_of, rows = rows)
  text <- toJSON(
    list(versions = VERSIONS, cases = cases, null = nulls, twelve = twelve(rows)),
    auto_unbox = TRUE, digits = NA, pretty = 1
  )
  writeLines(text, file.path(FOLDER, "explained.json"))
  for (name in names(cases)) cat(name, cases[[name]]$marginal, cases[[name]]$conditional, "\n")
}

main()
