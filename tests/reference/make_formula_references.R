# Write the rows (CSV) and the reference values (JSON) of design columns for new rows.
#
#   Rscript tests/reference/make_formula_references.R            from the repository root
#
# Everything is computed from the data as read back from the CSV, by lm() and predict().

suppressPackageStartupMessages({
  library(splines)
  library(jsonlite)
})
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
invisible(Sys.setlocale("LC_COLLATE", "C"))
options(warn = 1)

FOLDER <- file.path("tests", "reference", "formula")
VERSIONS <- list(
  R = paste(R.version$major, R.version$minor, sep = "."),
  splines = as.character(packageVersion("splines")),
  jsonlite = as.character(packageVersion("jsonlite"))
)
FORMULAS <- c(
  "scale(x)", "poly(x, 2)", "poly(x, 6)", "bs(x, df = 3)", "bs(x, df = 4)", "bs(x, df = 7)",
  "arm", "0 + arm", "x * arm", "x + arm:x", "log(x) + sqrt(z) + exp(z) + I(x^3)",
  "scale(x) * arm * z", "poly(x, 3) * arm", "arm:bs(z, df = 5)", "0 + scale(z) + poly(x, 2):scale(z)"
)

# ---------------------------------------------------------------- data

simulate <- function() {
  set.seed(1)
  fitted <- data.frame(
    x = round(rgamma(60, 4, 1) + .1, 2), z = round(runif(60, 0, 3), 2),
    arm = sample(c("cbt", "pdt", "waitlist"), 60, replace = TRUE)
  )
  fitted$y <- round(sin(fitted$x) + fitted$z * (fitted$arm == "pdt") + rnorm(60, sd = .3), 3)
  inside <- data.frame(x = c(1.5, 2.25, 3, 4.4, 5), z = c(.5, 2.6, 1.25, 1.75, 2), arm = "pdt")
  outside <- data.frame(x = c(.05, 14, 25), z = c(0, 3.5, 4), arm = "waitlist")
  write.csv(fitted, file.path(FOLDER, "fitted.csv"), row.names = FALSE)
  write.csv(inside, file.path(FOLDER, "inside.csv"), row.names = FALSE)
  write.csv(outside, file.path(FOLDER, "outside.csv"), row.names = FALSE)
}

rows_of <- function(name) read.csv(file.path(FOLDER, paste0(name, ".csv")))

# ---------------------------------------------------------------- values

# The columns that predict() multiplies with the coefficients, and what it predicts.
of_new_rows <- function(fit, new) {
  frame <- model.frame(delete.response(terms(fit)), new, xlev = fit$xlevels)
  matrix <- model.matrix(delete.response(terms(fit)), frame)
  list(columns = unname(t(matrix)), predicted = unname(predict(fit, new)))
}

within <- function(new, fitted) all(new >= min(fitted) & new <= max(fitted))

case_of <- function(right) {
  fitted <- rows_of("fitted")
  fit <- lm(as.formula(paste("y ~", right)), fitted)
  stopifnot(!anyNA(coef(fit)))
  for (name in c("x", "z")) stopifnot(within(rows_of("inside")[[name]], fitted[[name]]))
  list(
    inside = of_new_rows(fit, rows_of("inside")),
    outside = suppressWarnings(of_new_rows(fit, rows_of("outside")))
  )
}

# ---------------------------------------------------------------- main

main <- function() {
  stopifnot(dir.exists(FOLDER))
  simulate()
  cases <- sapply(FORMULAS, case_of, simplify = FALSE)
  text <- toJSON(
    list(versions = VERSIONS, cases = cases), auto_unbox = TRUE, digits = NA, pretty = 1
  )
  writeLines(text, file.path(FOLDER, "new_rows.json"))
  for (right in FORMULAS) cat(right, ":", cases[[right]]$outside$predicted, "\n")
}

main()
