# Fit every subset of predictors with lme4, once: the loop that fit_importance stands for.
#
#   Rscript peer_importance.R sessions.csv "(1 | patient)"
#
# Prints the seconds, the sum of all R², and the versions.

suppressPackageStartupMessages(library(lme4))
given <- commandArgs(trailingOnly = TRUE)
d <- read.csv(given[1])
random <- given[2]
within <- grep("_within$", names(d), value = TRUE)
between <- grep("_between$", names(d), value = TRUE)

r2_of <- function(m, level) {
  fitted <- drop(model.matrix(m) %*% fixef(m))
  means <- ave(fitted, d$patient)
  left <- if (level == "within") sigma(m)^2 else sum(as.data.frame(VarCorr(m))$vcov) - sigma(m)^2
  part <- if (level == "within") fitted - means else means - mean(fitted)
  fixed <- sum(part^2) / (nrow(d) - 1)
  fixed / (fixed + left)
}
subsets <- function(level, ranked, others) {
  sapply(seq_len(2^length(ranked)) - 1, function(s) {
    chosen <- ranked[bitwAnd(s, 2^(seq_along(ranked) - 1)) > 0]
    terms <- c("session_since_start", others, chosen, random)
    r2_of(lmer(reformulate(terms, "phq"), data = d), level)
  })
}
seconds <- system.time({
  total <- sum(subsets("within", within, between), subsets("between", between, within))
})[["elapsed"]]
cat(format(seconds, digits = 6), format(total, digits = 12), "\n")
cat("R", as.character(getRversion()), "lme4", as.character(packageVersion("lme4")), "\n")
