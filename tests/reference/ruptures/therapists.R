library(lme4)
library(lmerTest)

d <- read.csv("therapists.csv", check.names = FALSE, encoding = "UTF-8")

control <- lmerControl(
  optimizer = "bobyqa", calc.derivs = FALSE,
  optCtrl = list(rhobeg = 0.2, rhoend = 1e-9, maxfun = 1e6)
)
m <- lmer(
  phq_post ~ 1 + excess_ruptures + excess_repaired + phq_intake +
    (1 | who),
  data = d, REML = TRUE, control = control
)
stopifnot(nobs(m) == 53)
print(summary(m), digits = 8, correlation = FALSE)
print(VarCorr(m), comp = c("Variance", "Std.Dev."), digits = 8)
print(logLik(m), digits = 12)
