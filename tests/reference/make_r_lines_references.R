# Write the reference values (JSON) of the lines of R of growth models and of a multiverse.
#
#   Rscript tests/reference/make_r_lines_references.R      from the repository root
#
# r_lines/<case>.R holds what `to_r` writes (a test compares the two); it is run here as it stands,
# and the coefficients of the last model are kept. r_lines/<case>.csv are the rows that it reads.

suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(jsonlite)
})
FOLDER <- file.path("tests", "reference", "r_lines")
PACKAGES <- c("lme4", "lmerTest", "Matrix", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)
for (file in list.files(FOLDER, "[.]R$", full.names = TRUE)) {
  space <- new.env()
  invisible(capture.output(suppressMessages(sys.source(file, space))))
  table <- coef(summary(space$m))
  values <- list(
    versions = VERSIONS, term = rownames(table), estimate = table[, "Estimate"],
    se = table[, "Std. Error"], df = table[, "df"], loglik = as.numeric(logLik(space$m)),
    singular = isSingular(space$m, tol = 1e-5)
  )
  write_json(values, sub("[.]R$", ".json", file), digits = 15, auto_unbox = TRUE)
}
