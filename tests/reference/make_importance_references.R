# Write the reference values (JSON) of dominance analyses within and between patients.
#
#   Rscript tests/reference/make_importance_references.R   from the repository root
#
# The data are data/synthetic. One call of lmer for every subset; R² after Rights & Sterba (2019) from
# the rows, not from cross-products; weights as the mean over all orders in which predictors can be
# added, which is another way to the same number. Centring and time are worked out here.

suppressPackageStartupMessages({
  library(lme4)
  library(jsonlite)
})
invisible(Sys.setlocale("LC_COLLATE", "C"))
options(warn = 1)

FOLDER <- file.path("tests", "reference", "importance")
TIGHT <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = .2, rhoend = 1e-9, maxfun = 1e6),
  calc.derivs = FALSE, check.conv.singular = "ignore"
)
PACKAGES <- c("lme4", "Matrix", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)

# ---------------------------------------------------------------- one model

r2_of <- function(model, patient) {
  x <- model.matrix(model)
  fitted <- drop(x %*% fixef(model))
  mean_of <- ave(fitted, patient)
  n <- length(fitted)
  within <- sum((fitted - mean_of)^2) / (n - 1)
  between <- sum((mean_of - mean(fitted))^2) / (n - 1)
  tau <- sum(unlist(lapply(VarCorr(model), diag)))
  c(within = within / (within + sigma(model)^2), between = between / (between + tau))
}

permutations <- function(v) {
  if (length(v) < 2) return(list(v))
  found <- list()
  for (i in seq_along(v)) {
    for (rest in permutations(v[-i])) found <- c(found, list(c(v[i], rest)))
  }
  found
}

# mean gain over all orders of adding
by_orders <- function(r2, k) {
  orders <- permutations(seq_len(k))
  gains <- matrix(0, length(orders), k)
  for (row in seq_along(orders)) {
    subset <- 0
    for (i in orders[[row]]) {
      gains[row, i] <- r2[subset + 2^(i - 1) + 1] - r2[subset + 1]
      subset <- subset + 2^(i - 1)
    }
  }
  colMeans(gains)
}

# ---------------------------------------------------------------- one analysis

analysis <- function(d, level, ranked, others, time, random) {
  k <- length(ranked)
  rows <- lapply(seq_len(2^k) - 1, function(s) {
    chosen <- unlist(ranked[bitwAnd(s, 2^(seq_len(k) - 1)) > 0])
    f <- reformulate(c("1", time, others, chosen, random), "phq9")
    m <- lmer(f, data = d, REML = TRUE, control = TIGHT)
    c(r2_of(m, d$patient)[[level]], sigma(m)^2)
  })
  r2 <- sapply(rows, `[`, 1)
  list(
    names = names(ranked), r2 = r2, sigma2 = sapply(rows, `[`, 2), weights = by_orders(r2, k)
  )
}

split_rating <- function(d, name, means_of = d) {
  own <- tapply(means_of[[name]], means_of$patient, mean, na.rm = TRUE)
  mean_of <- own[as.character(d$patient)]
  d[[paste0(name, "_w")]] <- d[[name]] - mean_of
  d[[paste0(name, "_b")]] <- mean_of - mean(own, na.rm = TRUE)
  d
}

write_case <- function(d, name, within, between, time, random) {
  others <- list(within = unlist(between), between = unlist(within))
  values <- list(
    versions = VERSIONS, n = nrow(d),
    within = analysis(d, "within", within, others$within, time, random),
    between = analysis(d, "between", between, others$between, time, random)
  )
  write_json(
    values, file.path(FOLDER, paste0(name, ".json")),
    digits = I(17), auto_unbox = TRUE, pretty = TRUE
  )
}

# ---------------------------------------------------------------- cases

dyads <- read.csv(file.path("data", "synthetic", "dyads.csv"))
dyads$t <- dyads$session - ave(dyads$session, dyads$patient, FUN = min)
used <- c("phq9", "wai_total", "wai_therapist", "phq9_intake")

full <- dyads[complete.cases(dyads[used]), ]
three <- split_rating(split_rating(full, "wai_total", dyads), "wai_therapist", dyads)
write_case(
  three, "therapists",
  list(wai_total = "wai_total_w", wai_therapist = "wai_therapist_w"),
  list(wai_total = "wai_total_b", wai_therapist = "wai_therapist_b", phq9_intake = "phq9_intake"),
  "t", c("(1 | patient)", "(1 | therapist)")
)

two <- split_rating(split_rating(split_rating(full, "wai_total"), "wai_therapist"), "week")
write_case(
  two, "groups_without_time",
  list(alliance = c("wai_total_w", "wai_therapist_w"), week = "week_w"),
  list(
    alliance = c("wai_total_b", "wai_therapist_b"), week = "week_b", phq9_intake = "phq9_intake"
  ),
  NULL, "(1 | patient)"
)

arms <- read.csv(file.path("data", "synthetic", "therapist_free.csv"))
arms$t <- log1p(arms$session - ave(arms$session, arms$patient, FUN = min))
arms$arm <- as.numeric(arms$treatment == sort(unique(arms$treatment))[2])
some <- arms[complete.cases(arms[c("phq9", "wai_total", "phq9_intake", "treatment")]), ]
some <- split_rating(some, "wai_total", arms)
write_case(
  some, "treatment_log_time",
  list(wai_total = "wai_total_w"),
  list(wai_total = "wai_total_b", phq9_intake = "phq9_intake", treatment = "arm"),
  "t", "(1 | patient)"
)
