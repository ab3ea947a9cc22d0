# lavaan as the peer of bench_panel.py: Rscript peer_panel.R folder
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
  fit <- suppressWarnings(do.call(lavaan::lavaan, c(arguments, meanstructure = TRUE)))
  seconds <- as.numeric(difftime(Sys.time(), began, units = "secs"))
  answer(seconds, "\t", fitMeasures(fit, "chisq"))
}
