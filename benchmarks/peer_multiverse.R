# Fit one specification after the other by lmerTest; print CPU seconds, sum of estimates, versions.
#
#   Rscript benchmarks/peer_multiverse.R <csv> <formula> …      every formula twice: REML and ML
suppressPackageStartupMessages(library(lmerTest))
given <- commandArgs(trailingOnly = TRUE)
d <- read.csv(given[1])
all_fits <- function() {
  sum(sapply(given[-1], function(f) sum(sapply(c(TRUE, FALSE), function(reml) {
    m <- suppressMessages(suppressWarnings(lmer(as.formula(f), d, REML = reml)))
    coef(summary(m))["wai_within", "Estimate"]
  }))))
}
invisible(all_fits())
seconds <- system.time(value <- all_fits())
cat(seconds[["user.self"]] + seconds[["sys.self"]], format(value, digits = 10), "\n")
cat(sprintf("R %s.%s, lme4 %s, lmerTest %s", R.version$major, R.version$minor,
            packageVersion("lme4"), packageVersion("lmerTest")), "\n")
