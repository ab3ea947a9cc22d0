# Writes tests/reference/meta_figures: what figures of meta-analyses draw, as metafor computes it.
# Run from the root of the repository:
#
#   Rscript tests/reference/make_meta_figures_references.R
#
# bcg: 13 trials of BCG vaccine (Colditz et al., 1994, JAMA 271, 698-702; dat.bcg of metadat), log
# risk ratios: the regression line over latitude with the other moderators at their means, and means
# of subgroups. schools: 56 effects in 11 districts (Konstantopoulos, 2011, Res. Synth. Methods 2,
# 61-76; dat.konstantopoulos2011): the line over years, and profiles of both variances.

suppressPackageStartupMessages({
  library(metafor)
  library(jsonlite)
})

FOLDER <- file.path("tests", "reference", "meta_figures")
dir.create(FOLDER, showWarnings = FALSE)
PACKAGES <- c("metafor", "metadat", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)
TIGHT <- list(threshold = 1e-13, tol = 1e-13, maxiter = 10000)
TIGHT_MV <- list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-15, maxit = 10000)

line <- function(fit, newmods) {
  found <- predict(fit, newmods = newmods)
  with(found, list(pred = pred, se = se, ci.lb = ci.lb, ci.ub = ci.ub, pi.lb = pi.lb, pi.ub = pi.ub))
}

bcg <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
bcg <- data.frame(study = paste(bcg$author, bcg$year), yi = c(bcg$yi), vi = bcg$vi,
                  ablat = bcg$ablat, year = bcg$year, alloc = bcg$alloc)
fit <- rma(yi, vi, mods = ~ ablat + year + alloc, data = bcg, test = "knha", control = TIGHT)
at <- seq(min(bcg$ablat), max(bcg$ablat), length.out = 5)
means <- colMeans(model.matrix(fit))[-(1:2)]
bcg_line <- line(fit, cbind(at, matrix(means, 5, length(means), byrow = TRUE)))
curved <- rma(yi, vi, mods = ~ ablat + I(ablat^2), data = bcg, test = "knha", control = TIGHT)
bcg_curve <- line(curved, cbind(at, at^2))
groups <- rma(yi, vi, mods = ~ 0 + alloc, data = bcg, test = "knha", control = TIGHT)
levels <- sort(unique(bcg$alloc))
subgroups <- line(groups, diag(length(levels)))

schools <- with(dat.konstantopoulos2011, data.frame(
  district = as.character(district), effect = school, yi = c(yi), vi = vi, year = year
))
model <- rma.mv(yi, vi, random = ~ 1 | district/effect, data = schools, control = TIGHT_MV)
profiles <- lapply(1:2, function(which) {
  steps <- model$sigma2[which] * c(0.25, 0.5, 1, 2, 3)
  found <- sapply(steps, function(value) {
    held <- rep(NA, 2)
    held[which] <- value
    c(logLik(rma.mv(yi, vi, random = ~ 1 | district/effect, data = schools, sigma2 = held,
                    control = TIGHT_MV)))
  })
  list(value = steps, loglik = found - c(logLik(model)))
})
regression <- rma.mv(yi, vi, mods = ~ year, random = ~ 1 | district/effect, data = schools,
                     test = "t", dfs = "residual", control = TIGHT_MV)
years <- seq(min(schools$year), max(schools$year), length.out = 3)

write.csv(bcg, file.path(FOLDER, "bcg.csv"), row.names = FALSE)
write.csv(schools, file.path(FOLDER, "schools.csv"), row.names = FALSE)
write_json(
  list(
    versions = VERSIONS,
    bcg = list(ablat = at, line = bcg_line, curve = bcg_curve, levels = levels, subgroups = subgroups),
    schools = list(year = years, line = line(regression, years), sigma2 = model$sigma2, profiles = profiles)
  ),
  file.path(FOLDER, "figures.json"), auto_unbox = TRUE, digits = 16, pretty = TRUE
)
