# lavaan as the peer of bench_sem.py and bench_panel.py: Rscript peer_sem.R folder
#
# Reads one request per line from stdin, "<task><TAB>…", and answers "<seconds><TAB><chi-squared>".
# The folder holds <task>.csv and <task>.txt, the model. The first line written names the versions.

suppressPackageStartupMessages(library(lavaan))

folder <- commandArgs(trailingOnly = TRUE)[1]
answer <- function(...) {
  cat(..., "\n", sep = "")
  flush(stdout())
}
options_of <- list(
  one_mlr = list(estimator = "MLR"),
  one_fiml = list(missing = "fiml"),
  groups = list(group = "arm", group.label = c("a", "b")),
  levels = list(cluster = "patient"),
  levels_fiml = list(cluster = "patient", missing = "fiml"),
  panel_fiml = list(missing = "fiml"),
  complete = list(meanstructure = TRUE), # from here on: bench_panel.py
  equal = list(meanstructure = TRUE),
  fiml = list(missing = "fiml"),
  equal_fiml = list(missing = "fiml"),
  cluster = list(missing = "fiml", estimator = "MLR", cluster = "therapist"),
  clpm = list(missing = "fiml"),
  dpm = list(missing = "fiml")
)
tasks <- list()
load_task <- function(name) {
  if (is.null(tasks[[name]])) {
    tasks[[name]] <<- list(
      data = read.csv(file.path(folder, paste0(name, ".csv"))),
      model = paste(readLines(file.path(folder, paste0(name, ".txt"))), collapse = "\n")
    )
  }
  c(tasks[[name]], options_of[[name]])
}

answer(
  "R ", R.version$major, ".", R.version$minor, ", lavaan ", as.character(packageVersion("lavaan"))
)
input <- file("stdin", "r")
while (length(line <- readLines(input, n = 1)) == 1) {
  arguments <- load_task(strsplit(line, "\t")[[1]][1])
  gc(FALSE)
  began <- Sys.time()
  fit <- suppressWarnings(do.call(lavaan::lavaan, arguments))
  measures <- suppressWarnings(fitMeasures(fit))
  table <- parameterEstimates(fit)
  seconds <- as.numeric(difftime(Sys.time(), began, units = "secs"))
  answer(seconds, "\t", measures[["chisq"]])
}
