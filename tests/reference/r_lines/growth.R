library(lme4)
library(lmerTest)
options(contrasts = c("contr.treatment", "contr.poly"))

d <- read.csv(
  "tests/reference/r_lines/growth.csv", check.names = FALSE, encoding = "UTF-8",
  colClasses = c(patient = "character", therapist = "character"),
  na.strings = c("", "NA", "NaN")
)
d <- d[complete.cases(d[c("wai_total", "session_since_start", "session_since_start_squared", "patient", "therapist")]), ]

control <- lmerControl(
  optimizer = "bobyqa", calc.derivs = FALSE,
  optCtrl = list(rhobeg = 0.2, rhoend = 1e-9, maxfun = 1e6)
)
m <- lmer(
  wai_total ~ 1 + session_since_start + session_since_start_squared +
    (1 + session_since_start + session_since_start_squared | patient) +
    (1 | therapist),
  data = d, REML = TRUE, control = control
)
stopifnot(nobs(m) == 542)
print(summary(m), digits = 8, correlation = FALSE)
print(VarCorr(m), comp = c("Variance", "Std.Dev."), digits = 8)
print(logLik(m), digits = 12)

library(lme4)
library(lmerTest)
options(contrasts = c("contr.treatment", "contr.poly"))

d <- read.csv(
  "tests/reference/r_lines/growth.csv", check.names = FALSE, encoding = "UTF-8",
  colClasses = c(patient = "character", therapist = "character"),
  na.strings = c("", "NA", "NaN")
)
d <- d[complete.cases(d[c("phq9", "session_since_start", "session_since_start_squared", "patient", "therapist")]), ]

control <- lmerControl(
  optimizer = "bobyqa", calc.derivs = FALSE,
  optCtrl = list(rhobeg = 0.2, rhoend = 1e-9, maxfun = 1e6)
)
m <- lmer(
  phq9 ~ 1 + session_since_start + session_since_start_squared +
    (1 + session_since_start + session_since_start_squared | patient) +
    (1 | therapist),
  data = d, REML = TRUE, control = control
)
stopifnot(nobs(m) == 546)
print(summary(m), digits = 8, correlation = FALSE)
print(VarCorr(m), comp = c("Variance", "Std.Dev."), digits = 8)
print(logLik(m), digits = 12)

library(lme4)
library(lmerTest)
options(contrasts = c("contr.treatment", "contr.poly"))

d <- read.csv(
  "tests/reference/r_lines/growth.csv", check.names = FALSE, encoding = "UTF-8",
  colClasses = c("patient" = "character", "therapist" = "character"),
  na.strings = c("", "NA", "NaN")
)
patient <- d[["patient"]]
d <- d[!is.na(patient) & !is.na(d[["session"]]), ]
d <- d[order(d[["patient"]], d[["session"]]), ]
patient <- d[["patient"]]
mean_of <- function(x, unit) ave(x, unit, FUN = function(v) mean(v, na.rm = TRUE))
inside <- d[["session"]] >= 3 & d[["session"]] <= 5
d[["wai_total_early"]] <- mean_of(ifelse(inside, d[["wai_total"]], NA), patient)
d[["time_after_window"]] <- d[["session"]] - 5
d <- d[d[["session"]] > 5 & complete.cases(d[c("wai_total_early", "phq9", "time_after_window")]), ]
patient <- d[["patient"]]
theirs <- tapply(d[["wai_total_early"]][!duplicated(patient)], d[["therapist"]][!duplicated(patient)], mean)
d[["wai_total_early_patient_between"]] <- d[["wai_total_early"]] - theirs[d[["therapist"]]]
d[["wai_total_early_therapist_between"]] <- theirs[d[["therapist"]]] - mean(theirs)

control <- lmerControl(
  optimizer = "bobyqa", calc.derivs = FALSE,
  optCtrl = list(rhobeg = 0.2, rhoend = 1e-9, maxfun = 1e6)
)

m <- lmer(
  phq9 ~ 1 + time_after_window + wai_total_early_patient_between + wai_total_early_therapist_between + time_after_window:wai_total_early_patient_between + time_after_window:wai_total_early_therapist_between +
    (1 + time_after_window | patient) +
    (1 + time_after_window | therapist),
  data = d, REML = TRUE, control = control
)
stopifnot(nobs(m) == 296)
print(summary(m), digits = 8, correlation = FALSE)
print(VarCorr(m), comp = c("Variance", "Std.Dev."), digits = 8)
print(logLik(m), digits = 12)
