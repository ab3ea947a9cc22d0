# Write the reference values (JSON) of the tests of `fit_perspectives`.
#
#   Rscript tests/reference/make_perspectives_references.R      from the repository root
#
# perspectives/<case>.R holds what `PerspectivesResult.to_r` writes for a file of data/synthetic
# (a test compares the two); it is run here as it stands, and every model `m` of it is read. The
# joint tests come from lmerTest (Satterthwaite) and pbkrtest (Kenward-Roger).

suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(pbkrtest)
  library(jsonlite)
})
options(warn = 1)
FOLDER <- file.path("tests", "reference", "perspectives")
PACKAGES <- c("lme4", "lmerTest", "pbkrtest", "Matrix", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)

# The models of a script, in order, and its environment.
run <- function(file) {
  space <- new.env()
  models <- list()
  for (line in as.list(parse(file))) {
    capture.output(eval(line, space))
    fitted <- is.call(line) && identical(line[[1]], as.name("<-")) && identical(line[[2]], as.name("m"))
    if (fitted) models <- c(models, list(space$m))
  }
  list(models = models, space = space)
}

coefficients_of <- function(m) {
  table <- coef(summary(m))
  list(
    term = rownames(table), estimate = table[, "Estimate"], se = table[, "Std. Error"],
    df = table[, "df"], loglik = as.numeric(logLik(m)), singular = isSingular(m, tol = 1e-5)
  )
}

# F tests that the coefficients of a level are all zero, or all equal.
joint <- function(m, space, part, columns, kr) {
  names <- paste0(columns, "_", part)
  zero <- outer(names, names(fixef(m)), "==") * 1
  equal <- zero[rep(1, nrow(zero) - 1), , drop = FALSE] - zero[-1, , drop = FALSE]
  one <- function(l) {
    table <- contestMD(m, l, ddf = "Satterthwaite")
    found <- list(F = table[["F value"]], df = table$DenDF, p = table[["Pr(>F)"]])
    if (kr) {
      table <- contestMD(m, l, ddf = "Kenward-Roger")
      found <- c(found, list(F_kr = table[["F value"]], df_kr = table$DenDF))
    }
    found
  }
  list(part = part, zero = one(zero), equal = one(equal))
}

CASES <- list(
  dyads = list(columns = c("wai_total", "wai_therapist"), kr = TRUE),
  process = list(columns = c("wai_total", "wai_therapist", "wai_observer"), kr = FALSE),
  fitted = list(columns = c("wai_total", "wai_therapist", "wai_observer"), kr = FALSE)
)
for (case in names(CASES)) {
  found <- run(file.path(FOLDER, paste0(case, ".R")))
  m <- found$models[[1]]
  # Kenward and Roger's tests evaluate the call of the model again
  assign("d", found$space$d, envir = globalenv())
  assign("control", found$space$control, envir = globalenv())
  parts <- c("within", "patient_between", "therapist_between")
  columns <- CASES[[case]]$columns
  correlations <- list()
  for (part in parts) {
    correlations[[part]] <- cor(found$space$d[paste0(columns, "_", part)])
  }
  value <- list(
    versions = VERSIONS,
    models = lapply(found$models, coefficients_of),
    joint = lapply(parts, function(p) joint(m, found$space, p, columns, CASES[[case]]$kr)),
    correlations = lapply(correlations, unname),
    vif = lapply(correlations, function(r) diag(solve(r)))
  )
  write_json(
    value, file.path(FOLDER, paste0(case, ".json")), digits = NA, auto_unbox = TRUE, pretty = TRUE
  )
  message(case)
}
