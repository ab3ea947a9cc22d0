# Write the reference values (JSON) of the tests of effect_sizes and aggregate_effects.
#
#   Rscript tests/reference/make_meta_effects_references.R      from the repository root
#
# Each case holds the data (inputs as columns, named by their field words) and what metafor makes of
# them. The data are made here, except those of metafor named in the JSON.

suppressPackageStartupMessages({
  library(metafor)
  library(jsonlite)
})
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
options(warn = 1)

FOLDER <- file.path("tests", "reference", "meta_effects")
dir.create(FOLDER, showWarnings = FALSE)
VERSIONS <- list(
  R = paste(R.version$major, R.version$minor, sep = "."),
  metafor = as.character(packageVersion("metafor")),
  jsonlite = as.character(packageVersion("jsonlite"))
)

write_case <- function(name, measure, data, effects, source = "made in this script") {
  values <- list(
    measure = measure, source = source, data = as.list(data), yi = c(effects$yi),
    vi = c(effects$vi), versions = VERSIONS
  )
  path <- file.path(FOLDER, paste0(name, ".json"))
  writeLines(toJSON(values, digits = NA, auto_unbox = TRUE, na = "null", pretty = TRUE), path)
}

# ---------------------------------------------------------------- correlations

r <- expand.grid(ri = c(-.97, -.6, -.05, 0, .012, .28, .8, .995), ni = c(5, 8, 19, 20, 60, 4000))
for (measure in c("COR", "ZCOR", "UCOR")) {
  write_case(tolower(measure), measure, r, escalc(measure = measure, ri = ri, ni = ni, data = r))
}
mcdaniel <- dat.mcdaniel1994[c("ni", "ri")]
write_case("mcdaniel1994", "ZCOR", mcdaniel, escalc(measure = "ZCOR", ri = ri, ni = ni, data = mcdaniel),
  source = "metafor: dat.mcdaniel1994")

# ---------------------------------------------------------------- partial and semi-partial

# metafor counts the predictors of the regression (mi), we the variables held constant (controls)
aloe <- data.frame(ti = dat.aloe2013$tval, ni = dat.aloe2013$n, controls = dat.aloe2013$preds - 1,
  r2i = dat.aloe2013$R2)
for (measure in c("PCOR", "ZPCOR", "SPCOR")) {
  write_case(paste0("aloe2013_", tolower(measure)), measure, aloe,
    escalc(measure = measure, ti = ti, mi = controls + 1, ni = ni, r2i = r2i, data = aloe),
    source = "metafor: dat.aloe2013")
}

# ---------------------------------------------------------------- differences and changes

normand <- dat.normand1999[c("n1i", "m1i", "sd1i", "n2i", "m2i", "sd2i")]
set.seed(1)
small <- data.frame(m1i = rnorm(12, 10, 3), sd1i = runif(12, 2, 6), n1i = c(2, 3, 4, 7, 12, 25:30, 900),
  m2i = rnorm(12, 9, 3), sd2i = runif(12, 2, 6), n2i = c(3, 2, 5, 6, 9, 40:45, 1200))
for (measure in c("SMD", "MD")) {
  write_case(paste0("normand1999_", tolower(measure)), measure, normand,
    escalc(measure = measure, m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = normand),
    source = "metafor: dat.normand1999")
  write_case(paste0("groups_", tolower(measure)), measure, small,
    escalc(measure = measure, m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = small))
}

# a change is after minus before: metafor's first mean is the one after, its SD the one before
change <- data.frame(mpre = rnorm(10, 15, 2), mpost = rnorm(10, 10, 3), sdpre = runif(10, 3, 7),
  sdpost = runif(10, 3, 7), ri = c(-.2, 0, .1, .3, .5, .6, .7, .8, .9, .97), ni = c(4, 5, 9, 20, 33, 50, 60, 71, 120, 2500))
write_case("change_smcr", "SMCR", change[c("mpre", "mpost", "sdpre", "ri", "ni")],
  escalc(measure = "SMCR", m1i = mpost, m2i = mpre, sd1i = sdpre, ri = ri, ni = ni, data = change))
write_case("change_smcc", "SMCC", change,
  escalc(measure = "SMCC", m1i = mpost, m2i = mpre, sd1i = sdpost, sd2i = sdpre, ri = ri, ni = ni, data = change))

# ---------------------------------------------------------------- odds ratios

bcg <- with(dat.bcg, data.frame(ai = tpos, bi = tneg, ci = cpos, di = cneg))
write_case("bcg_or", "OR", bcg, escalc(measure = "OR", ai = ai, bi = bi, ci = ci, di = di, data = bcg),
  source = "metafor: dat.bcg")
nielweise <- dat.nielweise2007[c("ai", "n1i", "ci", "n2i")]
write_case("nielweise2007_or", "OR", nielweise,
  escalc(measure = "OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = nielweise),
  source = "metafor: dat.nielweise2007")

# ---------------------------------------------------------------- one effect into another

# log odds ratios of the tables as standardised differences of a logistic outcome, and back
write_case("bcg_or2dl", "OR2DL", bcg, escalc(measure = "OR2DL", ai = ai, bi = bi, ci = ci, di = di, data = bcg),
  source = "metafor: dat.bcg")
write_case("groups_d2orl", "D2ORL", small,
  escalc(measure = "D2ORL", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = small))

# ---------------------------------------------------------------- one effect a study

assink <- dat.assink2016[c("study", "yi", "vi")]
for (rho in c(0, .6, 1)) {
  escalced <- escalc(measure = "GEN", yi = yi, vi = vi, data = assink)
  # at 1 metafor's own check of V fails by rounding; its formula is taken just below
  made <- aggregate(escalced, cluster = study, rho = min(rho, 1 - 1e-12), weighted = FALSE)
  write_case(sprintf("aggregate_%02.0f", 10 * rho), "GEN", assink, made, source = "metafor: dat.assink2016")
}
