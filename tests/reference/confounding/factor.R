library(lme4)
library(lmerTest)
options(contrasts = c("contr.treatment", "contr.poly"))

d <- read.csv(
  "factor.csv", check.names = FALSE, encoding = "UTF-8",
  colClasses = c(patient = "character"),
  na.strings = c("", "NA", "NaN")
)
d <- d[complete.cases(d[c("phq9", "session_since_start", "wai_total_within", "wai_total_between", "patient")]), ]
d[["session_since_start"]] <- factor(d[["session_since_start"]], levels = c("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23", "24"))

control <- lmerControl(
  optimizer = "bobyqa", calc.derivs = FALSE,
  optCtrl = list(rhobeg = 0.2, rhoend = 1e-9, maxfun = 1e6)
)
m <- lmer(
  phq9 ~ 1 + session_since_start + wai_total_within + wai_total_between +
    (1 | patient),
  data = d, REML = TRUE, control = control
)
stopifnot(nobs(m) == 327)
print(summary(m), digits = 8, correlation = FALSE)
print(VarCorr(m), comp = c("Variance", "Std.Dev."), digits = 8)
print(logLik(m), digits = 12)

# the regression within patients, and what a confounder would need (Cinelli & Hazlett, 2020)
x <- "wai_total_within"
q <- 1.0
alpha <- 0.05
w <- lm(phq9 ~ wai_total_within + factor(d[["patient"]]) + session_since_start, data = d)
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
