# Reference values of alpha within and between clusters: lavaan's saturated two-level model with the
# coefficients as defined parameters. Synthetic data, written by make_sem_references.R.
#   Rscript tests/reference/make_two_level_alpha_references.R
suppressMessages({
  library(lavaan)
  library(jsonlite)
})
folder <- file.path("tests", "reference", "sem")
d <- read.csv(file.path(folder, "sessions.csv"))
items <- c("y1", "y2", "y3")
d <- d[complete.cases(d[c(items, "patient")]), ]
typical <- 1 / mean(1 / table(d$patient))

entries <- function(level) {
  lines <- character()
  for (i in seq_along(items)) for (j in i:length(items))
    lines <- c(lines, sprintf("%s ~~ %s%d%d * %s", items[i], level, i, j, items[j]))
  paste(lines, collapse = "\n")
}
total <- function(level) paste0("(", paste(outer(1:3, 1:3, Vectorize(function(i, j)
  sprintf("%s%d%d", level, min(i, j), max(i, j)))), collapse = " + "), ")")
trace <- function(level) paste0("(", paste(sprintf("%s%d%d", level, 1:3, 1:3), collapse = " + "), ")")
common <- function(level) sprintf("(1.5 * (%s - %s))", total(level), trace(level))
model <- paste(
  "level: 1", entries("w"), "level: 2", entries("b"),
  sprintf("alpha_within := %s / %s", common("w"), total("w")),
  sprintf("alpha_between := %s / (%s + %s / %.15g)", common("b"), total("b"), total("w"), typical),
  sprintf("alpha_2level := (%s + %s) / (%s + %s)", common("w"), common("b"), total("w"), total("b")),
  sprintf("alpha_between_latent := %s / %s", common("b"), total("b")),
  sep = "\n"
)
# the fit at the tightest tolerance at which the optimiser still reports convergence
for (tolerance in 10^-(14:9)) {
  fit <- suppressWarnings(sem(
    model, data = d, cluster = "patient", h1 = FALSE, baseline = FALSE,
    control = list(rel.tol = tolerance, iter.max = 10000, eval.max = 20000)
  ))
  if (lavInspect(fit, "converged")) break
}
stopifnot(lavInspect(fit, "converged"))
found <- parameterEstimates(fit)
found <- found[found$op == ":=", ]
values <- setNames(lapply(seq_len(nrow(found)), function(k)
  list(est = found$est[k], se = found$se[k])), found$lhs)
write_json(
  list(data = "sessions.csv", items = items, typical = typical, rel.tol = tolerance, loglik = as.numeric(logLik(fit)),
       values = values, versions = list(R = as.character(getRversion()),
                                        lavaan = as.character(packageVersion("lavaan")))),
  file.path(folder, "multilevel_alpha.json"), auto_unbox = TRUE, digits = NA, pretty = TRUE)
