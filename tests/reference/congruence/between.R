library(lme4)
library(lmerTest)
options(contrasts = c("contr.treatment", "contr.poly"))

d <- read.csv(
  "data/synthetic/process.csv", check.names = FALSE, encoding = "UTF-8",
  colClasses = c("patient" = "character", "therapist" = "character"),
  na.strings = c("", "NA", "NaN")
)
patient <- d[["patient"]]
d <- d[!is.na(patient) & !is.na(d[["session"]]), ]
d <- d[order(d[["patient"]], d[["session"]]), ]
patient <- d[["patient"]]
d[["session_since_start"]] <- d[["session"]] - ave(d[["session"]], patient, FUN = function(v) min(v, na.rm = TRUE))
d[["session_since_start_log"]] <- log1p(d[["session_since_start"]])

mean_of <- function(x, unit) ave(x, unit, FUN = function(v) mean(v, na.rm = TRUE))
therapist <- d[["therapist"]]
first <- which(!is.na(therapist))
first <- first[!duplicated(patient[first])]
own <- mean_of(d[["wai_total"]], patient)
d[["wai_total_within"]] <- d[["wai_total"]] - own
theirs <- tapply(own[first], therapist[first], mean, na.rm = TRUE)
d[["wai_total_patient_between"]] <- own - theirs[therapist]
d[["wai_total_therapist_between"]] <- theirs[therapist] - mean(theirs, na.rm = TRUE)
own <- mean_of(d[["wai_therapist"]], patient)
d[["wai_therapist_within"]] <- d[["wai_therapist"]] - own
theirs <- tapply(own[first], therapist[first], mean, na.rm = TRUE)
d[["wai_therapist_patient_between"]] <- own - theirs[therapist]
d[["wai_therapist_therapist_between"]] <- theirs[therapist] - mean(theirs, na.rm = TRUE)
d <- d[complete.cases(d[c("wai_total", "wai_therapist", "phq9", "therapist", "phq9_intake", "treatment")]), ]
patient <- d[["patient"]]

own_x <- d[["wai_total"]] - d[["wai_total_within"]]
own_y <- d[["wai_therapist"]] - d[["wai_therapist_within"]]
centre <- 36.0
d[["wai_total_mean"]] <- own_x - centre
d[["wai_therapist_mean"]] <- own_y - centre

control <- lmerControl(
  optimizer = "bobyqa", calc.derivs = FALSE,
  optCtrl = list(rhobeg = 0.2, rhoend = 1e-9, maxfun = 1e6)
)

m <- lmer(
  phq9 ~ 1 + session_since_start_log + wai_total_mean + wai_therapist_mean + I(wai_total_mean^2) + I(wai_therapist_mean^2) + phq9_intake + treatment + wai_total_mean:wai_therapist_mean +
    (1 | patient) +
    (1 | therapist),
  data = d, REML = TRUE, control = control
)
stopifnot(nobs(m) == 2491)
print(summary(m), digits = 8, correlation = FALSE)
print(VarCorr(m), comp = c("Variance", "Std.Dev."), digits = 8)
print(logLik(m), digits = 12)

at <- c(3, 4, 5, 10, 6)  # b1 to b5
a1 <- replace(numeric(10), at, c(1, 1, 0, 0, 0))
a2 <- replace(numeric(10), at, c(0, 0, 1, 1, 1))
a3 <- replace(numeric(10), at, c(1, -1, 0, 0, 0))
a4 <- replace(numeric(10), at, c(0, 0, 1, -1, 1))
a5 <- replace(numeric(10), at, c(0, 0, 1, 0, -1))
for (a in list(a1, a2, a3, a4, a5)) print(contest1D(m, a, confint = TRUE), digits = 8)
b <- -fixef(m)[at]  # of improvement
b <- unname(b)
root <- sqrt((b[3] - b[5])^2 + b[4]^2)
x0 <- (b[2] * b[4] - 2 * b[1] * b[5]) / (4 * b[3] * b[5] - b[4]^2)
y0 <- (b[1] * b[4] - 2 * b[2] * b[3]) / (4 * b[3] * b[5] - b[4]^2)
p11 <- (b[5] - b[3] + root) / b[4]
p21 <- (b[5] - b[3] - root) / b[4]
axes <- c(
  stationary_x = x0, stationary_y = y0, p10 = y0 - p11 * x0, p11 = p11,
  p20 = y0 - p21 * x0, p21 = p21
)
print(axes, digits = 8)
