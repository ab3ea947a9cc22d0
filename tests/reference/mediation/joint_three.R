library(lme4)
library(lmerTest)
options(contrasts = c("contr.treatment", "contr.poly"))

d <- read.csv(
  "tests/reference/mediation/complete.csv", check.names = FALSE, encoding = "UTF-8",
  colClasses = c("patient" = "character", "therapist" = "character"),
  na.strings = c("", "NA", "NaN")
)
patient <- d[["patient"]]
d <- d[!is.na(patient) & !is.na(d[["session"]]), ]
d <- d[order(d[["patient"]], d[["session"]]), ]
patient <- d[["patient"]]
d[["session_since_start"]] <- d[["session"]] - ave(d[["session"]], patient, FUN = function(v) min(v, na.rm = TRUE))
d[["session_since_start"]] <- factor(d[["session_since_start"]])

mean_of <- function(x, unit) ave(x, unit, FUN = function(v) mean(v, na.rm = TRUE))
therapist <- d[["therapist"]]
first <- which(!is.na(therapist))
first <- first[!duplicated(patient[first])]
own <- mean_of(d[["wai"]], patient)
d[["wai_within"]] <- d[["wai"]] - own
theirs <- tapply(own[first], therapist[first], mean, na.rm = TRUE)
d[["wai_patient_between"]] <- own - theirs[therapist]
d[["wai_therapist_between"]] <- theirs[therapist] - mean(theirs, na.rm = TRUE)
own <- mean_of(d[["motivation"]], patient)
d[["motivation_within"]] <- d[["motivation"]] - own
theirs <- tapply(own[first], therapist[first], mean, na.rm = TRUE)
d[["motivation_patient_between"]] <- own - theirs[therapist]
d[["motivation_therapist_between"]] <- theirs[therapist] - mean(theirs, na.rm = TRUE)
own <- mean_of(d[["phq"]], patient)
d[["phq_within"]] <- d[["phq"]] - own
theirs <- tapply(own[first], therapist[first], mean, na.rm = TRUE)
d[["phq_patient_between"]] <- own - theirs[therapist]
d[["phq_therapist_between"]] <- theirs[therapist] - mean(theirs, na.rm = TRUE)

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
  motivation ~ 1 + session_since_start + wai_within_lag1 + motivation_within_lag1 + phq_within_lag1 + wai_patient_between + wai_therapist_between +
    (1 + wai_within_lag1 | patient) +
    (1 | therapist),
  data = d, REML = TRUE, control = control
)
stopifnot(nobs(m) == 1585)
print(summary(m), digits = 8, correlation = FALSE)
print(VarCorr(m), comp = c("Variance", "Std.Dev."), digits = 8)
print(logLik(m), digits = 12)

m <- lmer(
  phq ~ 1 + session_since_start + wai_within_lag2 + motivation_within_lag1 + phq_within_lag1 + wai_patient_between + wai_therapist_between + motivation_patient_between + motivation_therapist_between +
    (1 + motivation_within_lag1 | patient) +
    (1 | therapist),
  data = d, REML = TRUE, control = control
)
stopifnot(nobs(m) == 1425)
print(summary(m), digits = 8, correlation = FALSE)
print(VarCorr(m), comp = c("Variance", "Std.Dev."), digits = 8)
print(logLik(m), digits = 12)

library(nlme)
s <- d[complete.cases(d[, c("motivation", "session_since_start", "wai_within_lag1", "motivation_within_lag1", "phq_within_lag1", "wai_patient_between", "wai_therapist_between", "patient", "therapist")]), ]
mediator <- data.frame(
  group1 = s[["patient"]],
  group2 = s[["therapist"]],
  rating = s[["motivation"]],
  equation = "mediator",
  motivation.intercept = 1,
  motivation.session_since_start.2 = as.numeric(as.character(s[["session_since_start"]]) == "2"),
  motivation.session_since_start.3 = as.numeric(as.character(s[["session_since_start"]]) == "3"),
  motivation.session_since_start.4 = as.numeric(as.character(s[["session_since_start"]]) == "4"),
  motivation.session_since_start.5 = as.numeric(as.character(s[["session_since_start"]]) == "5"),
  motivation.session_since_start.6 = as.numeric(as.character(s[["session_since_start"]]) == "6"),
  motivation.session_since_start.7 = as.numeric(as.character(s[["session_since_start"]]) == "7"),
  motivation.session_since_start.8 = as.numeric(as.character(s[["session_since_start"]]) == "8"),
  motivation.session_since_start.9 = as.numeric(as.character(s[["session_since_start"]]) == "9"),
  motivation.session_since_start.10 = as.numeric(as.character(s[["session_since_start"]]) == "10"),
  motivation.session_since_start.11 = as.numeric(as.character(s[["session_since_start"]]) == "11"),
  motivation.session_since_start.12 = as.numeric(as.character(s[["session_since_start"]]) == "12"),
  motivation.session_since_start.13 = as.numeric(as.character(s[["session_since_start"]]) == "13"),
  motivation.session_since_start.14 = as.numeric(as.character(s[["session_since_start"]]) == "14"),
  motivation.wai_within_lag1 = s[["wai_within_lag1"]],
  motivation.motivation_within_lag1 = s[["motivation_within_lag1"]],
  motivation.phq_within_lag1 = s[["phq_within_lag1"]],
  motivation.wai_patient_between = s[["wai_patient_between"]],
  motivation.wai_therapist_between = s[["wai_therapist_between"]],
  phq.intercept = 0,
  phq.session_since_start.3 = 0,
  phq.session_since_start.4 = 0,
  phq.session_since_start.5 = 0,
  phq.session_since_start.6 = 0,
  phq.session_since_start.7 = 0,
  phq.session_since_start.8 = 0,
  phq.session_since_start.9 = 0,
  phq.session_since_start.10 = 0,
  phq.session_since_start.11 = 0,
  phq.session_since_start.12 = 0,
  phq.session_since_start.13 = 0,
  phq.session_since_start.14 = 0,
  phq.wai_within_lag2 = 0,
  phq.motivation_within_lag1 = 0,
  phq.phq_within_lag1 = 0,
  phq.wai_patient_between = 0,
  phq.wai_therapist_between = 0
)
s <- d[complete.cases(d[, c("phq", "session_since_start", "wai_within_lag2", "motivation_within_lag1", "phq_within_lag1", "wai_patient_between", "wai_therapist_between", "motivation_patient_between", "motivation_therapist_between", "patient", "therapist")]), ]
outcome <- data.frame(
  group1 = s[["patient"]],
  group2 = s[["therapist"]],
  rating = s[["phq"]],
  equation = "outcome",
  motivation.intercept = 0,
  motivation.session_since_start.2 = 0,
  motivation.session_since_start.3 = 0,
  motivation.session_since_start.4 = 0,
  motivation.session_since_start.5 = 0,
  motivation.session_since_start.6 = 0,
  motivation.session_since_start.7 = 0,
  motivation.session_since_start.8 = 0,
  motivation.session_since_start.9 = 0,
  motivation.session_since_start.10 = 0,
  motivation.session_since_start.11 = 0,
  motivation.session_since_start.12 = 0,
  motivation.session_since_start.13 = 0,
  motivation.session_since_start.14 = 0,
  motivation.wai_within_lag1 = 0,
  motivation.motivation_within_lag1 = 0,
  motivation.phq_within_lag1 = 0,
  motivation.wai_patient_between = 0,
  motivation.wai_therapist_between = 0,
  phq.intercept = 1,
  phq.session_since_start.3 = as.numeric(as.character(s[["session_since_start"]]) == "3"),
  phq.session_since_start.4 = as.numeric(as.character(s[["session_since_start"]]) == "4"),
  phq.session_since_start.5 = as.numeric(as.character(s[["session_since_start"]]) == "5"),
  phq.session_since_start.6 = as.numeric(as.character(s[["session_since_start"]]) == "6"),
  phq.session_since_start.7 = as.numeric(as.character(s[["session_since_start"]]) == "7"),
  phq.session_since_start.8 = as.numeric(as.character(s[["session_since_start"]]) == "8"),
  phq.session_since_start.9 = as.numeric(as.character(s[["session_since_start"]]) == "9"),
  phq.session_since_start.10 = as.numeric(as.character(s[["session_since_start"]]) == "10"),
  phq.session_since_start.11 = as.numeric(as.character(s[["session_since_start"]]) == "11"),
  phq.session_since_start.12 = as.numeric(as.character(s[["session_since_start"]]) == "12"),
  phq.session_since_start.13 = as.numeric(as.character(s[["session_since_start"]]) == "13"),
  phq.session_since_start.14 = as.numeric(as.character(s[["session_since_start"]]) == "14"),
  phq.wai_within_lag2 = s[["wai_within_lag2"]],
  phq.motivation_within_lag1 = s[["motivation_within_lag1"]],
  phq.phq_within_lag1 = s[["phq_within_lag1"]],
  phq.wai_patient_between = s[["wai_patient_between"]],
  phq.wai_therapist_between = s[["wai_therapist_between"]]
)
d <- rbind(mediator, outcome)
control <- lmeControl(
  maxIter = 500, msMaxIter = 1000, tolerance = 1e-12, msTol = 1e-12, returnObject = TRUE
)
m <- lme(
  rating ~ 0 + motivation.intercept + motivation.session_since_start.2 + motivation.session_since_start.3 + motivation.session_since_start.4 + motivation.session_since_start.5 + motivation.session_since_start.6 + motivation.session_since_start.7 + motivation.session_since_start.8 + motivation.session_since_start.9 + motivation.session_since_start.10 + motivation.session_since_start.11 + motivation.session_since_start.12 + motivation.session_since_start.13 + motivation.session_since_start.14 + motivation.wai_within_lag1 + motivation.motivation_within_lag1 + motivation.phq_within_lag1 + motivation.wai_patient_between + motivation.wai_therapist_between + phq.intercept + phq.session_since_start.3 + phq.session_since_start.4 + phq.session_since_start.5 + phq.session_since_start.6 + phq.session_since_start.7 + phq.session_since_start.8 + phq.session_since_start.9 + phq.session_since_start.10 + phq.session_since_start.11 + phq.session_since_start.12 + phq.session_since_start.13 + phq.session_since_start.14 + phq.wai_within_lag2 + phq.motivation_within_lag1 + phq.phq_within_lag1 + phq.wai_patient_between + phq.wai_therapist_between,
  data = d, method = "REML", control = control,
  random = list(group2 = ~ 0 + motivation.intercept + phq.intercept, group1 = ~ 0 + motivation.intercept + motivation.wai_within_lag1 + phq.intercept + phq.motivation_within_lag1),
  weights = varIdent(form = ~ 1 | equation)
)
stopifnot(m$dims$N == 3010)
print(summary(m), digits = 8)
print(logLik(m), digits = 12)
covariance <- sigma(m)^2 * (as.matrix(m$modelStruct$reStruct[["group1"]])["motivation.wai_within_lag1", "phq.motivation_within_lag1"])
indirect <- fixef(m)[["motivation.wai_within_lag1"]] * fixef(m)[["phq.motivation_within_lag1"]] + covariance
print(c(covariance = covariance, indirect = indirect), digits = 8)
