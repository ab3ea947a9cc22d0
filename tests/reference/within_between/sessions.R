library(lme4)
library(lmerTest)
options(contrasts = c("contr.treatment", "contr.poly"))

d <- read.csv(
  "data/synthetic/sessions.csv", check.names = FALSE, encoding = "UTF-8",
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
d <- d[complete.cases(d[c("wai_total", "phq9", "therapist")]), ]
patient <- d[["patient"]]

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
stopifnot(nobs(m) == 2075)
print(summary(m), digits = 8, correlation = FALSE)
print(VarCorr(m), comp = c("Variance", "Std.Dev."), digits = 8)
print(logLik(m), digits = 12)

terms <- gsub("`", "", names(fixef(m)))
print(contest1D(m, (terms == "wai_total_patient_between") - (terms == "wai_total_within")), digits = 8)
print(contest1D(m, (terms == "wai_total_therapist_between") - (terms == "wai_total_patient_between")), digits = 8)
