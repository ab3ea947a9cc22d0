library(lme4)
library(lmerTest)
options(contrasts = c("contr.treatment", "contr.poly"))

d <- read.csv(
  "data/synthetic/dyads_null.csv", check.names = FALSE, encoding = "UTF-8",
  colClasses = c("patient" = "character", "therapist" = "character"),
  na.strings = c("", "NA", "NaN")
)
patient <- d[["patient"]]
d <- d[!is.na(patient) & !is.na(d[["session"]]), ]
d <- d[order(d[["patient"]], d[["session"]]), ]
patient <- d[["patient"]]
d[["session_since_start"]] <- d[["session"]] - ave(d[["session"]], patient, FUN = function(v) min(v, na.rm = TRUE))
d <- d[complete.cases(d[c("wai_therapist", "wai_total", "therapist")]), ]
patient <- d[["patient"]]

mean_of <- function(x, unit) ave(x, unit, FUN = function(v) mean(v, na.rm = TRUE))
therapist <- d[["therapist"]]
first <- which(!is.na(therapist))
first <- first[!duplicated(patient[first])]
own <- mean_of(d[["wai_therapist"]], patient)
d[["wai_therapist_within"]] <- d[["wai_therapist"]] - own
theirs <- tapply(own[first], therapist[first], mean, na.rm = TRUE)
d[["wai_therapist_patient_between"]] <- own - theirs[therapist]
d[["wai_therapist_therapist_between"]] <- theirs[therapist] - mean(theirs, na.rm = TRUE)

centre <- mean(d[["wai_therapist"]] - d[["wai_therapist_within"]] - d[["wai_therapist_patient_between"]] - d[["wai_therapist_therapist_between"]])
d[["wai_total_from_mean"]] <- d[["wai_total"]] - centre

control <- lmerControl(
  optimizer = "bobyqa", calc.derivs = FALSE,
  optCtrl = list(rhobeg = 0.2, rhoend = 1e-9, maxfun = 1e6)
)

m <- lmer(
  wai_total_from_mean ~ 1 + wai_therapist_within + wai_therapist_patient_between + wai_therapist_therapist_between +
    (1 | patient) +
    (1 | therapist),
  data = d, REML = FALSE, control = control
)
stopifnot(nobs(m) == 2122)
print(summary(m), digits = 8, correlation = FALSE)
print(VarCorr(m), comp = c("Variance", "Std.Dev."), digits = 8)
print(logLik(m), digits = 12)

terms <- gsub("`", "", names(fixef(m)))
print(contest1D(m, (terms == "wai_therapist_patient_between") - (terms == "wai_therapist_within")), digits = 8)
print(contest1D(m, (terms == "wai_therapist_therapist_between") - (terms == "wai_therapist_patient_between")), digits = 8)

d[["difference"]] <- d[["wai_therapist"]] - d[["wai_total"]]
gap <- lmer(
  difference ~ 1 +
    (1 | patient) +
    (1 | therapist),
  data = d, REML = TRUE, control = control
)
print(summary(gap), digits = 8)
sd_pooled <- sqrt((var(d[["wai_therapist"]]) + var(d[["wai_total"]])) / 2)
print(fixef(gap)[[1]] / sd_pooled, digits = 8)
