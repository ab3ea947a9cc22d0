library(lme4)
library(lmerTest)

d <- read.csv("tests/reference/outcome_lines/therapists.csv", check.names = FALSE, encoding = "UTF-8")

control <- lmerControl(
  optimizer = "bobyqa", calc.derivs = FALSE,
  optCtrl = list(rhobeg = 0.2, rhoend = 1e-9, maxfun = 1e6)
)
m <- lmer(
  phq9_post ~ 1 + wai_total_early + phq9_intake + phq9_early_change +
    (1 | therapist),
  data = d, REML = TRUE, control = control
)
stopifnot(nobs(m) == 131)
print(summary(m), digits = 8, correlation = FALSE)
print(VarCorr(m), comp = c("Variance", "Std.Dev."), digits = 8)
print(logLik(m), digits = 12)
