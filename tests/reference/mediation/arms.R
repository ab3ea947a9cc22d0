library(lme4)
library(lmerTest)
options(contrasts = c("contr.treatment", "contr.poly"))

d <- read.csv(
  "tests/reference/mediation/gaps.csv", check.names = FALSE, encoding = "UTF-8",
  colClasses = c("patient" = "character", "therapist" = "character"),
  na.strings = c("", "NA", "NaN")
)
patient <- d[["patient"]]
d <- d[!is.na(patient) & !is.na(d[["session"]]), ]
d <- d[order(d[["patient"]], d[["session"]]), ]
patient <- d[["patient"]]
d[["session_since_start"]] <- d[["session"]] - ave(d[["session"]], patient, FUN = function(v) min(v, na.rm = TRUE))
d[["session_since_start"]] <- factor(d[["session_since_start"]])
d[["arm_pdt"]] <- as.numeric(d[["arm"]] == "pdt")

mean_of <- function(x, unit) ave(x, unit, FUN = function(v) mean(v, na.rm = TRUE))
therapist <- d[["therapist"]]
first <- which(!is.na(therapist))
first <- first[!duplicated(patient[first])]
own <- mean_of(d[["arm_pdt"]], patient)
d[["arm_pdt_within"]] <- d[["arm_pdt"]] - own
theirs <- tapply(own[first], therapist[first], mean, na.rm = TRUE)
d[["arm_pdt_patient_between"]] <- own - theirs[therapist]
d[["arm_pdt_therapist_between"]] <- theirs[therapist] - mean(theirs, na.rm = TRUE)
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
d[["phq_within_lag1"]] <- d[["phq_within"]][earlier]
d[["motivation_lag1"]] <- d[["motivation"]][earlier]

control <- lmerControl(
  optimizer = "bobyqa", calc.derivs = FALSE,
  optCtrl = list(rhobeg = 0.2, rhoend = 1e-9, maxfun = 1e6)
)

m <- lmer(
  motivation ~ 1 + session_since_start + motivation_within_lag1 + arm_pdt_therapist_between +
    (1 | patient) +
    (1 | therapist),
  data = d, REML = TRUE, control = control
)
stopifnot(nobs(m) == 1364)
print(summary(m), digits = 8, correlation = FALSE)
print(VarCorr(m), comp = c("Variance", "Std.Dev."), digits = 8)
print(logLik(m), digits = 12)

m <- lmer(
  phq ~ 1 + session_since_start + motivation_within_lag1 + phq_within_lag1 + arm_pdt_therapist_between + motivation_patient_between + motivation_therapist_between +
    (1 + motivation_within_lag1 | patient) +
    (1 | therapist),
  data = d, REML = TRUE, control = control
)
stopifnot(nobs(m) == 1330)
print(summary(m), digits = 8, correlation = FALSE)
print(VarCorr(m), comp = c("Variance", "Std.Dev."), digits = 8)
print(logLik(m), digits = 12)
