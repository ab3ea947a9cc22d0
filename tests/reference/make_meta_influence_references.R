# Write the reference values (JSON) of influence, leave-one-out, cumulative and Baujat's analyses.
#
#   Rscript tests/reference/make_meta_influence_references.R   from the repository root
#
# Data: dat.bcg (Colditz et al., 1994, JAMA 271, 698-702; log risk ratios) and dat.molloy2014
# (Molloy et al., 2014, Ann. Behav. Med. 47, 92-100; Fisher's z); with several effects a study
# dat.konstantopoulos2011 (Res. Synth. Methods 2, 61-76; schools in districts). All are in the R
# package metadat.

suppressPackageStartupMessages({
  library(metafor)
  library(jsonlite)
})
options(warn = 1)
pdf(NULL)

FOLDER <- file.path("tests", "reference", "meta_influence")
TIGHT <- list(threshold = 1e-12, maxiter = 1000)
ROOT <- list(tol = 1e-15, maxiter = 1000) # of the estimators that solve an equation
VERSIONS <- list(
  R = as.character(getRversion()), metafor = as.character(packageVersion("metafor")),
  metadat = as.character(packageVersion("metadat"))
)

# ---------------------------------------------------------------- data

number <- function(x) formatC(as.numeric(x), digits = 17, format = "g")
bcg <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = metadat::dat.bcg)
bcg <- data.frame(
  study = make.unique(paste(bcg$author, bcg$year)), year = bcg$year, ablat = bcg$ablat,
  alone = ifelse(seq_len(nrow(bcg)) == 4, "c", ifelse(seq_len(nrow(bcg)) %% 2, "a", "b")),
  yi = number(bcg$yi), vi = number(bcg$vi)
)
molloy <- escalc("ZCOR", ri = ri, ni = ni, data = metadat::dat.molloy2014)
molloy <- data.frame(
  study = make.unique(paste(molloy$authors, molloy$year)), year = molloy$year,
  design = molloy$design, quality = molloy$quality,
  yi = number(molloy$yi), vi = number(molloy$vi), vi_large = number(4 * molloy$vi)
)
schools <- metadat::dat.konstantopoulos2011
schools <- data.frame(
  study = paste("district", schools$district), effect = schools$school, year = schools$year,
  yi = number(schools$yi), vi = number(schools$vi)
)
sets <- list(bcg = bcg, molloy = molloy, schools = schools)
for (name in names(sets)) {
  file <- file.path(FOLDER, paste0(name, ".csv"))
  write.csv(sets[[name]], file, row.names = FALSE)
  sets[[name]] <- read.csv(file)
}

# ---------------------------------------------------------------- one case

plain <- function(x) unname(as.numeric(x))
rows_of <- function(x) {
  x <- unclass(x)
  names <- c("estimate", "se", "zval", "pval", "ci.lb", "ci.ub", "Q", "Qp", "tau2", "I2", "H2")
  if (is.null(x[["zval"]])) names[3] <- "tval"
  if (is.null(x[["pval"]])) names[4] <- "pvals"
  found <- lapply(x[names], plain)
  names(found) <- c("estimate", "se", "statistic", "p_value", "ci_low", "ci_high", "q", "q_p", "tau2", "i2", "h2")
  found
}

case <- function(name, data, method, test, mods = NULL, rows = NULL, vi = "vi") {
  d <- sets[[data]]
  if (!is.null(rows)) d <- d[rows, ]
  d$v <- d[[vi]]
  model <- if (is.null(mods)) ~1 else reformulate(mods)
  control <- switch(method, REML = , ML = TIGHT, PM = ROOT, list())
  x <- rma(yi, v, mods = model, data = d, method = method, test = test, control = control)
  inf <- influence(x)
  found <- list(
    data = paste0("meta_influence/", data, ".csv"), method = method, test = test, mods = mods,
    vi = vi, rows = if (is.null(rows)) NULL else rows - 1,
    influence = lapply(
      unclass(inf$inf)[c("rstudent", "dffits", "cook.d", "cov.r", "tau2.del", "QE.del", "hat", "weight")], plain
    ),
    dfbetas = unname(lapply(unclass(inf$dfbs)[seq_len(x$p)], plain)),
    influential = inf$is.infl,
    rstandard = plain(rstandard(x)$z), residual = plain(rstandard(x)$resid),
    baujat = lapply(baujat(x)[c("x", "y")], plain), versions = VERSIONS
  )
  if (is.null(mods)) {
    found$leave1out <- rows_of(leave1out(x))
    found$cumul <- rows_of(cumul(x, order = d$year))
  }
  write_json(
    found, file.path(FOLDER, paste0(name, ".json")),
    auto_unbox = TRUE, digits = NA, na = "null", pretty = TRUE
  )
}

case("bcg_reml", "bcg", "REML", "z")
case("bcg_dl_knha", "bcg", "DL", "knha")
case("bcg_ee", "bcg", "EE", "z")
case("bcg_moderator", "bcg", "REML", "knha", mods = "ablat")
case("bcg_level_alone", "bcg", "REML", "z", mods = "alone")
case("bcg_three", "bcg", "DL", "z", rows = 1:3)
case("molloy_ml", "molloy", "ML", "t")
case("molloy_reml_knha", "molloy", "REML", "knha")
case("molloy_pm_adhoc", "molloy", "PM", "adhoc")
case("molloy_moderators", "molloy", "DL", "z", mods = c("quality", "design"))
case("molloy_zero", "molloy", "REML", "knha", vi = "vi_large")

# ---------------------------------------------------------------- several effects a study

TIGHT_MV <- list(optimizer = "nlminb", rel.tol = 1e-12, iter.max = 1000, eval.max = 1000)

# the highest likelihood that any of two optimisers finds, for every study left out
multilevel <- function(name, mods = NULL) {
  d <- sets$schools
  model <- if (is.null(mods)) ~1 else reformulate(mods)
  fit <- function(keep) {
    controls <- list(TIGHT_MV, list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-15, maxit = 1000))
    fits <- lapply(controls, function(control) {
      tryCatch(suppressWarnings(rma.mv(
        yi, vi, mods = model, random = ~ 1 | study / effect, data = d[keep, ], control = control
      )), error = function(e) NULL)
    })
    fits <- Filter(Negate(is.null), fits)
    fits[[which.max(sapply(fits, function(x) logLik(x)[1]))]]
  }
  x <- fit(rep(TRUE, nrow(d)))
  # metafor's own measures start from its default optimiser: they are computed here from the fits
  measures <- function(groups) {
    rows <- lapply(unique(groups), function(g) {
      without <- fit(groups != g)
      change <- drop(x$beta - without$beta)
      own <- d$vi + sum(without$sigma2)
      M <- diag(own) + 0
      same <- outer(d$study, d$study, "==")
      M[same] <- without$sigma2[1]
      diag(M) <- own
      of_all <- solve(t(x$X) %*% solve(M) %*% x$X)
      first <- which(groups == g)[1]
      at <- x$X[first, ]
      list(
        cooks = drop(change %*% solve(x$vb) %*% change),
        dfbetas = change / sqrt(diag(of_all)),
        cov_ratio = det(without$vb) / det(x$vb), sigma2 = without$sigma2, q = without$QE,
        estimate = plain(without$beta), rstudent = (d$yi[first] - sum(at * without$beta)) /
          sqrt(own[first] + drop(at %*% without$vb %*% at))
      )
    })
    keys <- setNames(names(rows[[1]]), names(rows[[1]]))
    lapply(keys, function(key) unname(lapply(rows, function(row) unname(row[[key]]))))
  }
  by_rows <- measures(seq_len(nrow(d)))
  write_json(
    list(
      data = "meta_influence/schools.csv", mods = mods, by_study = measures(d$study),
      by_effect = by_rows[c("cooks", "rstudent", "dfbetas", "sigma2")],
      metafor = list(
        cooks = plain(cooks.distance(x, cluster = d$study)),
        dfbetas = unname(lapply(dfbetas(x, cluster = d$study), plain)),
        rstudent = plain(rstudent(x)$z), rstandard = plain(rstandard(x)$z)
      ),
      versions = VERSIONS
    ),
    file.path(FOLDER, paste0(name, ".json")),
    auto_unbox = TRUE, digits = NA, na = "null", pretty = TRUE
  )
}
multilevel("schools")
multilevel("schools_year", mods = "year")

# ---------------------------------------------------------------- what to_r writes, run as it is

run <- function(name) {
  own <- new.env()
  invisible(capture.output(source(file.path(FOLDER, paste0(name, ".R")), local = own)))
  found <- own$found
  if (name == "influence") found <- unclass(found$inf)[c("rstudent", "dffits", "cook.d", "cov.r")]
  if (name == "leave_one_out") found <- unclass(found)[c("estimate", "se", "tau2")]
  if (name == "cumulative") found <- unclass(found)[c("estimate", "se", "tau2")]
  if (name == "baujat") found <- found[c("x", "y")]
  lapply(found, plain)
}
scripts <- c("influence", "leave_one_out", "cumulative", "baujat")
write_json(
  setNames(lapply(scripts, run), scripts), file.path(FOLDER, "scripts.json"),
  auto_unbox = TRUE, digits = NA, na = "null", pretty = TRUE
)
