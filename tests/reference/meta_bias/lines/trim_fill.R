library(metafor)
options(digits = 10, contrasts = c("contr.treatment", "contr.poly"))
dat <- data.frame(
  yi__ = c(-0.8893113339202054, -1.5853886572014306, -1.3480731482996933, -1.4415511900213054,
    -0.21754732221129558, -0.786115585818864, -1.6208982235983918, 0.011952333523840508,
    -0.4694176487381494, -1.3713448034727844, -0.3393588283383906, 0.44591340057137874,
    -0.017313948216879815),
  vi__ = c(0.32558476500396133, 0.19458112139814385, 0.4153679653679654, 0.020010031902247573,
    0.05121017216963086, 0.0069056184559087574, 0.22301724757231517, 0.0039615792978177295,
    0.056434210463248966, 0.07302479361302891, 0.01241221397155972, 0.5325058452001528,
    0.0714046596839863),
  study__ = c("Aronson 1948", "Ferguson & Simes 1949", "Rosenthal et al 1960",
    "Hart & Sutherland 1977", "Frimodt-Moller et al 1973", "Stein & Aronson 1953",
    "Vandiviere et al 1973", "TPT Madras 1980", "Coetzee & Berjak 1968",
    "Rosenthal et al 1961", "Comstock et al 1974", "Comstock & Webster 1969",
    "Comstock et al 1976"),
  check.names = FALSE)
fit <- rma(yi__, vi__, data = dat, method = "REML", test = "knha",
  control = list(threshold = 1e-12, tol = 1e-12, maxiter = 1000))
filled <- trimfill(fit, estimator = "L0", side = "right")
c(k0 = filled$k0, se = filled$se.k0)
rma(filled$yi, filled$vi, method = "REML", test = "knha",
  control = list(threshold = 1e-12, tol = 1e-12, maxiter = 1000))
