library(nlme)

d <- read.csv(
  "tests/reference/dyads/gaps.csv", check.names = FALSE, encoding = "UTF-8",
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
own <- mean_of(d[["wp"]], patient)
within_1 <- d[["wp"]] - own
theirs <- tapply(own[first], therapist[first], mean, na.rm = TRUE)
patient_between_1 <- own - theirs[therapist]
therapist_between_1 <- theirs[therapist] - mean(theirs, na.rm = TRUE)
own <- mean_of(d[["wt"]], patient)
within_2 <- d[["wt"]] - own
theirs <- tapply(own[first], therapist[first], mean, na.rm = TRUE)
patient_between_2 <- own - theirs[therapist]
therapist_between_2 <- theirs[therapist] - mean(theirs, na.rm = TRUE)

rows_1 <- data.frame(
  patient = patient,
  session = d[["session"]],
  place = 1,
  therapist = therapist,
  rating = d[["yp"]],
  intercept = 1,
  time = d[["session_since_start"]],
  actor = within_1,
  partner = within_2,
  actor_patient_between = patient_between_1,
  actor_therapist_between = therapist_between_1,
  partner_patient_between = patient_between_2,
  partner_therapist_between = therapist_between_2
)
rows_2 <- data.frame(
  patient = patient,
  session = d[["session"]],
  place = 2,
  therapist = therapist,
  rating = d[["yt"]],
  intercept = 1,
  time = d[["session_since_start"]],
  actor = within_2,
  partner = within_1,
  actor_patient_between = patient_between_2,
  actor_therapist_between = therapist_between_2,
  partner_patient_between = patient_between_1,
  partner_therapist_between = therapist_between_1
)
e <- rbind(rows_1, rows_2)
e <- e[complete.cases(e), ]
e[["block"]] <- interaction(e[["patient"]], e[["session"]], drop = TRUE)
e[["member"]] <- factor(e[["place"]])
e[["patient_intercept"]] <- e[["intercept"]] * (e[['place']] == 1)
e[["therapist_intercept"]] <- e[["intercept"]] * (e[['place']] == 2)
e[["patient_time"]] <- e[["time"]] * (e[['place']] == 1)
e[["therapist_time"]] <- e[["time"]] * (e[['place']] == 2)
e[["patient_actor"]] <- e[["actor"]] * (e[['place']] == 1)
e[["therapist_actor"]] <- e[["actor"]] * (e[['place']] == 2)
e[["patient_partner"]] <- e[["partner"]] * (e[['place']] == 1)
e[["therapist_partner"]] <- e[["partner"]] * (e[['place']] == 2)
e[["patient_actor_patient_between"]] <- e[["actor_patient_between"]] * (e[['place']] == 1)
e[["therapist_actor_patient_between"]] <- e[["actor_patient_between"]] * (e[['place']] == 2)
e[["patient_actor_therapist_between"]] <- e[["actor_therapist_between"]] * (e[['place']] == 1)
e[["therapist_actor_therapist_between"]] <- e[["actor_therapist_between"]] * (e[['place']] == 2)
e[["patient_partner_patient_between"]] <- e[["partner_patient_between"]] * (e[['place']] == 1)
e[["therapist_partner_patient_between"]] <- e[["partner_patient_between"]] * (e[['place']] == 2)
e[["patient_partner_therapist_between"]] <- e[["partner_therapist_between"]] * (e[['place']] == 1)
e[["therapist_partner_therapist_between"]] <- e[["partner_therapist_between"]] * (e[['place']] == 2)

control <- lmeControl(
  maxIter = 500, msMaxIter = 1000, tolerance = 1e-12, msTol = 1e-12, returnObject = TRUE
)
m <- lme(
  rating ~ 0 + patient_intercept + therapist_intercept + patient_time + therapist_time + patient_actor + therapist_actor + patient_partner + therapist_partner + patient_actor_patient_between + therapist_actor_patient_between + patient_actor_therapist_between + therapist_actor_therapist_between + patient_partner_patient_between + therapist_partner_patient_between + patient_partner_therapist_between + therapist_partner_therapist_between,
  data = e, method = "REML", control = control,
  random = list(therapist = ~ 0 + patient_intercept + therapist_intercept, patient = ~ 0 + patient_intercept + therapist_intercept),
  correlation = corSymm(form = ~ place | therapist / patient / block),
  weights = varIdent(form = ~ 1 | member)
)
stopifnot(m$dims$N == 1197)
print(summary(m), digits = 8)
print(logLik(m), digits = 12)
try(print(intervals(m, which = "var-cov"), digits = 8))
