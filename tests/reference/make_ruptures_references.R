# Write the reference values (JSON) of the models of ruptures and outcome.
#
#   Rscript tests/reference/make_ruptures_references.R           from the repository root
#
# Patients (CSV) and code (R) are those that `fit_ruptures` writes: `prepared.frame` and `to_r()`.
# The code is run as it stands; the values are taken from its model `m`.

suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(jsonlite)
})
FOLDER <- file.path("tests", "reference", "ruptures")
PACKAGES <- c("lme4", "lmerTest", "Matrix", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)

run <- function(case) {
  code <- file.path(getwd(), FOLDER, paste0(case, ".R"))
  home <- setwd(FOLDER)
  on.exit(setwd(home))
  env <- new.env()
  capture.output(sys.source(code, envir = env))
  m <- env$m
  table <- coef(summary(m))
  df <- if ("df" %in% colnames(table)) table[, "df"] else {
    setNames(rep(df.residual(m), nrow(table)), rownames(table))
  }
  list(
    data = paste0("ruptures/", case, ".csv"), n = nobs(m), versions = VERSIONS,
    beta = as.list(table[, "Estimate"]), se = as.list(table[, "Std. Error"]), df = as.list(df),
    p = as.list(table[, ncol(table)]), loglik = as.numeric(logLik(m))
  )
}

for (case in c("therapists", "patients")) {
  write_json(
    run(case), file.path(FOLDER, paste0(case, ".json")), auto_unbox = TRUE, digits = NA, pretty = TRUE
  )
}
