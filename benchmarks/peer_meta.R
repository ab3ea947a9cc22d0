# Times of metafor for the tasks of bench_meta.py.
#
#   Rscript peer_meta.R studies.csv few.csv rounds
#
# Prints a line a task: name, seconds (fastest), a number to compare; then the versions.

suppressPackageStartupMessages(library(metafor))
given <- commandArgs(trailingOnly = TRUE)
many <- read.csv(given[1])
few <- read.csv(given[2])
rounds <- as.integer(given[3])

time_of <- function(name, n, task) {
  value <- task()
  seconds <- min(sapply(seq_len(n), function(i) system.time(task())[["elapsed"]]))
  cat(name, format(seconds, digits = 6), format(value, digits = 12), "\n")
}

fit <- rma(yi, vi, data = many)
time_of("fit", 10 * rounds, function() {
  r <- rma(yi, vi, data = many, test = "knha")
  r$tau2
})
time_of("moderators", 10 * rounds, function() {
  r <- rma(yi, vi, mods = ~ year * format, data = many, test = "knha")
  r$tau2
})
time_of("interval", 10 * rounds, function() {
  r <- confint(fit)
  r$random[1, 3]
})
time_of("leave_one_out", 1, function() sum(leave1out(fit)$tau2))
time_of("permutations", 1, function() {
  permutest(rma(yi, vi, data = few, test = "knha"), exact = TRUE, progbar = FALSE)$pval
})
cat("versions R", as.character(getRversion()), "metafor", as.character(packageVersion("metafor")))
