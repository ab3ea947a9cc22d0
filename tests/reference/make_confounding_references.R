# Write the reference values (JSON) of sensitivity to unmeasured confounding.
#
#   Rscript tests/reference/make_confounding_references.R        from the repository root
#
# Rows (CSV) and code (R) are those that `confounding(…)` writes: `prepared.frame` and `to_r()`.
# The code is run as it stands; the values are its tables `rows` and `bounds`.

suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(jsonlite)
})
FOLDER <- file.path("tests", "reference", "confounding")
PACKAGES <- c("lme4", "lmerTest", "Matrix", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)

table_of <- function(x) {
  if (is.null(x)) return(list())
  lapply(seq_len(nrow(x)), function(k) c(list(`_row` = rownames(x)[k]), as.list(x[k, ])))
}

run <- function(case) {
  code <- file.path(getwd(), FOLDER, paste0(case, ".R"))
  home <- setwd(FOLDER)
  on.exit(setwd(home))
  env <- new.env()
  capture.output(sys.source(code, envir = env))
  list(
    data = paste0("confounding/", case, ".csv"), versions = VERSIONS,
    rows = table_of(env$rows), bounds = table_of(env$bounds)
  )
}

for (case in c("therapists", "lines", "factor")) {
  write_json(
    run(case), file.path(FOLDER, paste0(case, ".json")), auto_unbox = TRUE, digits = NA, pretty = TRUE
  )
}
