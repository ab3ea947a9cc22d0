# Ruptures by the criterion rule in a plain loop, as a script for one study would count them.
#
#   Rscript benchmarks/peer_ruptures.R ratings.csv
#
# Columns study, patient, y in the order of the sessions. Prints the count and the seconds of the loop.

d <- read.csv(commandArgs(trailingOnly = TRUE)[1])
series <- split(d$y, list(d$patient, d$study), drop = TRUE)
count <- function(y, drop = 1, window = 2, tolerance = .5) {
  s <- sd(y)
  n <- 0
  busy <- 0
  goal <- 0
  for (t in 2:length(y)) {
    if (t <= busy) {
      if (y[t] >= goal) busy <- t
    } else if (y[t - 1] - y[t] >= drop * s * (1 - 1e-12)) {
      n <- n + 1
      busy <- t + window
      goal <- y[t - 1] - tolerance * s
    }
  }
  n
}
invisible(count(series[[1]]))
seconds <- system.time(total <- sum(vapply(series, count, 0)))[["elapsed"]]
cat(total, seconds, "\n")
