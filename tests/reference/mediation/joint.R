library(lme4)
library(lmerTest)
options(contrasts = c("contr.treatment", "contr.poly"))

d <- read.csv(
  "tests/reference/mediation/gaps.csv", check.names = FALSE, encoding = "UTF-8",
  colClasses = c("patient" = "character"),
  na.strings = c("", "NA", "NaN")
)
patient <- d[["patient"]]
d <- d[!is.na(patient) & !is.na(d[["session"]]), ]
d <- d[order(d[["patient"]], d[["session"]]), ]
patient <- d[["patient"]]
d[["session_since_start"]] <- d[["session"]] - ave(d[["session"]], patient, FUN = function(v) min(v, na.rm = TRUE))

mean_of <- function(x, unit) ave(x, unit, FUN = function(v) mean(v, na.rm = TRUE))
own <- mean_of(d[["wai"]], patient)
d[["wai_within"]] <- d[["wai"]] - own
d[["wai_between"]] <- own - mean(own[!duplicated(patient)], na.rm = TRUE)
own <- mean_of(d[["motivation"]], patient)
d[["motivation_within"]] <- d[["motivation"]] - own
d[["motivation_between"]] <- own - mean(own[!duplicated(patient)], na.rm = TRUE)
own <- mean_of(d[["phq"]], patient)
d[["phq_within"]] <- d[["phq"]] - own
d[["phq_between"]] <- own - mean(own[!duplicated(patient)], na.rm = TRUE)

earlier <- match(paste(patient, d[["session"]] - 1), paste(patient, d[["session"]]))
d[["motivation_within_lag1"]] <- d[["motivation_within"]][earlier]
d[["wai_within_lag1"]] <- d[["wai_within"]][earlier]
d[["phq_within_lag1"]] <- d[["phq_within"]][earlier]
d[["motivation_lag1"]] <- d[["motivation"]][earlier]
earlier <- match(paste(patient, d[["session"]] - 2), paste(patient, d[["session"]]))
d[["wai_within_lag2"]] <- d[["wai_within"]][earlier]

control <- lmerControl(
  optimizer = "bobyqa", calc.derivs = FALSE,
  optCtrl = list(rhobeg = 0.2, rhoend = 1e-9, maxfun = 1e6)
)

m <- lmer(
  motivation ~ 1 + session_since_start + wai_within_lag1 + motivation_within_lag1 + phq_within_lag1 + wai_between +
    (1 + wai_within_lag1 | patient),
  data = d, REML = TRUE, control = control
)
stopifnot(nobs(m) == 1289)
print(summary(m), digits = 8, correlation = FALSE)
print(VarCorr(m), comp = c("Variance", "Std.Dev."), digits = 8)
print(logLik(m), digits = 12)

m <- lmer(
  phq ~ 1 + session_since_start + wai_within_lag2 + motivation_within_lag1 + phq_within_lag1 + wai_between + motivation_between +
    (1 + motivation_within_lag1 | patient),
  data = d, REML = TRUE, control = control
)
stopifnot(nobs(m) == 1103)
print(summary(m), digits = 8, correlation = FALSE)
print(VarCorr(m), comp = c("Variance", "Std.Dev."), digits = 8)
print(logLik(m), digits = 12)

library(nlme)
s <- d[complete.cases(d[, c("motivation", "session_since_start", "wai_within_lag1", "motivation_within_lag1", "phq_within_lag1", "wai_between", "patient")]), ]
mediator <- data.frame(
  group1 = s[["patient"]],
  rating = s[["motivation"]],
  equation = "mediator",
  motivation.intercept = 1,
  motivation.session_since_start = s[["session_since_start"]],
  motivation.wai_within_lag1 = s[["wai_within_lag1"]],
  motivation.motivation_within_lag1 = s[["motivation_within_lag1"]],
  motivation.phq_within_lag1 = s[["phq_within_lag1"]],
  motivation.wai_between = s[["wai_between"]],
  phq.intercept = 0,
  phq.session_since_start = 0,
  phq.wai_within_lag2 = 0,
  phq.motivation_within_lag1 = 0,
  phq.phq_within_lag1 = 0,
  phq.wai_between = 0
)
s <- d[complete.cases(d[, c("phq", "session_since_start", "wai_within_lag2", "motivation_within_lag1", "phq_within_lag1", "wai_between", "motivation_between", "patient")]), ]
outcome <- data.frame(
  group1 = s[["patient"]],
  rating = s[["phq"]],
  equation = "outcome",
  motivation.intercept = 0,
  motivation.session_since_start = 0,
  motivation.wai_within_lag1 = 0,
  motivation.motivation_within_lag1 = 0,
  motivation.phq_within_lag1 = 0,
  motivation.wai_between = 0,
  phq.intercept = 1,
  phq.session_since_start = s[["session_since_start"]],
  phq.wai_within_lag2 = s[["wai_within_lag2"]],
  phq.motivation_within_lag1 = s[["motivation_within_lag1"]],
  phq.phq_within_lag1 = s[["phq_within_lag1"]],
  phq.wai_between = s[["wai_between"]]
)
d <- rbind(mediator, outcome)
control <- lmeControl(
  maxIter = 500, msMaxIter = 1000, tolerance = 1e-12, msTol = 1e-12, returnObject = TRUE
)
m <- lme(
  rating ~ 0 + motivation.intercept + motivation.session_since_start + motivation.wai_within_lag1 + motivation.motivation_within_lag1 + motivation.phq_within_lag1 + motivation.wai_between + phq.intercept + phq.session_since_start + phq.wai_within_lag2 + phq.motivation_within_lag1 + phq.phq_within_lag1 + phq.wai_between,
  data = d, method = "REML", control = control,
  random = list(group1 = ~ 0 + motivation.intercept + motivation.wai_within_lag1 + phq.intercept + phq.motivation_within_lag1),
  weights = varIdent(form = ~ 1 | equation)
)
stopifnot(m$dims$N == 2392)
print(summary(m), digits = 8)
print(logLik(m), digits = 12)
covariance <- sigma(m)^2 * (as.matrix(m$modelStruct$reStruct[["group1"]])["motivation.wai_within_lag1", "phq.motivation_within_lag1"])
indirect <- fixef(m)[["motivation.wai_within_lag1"]] * fixef(m)[["phq.motivation_within_lag1"]] + covariance
print(c(covariance = covariance, indirect = indirect), digits = 8)
