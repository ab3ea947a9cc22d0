# Write data (CSV) and reference values (JSON) of two-level models with missing values or MLR.
#
#   Rscript tests/reference/make_two_level_missing_references.R      from the repository root
#
# lavaan fits the models. Rows are sorted by cluster, and none is empty: with missing values, lavaan
# 0.6-14 loses track of rows otherwise. It has no scores of clusters with missing values, so these
# are numerical derivatives of each cluster's dense normal density at lavaan's estimates. The
# saturated and the baseline model are fitted as models: lavaan's EM stops early.

suppressPackageStartupMessages({
  library(lavaan)
  library(jsonlite)
})
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
invisible(Sys.setlocale("LC_COLLATE", "C"))
options(warn = 1)

source(file.path("tests", "reference", "lavaan_values.R"))
FOLDER <- file.path("tests", "reference", "sem")
PACKAGES <- c("lavaan", "numDeriv", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)

# ---------------------------------------------------------------- data

write_data <- function(name, frame) {
  path <- file.path(FOLDER, paste0(name, ".csv"))
  write.csv(frame, path, row.names = FALSE, quote = FALSE)
  read.csv(path)
}

# The sessions of the complete models, with answers missing: at random, and y1 where y2 is low.
with_missing <- function() {
  frame <- read.csv(file.path(FOLDER, "sessions.csv"))
  frame <- frame[order(frame$patient), ]
  set.seed(21)
  holes <- matrix(runif(nrow(frame) * 6) < .12, nrow(frame))
  holes[frame$y2 < 3.5, 1] <- runif(sum(frame$y2 < 3.5)) < .4
  values <- as.matrix(frame[, -1])
  values[holes] <- NA
  frame[, -1] <- values
  frame[rowSums(!is.na(values)) > 0, ]
}

# Few patients with 1 to 12 sessions, many of them with one or two, a fifth of the answers missing.
simulate_small <- function() {
  set.seed(22)
  sizes <- c(sample(1:3, 40, replace = TRUE), sample(8:12, 12, replace = TRUE))
  patient <- rep(seq_along(sizes), sizes)
  n <- length(patient)
  common <- rnorm(length(sizes), sd = .8)[patient]
  factor <- rnorm(n, sd = .7)
  items <- sapply(1:4, function(j) {
    3 + c(1, .9, .7, .8)[j] * (common + factor) + rnorm(length(sizes), sd = .4)[patient] +
      rnorm(n, sd = .6)
  })
  items[matrix(runif(n * 4) < .2, n)] <- NA
  colnames(items) <- paste0("z", 1:4)
  frame <- data.frame(patient = patient, round(items, 3))
  frame[rowSums(!is.na(items)) > 0, ]
}

complete <- read.csv(file.path(FOLDER, "sessions.csv"))
sessions <- write_data("sessions_missing", with_missing())
small <- write_data("sessions_small", simulate_small())

# ---------------------------------------------------------------- fits

TWO <- paste(
  "level: 1\n aw =~ y1 + y2 + y3\n bw =~ y4 + y5 + y6\n",
  "level: 2\n ab =~ y1 + y2 + y3\n bb =~ y4 + y5 + y6"
)
ONE <- "level: 1\n fw =~ z1 + z2 + z3 + z4\n level: 2\n fb =~ z1 + z2 + z3 + z4"

# A model of moments, which starts at those that another fit implies: lavaan's own start is too far
# away for some data.
of_moments <- function(fit, pairs) {
  implied <- fitted(fit)
  items <- lavNames(fit, "ov")
  level <- function(moments) {
    paste0(items[pairs[, 1]], " ~~ start(", moments[pairs], ")*", items[pairs[, 2]], collapse = "\n")
  }
  covariances <- lapply(implied, function(one) one$cov[items, items])
  means <- implied[[2]]$mean[items]
  paste0("level: 1\n", level(covariances[[1]]), "\nlevel: 2\n", level(covariances[[2]]), "\n",
         paste0(items, " ~ start(", means, ")*1", collapse = "\n"))
}
saturated <- function(fit) {
  p <- length(lavNames(fit, "ov"))
  of_moments(fit, which(upper.tri(diag(p), diag = TRUE), arr.ind = TRUE))
}
baseline <- function(fit) {
  each <- seq_along(lavNames(fit, "ov"))
  of_moments(fit, cbind(each, each))
}

# Below some tolerance nlminb stops for want of a lower value: the fit with the least gradient.
fitted_at <- function(data, model, fun) {
  lost <- anyNA(data)
  best <- NULL
  least <- 1e-5
  for (tolerance in 10^-(15:10)) {
    fit <- suppressWarnings(do.call(fun, list(
      model = model, data = data, cluster = "patient", missing = if (lost) "ml" else "listwise",
      information = "observed", test = "none", baseline = FALSE, h1 = FALSE,
      optim.force.converged = TRUE, check.post = FALSE, check.vcov = FALSE,
      control = list(rel.tol = tolerance, iter.max = 10000, eval.max = 20000)
    )))
    gradient <- max(abs(lavInspect(fit, "gradient")))
    if (gradient < least) {
      best <- fit
      least <- gradient
    }
    if (least < 3e-7) break
  }
  if (is.null(best)) stop("no convergence")
  best
}

# ---------------------------------------------------------------- scores of clusters

density_of <- function(rows, within, between, mean) {
  there <- !is.na(rows)
  n <- nrow(rows)
  p <- ncol(rows)
  all <- kronecker(matrix(1, n, n), between) + kronecker(diag(n), within)
  seen <- as.vector(t(there))
  away <- (as.vector(t(rows)) - rep(mean, n))[seen]
  root <- chol(all[seen, seen, drop = FALSE])
  -sum(log(diag(root))) - sum(backsolve(root, away, transpose = TRUE)^2) / 2 -
    sum(seen) * log(2 * pi) / 2
}

cluster_densities <- function(fit, data, x) {
  implied <- lavaan:::lav_model_implied(lavaan:::lav_model_set_parameters(fit@Model, x))
  names <- lavNames(fit, "ov")
  by_cluster <- split(as.data.frame(data[names]), data$patient)
  vapply(by_cluster, function(rows) {
    density_of(as.matrix(rows), implied$cov[[1]], implied$cov[[2]], as.vector(implied$mean[[2]]))
  }, 0)
}

values_of <- function(name, file, data, model, fun = "cfa") {
  fit <- fitted_at(data, model, fun)
  x <- lavaan:::lav_model_get_parameters(fit@Model)
  scores <- numDeriv::jacobian(function(x) cluster_densities(fit, data, x), x)
  naive <- fit@vcov$vcov
  robust <- naive %*% crossprod(scores) %*% naive
  table <- table_of(fit)
  table$robust_se <- NA
  keep <- parTable(fit)
  keep <- keep[keep$op %in% c("=~", "~", "~~", "~1"), ]
  stopifnot(nrow(keep) == nrow(table), all(keep$lhs == table$lhs), all(keep$rhs == table$rhs))
  table$robust_se[keep$free > 0] <- sqrt(diag(robust))[keep$free[keep$free > 0]]
  value <- sum(cluster_densities(fit, data, x))
  write_json(
    list(
      case = name, data = paste0(file, ".csv"), model = model, versions = VERSIONS,
      loglik = value, lavaan_loglik = as.numeric(logLik(fit)),
      trace = sum(diag(naive %*% crossprod(scores))), parameters = table
    ),
    file.path(FOLDER, paste0(name, ".json")),
    digits = NA, auto_unbox = TRUE, pretty = TRUE, na = "null"
  )
  cat(name, "gradient", max(abs(lavInspect(fit, "gradient"))), "scores", max(abs(colSums(scores))), "\n")
  invisible(fit)
}

complete <- complete[order(complete$patient), ]
for (one in list(
  list("two_level_mlr", "sessions", complete, TWO),
  list("two_level_missing", "sessions_missing", sessions, TWO),
  list("two_level_small", "sessions_small", small, ONE)
)) {
  fit <- values_of(one[[1]], one[[2]], one[[3]], one[[4]])
  values_of(paste0(one[[1]], "_saturated"), one[[2]], one[[3]], saturated(fit), "lavaan")
  values_of(paste0(one[[1]], "_baseline"), one[[2]], one[[3]], baseline(fit), "lavaan")
}

# lavaan's own robust errors, which it has for complete rows
fit <- tightest(
  c(list(model = TWO, data = complete, cluster = "patient", estimator = "MLR"), TIGHT), "cfa"
)
measures <- fitMeasures(fit)
write_json(
  list(versions = VERSIONS, measures = numbers(measures), parameters = table_of(fit)),
  file.path(FOLDER, "two_level_mlr_lavaan.json"),
  digits = NA, auto_unbox = TRUE, pretty = TRUE, na = "null"
)
