# Write the reference values (JSON) of the code that `OutcomeResult.to_r` writes.
#
#   Rscript tests/reference/make_outcome_lines_references.R      from the repository root
#
# outcome_lines/<case>.R holds that code, <case>.csv the patients it reads (a test compares both);
# it is run here as it stands.

suppressPackageStartupMessages({
  library(lme4)
  library(jsonlite)
})
FOLDER <- file.path("tests", "reference", "outcome_lines")
VERSIONS <- list(
  R = paste(R.version$major, R.version$minor, sep = "."),
  lme4 = as.character(packageVersion("lme4"))
)
for (file in list.files(FOLDER, "[.]R$", full.names = TRUE)) {
  space <- new.env()
  invisible(capture.output(suppressMessages(sys.source(file, space))))
  table <- coef(summary(space$m))
  values <- list(
    versions = VERSIONS, term = rownames(table), estimate = table[, "Estimate"],
    se = table[, "Std. Error"], loglik = as.numeric(logLik(space$m))
  )
  write_json(values, sub("[.]R$", ".json", file), digits = 15, auto_unbox = TRUE)
}
