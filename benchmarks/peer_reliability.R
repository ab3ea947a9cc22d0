# psych as a peer of bench_reliability.py: Rscript peer_reliability.R data.csv
#
# Reads one request per line from stdin, the task before the first tab, and answers
# "<seconds><TAB><value>". The first line written names the versions.

suppressPackageStartupMessages(library(psych))

data <- read.csv(commandArgs(trailingOnly = TRUE)[1])
answer <- function(...) {
  cat(..., "\n", sep = "")
  flush(stdout())
}
tasks <- list(
  alpha = function() unname(alpha(data, n.iter = 200)$boot.ci[1]), # the time is multiplied
  icc = function() {
    table <- tapply(data$rating, list(data$target, data$rater), identity)
    ICC(table, lmer = FALSE)$results$ICC[2]
  }
)

answer(R.version.string, ", psych ", as.character(packageVersion("psych")))
input <- file("stdin", "r")
while (length(line <- readLines(input, n = 1)) > 0) {
  task <- strsplit(line, "\t")[[1]][1]
  invisible(gc())
  set.seed(1)
  began <- Sys.time()
  value <- suppressMessages(suppressWarnings(tasks[[task]]()))
  answer(sprintf("%.9f\t%.9f", as.numeric(difftime(Sys.time(), began, units = "secs")), value))
}
