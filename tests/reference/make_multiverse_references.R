# Write the reference values (JSON) of single specifications of multiverses.
#
#   Rscript tests/reference/make_multiverse_references.R   from the repository root
#
# The data are data/synthetic/sessions.csv. Outliers, patients with few ratings, centring, lags and time
# are worked out here; models by lmer with Satterthwaite's degrees of freedom, or lm. The last part
# draws signs anew and fits the model again, with a fixed table of signs.

suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(jsonlite)
})
options(warn = 1)

TIGHT <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = .2, rhoend = 1e-9, maxfun = 1e6),
  calc.derivs = FALSE, check.conv.singular = "ignore"
)
PACKAGES <- c("lme4", "lmerTest", "Matrix", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)

sessions <- read.csv("data/synthetic/sessions.csv")
mean_of <- function(x, unit) ave(x, unit, FUN = function(v) mean(v, na.rm = TRUE))

outliers <- function(d, rule, k) {
  for (x in c("wai_total", "phq9")) {
    m <- mean(d[[x]], na.rm = TRUE)
    s <- sd(d[[x]], na.rm = TRUE)
    far <- !is.na(d[[x]]) & abs(d[[x]] - m) > k * s
    d[[x]][far] <- if (rule == "drop") NA else m + sign(d[[x]][far] - m) * k * s
  }
  d
}

few <- function(d, fewest) {
  n <- ave(as.numeric(!is.na(d$wai_total) & !is.na(d$phq9)), d$patient, FUN = sum)
  d[n >= fewest, ]
}

parts <- function(d, x, therapists = TRUE) {
  own <- mean_of(d[[x]], d$patient)
  d[[paste0(x, "_w")]] <- d[[x]] - own
  one <- !duplicated(d$patient)
  if (therapists) {
    theirs <- tapply(own[one], d$therapist[one], mean, na.rm = TRUE)
    d[[paste0(x, "_b")]] <- own - theirs[d$therapist]
    d[[paste0(x, "_t")]] <- theirs[d$therapist] - mean(theirs)
  } else {
    d[[paste0(x, "_b")]] <- own - mean(own[one], na.rm = TRUE)
  }
  d
}

timed <- function(d) {
  d$t <- d$session - ave(d$session, d$patient, FUN = min)
  d
}

row_of <- function(m, term, n) {
  if (inherits(m, "lm")) {
    found <- summary(m)$coefficients[term, ]
    values <- c(found[1:2], m$df.residual, found[4])
  } else {
    found <- coef(summary(m, ddf = "Satterthwaite"))[term, ]
    values <- found[c(1, 2, 3, 5)]
  }
  as.list(setNames(c(values, n), c("estimate", "se", "df", "p_value", "n")))
}

fit <- function(formula, d, reml = TRUE) lmer(formula, d, REML = reml, control = TIGHT)
known <- function(d) d[!is.na(d$wai_total) & !is.na(d$phq9), ]

cases <- list()

d <- known(parts(timed(outliers(sessions, "drop", 2)), "wai_total"))
m <- fit(phq9 ~ log1p(t) + wai_total_w + wai_total_b + wai_total_t + (1 | patient) + (1 | therapist), d, FALSE)
cases$within_drop_log_ml <- row_of(m, "wai_total_w", nobs(m))
cases$between_drop_log_ml <- row_of(m, "wai_total_b", nobs(m))

d <- known(parts(timed(outliers(sessions, "winsorise", 2)), "wai_total"))
m <- fit(
  phq9 ~ t + wai_total_w + wai_total_b + wai_total_t + (1 + wai_total_w | patient) + (1 | therapist), d
)
cases$within_winsorise_slope <- row_of(m, "wai_total_w", nobs(m))

d <- parts(known(timed(few(sessions, 8))), "wai_total", therapists = FALSE)
m <- fit(phq9 ~ t + wai_total_w + wai_total_b + (1 + t | patient), d)
cases$within_few_ignored_patient <- row_of(m, "wai_total_w", nobs(m))

d <- parts(parts(timed(sessions), "wai_total"), "phq9")
d <- d[order(d$patient, d$session), ]
lagged <- function(x) ave(x, d$patient, FUN = function(v) c(NA, head(v, -1)))
d$x <- lagged(d$wai_total_w)
d$own <- lagged(d$phq9_w)
d <- d[!is.na(d$phq9) & !is.na(d$own) & !is.na(d$x), ]
m <- fit(phq9 ~ t + x + own + wai_total_b + wai_total_t + (1 | patient) + (1 | therapist), d)
cases$lagged_previous <- row_of(m, "x", nobs(m))

p <- sessions[!duplicated(sessions$patient), c("patient", "therapist", "phq9_intake")]
of <- function(rows, x, f) tapply(sessions[[x]][rows], sessions$patient[rows], f)[p$patient]
p$early <- of(sessions$session %in% 2:4, "wai_total", function(v) mean(v, na.rm = TRUE))
p$change <- of(sessions$session == 2, "phq9", function(v) v[1]) - p$phq9_intake
later <- sessions$session > 4 & !is.na(sessions$phq9)
later <- which(later)[order(sessions$session[later])]
p$post <- tapply(sessions$phq9[later], sessions$patient[later], function(v) tail(v, 1))[p$patient]
p <- p[complete.cases(p), ]
m <- lm(post ~ early + phq9_intake + change, p)
cases$outcome_ignored <- row_of(m, "early", nobs(m))
m <- fit(post ~ early + phq9_intake + change + (1 | therapist), p)
cases$outcome_random <- row_of(m, "early", nobs(m))

# signs of therapists' residuals under the model without the effect (generalised least squares at the
# fitted variances): + and - in turn, in the order of first appearance
d <- known(parts(timed(sessions), "wai_total"))
model <- phq9 ~ t + wai_total_w + wai_total_b + wai_total_t + (1 + wai_total_w | patient) + (1 | therapist)
m <- fit(model, d)
place <- match(d$therapist, unique(sessions$therapist))
v <- as.matrix(vcov(m))[, "wai_total_w"]
null <- fixef(m) - v * fixef(m)[["wai_total_w"]] / v[["wai_total_w"]]
d$phq9 <- drop(d$phq9 - model.matrix(m) %*% null) * ifelse(place %% 2 == 1, 1, -1)
cases$draw <- row_of(fit(model, d), "wai_total_w", nrow(d))

write_json(
  list(versions = VERSIONS, cases = cases), "tests/reference/multiverse/specifications.json",
  auto_unbox = TRUE, digits = 12, pretty = TRUE
)
