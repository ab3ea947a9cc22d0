# Writes tests/reference/influence/influence.json: fits of lme4 without each therapist, and without
# some patients. Run from the root of the repository:
#
#   Rscript tests/reference/make_influence_references.R
#
# The rows are those of tests/reference/prediction/fitted.csv (make_prediction_references.R).

suppressPackageStartupMessages({
  library(lme4)
  library(jsonlite)
})
options(warn = 1, contrasts = c("contr.treatment", "contr.poly"))

FOLDER <- file.path("tests", "reference", "influence")
TIGHT <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = .2, rhoend = 1e-9, maxfun = 1e6),
  calc.derivs = FALSE, check.conv.singular = "ignore"
)
PACKAGES <- c("lme4", "Matrix", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)
FORMULA <- "y ~ x + arm + (1 + x | patient) + (1 | therapist)"

fit_rows <- function(rows, weighted) {
  if (weighted) {
    lmer(as.formula(FORMULA), rows, weights = w, control = TIGHT)
  } else {
    lmer(as.formula(FORMULA), rows, control = TIGHT)
  }
}

without <- function(rows, unit, label, whole, weighted) {
  fit <- fit_rows(rows[rows[[unit]] != label, ], weighted)
  change <- fixef(fit) - fixef(whole)
  inverse <- solve(as.matrix(vcov(whole)))
  list(
    group = label, beta = I(unname(fixef(fit))),
    se = I(unname(sqrt(diag(as.matrix(vcov(fit)))))),
    cooks_distance = c(change %*% inverse %*% change) / length(change),
    covratio = det(as.matrix(vcov(fit))) / det(as.matrix(vcov(whole))),
    variances = I(c(
      diag(VarCorr(fit)$patient), VarCorr(fit)$therapist[1, 1], sigma(fit)^2
    ))
  )
}

case_of <- function(rows, unit, labels, weighted) {
  whole <- fit_rows(rows, weighted)
  values <- lapply(labels, function(label) without(rows, unit, label, whole, weighted))
  list(formula = FORMULA, unit = unit, weighted = weighted, groups = values)
}

main <- function() {
  stopifnot(dir.exists(FOLDER))
  rows <- read.csv(file.path("tests", "reference", "prediction", "fitted.csv"))
  cases <- list(
    therapists = case_of(rows, "therapist", unique(rows$therapist), FALSE),
    patients = case_of(rows, "patient", unique(rows$patient)[seq(1, 120, 11)], FALSE),
    weighted = case_of(rows, "therapist", c(1, 5, 12), TRUE)
  )
  theirs <- influence(fit_rows(rows, FALSE), groups = "therapist")
  ours <- t(sapply(cases$therapists$groups, function(g) g$beta))
  gap <- abs(theirs[["fixed.effects[-therapist]"]] - ours)
  stopifnot(max(gap / t(sapply(cases$therapists$groups, function(g) g$se))) < 1e-3)
  text <- toJSON(
    list(versions = VERSIONS, cases = cases), auto_unbox = TRUE, digits = NA, pretty = 1
  )
  writeLines(text, file.path(FOLDER, "influence.json"))
  for (name in names(cases)) {
    cat(name, sapply(cases[[name]]$groups, function(g) g$cooks_distance), "\n")
  }
}

main()
