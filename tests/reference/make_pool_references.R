# Pooling over multiple imputations (mitml) of lme4 fits: Rscript make_pool_references.R
# Writes pool/imputations.csv (imputations by pan, one below the other) and pool/pool.json. The data
# are read back from the file before anything is fitted.

suppressPackageStartupMessages({
  library(lme4)
  library(mitml)
  library(jsonlite)
})

args <- commandArgs(trailingOnly = FALSE)
folder <- dirname(normalizePath(sub("--file=", "", grep("--file=", args, value = TRUE))))
dir.create(file.path(folder, "pool"), showWarnings = FALSE)
file <- file.path(folder, "pool", "imputations.csv")
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
control <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = .2, rhoend = 1e-9, maxfun = 1e6),
  calc.derivs = FALSE, check.conv.singular = "ignore"
)

# ---------------------------------------------------------------- data and imputations

set.seed(1)
patients <- 60
rows <- data.frame(
  therapist = rep(rep(1:12, each = 5), each = 5), patient = rep(1:patients, each = 5),
  session = rep(1:5, patients)
)
effects <- matrix(rnorm(2 * patients), patients) %*% diag(c(1.2, .8))
rows$z <- round(rnorm(patients), 3)[rows$patient]
rows$x <- .5 * rnorm(patients)[rows$patient] + rnorm(nrow(rows))
rows$y <- 10 - .4 * rows$session + .6 * rnorm(12)[rows$therapist] + .3 * rows$z +
  effects[rows$patient, 1] + (.25 + effects[rows$patient, 2]) * rows$x + rnorm(nrow(rows))
rows$x[runif(nrow(rows)) < .25] <- NA
rows$y[runif(nrow(rows)) < .10] <- NA
made <- panImpute(rows,
  formula = x + y ~ 1 + session + z + (1 | patient), n.burn = 2000, n.iter = 200, m = 8,
  seed = 2, silent = TRUE
)
long <- do.call(rbind, lapply(seq_len(8), function(i) {
  one <- mitmlComplete(made, print = i)
  data.frame(imputation = i, one[c("therapist", "patient", "session", "x", "z", "y")])
}))
long$x <- round(long$x, 4)
long$y <- round(long$y, 4)
write.csv(long, file, row.names = FALSE)
imputed <- lapply(split(read.csv(file), long$imputation), function(d) d[-1])

# ---------------------------------------------------------------- models

fixed <- "y ~ session + x + z"
models <- list(
  intercept = list(formula = paste(fixed, "+ (1 | patient)"), null = "y ~ session + (1 | patient)"),
  slope = list(
    formula = paste(fixed, "+ (1 + x | patient)"), null = "y ~ session + x + (1 + x | patient)"
  ),
  variance = list(
    formula = paste(fixed, "+ (1 + x | patient)"), null = paste(fixed, "+ (1 | patient)")
  ),
  therapists = list(formula = paste(fixed, "+ (1 | patient) + (1 | therapist)"))
)
# Values, not names, in the calls: mitml evaluates them again.
fits <- function(formula, reml, m = 8) {
  lapply(imputed[seq_len(m)], function(d) {
    do.call(lmer, list(as.formula(formula), d, REML = reml, control = control))
  })
}
estimates <- function(fitted, df = NULL) {
  table <- testEstimates(fitted, df.com = df)$estimates
  list(
    estimate = unname(table[, "Estimate"]), se = unname(table[, "Std.Error"]),
    df = unname(table[, "df"]), p = unname(table[, "P(>|t|)"]), riv = unname(table[, "RIV"]),
    fmi = unname(table[, "FMI"])
  )
}
tested <- function(test) setNames(as.list(unname(test$test[1, ])), c("f", "df1", "df2", "p", "riv"))
constraints <- function(fitted, ...) {
  list(
    both = tested(testConstraints(fitted, constraints = c("x", "z"), ...)),
    difference = tested(testConstraints(fitted, constraints = "x - z", ...)),
    three = tested(testConstraints(fitted, constraints = c("session", "x - z", "x + 2*z"), ...))
  )
}
compared <- function(case, m) {
  one <- fits(case$formula, FALSE, m)
  zero <- fits(case$null, FALSE, m)
  list(
    d3 = tested(testModels(one, zero, method = "D3")),
    d2 = tested(testModels(one, zero, method = "D2", use = "likelihood"))
  )
}
extra <- function(fitted) {
  pars <- testEstimates(fitted, extra.pars = TRUE)$extra.pars
  as.list(setNames(pars[, 1], rownames(pars)))
}
reference <- function(case) {
  reml <- fits(case$formula, TRUE)
  found <- list(
    formula = case$formula, null = case$null, terms = names(fixef(reml[[1]])),
    infinite = estimates(reml), df_55 = estimates(reml, 55), df_12 = estimates(reml, 12),
    extra = extra(reml),
    d1 = constraints(reml), d1_df_55 = constraints(reml, df.com = 55),
    d1_df_200 = constraints(reml, df.com = 200), d2 = constraints(reml, method = "D2"),
    few = lapply(c(two = 2, three = 3), function(m) {
      few <- fits(case$formula, TRUE, m)
      list(
        infinite = estimates(few), df_55 = estimates(few, 55),
        d1 = constraints(few), d1_df_55 = constraints(few, df.com = 55),
        d2 = constraints(few, method = "D2")
      )
    })
  )
  if (!is.null(case$null)) {
    found$compare <- compared(case, 8)
    found$compare_three <- compared(case, 3)
  }
  found
}

packages <- c("lme4", "mitml", "pan", "Matrix", "jsonlite")
versions <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(packages, packages), function(name) as.character(packageVersion(name)))
)
write_json(
  list(versions = versions, data = "pool/imputations.csv", cases = lapply(models, reference)),
  file.path(folder, "pool", "pool.json"),
  digits = 15, auto_unbox = TRUE, pretty = TRUE, null = "null"
)
