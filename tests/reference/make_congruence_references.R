# Write the reference values (JSON) of the tests of `fit_congruence` and `fit_response_surface`.
#
#   Rscript tests/reference/make_congruence_references.R      from the repository root
#
# congruence/<case>.R holds what `to_r` writes for a file of data/synthetic (a test compares the
# two); it is run here as it stands. Lines and axes of response surfaces are computed here from the
# formulas of the papers, with the delta method for their standard errors.

suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(jsonlite)
})
options(warn = 1)
FOLDER <- file.path("tests", "reference", "congruence")
PACKAGES <- c("lme4", "lmerTest", "Matrix", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)

run <- function(file) {
  space <- new.env()
  capture.output(sys.source(file, space))
  space
}

coefficients_of <- function(m) {
  table <- coef(summary(m))
  list(
    term = rownames(table), estimate = table[, "Estimate"], se = table[, "Std. Error"],
    df = table[, "df"], loglik = as.numeric(logLik(m)), singular = isSingular(m, tol = 1e-5)
  )
}

one_test <- function(m, l) {
  table <- contest1D(m, l, confint = TRUE)
  list(
    estimate = table$Estimate, se = table[["Std. Error"]], df = table$df,
    p = table[["Pr(>|t|)"]], low = table$lower, high = table$upper
  )
}

# --- truth and bias
for (case in c("dyads", "moderated", "fitted")) {
  space <- run(file.path(FOLDER, paste0(case, ".R")))
  m <- space$m
  value <- list(
    versions = VERSIONS, model = coefficients_of(m), centre = space$centre,
    gap = c(one_test(space$gap, 1), list(sd = space$sd_pooled))
  )
  if (case == "dyads") {
    blups <- as.data.frame(ranef(m)$therapist)
    value$therapists <- list(
      member = rownames(blups), bias = fixef(m)[["(Intercept)"]] + blups[["(Intercept)"]]
    )
    patients <- ranef(m)$patient
    of <- space$d[!duplicated(space$d$patient), ]
    own <- blups[as.character(of$therapist[match(rownames(patients), of$patient)]), 1]
    value$patients <- list(
      member = rownames(patients),
      bias = fixef(m)[["(Intercept)"]] + own + patients[["(Intercept)"]],
      tracking = fixef(m)[["wai_total_within"]] + patients[["wai_total_within"]]
    )
  }
  if (case == "moderated") {
    names <- names(fixef(m))
    joint <- function(wanted) {
      table <- contestMD(m, outer(wanted, names, "==") * 1, ddf = "Satterthwaite")
      list(F = table[["F value"]], df = table$DenDF, p = table[["Pr(>F)"]])
    }
    arms <- paste0("treatment_", c("psychodynamic", "supportive"))
    value$joint <- list(
      bias = joint(arms), within = joint(paste0("wai_total_within:", arms)),
      patient_between = joint(paste0("wai_total_patient_between:", arms))
    )
    shares <- sapply(c("psychodynamic", "supportive"), function(a) mean(space$d$treatment == a))
    group <- function(arm) {
      at <- (c("psychodynamic", "supportive") == arm) - shares
      bias <- replace(numeric(length(names)), match(c("(Intercept)", arms), names), c(1, at))
      slope <- c("wai_total_within", paste0("wai_total_within:", arms))
      within <- replace(numeric(length(names)), match(slope, names), c(1, at))
      list(bias = one_test(m, bias), within = one_test(m, within))
    }
    arms3 <- c("cbt", "psychodynamic", "supportive")
    value$groups <- lapply(setNames(arms3, arms3), group)
  }
  write_json(
    value, file.path(FOLDER, paste0(case, ".json")), digits = NA, auto_unbox = TRUE, pretty = TRUE
  )
  message(case)
}

# --- response surfaces
for (case in c("within", "between")) {
  space <- run(file.path(FOLDER, paste0(case, ".R")))
  m <- space$m
  at <- space$at
  raw <- unname(fixef(m)[at])
  V <- as.matrix(vcov(m))[at, at]
  # Edwards and Parry (1993): slope and curvature along y = x and y = -x, by the delta method
  gradients <- list(
    a1 = c(1, 1, 0, 0, 0), a2 = c(0, 0, 1, 1, 1), a3 = c(1, -1, 0, 0, 0), a4 = c(0, 0, 1, -1, 1),
    a5 = c(0, 0, 1, 0, -1)
  )
  hand <- lapply(gradients, function(g) {
    list(estimate = sum(g * raw), se = sqrt(drop(t(g) %*% V %*% g)))
  })
  tests <- lapply(gradients, function(g) {
    one_test(m, replace(numeric(length(fixef(m))), at, g))
  })
  # axes of the surface turned over (lower is better), from the eigenvectors of its Hessian
  b <- -raw
  H <- matrix(c(2 * b[3], b[4], b[4], 2 * b[5]), 2)
  point <- -solve(H, b[1:2])
  e <- eigen(H, symmetric = TRUE)$vectors
  p11 <- e[2, 1] / e[1, 1]
  p21 <- e[2, 2] / e[1, 2]
  axes <- c(point, point[2] - p11 * point[1], p11, point[2] - p21 * point[1], p21)
  whole <- outer(at, seq_along(fixef(m)), "==") * 1
  joint <- function(l) {
    table <- contestMD(m, l, ddf = "Satterthwaite")
    list(F = table[["F value"]], df = table$DenDF, p = table[["Pr(>F)"]])
  }
  value <- list(
    versions = VERSIONS, model = coefficients_of(m), b = raw, hand = hand, tests = tests,
    axes = axes, printed_axes = unname(space$axes), joint = list(joint(whole), joint(whole[3:5, ]))
  )
  write_json(
    value, file.path(FOLDER, paste0(case, ".json")), digits = NA, auto_unbox = TRUE, pretty = TRUE
  )
  message(case)
}
