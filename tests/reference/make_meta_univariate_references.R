# Writes tests/reference/meta_univariate: data sets and what metafor says of them. Run from the root
# of the repository:
#
#   Rscript tests/reference/make_meta_univariate_references.R
#
# bcg: 13 trials of BCG vaccine (Colditz et al., 1994, JAMA 271, 698-702; dat.bcg of metadat), log
# risk ratios. molloy: 16 studies of conscientiousness and medication adherence (Molloy, O'Carroll &
# Ferguson, 2014, Ann. Behav. Med. 47, 92-101; dat.molloy2014), Fisher's z. five: five made-up
# correlations. equal: eight made-up effects that differ less than their errors.

suppressPackageStartupMessages({
  library(metafor)
  library(jsonlite)
})
options(warn = 1, contrasts = c("contr.treatment", "contr.poly"))

FOLDER <- file.path("tests", "reference", "meta_univariate")
TIGHT <- list(threshold = 1e-13, tol = 1e-13, maxiter = 10000)
PACKAGES <- c("metafor", "metadat", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)
METHODS <- c("REML", "ML", "DL", "HE", "HS", "HSk", "SJ", "PM", "EB", "EE")
TESTS <- c("knha", "adhoc", "t", "z")

bcg <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
molloy <- escalc(measure = "ZCOR", ri = ri, ni = ni, data = dat.molloy2014)
DATA <- list(
  bcg = data.frame(
    study = paste(bcg$author, bcg$year), yi = c(bcg$yi), vi = bcg$vi, ablat = bcg$ablat,
    year = bcg$year, alloc = bcg$alloc
  ),
  molloy = data.frame(
    study = paste(molloy$authors, molloy$year), yi = c(molloy$yi), vi = molloy$vi,
    ni = molloy$ni, meanage = molloy$meanage, quality = molloy$quality,
    controls = molloy$controls, design = molloy$design
  ),
  five = data.frame(
    study = LETTERS[1:5], yi = atanh(c(.31, .12, .45, .22, .38)),
    vi = 1 / (c(43, 120, 61, 88, 35) - 3), year = c(1991, 1998, 2003, 2009, 2016),
    format = c("group", "single", "group", "single", "single")
  ),
  equal = data.frame(
    study = LETTERS[1:8], yi = c(.21, .25, .19, .24, .22, .27, .18, .23),
    vi = c(.010, .021, .014, .033, .018, .024, .012, .027),
    year = c(1990, 1994, 1999, 2003, 2006, 2011, 2015, 2019),
    format = c("a", "a", "b", "b", "c", "c", "a", "b")
  )
)
MODELS <- list(
  bcg = list(
    none = ~1, numeric = ~ablat, categorical = ~alloc, interaction = ~ ablat * year,
    mixed = ~ alloc + ablat, without_intercept = ~ 0 + alloc, curved = ~ poly(ablat, 2)
  ),
  molloy = list(
    none = ~1, numeric = ~meanage, categorical = ~controls, interaction = ~ meanage * design
  ),
  five = list(none = ~1, numeric = ~year, categorical = ~format),
  equal = list(none = ~1, numeric = ~year, categorical = ~format, interaction = ~ year + format)
)
NEW <- list(
  bcg = list(numeric = data.frame(ablat = c(10, 33.5, 60))),
  molloy = list(numeric = data.frame(meanage = c(22, 50)))
)

table_of <- function(fit) {
  list(
    beta = I(c(fit$beta)), se = I(fit$se), statistic = I(c(fit$zval)), p_value = I(fit$pval),
    ci_low = I(c(fit$ci.lb)), ci_high = I(c(fit$ci.ub)), tau2 = fit$tau2, se_tau2 = fit$se.tau2,
    i2 = fit$I2 / 100, h2 = fit$H2, q = fit$QE, q_p = fit$QEp, qm = fit$QM, qm_p = fit$QMp,
    r2 = if (is.null(fit$R2)) NA else fit$R2 / 100, loglik = as.numeric(logLik(fit)),
    aic = AIC(fit), aicc = AIC(fit, correct = TRUE), bic = BIC(fit)
  )
}

studies_of <- function(fit) {
  best <- blup(fit)
  standard <- rstandard(fit)
  list(
    fitted = I(c(fitted(fit))), blup = I(best$pred), blup_se = I(best$se),
    blup_low = I(best$pi.lb), blup_high = I(best$pi.ub),
    residual = I(standard$resid), residual_se = I(standard$se), standardised = I(standard$z)
  )
}

intervals_of <- function(fit, type) {
  found <- confint(fit, type = type, control = list(tol = 1e-14, maxiter = 10000, tau2.max = 1000))
  ends <- unname(found$random[, 2:3])
  ends[3, ] <- ends[3, ] / 100
  list(low = I(ends[, 1]), high = I(ends[, 2]), empty = isTRUE(found$ci.null))
}

or_na <- function(x) if (is.null(x)) NA else c(x)

prediction_of <- function(fit, newmods = NULL) {
  p <- if (is.null(newmods)) predict(fit) else predict(fit, newmods = newmods)
  list(
    estimate = I(c(p$pred)), se = I(c(p$se)), ci_low = I(c(p$ci.lb)), ci_high = I(c(p$ci.ub)),
    pi_low = I(or_na(p$pi.lb)), pi_high = I(or_na(p$pi.ub))
  )
}

terms_of <- function(fit, x) {
  # Wald tests of every term, from the columns that it made
  lapply(setNames(nm = setdiff(unique(attr(x, "assign")), 0)), function(term) {
    test <- anova(fit, btt = which(attr(x, "assign") == term))
    list(statistic = test$QM, df = length(which(attr(x, "assign") == term)), p_value = test$QMp)
  })
}

fit_model <- function(rows, formula, method, test) {
  x <- model.matrix(formula, rows)
  rma(rows$yi, rows$vi,
    mods = x, intercept = FALSE, method = method, test = test, control = TIGHT
  )
}

for (name in names(DATA)) {
  rows <- DATA[[name]]
  write.csv(
    format(rows, digits = 17, trim = TRUE), file.path(FOLDER, paste0(name, ".csv")),
    row.names = FALSE, quote = FALSE
  )
  cases <- list()
  for (model in names(MODELS[[name]])) {
    formula <- MODELS[[name]][[model]]
    x <- model.matrix(formula, rows)
    for (method in METHODS) for (test in TESTS) {
      if (method == "EE" && test %in% c("knha", "adhoc")) next
      fit <- suppressWarnings(fit_model(rows, formula, method, test))
      case <- c(
        list(model = model, method = method, test = test),
        table_of(fit)
      )
      if (method %in% c("REML", "DL", "PM") && test %in% c("knha", "z")) {
        case$studies <- studies_of(fit)
        case$terms <- terms_of(fit, x)
        case$q_profile <- suppressMessages(suppressWarnings(intervals_of(fit, "QP")))
      }
      if (method %in% c("REML", "ML") && test == "knha") {
        case$profile <- suppressMessages(suppressWarnings(intervals_of(fit, "PL")))
      }
      if (model == "none") case$prediction <- prediction_of(fit)
      new <- NEW[[name]][[model]]
      if (!is.null(new)) case$prediction <- prediction_of(fit, new[[1]])
      cases[[length(cases) + 1]] <- case
    }
  }
  permutations <- list()
  if (name %in% c("five", "equal")) {
    set.seed(1)
    for (model in c("none", "numeric", "categorical")) for (method in c("REML", "DL")) {
      if (name == "equal" && model == "numeric") next
      formula <- MODELS[[name]][[model]]
      for (test in c("knha", "z")) {
        x <- model.matrix(formula, rows)
        arguments <- list(rows$yi, rows$vi, method = method, test = test, control = TIGHT)
        if (model != "none") arguments$mods <- x[, -1, drop = FALSE]
        fit <- suppressWarnings(do.call(rma, arguments))
        p <- suppressWarnings(permutest(fit, exact = TRUE, progbar = FALSE))
        permutations[[length(permutations) + 1]] <- list(
          model = model, method = method, test = test, p_value = I(p$pval),
          qm_p = if (model == "none") NA else p$QMp
        )
      }
    }
  }
  write_json(
    list(versions = VERSIONS, data = paste0("meta_univariate/", name, ".csv"), cases = cases,
      formulas = lapply(MODELS[[name]], function(f) paste(deparse(f), collapse = "")),
      permutations = permutations
    ),
    file.path(FOLDER, paste0(name, ".json")),
    auto_unbox = TRUE, digits = NA, pretty = FALSE, na = "null"
  )
}

# mean.R and moderators.R hold what `to_r` writes (a test compares them); they are run as they are.
lines <- lapply(setNames(nm = c("mean", "moderators")), function(name) {
  space <- new.env()
  invisible(capture.output(sys.source(file.path(FOLDER, paste0(name, ".R")), space)))
  list(beta = I(c(space$fit$beta)), se = I(space$fit$se), tau2 = space$fit$tau2)
})
write_json(lines, file.path(FOLDER, "lines.json"), auto_unbox = TRUE, digits = NA)
