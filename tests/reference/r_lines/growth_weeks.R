library(lme4)
library(lmerTest)
options(contrasts = c("contr.treatment", "contr.poly"))

d <- read.csv(
  "tests/reference/r_lines/growth_weeks.csv", check.names = FALSE, encoding = "UTF-8",
  colClasses = c(patient = "character"),
  na.strings = c("", "NA", "NaN")
)
d <- d[complete.cases(d[c("wai_total", "week_since_start", "patient")]), ]

control <- lmerControl(
  optimizer = "bobyqa", calc.derivs = FALSE,
  optCtrl = list(rhobeg = 0.2, rhoend = 1e-9, maxfun = 1e6)
)
m <- lmer(
  wai_total ~ 1 + week_since_start +
    (1 + week_since_start | patient),
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
  "tests/reference/r_lines/growth_weeks.csv", check.names = FALSE, encoding = "UTF-8",
  colClasses = c(patient = "character"),
  na.strings = c("", "NA", "NaN")
)
d <- d[complete.cases(d[c("phq9", "week_since_start", "patient")]), ]

control <- lmerControl(
  optimizer = "bobyqa", calc.derivs = FALSE,
  optCtrl = list(rhobeg = 0.2, rhoend = 1e-9, maxfun = 1e6)
)
m <- lmer(
  phq9 ~ 1 + week_since_start +
    (1 + week_since_start | patient),
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
  "tests/reference/r_lines/growth_weeks.csv", check.names = FALSE, encoding = "UTF-8",
  colClasses = c("patient" = "character"),
  na.strings = c("", "NA", "NaN")
)
patient <- d[["patient"]]
d <- d[!is.na(patient) & !is.na(d[["session"]]), ]
d <- d[order(d[["patient"]], d[["session"]]), ]
patient <- d[["patient"]]
mean_of <- function(x, unit) ave(x, unit, FUN = function(v) mean(v, na.rm = TRUE))
inside <- d[["session"]] >= 3 & d[["session"]] <= 5
d[["wai_total_early"]] <- mean_of(ifelse(inside, d[["wai_total"]], NA), patient)
d[["time_after_window"]] <- d[["week_since_start"]] - suppressWarnings(ave(ifelse(d[["session"]] <= 5, d[["week_since_start"]], NA), patient, FUN = function(v) max(v, na.rm = TRUE)))
d <- d[d[["session"]] > 5 & complete.cases(d[c("wai_total_early", "phq9", "time_after_window")]), ]
patient <- d[["patient"]]
d[["wai_total_early"]] <- d[["wai_total_early"]] - mean(d[["wai_total_early"]][!duplicated(patient)])

control <- lmerControl(
  optimizer = "bobyqa", calc.derivs = FALSE,
  optCtrl = list(rhobeg = 0.2, rhoend = 1e-9, maxfun = 1e6)
)

m <- lmer(
  phq9 ~ 1 + time_after_window + wai_total_early + time_after_window:wai_total_early +
    (1 + time_after_window | patient),
  data = d, REML = TRUE, control = control
)
stopifnot(nobs(m) == 296)
print(summary(m), digits = 8, correlation = FALSE)
print(VarCorr(m), comp = c("Variance", "Std.Dev."), digits = 8)
print(logLik(m), digits = 12)
