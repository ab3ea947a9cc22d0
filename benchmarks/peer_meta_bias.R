# Times of metafor for the tasks of bench_meta_bias.py.
#
#   Rscript peer_meta_bias.R studies.csv rounds
#
# Prints a line a task: name, seconds (median), a number to compare; then the versions.

suppressPackageStartupMessages(library(metafor))
given <- commandArgs(trailingOnly = TRUE)
d <- read.csv(given[1])
rounds <- as.integer(given[2])

time_of <- function(name, n, repeats, task) {
  value <- task()
  seconds <- median(sapply(seq_len(n), function(i) {
    system.time(for (j in seq_len(repeats)) task())[["elapsed"]] / repeats
  }))
  cat(name, format(seconds, digits = 6), format(value, digits = 12), "\n")
}

fit <- rma(yi, vi, data = d, test = "knha")
ml <- rma(yi, vi, data = d, method = "ML")
time_of("egger", rounds, 10, function() regtest(fit)$pval)
time_of("begg", rounds, 10, function() ranktest(d$yi, d$vi)$pval)
time_of("trim_fill", rounds, 5, function() trimfill(fit, side = "left")$beta[1])
time_of("step", rounds, 1, function() selmodel(ml, type = "stepfun", steps = .025)$beta[1])
time_of("steps", rounds, 1, function() selmodel(ml, type = "stepfun", steps = c(.025, .5))$beta[1])
time_of("beta", 1, 1, function() selmodel(ml, type = "beta")$beta[1])
cat("versions R", as.character(getRversion()), "metafor", as.character(packageVersion("metafor")))
