# Influence, leave-one-out and cumulative analyses with metafor, once each.
#
#   Rscript peer_meta_influence.R studies.csv      columns study, yi, vi, year; several rows a study:
#                                                  deletions of studies from rma.mv
#
# Prints a line a task (name, CPU seconds, a number that shows that the same was computed) and versions.

suppressPackageStartupMessages(library(metafor))
d <- read.csv(commandArgs(trailingOnly = TRUE)[1])
say <- function(name, seconds, value) {
  cat(name, format(seconds, digits = 6), format(value, digits = 12), "\n")
}
timed <- function(expression) { # CPU seconds
  used <- system.time(found <<- eval.parent(substitute(expression)))
  used[["user.self"]] + used[["sys.self"]]
}
if (anyDuplicated(d$study)) {
  d$effect <- seq_len(nrow(d))
  x <- rma.mv(yi, vi, random = ~ 1 | study / effect, data = d)
  say("deletions", timed(cooks.distance(x, cluster = d$study)), sum(found))
} else {
  x <- rma(yi, vi, data = d, test = "knha", control = list(maxiter = 1000))
  say("influence", timed(influence(x)), sum(found$inf$cook.d))
  say("leave_one_out", timed(leave1out(x)), sum(found$tau2))
  say("cumulative", timed(cumul(x, order = d$year)), sum(found$tau2))
}
cat("R", as.character(getRversion()), "metafor", as.character(packageVersion("metafor")), "\n")
