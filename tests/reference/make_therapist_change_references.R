# Write the reference values (JSON) of patients who change their therapist.
#
#   Rscript tests/reference/make_therapist_change_references.R   from the repository root
#
# The data are data/synthetic/therapist_change.csv. Centring, time and incomplete rows are worked
# out here, apart from the Python code.

suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(jsonlite)
})
invisible(Sys.setlocale("LC_COLLATE", "C"))
options(warn = 1)

FOLDER <- file.path("tests", "reference", "therapist_change")
DATA <- file.path("data", "synthetic", "therapist_change.csv")
TIGHT <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = .2, rhoend = 1e-9, maxfun = 1e6),
  calc.derivs = FALSE, check.conv.singular = "ignore"
)
PACKAGES <- c("lme4", "lmerTest", "Matrix", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)

# ---------------------------------------------------------------- centring

mean_of <- function(values) mean(values, na.rm = TRUE)
spread <- function(values, unit) ave(values, unit, FUN = mean_of)

# Mean of a table of pairs by therapist, at the rows of the frame; and the mean of these means.
therapist_means <- function(values, pair, therapist) {
  pairs <- !duplicated(pair)
  means <- tapply(values[pairs], therapist[pairs], mean_of)
  list(at = as.numeric(means[therapist]), all = mean(means))
}

# Every patient-therapist pair is a patient of its own.
nested <- function(frame, unit) {
  mine <- spread(frame$wai_total, unit)
  theirs <- therapist_means(mine, unit, frame$therapist)
  frame$w <- frame$wai_total - mine
  frame$pb <- mine - theirs$at
  frame$tb <- theirs$at - theirs$all
  frame
}

# The mean of the session's therapist is taken out, the rest centred within the patient.
crossed <- function(frame) {
  pair <- paste(frame$patient, frame$therapist)
  theirs <- therapist_means(spread(frame$wai_total, pair), pair, frame$therapist)
  left <- frame$wai_total - theirs$at
  frame$pb <- spread(left, frame$patient)
  frame$w <- left - frame$pb
  frame$tb <- theirs$at - theirs$all
  frame
}

first_therapist <- function(frame) {
  ordered <- frame[order(frame$patient, frame$session), ]
  first <- ordered[!duplicated(ordered$patient), ]
  first$therapist[match(frame$patient, first$patient)]
}

# ---------------------------------------------------------------- models

case_of <- function(frame, random) {
  frame$t <- frame$session - ave(frame$session, frame$patient, FUN = min)
  frame <- frame[complete.cases(frame[c("phq9", "wai_total")]), ]
  text <- paste("phq9 ~ t + w + pb + tb +", random)
  fit <- lmerTest::lmer(as.formula(text), frame, control = TIGHT)
  table <- coef(summary(fit))
  columns <- list(beta = table[, 1], se = table[, 2], df = table[, 3], t = table[, 4], p = table[, 5])
  c(
    list(data = "data/synthetic/therapist_change.csv", formula = text, versions = VERSIONS),
    list(n_obs = nobs(fit), n_groups = as.list(ngrps(fit))), lapply(columns, as.list),
    list(
      variance = lapply(VarCorr(fit), function(block) unname(diag(block))),
      correlation = attr(VarCorr(fit)[[1]], "correlation")[1, 2],
      sigma2 = sigma(fit)^2, loglik = c(logLik(fit)), singular = isSingular(fit, tol = 1e-7)
    )
  )
}

# ---------------------------------------------------------------- main

main <- function() {
  stopifnot(dir.exists(FOLDER))
  frame <- read.csv(DATA, na.strings = "")
  moved <- frame
  moved$therapist <- first_therapist(frame)
  cases <- list(
    dyad = case_of(
      nested(frame, paste(frame$patient, frame$therapist)),
      "(1 + w | therapist:patient) + (1 | therapist)"
    ),
    first = case_of(nested(moved, moved$patient), "(1 + w | patient) + (1 | therapist)"),
    crossed = case_of(crossed(frame), "(1 + w | patient) + (1 | therapist)")
  )
  for (name in names(cases)) {
    text <- toJSON(cases[[name]], auto_unbox = TRUE, digits = NA, pretty = 1)
    writeLines(text, file.path(FOLDER, paste0(name, ".json")))
    cat(name, cases[[name]]$n_obs, unlist(cases[[name]]$beta), cases[[name]]$loglik, "\n")
  }
}

main()
