# Correlations within and between patients by statsBy of psych.
#
#   Rscript tests/reference/make_descriptives_references.R      from the repository root
#
# Writes descriptives/statsby.json. Every patient has as many sessions: statsBy weights patients'
# means by their sessions, which then makes no difference.

suppressPackageStartupMessages({
  library(psych)
  library(jsonlite)
})

set.seed(11)
patient <- rep(1:40, each = 6)
trait <- matrix(rnorm(120), 40) %*% matrix(c(1, .5, .3, 0, 1, .4, 0, 0, 1), 3)
rating <- round(trait[patient, ] + matrix(rnorm(720), 240) %*% matrix(c(1, -.4, 0, 0, 1, 0, 0, .6, 1), 3), 4)
d <- data.frame(patient = patient, session = rep(1:6, 40), a = rating[, 1], b = rating[, 2], c = rating[, 3])
by <- statsBy(d[c("patient", "a", "b", "c")], "patient")

dir.create("tests/reference/descriptives", showWarnings = FALSE)
write_json(
  list(
    versions = list(R = as.character(getRversion()), psych = as.character(packageVersion("psych"))),
    data = as.list(d),
    mean = unname(colMeans(d[c("a", "b", "c")])),
    rwg = unname(by$rwg), rbg = unname(by$rbg)
  ),
  "tests/reference/descriptives/statsby.json", digits = 15, auto_unbox = TRUE
)
