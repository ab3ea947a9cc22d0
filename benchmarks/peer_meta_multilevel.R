# Fit a three-level meta-analysis with metafor once, as users do by default, and with sparse=TRUE.
#
#   Rscript peer_meta_multilevel.R effects.csv 0.6 dense|sparse
#
# Prints the seconds of rma.mv, its log-likelihood and the versions.

suppressPackageStartupMessages(library(metafor))
given <- commandArgs(trailingOnly = TRUE)
d <- read.csv(given[1])
rho <- as.numeric(given[2])
V <- if (rho > 0) vcalc(vi, cluster = study, obs = seq_len(nrow(d)), rho = rho, data = d) else d$vi
d$effect <- seq_len(nrow(d))
seconds <- system.time({
  fit <- rma.mv(yi, V, random = ~ 1 | study/effect, data = d, sparse = given[3] == "sparse")
})[["elapsed"]]
cat(format(seconds, digits = 6), format(as.numeric(logLik(fit)), digits = 12), "\n")
cat("R", as.character(getRversion()), "metafor", as.character(packageVersion("metafor")), "\n")
