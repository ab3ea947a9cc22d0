# Write the synthetic sessions (CSV) and the reference values (JSON) of the lagged model's tests.
#
#   Rscript tests/reference/make_lagged_references.R            from the repository root
#
# Everything is computed from the data as read back from the CSV, centring and lagging included.

suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(jsonlite)
})
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
invisible(Sys.setlocale("LC_COLLATE", "C"))
options(warn = 1)

FOLDER <- file.path("tests", "reference", "lagged")
TIGHT <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = .2, rhoend = 1e-9, maxfun = 1e6),
  calc.derivs = FALSE, check.conv.singular = "ignore"
)
PACKAGES <- c("lme4", "lmerTest", "Matrix", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)

# ---------------------------------------------------------------- data

# 14 therapists, 126 patients, 5 to 14 sessions each; paths differ between patients.
simulate <- function(missing) {
  set.seed(3)
  caseload <- rep(c(6, 8, 9, 9, 10, 10, 11), 2)
  n <- sum(caseload)
  therapist <- rep(seq_along(caseload), caseload)
  of_x <- rnorm(14, sd = 2.5)[therapist] + rnorm(n, sd = 4)
  of_y <- rnorm(14, sd = 1.5)[therapist] + rnorm(n, sd = 3) - .3 * of_x
  path <- rnorm(n, -.15, .18)
  back <- rnorm(n, -.2, .25)
  lengths <- sample(5:14, n, replace = TRUE)
  rows <- lapply(seq_len(n), function(j) {
    e <- f <- numeric(lengths[j] + 20)
    for (t in 2:length(e)) {
      f[t] <- .35 * f[t - 1] + path[j] * e[t - 1] + rnorm(1, sd = 2)
      e[t] <- .3 * e[t - 1] + back[j] * f[t] + rnorm(1, sd = 3)
    }
    kept <- 20 + seq_len(lengths[j])
    session <- seq_len(lengths[j])
    data.frame(
      therapist = therapist[j], patient = j, session = session,
      wai = round(45 + of_x[j] + .2 * session + e[kept], 1),
      phq = round(15 + of_y[j] - .4 * session + f[kept], 1)
    )
  })
  frame <- do.call(rbind, rows)
  if (missing) {
    frame$wai[sample(nrow(frame), 70)] <- NA
    frame$phq[sample(nrow(frame), 50)] <- NA
    frame <- frame[-sample(nrow(frame), 90), ]
  }
  frame[sample(nrow(frame)), ]
}

# ---------------------------------------------------------------- centring and lagging

# Patient means over all observed ratings; therapist means are means of patient means.
centre <- function(frame, name, three) {
  own <- tapply(frame[[name]], frame$patient, mean, na.rm = TRUE)
  mean_of <- own[as.character(frame$patient)]
  frame[[paste0(name, "_w")]] <- frame[[name]] - mean_of
  if (three) {
    seen_by <- tapply(frame$therapist, frame$patient, function(x) x[1])
    theirs <- tapply(own, seen_by[names(own)], mean, na.rm = TRUE)
    of_therapist <- theirs[as.character(frame$therapist)]
    frame[[paste0(name, "_pb")]] <- mean_of - of_therapist
    frame[[paste0(name, "_tb")]] <- of_therapist - mean(theirs)
  } else {
    frame[[paste0(name, "_b")]] <- mean_of - mean(own, na.rm = TRUE)
  }
  frame
}

# What the patient had at session t - step (strict), or `step` rows before.
lagged <- function(frame, name, step, gap) {
  frame <- frame[order(frame$patient, frame$session), ]
  key <- if (gap == "strict") frame$session else ave(frame$session, frame$patient, FUN = seq_along)
  found <- match(paste(frame$patient, key - step), paste(frame$patient, key))
  frame[[paste0(name, "_l")]] <- frame[[name]][found]
  frame
}

prepare <- function(frame, step = 1, gap = "strict", three = TRUE) {
  frame$t <- frame$session - ave(frame$session, frame$patient, FUN = min)
  for (name in c("wai", "phq")) frame <- centre(frame, name, three)
  for (name in c("wai_w", "phq_w")) frame <- lagged(frame, name, step, gap)
  frame
}

# ---------------------------------------------------------------- models

fitted_values <- function(fit, names) {
  table <- coef(summary(fit))
  out <- list(
    beta = as.list(setNames(table[, "Estimate"], names)),
    se = as.list(setNames(table[, "Std. Error"], names)),
    df = as.list(setNames(table[, "df"], names)),
    p = as.list(setNames(table[, "Pr(>|t|)"], names))
  )
  out$n <- nobs(fit)
  out$sigma <- sigma(fit)
  out$loglik <- c(logLik(fit))
  out$patient <- as.list(diag(as.matrix(VarCorr(fit)$patient)))
  out$singular <- isSingular(fit, tol = 1e-7)
  out
}

equation <- function(table, response, cross, own, between, random, reml, time = "t") {
  fixed <- c(cross, own, between, time)
  text <- paste(response, "~", paste(fixed, collapse = " + "), "+", random)
  fit <- lmer(as.formula(text), table, REML = reml, control = TIGHT)
  fitted_values(fit, c("(Intercept)", "cross", "own", paste0("between", seq_along(between)), time))
}

case_of <- function(file, timing, three = TRUE, step = 1, gap = "strict", slope = TRUE, reml = TRUE) {
  table <- prepare(read.csv(file.path(FOLDER, file)), step, gap, three)
  parts <- if (three) c("_pb", "_tb") else "_b"
  to_outcome <- if (timing == "alliance first") "wai_w" else "wai_w_l"
  to_alliance <- if (timing == "outcome first") "phq_w" else "phq_w_l"
  random <- function(cross) {
    patient <- if (slope) paste0("(1 + ", cross, " | patient)") else "(1 | patient)"
    paste0(patient, if (three) " + (1 | therapist)" else "")
  }
  list(
    data = paste0("lagged/", file), timing = timing, three = three, step = step, gap = gap,
    slope = slope, reml = reml, versions = VERSIONS,
    outcome = equation(table, "phq", to_outcome, "phq_w_l", paste0("wai", parts), random(to_outcome), reml),
    alliance = equation(table, "wai", to_alliance, "wai_w_l", paste0("phq", parts), random(to_alliance), reml)
  )
}

# ---------------------------------------------------------------- main

main <- function() {
  stopifnot(dir.exists(FOLDER))
  for (missing in c(FALSE, TRUE)) {
    file <- if (missing) "gaps.csv" else "complete.csv"
    write.csv(simulate(missing), file.path(FOLDER, file), row.names = FALSE, na = "")
  }
  cases <- list(
    complete = case_of("complete.csv", "outcome first"),
    gaps = case_of("gaps.csv", "outcome first"),
    alliance_first = case_of("gaps.csv", "alliance first", slope = FALSE),
    same_moment = case_of("gaps.csv", "same moment", three = FALSE),
    previous = case_of("gaps.csv", "outcome first", gap = "previous", slope = FALSE),
    two_steps = case_of("gaps.csv", "outcome first", three = FALSE, step = 2, slope = FALSE),
    ml = case_of("gaps.csv", "outcome first", three = FALSE, reml = FALSE)
  )
  for (name in names(cases)) {
    text <- toJSON(cases[[name]], auto_unbox = TRUE, digits = NA, pretty = 1)
    writeLines(text, file.path(FOLDER, paste0(name, ".json")))
    for (side in c("outcome", "alliance")) {
      found <- cases[[name]][[side]]
      cat(name, side, found$n, found$beta$cross, found$beta$own, unlist(found$patient), found$singular, "\n")
    }
  }
}

main()
