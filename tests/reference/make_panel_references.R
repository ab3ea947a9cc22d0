# Write the data (CSV) and the reference values (JSON) of the tests of panel models.
#
#   Rscript tests/reference/make_panel_references.R            from the repository root
#
# Models are written out here in lavaan's syntax, wave by wave, and fitted to the sessions as read
# back from the CSV and laid out by waves. Each JSON names the options under which lavaan made it.

suppressPackageStartupMessages({
  library(lavaan)
  library(jsonlite)
})
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
invisible(Sys.setlocale("LC_COLLATE", "C"))
options(warn = 1)

source(file.path("tests", "reference", "lavaan_values.R"))
FOLDER <- file.path("tests", "reference", "panel")
dir.create(FOLDER, showWarnings = FALSE)
PACKAGES <- c("lavaan", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)

# ---------------------------------------------------------------- data

# Sessions of 360 patients of 30 therapists in two arms: phq is rated before, wai after the session.
# Skewed innovations, treatments of 2 to 7 sessions, ratings missing at random and after bad ones.
simulate_sessions <- function(n = 360) {
  set.seed(21)
  therapist <- sample(30, n, replace = TRUE)
  arm <- ifelse(runif(n) < .5, "cbt", "pdt")
  stable <- matrix(rnorm(2 * n), n) %*% chol(matrix(c(.6, -.25, -.25, .7), 2)) +
    matrix(rnorm(60, sd = .3), 30)[therapist, ]
  slope <- matrix(rnorm(2 * n, sd = c(.16, .2)), n, byrow = TRUE)
  skewed <- function() (rchisq(n, 5) - 5) / sqrt(10)
  x <- y <- matrix(NA, n, 7)
  y[, 1] <- skewed()
  x[, 1] <- -.2 * y[, 1] + .7 * skewed()
  for (t in 2:7) {
    y[, t] <- .35 * y[, t - 1] - .2 * x[, t - 1] * (1 + .5 * (arm == "cbt")) + .7 * skewed()
    x[, t] <- .3 * x[, t - 1] - .15 * y[, t] + .7 * skewed()
  }
  time <- matrix(0:6, n, 7, byrow = TRUE)
  wai <- 4.5 + .1 * time + stable[, 1] + slope[, 1] * time + x
  phq <- 2.5 - .15 * time + stable[, 2] + slope[, 2] * time + y
  length <- sample(2:7, n, replace = TRUE, prob = c(.05, .05, .1, .2, .2, .4))
  long <- data.frame(
    patient = rep(seq_len(n), each = 7), session = rep(1:7, n),
    therapist = rep(therapist, each = 7), arm = rep(arm, each = 7),
    wai = round(c(t(wai)), 3), phq = round(c(t(phq)), 3)
  )
  long <- long[long$session <= length[long$patient], ]
  holes <- matrix(runif(2 * nrow(long)) < .06, ncol = 2)
  holes[, 2] <- holes[, 2] | (long$wai < 3.5 & runif(nrow(long)) < .2)
  long$wai[holes[, 1]] <- NA
  long$phq[holes[, 2]] <- NA
  long[sample(nrow(long)), ]
}
write.csv(simulate_sessions(), file.path(FOLDER, "sessions.csv"), row.names = FALSE, quote = FALSE)
long <- read.csv(file.path(FOLDER, "sessions.csv"))

by_waves <- function(waves, end = FALSE) {
  wave <- if (end) waves - (ave(long$session, long$patient, FUN = max) - long$session) else long$session
  kept <- wave >= 1 & wave <= waves
  d <- reshape(cbind(long[c("patient", "wai", "phq")], wave = wave)[kept, ], direction = "wide",
               idvar = "patient", timevar = "wave", sep = "_")
  first <- long[!duplicated(long$patient), ]
  cbind(d, first[match(d$patient, first$patient), c("therapist", "arm")])
}

# ---------------------------------------------------------------- models

lines <- function(...) paste(c(...), collapse = "\n")
plus <- function(x) paste(x, collapse = " + ")
mark <- function(label) if (is.null(label)) "" else paste0(label, "*")

# What carries over, between x[t] and y[t]. `order` is "y" (phq first in a session), "x" or "none".
dynamics <- function(x, y, order, equal) {
  label <- function(name, what) if (what %in% equal) paste0(name, "*") else ""
  found <- c(paste(x[1], "~~", x[1]), paste(y[1], "~~", y[1]), paste(x[1], "~~", y[1]))
  for (t in 2:length(x)) {
    of_x <- if (order == "y") y[t] else y[t - 1]
    of_y <- if (order == "x") x[t] else x[t - 1]
    found <- c(
      found,
      sprintf("%s ~ %s%s + %s%s", y[t], label("b", "cross_lagged"), of_y,
              label("d", "autoregression"), y[t - 1]),
      sprintf("%s ~ %s%s + %s%s", x[t], label("a", "autoregression"), x[t - 1],
              label("c", "cross_lagged"), of_x),
      sprintf("%s ~~ %s%s", x[t], label("vx", "innovations"), x[t]),
      sprintf("%s ~~ %s%s", y[t], label("vy", "innovations"), y[t]),
      if (order == "none") sprintf("%s ~~ %s%s", x[t], label("vxy", "innovations"), y[t])
    )
  }
  if (all(c("autoregression", "cross_lagged") %in% equal)) {
    found <- c(found, "long_run_outcome := b / (1 - d)", "long_run_alliance := c / (1 - a)")
  }
  found
}
means <- function(x, y, equal) {
  free <- function(names, label) paste0(names, " ~ ", if ("means" %in% equal) paste0(label, "*"), "1")
  c(free(x, "mx"), free(y, "my"))
}
covariances <- function(names) {
  pairs <- outer(names, names, paste, sep = " ~~ ")
  pairs[upper.tri(pairs, diag = TRUE)]
}
within <- function(names) paste0("within_", names, " =~ 1*", names)
both <- c("autoregression", "cross_lagged")

clpm <- function(T, order = "y", equal = both) {
  x <- paste0("wai_", 1:T); y <- paste0("phq_", 1:T)
  lines(dynamics(x, y, order, equal), means(x, y, equal))
}
riclpm <- function(T, order = "y", equal = both) {
  x <- paste0("wai_", 1:T); y <- paste0("phq_", 1:T)
  lines(
    paste("stable_wai =~", plus(paste0("1*", x))), paste("stable_phq =~", plus(paste0("1*", y))),
    covariances(c("stable_wai", "stable_phq")), within(x), within(y),
    dynamics(paste0("within_", x), paste0("within_", y), order, equal), means(x, y, equal)
  )
}
lcmsr <- function(T, order = "y", equal = both) {
  x <- paste0("wai_", 1:T); y <- paste0("phq_", 1:T); time <- 0:(T - 1)
  growth <- c("level_wai", "slope_wai", "level_phq", "slope_phq")
  lines(
    paste("level_wai =~", plus(paste0("1*", x))), paste("level_phq =~", plus(paste0("1*", y))),
    paste("slope_wai =~", plus(paste0(time, "*", x))), paste("slope_phq =~", plus(paste0(time, "*", y))),
    covariances(growth), paste(growth, "~ 1"), within(x), within(y),
    dynamics(paste0("within_", x), paste0("within_", y), order, equal)
  )
}
# `lag`: how many waves before the response its predictor was measured.
dpm <- function(T, response, predictor, lag, equal = both) {
  y <- paste0(response, "_", 1:T); x <- paste0(predictor, "_", 1:T)
  label <- function(name, what) if (what %in% equal) paste0(name, "*") else ""
  stable <- paste0("stable_", response)
  used <- x[2:T - lag]
  found <- c(paste(stable, "=~", plus(paste0("1*", y[-1]))), covariances(c(stable, y[1], used)))
  for (t in 2:T) {
    later <- setdiff(seq_len(T), seq_len(t - lag))
    later <- intersect(x[later], used)
    found <- c(
      found,
      sprintf("%s ~ %s%s + %s%s", y[t], label("b", "cross_lagged"), x[t - lag],
              label("d", "autoregression"), y[t - 1]),
      sprintf("%s ~~ %s%s", y[t], label("vy", "innovations"), y[t]),
      if (length(later)) paste(y[t], "~~", later)
    )
  }
  if (all(both %in% equal)) found <- c(found, "long_run := b / (1 - d)")
  lines(found, paste(c(y, used), "~ 1"))
}

# ---------------------------------------------------------------- values

long_runs <- function(fit) {
  est <- parameterEstimates(fit)
  est <- est[est$op == ":=", ]
  if (!nrow(est)) return(list())
  setNames(lapply(seq_len(nrow(est)), function(i) list(est = est$est[i], se = est$se[i])), est$lhs)
}

fits <- list()
values_of <- function(name, model, waves, ..., end = FALSE) {
  options <- list(...)
  frame <- by_waves(waves, end)
  fit <- tightest(c(list(model = model, data = frame), options, TIGHT), "lavaan")
  fits[[name]] <<- fit
  write_json(
    list(
      case = name, data = "sessions.csv", model = model, options = options, versions = VERSIONS,
      information = lavInspect(fit, "options")$information[1], n = lavInspect(fit, "ntotal"),
      measures = numbers(fitMeasures(fit)), parameters = table_of(fit), long_run = long_runs(fit)
    ),
    file.path(FOLDER, paste0(name, ".json")),
    digits = NA, auto_unbox = TRUE, pretty = TRUE, na = "null"
  )
}

full <- list(missing = "fiml")
run <- function(name, model, waves, options = list(), end = FALSE) {
  do.call(values_of, c(list(name, model, waves, end = end, meanstructure = TRUE), options))
}
mlr <- c(full, estimator = "MLR")
arms <- list(group = "arm", group.label = c("cbt", "pdt"))
free <- character()

run("clpm_complete", clpm(5), 5)
run("clpm_fiml", clpm(5), 5, full)
run("clpm_together", clpm(4, "none"), 4, full)
run("riclpm_complete", riclpm(5), 5)
run("riclpm_complete_free", riclpm(5, equal = free), 5)
run("riclpm_complete_mlr", riclpm(5), 5, list(estimator = "MLR"))
run("riclpm_fiml", riclpm(5), 5, full)
run("riclpm_free", riclpm(5, equal = free), 5, full)
run("riclpm_together", riclpm(5, "none"), 5, full)
run("riclpm_alliance_first", riclpm(5, "x"), 5, full)
run("riclpm_innovations", riclpm(5, "none", c(both, "innovations", "means")), 5, full)
run("riclpm_mlr", riclpm(5), 5, mlr)
run("riclpm_mlr_free", riclpm(5, equal = free), 5, mlr)
run("riclpm_cluster", riclpm(5), 5, c(mlr, cluster = "therapist"))
run("riclpm_end", riclpm(4), 4, full, end = TRUE)
run("dpm_complete", dpm(5, "phq", "wai", 1), 5)
run("dpm_fiml", dpm(5, "phq", "wai", 1), 5, full)
run("dpm_free", dpm(5, "phq", "wai", 1, free), 5, full)
run("dpm_alliance", dpm(5, "wai", "phq", 0), 5, full)
run("dpm_mlr", dpm(5, "phq", "wai", 1), 5, mlr)
run("lcmsr_complete", lcmsr(6), 6)
run("lcmsr_fiml", lcmsr(6), 6, full)

# Two groups: labels once a group, or the same in both.
in_arms <- function(model, shared) {
  if (shared) {
    for (label in c("a", "b", "c", "d")) {
      model <- gsub(paste0("\\b", label, "\\*"), paste0("c(", label, ",", label, ")*"), model)
    }
    return(gsub("long_run[^\n]*\n?", "", model))
  }
  for (label in c("a", "b", "c", "d")) {
    model <- gsub(paste0("\\b", label, "\\*"), paste0("c(", label, "1,", label, "2)*"), model)
  }
  gsub("long_run[^\n]*\n?", "", model)
}
run("groups_free", in_arms(riclpm(4), FALSE), 4, c(full, arms))
run("groups_equal", in_arms(riclpm(4), TRUE), 4, c(full, arms))

difference <- function(restricted, free) {
  test <- as.data.frame(
    lavTestLRT(fits[[free]], fits[[restricted]], method = "satorra.bentler.2001")
  )[2, ]
  list(statistic = test[["Chisq diff"]], df = test[["Df diff"]], p_value = test[["Pr(>Chisq)"]])
}
plain <- function(restricted, free) {
  test <- as.data.frame(lavTestLRT(fits[[free]], fits[[restricted]]))[2, ]
  list(statistic = test[["Chisq diff"]], df = test[["Df diff"]], p_value = test[["Pr(>Chisq)"]])
}
write_json(
  list(
    versions = VERSIONS,
    riclpm_complete = plain("riclpm_complete", "riclpm_complete_free"),
    riclpm_fiml = plain("riclpm_fiml", "riclpm_free"),
    riclpm_mlr = difference("riclpm_mlr", "riclpm_mlr_free"),
    dpm_fiml = plain("dpm_fiml", "dpm_free"),
    groups_free = plain("groups_equal", "groups_free")
  ),
  file.path(FOLDER, "differences.json"), digits = NA, auto_unbox = TRUE, pretty = TRUE
)
