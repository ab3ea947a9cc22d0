library(lme4)
library(lmerTest)
options(contrasts = c("contr.treatment", "contr.poly"))

d <- read.csv(
  "tests/reference/r_lines/multiverse.csv", check.names = FALSE, encoding = "UTF-8",
  colClasses = c(patient = "character", therapist = "character"),
  na.strings = c("", "NA", "NaN")
)
d <- d[complete.cases(d[c("phq9", "session_since_start", "wai_total_within", "wai_total_patient_between", "wai_total_therapist_between", "patient", "therapist")]), ]

control <- lmerControl(
  optimizer = "bobyqa", calc.derivs = FALSE,
  optCtrl = list(rhobeg = 0.2, rhoend = 1e-9, maxfun = 1e6)
)
m <- lmer(
  phq9 ~ 1 + session_since_start + wai_total_within + wai_total_patient_between + wai_total_therapist_between +
    (1 + wai_total_within | patient) +
    (1 | therapist),
  data = d, REML = TRUE, control = control
)
stopifnot(nobs(m) == 537)
print(summary(m), digits = 8, correlation = FALSE)
print(VarCorr(m), comp = c("Variance", "Std.Dev."), digits = 8)
print(logLik(m), digits = 12)
