# Write the reference values (JSON) of methods for publication bias.
#
#   Rscript tests/reference/make_meta_bias_references.R   from the repository root
#
# Data are those of the package metadat, written to tests/reference/meta_bias/*.csv with the effect
# sizes that escalc() made of them. Optimisers and tests of convergence are tightened; the Hessian
# of selection models is Richardson's with more steps than the default.

suppressPackageStartupMessages({
  library(metafor)
  library(clubSandwich)
  library(jsonlite)
})
invisible(Sys.setlocale("LC_COLLATE", "C"))
options(warn = 1)

FOLDER <- file.path("tests", "reference", "meta_bias")
PACKAGES <- c("metafor", "metadat", "clubSandwich", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)
TIGHT <- list(threshold = 1e-13, maxiter = 10000, stepadj = 1)

write_json_to <- function(values, name) {
  text <- toJSON(c(list(versions = VERSIONS), values),
    auto_unbox = TRUE, digits = I(17), na = "null", null = "null", pretty = 1
  )
  writeLines(text, file.path(FOLDER, paste0(name, ".json")))
}

write_data <- function(data, name) {
  shown <- as.data.frame(lapply(data, function(x) {
    if (is.numeric(x)) formatC(c(x), digits = 17, format = "g") else as.character(x)
  }))
  write.csv(shown, file.path(FOLDER, paste0(name, ".csv")), row.names = FALSE, quote = FALSE)
}

# ---------------------------------------------------------------- data

plain <- function(study, escalced, ...) {
  data.frame(study = gsub(",", "", study), yi = c(escalced$yi), vi = escalced$vi, ...)
}

bcg <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
egger <- escalc(measure = "OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.egger2001)[-16, ]
dorn <- escalc(measure = "RR", ai = x.a, n1i = n.a, ci = x.p, n2i = n.p, data = dat.dorn2007)
molloy <- escalc(measure = "ZCOR", ri = ri, ni = ni, data = dat.molloy2014)
cohen <- escalc(measure = "ZCOR", ri = ri, ni = ni, data = dat.cohen1981)
mcdaniel <- escalc(measure = "ZCOR", ri = ri, ni = ni, data = dat.mcdaniel1994)

DATA <- list(
  bcg = plain(paste(bcg$author, bcg$year), bcg, ni = with(bcg, tpos + tneg + cpos + cneg),
    n1i = with(bcg, tpos + tneg), n2i = with(bcg, cpos + cneg), ablat = bcg$ablat),
  egger2001 = plain(egger$study, egger, ni = with(egger, n1i + n2i), n1i = egger$n1i,
    n2i = egger$n2i, year = egger$year),
  dorn2007 = plain(paste(dorn$study, dorn$year), dorn, ni = with(dorn, n.a + n.p), n1i = dorn$n.a,
    n2i = dorn$n.p, days = dorn$days),
  hackshaw1998 = plain(paste(dat.hackshaw1998$author, dat.hackshaw1998$year), dat.hackshaw1998),
  raudenbush1985 = plain(dat.raudenbush1985$study, dat.raudenbush1985,
    ni = with(dat.raudenbush1985, n1i + n2i), n1i = dat.raudenbush1985$n1i,
    n2i = dat.raudenbush1985$n2i, weeks = dat.raudenbush1985$weeks),
  molloy2014 = plain(paste(molloy$authors, molloy$year), molloy, ni = molloy$ni,
    quality = molloy$quality),
  cohen1981 = plain(seq_len(nrow(cohen)), cohen, ni = cohen$ni),
  mcdaniel1994 = plain(mcdaniel$study, mcdaniel, ni = mcdaniel$ni, struct = mcdaniel$struct),
  baskerville2012 = plain(dat.baskerville2012$author, with(dat.baskerville2012,
    data.frame(yi = smd, vi = se^2)), blind = dat.baskerville2012$blind),
  assink2016 = plain(dat.assink2016$study, dat.assink2016, year = dat.assink2016$year),
  begg1989 = plain(dat.begg1989$study, dat.begg1989, trt = dat.begg1989$trt)
)
DATA <- lapply(DATA, function(d) d[complete.cases(d), ])
DEPENDENT <- c("assink2016", "begg1989")
for (name in setdiff(names(DATA), DEPENDENT)) {  # two trials of one name are two studies
  DATA[[name]]$study <- make.unique(as.character(DATA[[name]]$study), sep = " no. ")
}
for (name in names(DATA)) write_data(DATA[[name]], name)

# ---------------------------------------------------------------- regression tests

egger_values <- function(found, mods) {
  fit <- found$fit
  is_lm <- inherits(fit, "lm") || inherits(fit, "summary.lm")
  table <- if (is_lm) {
    coef(summary(fit))
  } else {
    cbind(fit$beta, fit$se, fit$zval, fit$pval)
  }
  last <- nrow(table)
  list(
    slope = unname(table[last, 1]), se = unname(table[last, 2]),
    statistic = unname(found$zval), p = unname(found$pval),
    df = if (length(found$ddf) && !all(is.na(found$ddf))) unname(found$ddf) else
      if (length(found$dfs) && !all(is.na(found$dfs))) unname(found$dfs) else NA,
    limit = if (is.null(found$est)) NA else unname(found$est),
    limit_low = if (is.null(found$est)) NA else unname(found$ci.lb),
    limit_high = if (is.null(found$est)) NA else unname(found$ci.ub),
    tau2 = if (is_lm) NA else fit$tau2
  )
}

PREDICTORS <- c("sei", "vi", "ni", "ninv", "sqrtni", "sqrtninv")
egger_cases <- list()
for (name in setdiff(names(DATA), DEPENDENT)) {
  data <- DATA[[name]]
  mods <- intersect(names(data), c("ablat", "year", "weeks", "days"))
  for (moderated in c(FALSE, TRUE)) {
    if (moderated && !length(mods)) next
    formula <- if (moderated) as.formula(paste("~", mods[1])) else ~1
    for (predictor in PREDICTORS) {
      if (grepl("ni", predictor) && predictor != "sei" && is.null(data$ni)) next
      for (how in list(
        c("lm", "REML", "z"), c("rma", "REML", "knha"), c("rma", "REML", "z"),
        c("rma", "DL", "z"), c("rma", "ML", "t"), c("rma", "EE", "z")
      )) {
        args <- list(yi = data$yi, vi = data$vi, mods = formula, data = data,
          method = how[2], test = how[3], control = TIGHT)
        if (!is.null(data$ni)) args$ni <- data$ni
        fit <- do.call(rma, args)
        # test="t" keeps z in REML fits of some versions: the fit itself says what it used
        found <- regtest(fit, model = how[1], predictor = predictor, ret.fit = TRUE)
        refit <- if (how[1] == "rma") {
          data$p__ <- switch(predictor, sei = sqrt(data$vi), vi = data$vi, ni = data$ni,
            ninv = 1 / data$ni, sqrtni = sqrt(data$ni), sqrtninv = 1 / sqrt(data$ni))
          args$mods <- update(formula, ~ . + p__)
          args$data <- data
          do.call(rma, args)
        } else NULL
        if (!is.null(refit)) {  # regtest() refits with default control: take the tight fit
          last <- length(refit$beta)
          limit <- if (!moderated && !predictor %in% c("ni", "sqrtni")) 1 else NA
          values <- list(slope = refit$beta[last], se = refit$se[last],
            statistic = refit$zval[last], p = refit$pval[last],
            df = if (length(refit$ddf) && !is.na(refit$ddf[1])) refit$ddf[1] else
              if (length(refit$dfs)) refit$dfs[1] else NA,
            limit = if (is.na(limit)) NA else refit$beta[1],
            limit_low = if (is.na(limit)) NA else refit$ci.lb[1],
            limit_high = if (is.na(limit)) NA else refit$ci.ub[1], tau2 = refit$tau2)
          loose <- egger_values(found)
          if (abs(loose$statistic - values$statistic) > 1e-3) {
            message(name, " ", predictor, " ", paste(how, collapse = " "),
              ": regtest() ", loose$statistic, ", tight ", values$statistic)
          }
        } else {
          values <- egger_values(found)
        }
        egger_cases <- c(egger_cases, list(c(
          list(data = name, mods = if (moderated) mods[1] else NA, predictor = predictor,
            model = how[1], method = how[2], test = how[3]),
          values
        )))
      }
    }
  }
}
write_json_to(list(cases = egger_cases), "egger")

# ---------------------------------------------------------------- with dependent effects

robust_cases <- list()
for (name in DEPENDENT) {
  data <- DATA[[name]]
  data$p__ <- sqrt(data$vi)
  lm_fit <- lm(yi ~ p__, weights = 1 / vi, data = data)
  lm_cov <- vcovCR(lm_fit, cluster = data$study, type = "CR2", target = data$vi)
  rma_fit <- rma(yi, vi, mods = ~p__, data = data, method = "REML", control = TIGHT)
  rma_cov <- vcovCR(rma_fit, cluster = data$study, type = "CR2")
  for (how in c("lm", "rma")) {
    fit <- if (how == "lm") lm_fit else rma_fit
    cov <- if (how == "lm") lm_cov else rma_cov
    test <- coef_test(fit, vcov = cov, test = "Satterthwaite")
    ci <- conf_int(fit, vcov = cov, test = "Satterthwaite")
    robust_cases <- c(robust_cases, list(list(
      data = name, model = how, slope = test$beta[2], se = test$SE[2],
      statistic = test$tstat[2], df = test$df[2], p = test$p_Satt[2],
      limit = test$beta[1], limit_low = ci$CI_L[1], limit_high = ci$CI_U[1],
      tau2 = if (how == "lm") NA else fit$tau2
    )))
  }
  data$effect <- seq_len(nrow(data))
  ml_fit <- rma.mv(yi, vi, mods = ~p__, random = ~ 1 | study / effect, data = data,
    control = list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-16, maxit = 10000))
  ml_cov <- vcovCR(ml_fit, cluster = data$study, type = "CR2")
  test <- coef_test(ml_fit, vcov = ml_cov, test = "Satterthwaite")
  ci <- conf_int(ml_fit, vcov = ml_cov, test = "Satterthwaite")
  robust_cases <- c(robust_cases, list(list(
    data = name, model = "multilevel", slope = test$beta[2], se = test$SE[2],
    statistic = test$tstat[2], df = test$df[2], p = test$p_Satt[2],
    limit = test$beta[1], limit_low = ci$CI_L[1], limit_high = ci$CI_U[1],
    sigma2 = ml_fit$sigma2
  )))
}
write_json_to(list(cases = robust_cases), "robust")

# ---------------------------------------------------------------- rank test, fail-safe N

independent <- setdiff(names(DATA), DEPENDENT)
begg_cases <- lapply(independent, function(name) {
  found <- suppressWarnings(with(DATA[[name]], ranktest(yi, vi)))
  list(data = name, tau = unname(found$tau), p = unname(found$pval))
})
failsafe_cases <- list()
for (name in independent) {
  data <- DATA[[name]]
  for (alpha in c(.05, .01)) {
    rosenthal <- fsn(yi, vi, data = data, type = "Rosenthal", alpha = alpha)
    rosenberg <- fsn(yi, vi, data = data, type = "Rosenberg", alpha = alpha)
    failsafe_cases <- c(failsafe_cases, list(
      list(data = name, method = "rosenthal", alpha = alpha, n = rosenthal$fsnum, p = rosenthal$pval),
      list(data = name, method = "rosenberg", alpha = alpha, n = rosenberg$fsnum, p = rosenberg$pval,
        mean = rosenberg$meanes)
    ))
  }
  for (weighted in c(FALSE, TRUE)) {
    for (share in c(NA, .1)) {
      args <- list(x = data$yi, vi = data$vi, type = "Orwin", weighted = weighted)
      mean_es <- do.call(fsn, c(unname(list(data$yi, data$vi)), type = "Orwin", weighted = weighted))
      found <- if (is.na(share)) mean_es else fsn(data$yi, data$vi, type = "Orwin",
        weighted = weighted, target = share * mean_es$meanes)
      failsafe_cases <- c(failsafe_cases, list(list(
        data = name, method = "orwin", weighted = weighted, target = found$target,
        default = is.na(share), n = found$fsnum, mean = found$meanes
      )))
    }
  }
}
write_json_to(list(begg = begg_cases, failsafe = failsafe_cases), "ranks_and_counts")

# ---------------------------------------------------------------- trim and fill

trim_cases <- list()
for (name in independent) {
  data <- DATA[[name]]
  for (method in c("EE", "REML", "DL")) {
    fit <- rma(yi, vi, data = data, method = method, control = TIGHT)
    for (estimator in c("L0", "R0", "Q0")) {
      for (side in c("auto", "left", "right")) {
        found <- tryCatch(
          if (side == "auto") trimfill(fit, estimator = estimator) else
            trimfill(fit, side = side, estimator = estimator),
          error = function(e) {
            message(name, " ", method, " ", estimator, " ", side, ": ", conditionMessage(e))
            NULL
          }
        )
        if (is.null(found)) next
        tight <- rma(c(found$yi), found$vi, method = method, control = TIGHT)
        trim_cases <- c(trim_cases, list(list(
          data = name, method = method, estimator = estimator, side = side,
          chosen = found$side, k0 = found$k0, se_k0 = found$se.k0,
          p_k0 = if (is.null(found$p.k0)) NA else found$p.k0, k = found$k,
          estimate = tight$beta[1], se = tight$se, tau2 = tight$tau2
        )))
      }
    }
  }
}
write_json_to(list(cases = trim_cases), "trim_fill")

# ---------------------------------------------------------------- the lines of to_r()

# the value of every expression of a file, in order; what it prints is dropped
run_lines <- function(name) {
  space <- new.env()
  found <- list()
  capture.output(for (line in parse(file.path(FOLDER, "lines", paste0(name, ".R")))) {
    found <- c(found, list(eval(line, space)))
  })
  found
}
last <- function(name, back = 0) {
  found <- run_lines(name)
  found[[length(found) - back]]
}
egger_fit <- last("egger", 1)
clustered <- last("clustered", 1)
trimmed <- last("trim_fill")
added <- last("trim_fill", 1)
selected <- last("selection", 1)
ranked <- last("begg")
failsafe <- last("failsafe")
write_json_to(list(values = list(
  egger = c(tail(egger_fit$beta, 1), tail(egger_fit$se, 1)),
  clustered = c(clustered$beta[1], clustered$SE[1], clustered$df[1]),
  trim_fill = c(trimmed$beta[1], trimmed$se, added[[1]]),
  selection = c(selected$beta, selected$tau2, selected$delta[-1]),
  begg = c(unname(ranked$tau), unname(ranked$pval)),
  failsafe = c(failsafe$fsnum, failsafe$meanes)
)), "lines")

# ---------------------------------------------------------------- selection models

select_values <- function(fit, args, beta) {
  control <- if (beta) {  # tighter integrals take hours; the test compares log-likelihoods
    list(hessianCtrl = list(r = 2))
  } else {
    list(optimizer = "bobyqa", rhobeg = .1, rhoend = 1e-8, maxfun = 1e5, hessianCtrl = list(r = 8))
  }
  found <- do.call(selmodel, c(list(fit), args, list(control = control)))
  list(
    beta = c(found$beta), se = c(found$se), tau2 = found$tau2, se_tau2 = found$se.tau2,
    delta = c(found$delta), se_delta = c(found$se.delta), low = c(found$ci.lb.delta),
    high = c(found$ci.ub.delta), z_delta = c(found$zval.delta), loglik = c(logLik(found)),
    lrt = found$LRT, lrt_df = found$LRTdf, lrt_p = found$LRTp,
    lrt_tau2 = if (is.null(found$LRT.tau2)) NA else found$LRT.tau2
  )
}

SELECTIONS <- list(
  list("hackshaw1998", "stepfun", c(.025), "greater"),
  list("hackshaw1998", "stepfun", c(.025, .5), "greater"),
  list("hackshaw1998", "stepfun", c(.025, .10, .50), "greater"),
  list("hackshaw1998", "stepfun", c(.05), "two.sided"),
  list("hackshaw1998", "beta", NULL, "greater"),
  list("bcg", "stepfun", c(.025), "less"),
  list("bcg", "beta", NULL, "less"),
  list("bcg", "stepfun", c(.025), "less", "ablat"),
  list("egger2001", "stepfun", c(.025), "less"),
  list("egger2001", "stepfun", c(.025, .5), "less"),
  list("dorn2007", "stepfun", c(.025, .5), "greater"),
  list("raudenbush1985", "stepfun", c(.05, .3), "greater"),
  list("raudenbush1985", "stepfun", c(.5), "greater", "weeks"),
  list("molloy2014", "stepfun", c(.025), "greater"),
  list("molloy2014", "stepfun", c(.025, .5), "greater"),
  list("mcdaniel1994", "stepfun", c(.025), "greater"),
  list("mcdaniel1994", "stepfun", c(.025, .5), "greater"),
  list("mcdaniel1994", "stepfun", c(.025), "greater", "struct"),
  list("baskerville2012", "beta", NULL, "greater"),
  list("baskerville2012", "beta", NULL, "greater", "blind"),
  list("baskerville2012", "stepfun", c(.025), "greater")
)
select_all <- function(cases) {
  found <- list()
  for (case in cases) {
    data <- DATA[[case[[1]]]]
    formula <- if (length(case) > 4) as.formula(paste("~", case[[5]])) else ~1
    for (method in c("ML", "EE")) {
      fit <- rma(yi, vi, mods = formula, data = data, method = method, control = TIGHT)
      args <- list(type = case[[2]], alternative = case[[4]])
      if (!is.null(case[[3]])) args$steps <- case[[3]]
      values <- tryCatch(select_values(fit, args, case[[2]] == "beta"), error = function(e) {
        message(paste(unlist(case), collapse = " "), " ", method, ": ", conditionMessage(e))
        NULL
      })
      if (is.null(values)) next
      found <- c(found, list(c(
        list(data = case[[1]], type = case[[2]],
          steps = if (is.null(case[[3]])) list() else as.list(case[[3]]),
          alternative = case[[4]], mods = if (length(case) > 4) case[[5]] else NA,
          method = method),
        values
      )))
    }
  }
  found
}
is_beta <- vapply(SELECTIONS, function(case) case[[2]] == "beta", NA)
select_cases <- select_all(SELECTIONS[!is_beta])

# weights of Vevea and Woods (2005, Table 1), one-sided
STEPS <- c(.005, .01, .05, .10, .25, .35, .50, .65, .75, .90, .95, .99, .995, 1)
FIXED <- list(
  moderate = c(1, .99, .95, .80, .75, .65, .60, .55, .50, .50, .50, .50, .50, .50),
  severe = c(1, .99, .90, .75, .60, .50, .40, .35, .30, .25, .10, .10, .10, .10)
)
fixed_cases <- list()
for (name in c("cohen1981", "hackshaw1998")) {
  fit <- rma(yi, vi, data = DATA[[name]], method = "ML", control = TIGHT)
  for (kind in names(FIXED)) {
    found <- selmodel(fit, type = "stepfun", steps = STEPS, delta = FIXED[[kind]],
      control = list(optimizer = "bobyqa", rhobeg = .1, rhoend = 1e-9, maxfun = 1e5,
        hessianCtrl = list(r = 8)))
    fixed_cases <- c(fixed_cases, list(list(
      data = name, kind = kind, steps = STEPS, weights = FIXED[[kind]], beta = c(found$beta),
      se = c(found$se), tau2 = found$tau2, loglik = c(logLik(found))
    )))
  }
}

# profile intervals of the first weight, of tau2, by metafor
profile_cases <- list()
for (name in c("hackshaw1998", "mcdaniel1994")) {
  fit <- rma(yi, vi, data = DATA[[name]], method = "ML", control = TIGHT)
  found <- selmodel(fit, type = "stepfun", steps = .025,
    control = list(optimizer = "bobyqa", rhobeg = .1, rhoend = 1e-9, maxfun = 1e5))
  tight <- list(tol = 1e-8, maxiter = 10000)
  ci <- list(confint(found, tau2 = TRUE, control = tight), confint(found, delta = 2, control = tight))
  profile_cases <- c(profile_cases, list(list(data = name,
    tau2 = unname(ci[[1]]$random[1, 2:3]), delta = unname(ci[[2]]$random[1, 2:3]))))
}
write_json_to(list(cases = select_cases, fixed = fixed_cases, profile = profile_cases), "selection")
write_json_to(list(cases = select_all(SELECTIONS[is_beta])), "selection_beta")
