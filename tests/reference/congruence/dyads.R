library(lme4)
library(lmerTest)
options(contrasts = c("contr.treatment", "contr.poly"))

d <- read.csv(
  "data/synthetic/dyads.csv", check.names = FALSE, encoding = "UTF-8",
  colClasses = c("patient" = "character", "therapist" = "character"),
  na.strings = c("", "NA", "NaN")
)
patient <- d[["patient"]]
d <- d[!is.na(patient) & !is.na(d[["session"]]), ]
d <- d[order(d[["patient"]], d[["session"]]), ]
patient <- d[["patient"]]
d[["session_since_start"]] <- d[["session"]] - ave(d[["session"]], patient, FUN = function(v) min(v, na.rm = TRUE))

mean_of <- function(x, unit) ave(x, unit, FUN = function(v) mean(v, na.rm = TRUE))
therapist <- d[["therapist"]]
first <- which(!is.na(therapist))
first <- first[!duplicated(patient[first])]
own <- mean_of(d[["wai_total"]], patient)
d[["wai_total_within"]] <- d[["wai_total"]] - own
theirs <- tapply(own[first], therapist[first], mean, na.rm = TRUE)
d[["wai_total_patient_between"]] <- own - theirs[therapist]
d[["wai_total_therapist_between"]] <- theirs[therapist] - mean(theirs, na.rm = TRUE)
d <- d[complete.cases(d[c("wai_total", "wai_therapist", "therapist")]), ]
patient <- d[["patient"]]

centre <- mean(d[["wai_total"]] - d[["wai_total_within"]] - d[["wai_total_patient_between"]] - d[["wai_total_therapist_between"]])
d[["wai_therapist_from_mean"]] <- d[["wai_therapist"]] - centre
d[["session_since_start"]] <- d[["session_since_start"]] - mean(d[["session_since_start"]])

control <- lmerControl(
  optimizer = "bobyqa", calc.derivs = FALSE,
  optCtrl = list(rhobeg = 0.2, rhoend = 1e-9, maxfun = 1e6)
)

m <- lmer(
  wai_therapist_from_mean ~ 1 + session_since_start + wai_total_within + wai_total_patient_between + wai_total_therapist_between +
    (1 + wai_total_within | patient) +
    (1 | therapist),
  data = d, REML = TRUE, control = control
)
stopifnot(nobs(m) == 1976)
print(summary(m), digits = 8, correlation = FALSE)
print(VarCorr(m), comp = c("Variance", "Std.Dev."), digits = 8)
print(logLik(m), digits = 12)

terms <- gsub("`", "", names(fixef(m)))
print(contest1D(m, (terms == "wai_total_patient_between") - (terms == "wai_total_within")), digits = 8)
print(contest1D(m, (terms == "wai_total_therapist_between") - (terms == "wai_total_patient_between")), digits = 8)

d[["difference"]] <- d[["wai_total"]] - d[["wai_therapist"]]
gap <- lmer(
  difference ~ 1 +
    (1 | patient) +
    (1 | therapist),
  data = d, REML = TRUE, control = control
)
print(summary(gap), digits = 8)
sd_pooled <- sqrt((var(d[["wai_total"]]) + var(d[["wai_therapist"]])) / 2)
print(fixef(gap)[[1]] / sd_pooled, digits = 8)
