# Multilevel meta-analyses (metafor, clubSandwich, robumeta): Rscript make_meta_multilevel_references.R
# Writes meta_multilevel/*.csv (example data of metadat and robumeta) and meta_multilevel/cases.json.

suppressPackageStartupMessages({
  library(metafor)
  library(clubSandwich)
  library(robumeta)
  library(jsonlite)
})
options(contrasts = c("contr.treatment", "contr.poly"), warn = 1)

args <- commandArgs(trailingOnly = FALSE)
folder <- dirname(normalizePath(sub("--file=", "", grep("--file=", args, value = TRUE))))
out <- file.path(folder, "meta_multilevel")
dir.create(out, showWarnings = FALSE)
keep <- function(frame, name) {
  write.csv(frame, file.path(out, paste0(name, ".csv")), row.names = FALSE)
  read.csv(file.path(out, paste0(name, ".csv")))
}

konstantopoulos <- keep(
  as.data.frame(dat.konstantopoulos2011)[c("district", "school", "study", "year", "yi", "vi")],
  "konstantopoulos2011"
)
assink <- keep(as.data.frame(dat.assink2016), "assink2016")
berkey <- keep(
  as.data.frame(dat.berkey1998)[c("trial", "year", "outcome", "yi", "vi", "v1i", "v2i")],
  "berkey1998"
)
bornmann <- escalc(
  measure = "OR", ai = waward, n1i = wtotal, ci = maward, n2i = mtotal, data = dat.bornmann2007
)
bornmann <- keep(
  as.data.frame(bornmann)[c("study", "obs", "doctype", "type", "discipline", "country", "yi", "vi")],
  "bornmann2007"
)
data(corrdat)
data(hierdat)
names <- c(effectsize = "yi", var = "vi", studyid = "study")
rename <- function(frame) {
  frame <- as.data.frame(lapply(frame, as.vector))
  found <- match(colnames(frame), names(names))
  colnames(frame)[!is.na(found)] <- names[found[!is.na(found)]]
  frame
}
corrdat <- keep(rename(corrdat), "corrdat")
hierdat <- keep(rename(hierdat), "hierdat")

constant <- function(frame, rho, study = "study") {
  vcalc(frame$vi, cluster = frame[[study]], obs = seq_len(nrow(frame)), rho = rho)
}
berkey_v <- function(frame) {
  bldiag(lapply(split(frame[c("v1i", "v2i")], frame$trial), as.matrix))
}

# Case: data, its call here (python) and there, cluster, coefficients tested together.
cases <- list(
  konstantopoulos = list(
    data = "konstantopoulos2011", python = list(random = "district/school", rho = 0),
    random = list(~ 1 | district/school), cluster = "district"
  ),
  konstantopoulos_ml = list(
    data = "konstantopoulos2011", method = "ML",
    python = list(random = "district/school", rho = 0, mods = "year"),
    mods = ~ year, random = list(~ 1 | district/school), cluster = "district"
  ),
  assink = list(
    data = "assink2016", rho = 0.6, python = list(random = "study/esid"),
    random = list(~ 1 | study/esid), cluster = "study"
  ),
  assink_moderators = list(
    data = "assink2016", rho = 0.6,
    python = list(random = "study/esid", mods = "year + deltype"),
    mods = ~ year + deltype, random = list(~ 1 | study/esid), cluster = "study", together = 3:4
  ),
  assink_crossed = list(
    data = "assink2016", rho = 0.4, python = list(random = c("study/esid", "deltype")),
    random = list(~ 1 | study/esid, ~ 1 | deltype)
  ),
  berkey_un = list(
    data = "berkey1998", v = "blocks", study = "trial",
    python = list(random = "outcome | trial", structure = "UN", mods = "outcome - 1"),
    mods = ~ outcome - 1, random = list(~ outcome | trial), struct = "UN", cluster = "trial",
    together = 1:2
  ),
  berkey_hcs_ml = list(
    data = "berkey1998", v = "blocks", study = "trial", method = "ML",
    python = list(random = "outcome | trial", structure = "HCS", mods = "outcome - 1"),
    mods = ~ outcome - 1, random = list(~ outcome | trial), struct = "HCS", cluster = "trial"
  ),
  berkey_cs = list(
    data = "berkey1998", v = "blocks", study = "trial",
    python = list(random = "outcome | trial", structure = "CS", mods = "outcome - 1"),
    mods = ~ outcome - 1, random = list(~ outcome | trial), struct = "CS", cluster = "trial"
  ),
  berkey_diag = list(
    data = "berkey1998", v = "blocks", study = "trial",
    python = list(random = "outcome | trial", structure = "DIAG", mods = "outcome - 1"),
    mods = ~ outcome - 1, random = list(~ outcome | trial), struct = "DIAG", cluster = "trial"
  ),
  bornmann = list(
    data = "bornmann2007", rho = 0.2, python = list(random = "study/obs", mods = "type"),
    mods = ~ type, random = list(~ 1 | study/obs), cluster = "study"
  ),
  bornmann_four = list(
    data = "bornmann2007", rho = 0,
    python = list(random = "country/study/obs"),
    random = list(~ 1 | country/study/obs), cluster = "country"
  ),
  bornmann_crossed = list(
    data = "bornmann2007", rho = 0,
    python = list(random = c("study/obs", "discipline", "type")),
    random = list(~ 1 | study/obs, ~ 1 | discipline, ~ 1 | type)
  ),
  corrdat_che = list(
    data = "corrdat", rho = 0.8,
    python = list(random = "study/effect", mods = "males + college + binge"),
    mods = ~ males + college + binge, random = list(~ 1 | study/effect), cluster = "study",
    together = 2:4
  ),
  hierdat = list(
    data = "hierdat", rho = 0, python = list(random = "study/effect", mods = "binge + followup"),
    mods = ~ binge + followup, random = list(~ 1 | study/effect), cluster = "study",
    together = 2:3
  )
)

# The fit of highest likelihood over optimisers at tight settings.
controls <- list(
  list(optimizer = "nlminb", rel.tol = 1e-12, iter.max = 1000, eval.max = 1000),
  list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-15, maxit = 1000),
  list(optimizer = "bobyqa", rhoend = 1e-10, maxfun = 1e5)
)
profiled <- c(
  "konstantopoulos", "assink", "berkey_un", "berkey_hcs_ml", "berkey_cs", "bornmann_four"
)
best_fit <- function(...) {
  fits <- lapply(controls, function(control) {
    tryCatch(suppressWarnings(rma.mv(..., control = control)), error = function(e) NULL)
  })
  fits <- Filter(Negate(is.null), fits)
  fits[[which.max(vapply(fits, function(fit) as.numeric(logLik(fit)), 0))]]
}

typical_i2 <- function(fit) {
  w <- solve(fit$V)
  x <- model.matrix(fit)
  p <- w - w %*% x %*% solve(t(x) %*% w %*% x) %*% t(x) %*% w
  fit$sigma2 / (sum(fit$sigma2) + (fit$k - fit$p) / sum(diag(p)))
}

intervals <- function(fit) {
  ends <- function(...) {
    found <- tryCatch(
      suppressWarnings(confint(fit, ..., control = list(tol = 1e-10))),
      error = function(e) NULL
    )
    if (is.null(found)) NULL else unname(found$random[1, c("ci.lb", "ci.ub")])
  }
  list(
    sigma2 = if (fit$withS) lapply(seq_along(fit$sigma2), function(i) ends(sigma2 = i)),
    tau2 = if (fit$withG) lapply(seq_along(fit$tau2), function(i) ends(tau2 = i)),
    rho = if (fit$withG && all(!is.na(fit$rho)) && !fit$struct[1] %in% c("DIAG", "ID")) {
      lapply(seq_along(fit$rho), function(i) ends(rho = i))
    }
  )
}

robust <- function(fit, cluster, together) {
  found <- list()
  for (kind in c("CR0", "CR1", "CR1S", "CR2")) {
    v <- vcovCR(fit, cluster = cluster, type = kind)
    test <- coef_test(fit, vcov = v, test = "Satterthwaite")
    joint <- if (!is.null(together)) {
      Wald_test(fit, constrain_zero(together), vcov = v, test = "HTZ")
    }
    found[[kind]] <- list(
      vcov = unname(as.matrix(v)), df = test$df_Satt, p = test$p_Satt,
      joint = if (!is.null(joint)) {
        list(f = joint$Fstat, df1 = joint$df_num, df2 = joint$df_denom, p = joint$p_val)
      }
    )
  }
  found
}

run <- function(name) {
  case <- cases[[name]]
  frame <- get(sub("[0-9]+$", "", case$data))
  frame$effect <- seq_len(nrow(frame))
  frame <- frame[complete.cases(frame[c("yi", "vi")]), ]
  study <- if (is.null(case$study)) "study" else case$study
  v <- if (identical(case$v, "blocks")) berkey_v(frame) else constant(frame, case$rho %||% 0, study)
  method <- if (is.null(case$method)) "REML" else case$method
  call <- list(yi = frame$yi, V = v, random = case$random, data = frame, method = method)
  if (!is.null(case$mods)) call$mods <- case$mods
  if (!is.null(case$struct)) call$struct <- case$struct
  fit <- do.call(best_fit, call)
  sandwich <- if (!is.null(case$cluster)) robust(fit, frame[[case$cluster]], case$together)
  pi <- if (is.null(case$mods)) predict(fit)
  random <- ranef(fit)
  joint <- if (fit$p > 1) anova(fit)
  list(
    data = paste0(case$data, ".csv"), python = case$python, study = study, rho = case$rho,
    covariance = if (identical(case$v, "blocks")) v else NULL,
    method = method, cluster = case$cluster,
    together = if (!is.null(case$together)) as.list(case$together - 1),
    names = rownames(fit$beta), beta = unname(fit$beta[, 1]), vcov = unname(vcov(fit)),
    sigma2 = fit$sigma2[fit$withS], tau2 = fit$tau2[fit$withG],
    correlation = if (fit$withG) fit$rho, loglik = as.numeric(logLik(fit)),
    aic = AIC(fit), bic = BIC(fit), aicc = AIC(fit, correct = TRUE), qe = fit$QE, qep = fit$QEp,
    qm = fit$QM, qmp = fit$QMp, i2 = if (fit$withS) typical_i2(fit),
    pi = if (!is.null(pi)) c(pi$pi.lb, pi$pi.ub),
    ranef = unname(as.list(random[[1]][, 1])), ranef_se = unname(as.list(random[[1]][, 2])),
    ranef_names = rownames(random[[1]]),
    residual_se = unname(rstandard(fit)$se),
    intervals = if (name %in% profiled) intervals(fit), robust = sandwich
  )
}
`%||%` <- function(a, b) if (is.null(a)) b else a

# robumeta's working models: weights and residuals of theirs, CR2 of ours on the same.
robu_case <- function(frame, formula, model, rho = 0.8) {
  fit <- robu(
    formula, data = frame, studynum = study, var.eff.size = vi,
    modelweights = model, rho = rho, small = TRUE
  )
  list(
    weights = fit$data.full$r.weights, order = as.numeric(fit$data.full$study),
    yi = fit$data.full$effect.size, x = unname(as.matrix(fit$X.full[, -1])),
    beta = fit$reg_table$b.r, se = fit$reg_table$SE, df = fit$reg_table$dfs
  )
}

# The lines that to_r() prints for one model, run as they are.
lines <- new.env()
owd <- setwd(out)
invisible(capture.output(sys.source("assink.R", lines)))
setwd(owd)
test <- coef_test(lines$fit, vcov = "CR2", cluster = lines$d$study, test = "Satterthwaite")
printed <- list(beta = test$beta, se = test$SE, df = test$df_Satt)

found <- sapply(names(cases), run, simplify = FALSE)
robu <- list(
  CORR = robu_case(corrdat, yi ~ males + college + binge, "CORR"),
  HIER = robu_case(hierdat, yi ~ binge + followup, "HIER")
)
versions <- vapply(
  c("metafor", "clubSandwich", "robumeta", "metadat"),
  function(name) as.character(packageVersion(name)), ""
)
write_json(
  list(R = R.version.string, packages = as.list(versions), cases = found, robu = robu, printed = printed),
  file.path(out, "cases.json"), digits = NA, auto_unbox = TRUE, null = "null", pretty = FALSE
)
