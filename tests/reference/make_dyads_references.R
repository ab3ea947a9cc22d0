# Write the synthetic dyads (CSV) and the reference values (JSON) of the tests of fit_dyads.
#
#   Rscript tests/reference/make_dyads_references.R             from the repository root
#
# Centring, lagging and stacking are done here, from the data as read back from the CSV. The lines
# of dyads/lines.R are those that to_r() prints; they are run as they are.

suppressPackageStartupMessages({
  library(nlme)
  library(jsonlite)
})
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
invisible(Sys.setlocale("LC_COLLATE", "C"))
options(warn = 1)

FOLDER <- file.path("tests", "reference", "dyads")
VERSIONS <- list(
  R = paste(R.version$major, R.version$minor, sep = "."),
  nlme = as.character(packageVersion("nlme")), jsonlite = as.character(packageVersion("jsonlite"))
)

# ---------------------------------------------------------------- data

two <- function(n, r, sd = c(1, 1)) {
  first <- rnorm(n)
  cbind(sd[1] * first, sd[2] * (r * first + sqrt(1 - r^2) * rnorm(n)))
}

# 12 therapists, 96 patients, 4 to 12 sessions; two raters of the alliance (wp, wt), an outcome of
# each (yp, yt); effects of the first outcome differ between patients.
simulate <- function(missing) {
  set.seed(11)
  n <- 96
  therapist <- rep(1:12, each = 8)
  level <- two(12, .2, c(2, 2.5))[therapist, ] + two(n, .45, c(5, 4))
  rest <- two(12, .3, c(2.5, 2))[therapist, ] + two(n, .4, c(3, 2.5))
  slope <- two(n, .5, c(.25, .2))
  lengths <- sample(4:12, n, replace = TRUE)
  rows <- lapply(seq_len(n), function(j) {
    k <- lengths[j]
    x <- matrix(0, k + 10, 2)
    noise <- two(k + 10, .3, c(3, 3.5))
    for (t in 2:(k + 10)) x[t, ] <- c(.35, .2) * x[t - 1, ] + c(.15, .25) * x[t - 1, 2:1] + noise[t, ]
    x <- x[10 + seq_len(k), , drop = FALSE]
    e <- two(k, -.25, c(2, 1.5))
    session <- seq_len(k)
    data.frame(
      therapist = sprintf("T%02d", therapist[j]), patient = sprintf("P%03d", j), session = session,
      wp = round(45 + level[j, 1] + .3 * session + x[, 1], 1),
      wt = round(42 + level[j, 2] + .1 * session + x[, 2], 1),
      yp = round(15 + rest[j, 1] - .3 * session + (slope[j, 1] - .4) * x[, 1] - .1 * x[, 2] + e[, 1], 2),
      yt = round(8 + rest[j, 2] - .1 * session + (slope[j, 2] - .2) * x[, 2] - .2 * x[, 1] + e[, 2], 2)
    )
  })
  frame <- do.call(rbind, rows)
  if (missing) {
    for (name in c("wp", "wt", "yp", "yt")) frame[[name]][sample(nrow(frame), 40)] <- NA
    frame <- frame[-sample(nrow(frame), 50), ]
  }
  frame[sample(nrow(frame)), ]
}

files <- list(complete = simulate(FALSE), gaps = simulate(TRUE))
for (name in names(files)) {
  path <- file.path(FOLDER, paste0(name, ".csv"))
  write.csv(files[[name]], path, row.names = FALSE, quote = FALSE, na = "")
  files[[name]] <- read.csv(path)
}

# ---------------------------------------------------------------- rows of both members

by_patient <- function(x, patient, f) ave(x, patient, FUN = function(v) f(v, na.rm = TRUE))

parts <- function(frame, name, three) {
  own <- tapply(frame[[name]], frame$patient, mean, na.rm = TRUE)
  mean_of <- own[frame$patient]
  found <- list(within = frame[[name]] - mean_of)
  if (three) {
    by <- tapply(frame$therapist, frame$patient, function(x) x[1])
    theirs <- tapply(own, by[names(own)], mean, na.rm = TRUE)
    found$patient_between <- mean_of - theirs[frame$therapist]
    found$therapist_between <- theirs[frame$therapist] - mean(theirs)
  } else {
    found$between <- mean_of - mean(own, na.rm = TRUE)
  }
  lapply(found, as.vector)
}

stack <- function(frame, members, step, gap, three, log_time) {
  frame <- frame[order(frame$patient, frame$session), ]
  time <- frame$session - by_patient(frame$session, frame$patient, min)
  if (log_time) time <- log(1 + time)
  key <- if (gap == "strict") frame$session else ave(frame$session, frame$patient, FUN = seq_along)
  before <- match(paste(frame$patient, key - step), paste(frame$patient, key))
  xs <- lapply(members, function(m) {
    found <- parts(frame, m$predictor, three)
    if (step) found$within <- found$within[before]
    found
  })
  own_past <- any(sapply(members, `[[`, "predictor") %in% sapply(members, `[[`, "outcome"))
  kinds <- if (own_past) NULL else setdiff(names(xs[[1]]), "within")
  rows <- lapply(1:2, function(k) {
    data <- data.frame(
      therapist = frame$therapist, patient = frame$patient, session = frame$session, place = k,
      rating = frame[[members[[k]]$outcome]], intercept = 1, time = time,
      actor = xs[[k]]$within, partner = xs[[3 - k]]$within
    )
    for (kind in kinds) {
      data[[paste0("actor_", kind)]] <- xs[[k]][[kind]]
      data[[paste0("partner_", kind)]] <- xs[[3 - k]][[kind]]
    }
    data[complete.cases(data), ]
  })
  data <- do.call(rbind, rows)
  for (part in setdiff(names(data), c("therapist", "patient", "session", "place", "rating"))) {
    for (k in 1:2) data[[paste0(names(members)[k], "_", part)]] <- data[[part]] * (data$place == k)
  }
  data$block <- interaction(data$patient, data$session, drop = TRUE)
  data$class <- factor(data$place)
  data$sign <- 3 - 2 * data$place
  data
}

# ---------------------------------------------------------------- models

CONTROL <- function(opt) lmeControl(
  maxIter = 500, msMaxIter = 1000, niterEM = 50, tolerance = 1e-12, msTol = 1e-12, opt = opt,
  .relStep = 5e-5, minAbsParApVar = .5
)
best_of <- function(fit) {
  found <- lapply(c("nlminb", "optim"), function(opt) try(fit(CONTROL(opt)), silent = TRUE))
  found <- Filter(function(m) !inherits(m, "try-error"), found)
  found[[which.max(sapply(found, logLik))]]
}

fixed_parts <- function(data) {
  c("intercept", "time", grep("^(actor|partner)", names(data), value = TRUE))
}
of_both <- function(part, names) paste0(names, "_", part)

fit_apart <- function(data, names, units, slopes, method) {
  fixed <- unlist(lapply(fixed_parts(data), of_both, names))
  inner <- unlist(lapply(c("intercept", slopes), of_both, names))
  of_unit <- function(unit) {
    terms <- if (unit == "patient") inner else of_both("intercept", names)
    as.formula(paste("~ 0 +", paste(terms, collapse = " + ")))
  }
  groups <- paste(c(units, "block"), collapse = " / ")
  best_of(function(control) do.call(lme, list(
    as.formula(paste("rating ~ 0 +", paste(fixed, collapse = " + "))), data = data,
    random = setNames(lapply(units, of_unit), units), method = method, control = control,
    correlation = corSymm(form = as.formula(paste("~ place |", groups))),
    weights = varIdent(form = ~ 1 | class)
  )))
}

# Members alike: what they share and how they differ vary independently; compound symmetry.
fit_alike <- function(data, units) {
  pair <- function() pdBlocked(list(pdSymm(~ 0 + intercept), pdSymm(~ 0 + sign)))
  groups <- paste(c(units, "block"), collapse = " / ")
  best_of(function(control) do.call(lme, list(
    as.formula(paste("rating ~ 0 +", paste(fixed_parts(data), collapse = " + "))), data = data,
    random = setNames(lapply(units, function(u) pair()), units), method = "ML", control = control,
    correlation = corCompSymm(form = as.formula(paste("~ place |", groups)))
  )))
}

values_of <- function(fit) {
  table <- summary(fit)$tTable
  ends <- try(intervals(fit, which = "var-cov"), silent = TRUE)
  random <- lapply(fit$modelStruct$reStruct, function(block) {
    values <- as.matrix(block) * fit$sigma^2
    list(names = colnames(values), covariance = unname(values))
  })
  list(
    n = fit$dims$N, loglik = as.numeric(logLik(fit)), n_parameters = attr(logLik(fit), "df"),
    beta = as.list(table[, "Value"]), se = as.list(sqrt(diag(vcov(fit)))), sigma = fit$sigma,
    vcov = unname(vcov(fit)), random = random,
    correlation = as.vector(coef(fit$modelStruct$corStruct, unconstrained = FALSE)),
    ratio = as.vector(coef(fit$modelStruct$varStruct, unconstrained = FALSE)),
    intervals = if (inherits(ends, "try-error")) NULL else list(
      random = lapply(ends$reStruct, function(t) list(names = rownames(t), ends = unname(as.matrix(t)))),
      correlation = unname(ends$corStruct[1, ]), ratio = unname(ends$varStruct[1, ]),
      sigma = unname(ends$sigma)
    )
  )
}

ALLIANCE <- list(
  patient = list(predictor = "wp", outcome = "wp"),
  therapist = list(predictor = "wt", outcome = "wt")
)
OUTCOMES <- list(
  patient = list(predictor = "wp", outcome = "yp"),
  therapist = list(predictor = "wt", outcome = "yt")
)
case <- function(data, members, step = 0, gap = "strict", three = FALSE, slopes = character(),
                 method = "REML", log_time = FALSE) as.list(environment())
CASES <- list(
  concurrent = case("complete", OUTCOMES),
  therapists = case("gaps", OUTCOMES, three = TRUE),
  slopes = case("complete", OUTCOMES, slopes = "actor", log_time = TRUE),
  lagged = case("gaps", ALLIANCE, step = 1, three = TRUE),
  previous = case("gaps", ALLIANCE, step = 1, gap = "previous", method = "ML"),
  later = case("gaps", OUTCOMES, step = 1)
)
for (name in names(CASES)) {
  one <- CASES[[name]]
  units <- if (one$three) c("therapist", "patient") else "patient"
  data <- stack(files[[one$data]], one$members, one$step, one$gap, one$three, one$log_time)
  fit <- fit_apart(data, names(one$members), units, one$slopes, one$method)
  found <- values_of(fit)
  if (!length(one$slopes)) {
    apart <- fit_apart(data, names(one$members), units, one$slopes, "ML")
    alike <- fit_alike(data, units)
    found$distinguishability <- list(
      loglik_apart = as.numeric(logLik(apart)), loglik_alike = as.numeric(logLik(alike)),
      df = attr(logLik(apart), "df") - attr(logLik(alike), "df")
    )
  }
  call <- one[c("step", "gap", "three", "method", "log_time", "members")]
  call$slopes <- I(one$slopes)
  values <- c(list(versions = VERSIONS, data = paste0("dyads/", one$data, ".csv")), call, found)
  write_json(values, file.path(FOLDER, paste0(name, ".json")), digits = NA, auto_unbox = TRUE,
    pretty = TRUE, null = "null")
}

lines <- file.path(FOLDER, "lines.R")
if (file.exists(lines)) {
  e <- new.env()
  invisible(capture.output(suppressWarnings(source(lines, local = e))))
  own <- list(versions = VERSIONS, loglik = as.numeric(logLik(e$m)), n = e$m$dims$N,
    beta = as.list(fixef(e$m)), se = as.list(sqrt(diag(vcov(e$m)))))
  write_json(own, file.path(FOLDER, "lines_values.json"), digits = NA, auto_unbox = TRUE, pretty = TRUE)
}
