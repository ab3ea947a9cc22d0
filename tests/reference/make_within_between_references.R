# Write the reference values (JSON) of the code that `AllianceResult.to_r` writes.
#
#   Rscript tests/reference/make_within_between_references.R      from the repository root
#
# within_between/<case>.R holds that code for a file of data/synthetic (a test compares the two);
# it is run here as it stands.

suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(jsonlite)
})
FOLDER <- file.path("tests", "reference", "within_between")
PACKAGES <- c("lme4", "lmerTest", "Matrix", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)
for (file in list.files(FOLDER, "[.]R$", full.names = TRUE)) {
  space <- new.env()
  invisible(capture.output(suppressMessages(sys.source(file, space))))
  table <- coef(summary(space$m))
  differences <- grep("contest1D", readLines(file), value = TRUE)  # contextual ones, as printed
  calls <- parse(text = sub("^print\\((.*), digits = 8\\)$", "\\1", differences))
  contextual <- do.call(rbind, lapply(calls, eval, space))
  values <- list(
    versions = VERSIONS, term = rownames(table), estimate = table[, "Estimate"],
    se = table[, "Std. Error"], df = table[, "df"], loglik = as.numeric(logLik(space$m)),
    singular = isSingular(space$m, tol = 1e-5),
    contextual = list(
      estimate = I(contextual[["Estimate"]]), se = I(contextual[["Std. Error"]]),
      df = I(contextual[["df"]])
    )
  )
  write_json(values, sub("[.]R$", ".json", file), digits = 15, auto_unbox = TRUE)
}
