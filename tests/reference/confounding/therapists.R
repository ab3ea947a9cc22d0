library(lme4)
library(lmerTest)
options(contrasts = c("contr.treatment", "contr.poly"))

d <- read.csv(
  "therapists.csv", check.names = FALSE, encoding = "UTF-8",
  colClasses = c(patient = "character", therapist = "character"),
  na.strings = c("", "NA", "NaN")
)
d <- d[complete.cases(d[c("phq9", "session_since_start", "wai_total_within", "wai_total_patient_between", "wai_total_therapist_between", "motivation_within", "adherence_within", "patient", "therapist")]), ]

control <- lmerControl(
  optimizer = "bobyqa", calc.derivs = FALSE,
  optCtrl = list(rhobeg = 0.2, rhoend = 1e-9, maxfun = 1e6)
)
m <- lmer(
  phq9 ~ 1 + session_since_start + wai_total_within + wai_total_patient_between + wai_total_therapist_between + motivation_within + adherence_within +
    (1 | patient) +
    (1 | therapist),
  data = d, REML = TRUE, control = control
)
stopifnot(nobs(m) == 317)
print(summary(m), digits = 8, correlation = FALSE)
print(VarCorr(m), comp = c("Variance", "Std.Dev."), digits = 8)
print(logLik(m), digits = 12)

# the regression within patients, and what a confounder would need (Cinelli & Hazlett, 2020)
x <- "wai_total_within"
q <- 1.0
alpha <- 0.05
w <- lm(phq9 ~ wai_total_within + motivation_within + adherence_within + factor(d[["patient"]]) + session_since_start, data = d)
row_of <- function(fit) {
  table <- coef(summary(fit))
  rownames(table) <- gsub("`", "", rownames(table), fixed = TRUE)
  table
}
unit <- row_of(w)[x, "Std. Error"]
unit_df <- df.residual(w)
equal <- function(f) (sqrt(f^4 + 4 * f^2) - f^2) / 2
needs <- function(b, se, df) {
  f <- q * abs(b) / (unit * sqrt(unit_df))
  least <- qt(1 - alpha / 2, df - 1) * se / (unit * sqrt(unit_df - 1))
  rv <- if (f <= least) 0 else equal(f - least)
  if (rv > 0 && rv + least^2 > 1) rv <- (f^2 - least^2) / (1 + f^2)
  t2 <- (b / unit)^2
  c(
    estimate = b, se = se, df = df, partial_r2 = t2 / (t2 + unit_df),
    robustness = equal(f), robustness_alpha = rv
  )
}
mixed <- row_of(m)[x, ]
within <- row_of(w)[x, ]
rows <- rbind(
  "mixed model" = needs(mixed[["Estimate"]], mixed[["Std. Error"]], mixed[["df"]]),
  "within regression" = needs(within[["Estimate"]], unit, unit_df)
)
print(rows, digits = 8)

# confounders k times as strong as what was observed
a <- lm(wai_total_within ~ motivation_within + adherence_within + factor(d[["patient"]]) + session_since_start, data = d)
partial <- function(fit, name) {
  t2 <- row_of(fit)[name, "t value"]^2
  t2 / (t2 + df.residual(fit))
}
adjusted <- function(r2_d, r2_y) {
  b <- rows["mixed model", "estimate"]
  se <- rows["mixed model", "se"] * sqrt((1 - r2_y) / (1 - r2_d) * unit_df / (unit_df - 1))
  df <- rows["mixed model", "df"] - 1
  left <- sign(b) * (abs(b) - unit * sqrt(unit_df * r2_y * r2_d / (1 - r2_d)))
  t <- (left - (1 - q) * b) / se
  half <- qt(1 - alpha / 2, df) * se
  c(
    estimate = left, se = se, statistic = t, df = df, p_value = 2 * pt(-abs(t), df),
    ci_low = left - half, ci_high = left + half
  )
}
bound <- function(name, kd, ky) {
  r2_d <- partial(a, name)
  r2_y <- partial(w, name)
  with_d <- kd * r2_d / (1 - r2_d)
  tied <- kd * r2_d^2 / ((1 - kd * r2_d) * (1 - r2_d))
  if (with_d >= 1 || kd * r2_d >= 1 || tied >= 1) {
    with_d <- with_y <- NA
  } else {
    eta <- (sqrt(ky) + sqrt(tied)) / sqrt(1 - tied)
    with_y <- min(eta^2 * r2_y / (1 - r2_y), 1)
  }
  c(k = kd, r2_alliance = with_d, r2_outcome = with_y, adjusted(with_d, with_y))
}
kd <- c(1, 2, 3)
ky <- c(1, 2, 3)
benchmarks <- c("motivation_within", "adherence_within")
cells <- expand.grid(k = seq_along(kd), name = benchmarks, stringsAsFactors = FALSE)
bounds <- t(mapply(function(k, name) bound(name, kd[k], ky[k]), cells$k, cells$name))
rownames(bounds) <- cells$name
print(bounds, digits = 8)
