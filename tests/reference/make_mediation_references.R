# Write the synthetic sessions (CSV) and the reference values (JSON) of the mediation model's tests.
#
#   Rscript tests/reference/make_mediation_references.R         from the repository root
#
# Everything is computed from the data as read back from the CSV: centring, lagging, both equations
# with lme4, the stacked model with nlme, effects and their second-order standard errors by the
# formulas of Bauer, Preacher & Gil (2006), percentiles of two million draws. The files *.R are what
# MediationResult.to_r() writes; they are run as they are.

suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(nlme)
  library(jsonlite)
})
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
invisible(Sys.setlocale("LC_COLLATE", "C"))
options(warn = 1)

FOLDER <- file.path("tests", "reference", "mediation")
TIGHT <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = .2, rhoend = 1e-9, maxfun = 1e6),
  calc.derivs = FALSE, check.conv.singular = "ignore"
)
TIGHT_LME <- lmeControl(
  maxIter = 500, msMaxIter = 1000, tolerance = 1e-12, msTol = 1e-12, returnObject = TRUE
)
PACKAGES <- c("lme4", "lmerTest", "nlme", "Matrix", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)

# ---------------------------------------------------------------- data

# 20 therapists, 160 patients, 7 to 15 sessions; x after t, m before t + 1, y before t + 2.
# With `same`, all of one session.
simulate <- function(missing, same = FALSE) {
  set.seed(5)
  therapist <- rep(1:20, each = 8)
  n <- length(therapist)
  hope <- round(rnorm(20, sd = 1)[therapist] + rnorm(n, sd = 2), 1)
  of_x <- rnorm(20, sd = 2)[therapist] + rnorm(n, sd = 3) + .5 * hope
  of_m <- rnorm(20, sd = 1)[therapist] + rnorm(n, sd = 2) + .3 * of_x + .4 * hope
  of_y <- rnorm(20, sd = 1.2)[therapist] + rnorm(n, sd = 2) - .4 * of_m - .1 * of_x
  z <- matrix(rnorm(2 * n), n)
  a <- .45 + .35 * z[, 1]
  b <- -.40 + .30 * (-.5 * z[, 1] + sqrt(.75) * z[, 2])
  lengths <- sample(7:15, n, replace = TRUE)
  rows <- lapply(seq_len(n), function(j) {
    size <- lengths[j] + 20
    x <- m <- y <- numeric(size)
    for (t in 3:size) {
      x[t] <- .2 * x[t - 1] + rnorm(1, sd = 2)
      m[t] <- .2 * m[t - 1] + a[j] * x[t - !same] + rnorm(1, sd = 1.5)
      y[t] <- .2 * y[t - 1] + b[j] * m[t - !same] - .1 * x[t - 2 * !same] + rnorm(1, sd = 1.8)
    }
    kept <- 20 + seq_len(lengths[j])
    session <- seq_len(lengths[j])
    data.frame(
      therapist = paste0("T", therapist[j]), patient = j, session = session, hope = hope[j],
      arm = if (therapist[j] %% 2) "cbt" else "pdt",
      wai = round(40 + of_x[j] + .2 * session + x[kept], 2),
      motivation = round(20 + of_m[j] + .1 * session + m[kept], 2),
      phq = round(15 + of_y[j] - .3 * session + y[kept], 2)
    )
  })
  frame <- do.call(rbind, rows)
  if (missing) {
    for (name in c("wai", "motivation", "phq")) frame[sample(nrow(frame), 50), name] <- NA
    frame <- frame[-sample(nrow(frame), 80), ]
  }
  frame[sample(nrow(frame)), ]
}

# ---------------------------------------------------------------- centring and lagging

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

earlier <- function(frame, name, step) {
  found <- match(paste(frame$patient, frame$session - step), paste(frame$patient, frame$session))
  frame[[name]][found]
}

prepare <- function(file, three, lagged) {
  frame <- read.csv(file.path(FOLDER, file))
  frame$t <- frame$session - ave(frame$session, frame$patient, FUN = min)
  for (name in c("wai", "motivation", "phq", "hope")) frame <- centre(frame, name, three)
  frame$x_m <- if (lagged) earlier(frame, "wai_w", 1) else frame$wai_w
  frame$x_y <- if (lagged) earlier(frame, "wai_w", 2) else frame$wai_w
  frame$m_y <- if (lagged) earlier(frame, "motivation_w", 1) else frame$motivation_w
  frame$own_m <- if (lagged) earlier(frame, "motivation_w", 1) else 0
  frame$own_y <- if (lagged) earlier(frame, "phq_w", 1) else 0
  frame$y_m <- frame$own_y  # the outcome before the predictor, for the mediator
  frame
}

# ---------------------------------------------------------------- effects

# Bauer, Preacher & Gil (2006): ab + cov, and the variance of it for normal estimates; V(cov) = 0
# here, as nlme gives no usable one (the tests add their own).
effects <- function(values, v) {
  a <- values[1]; b <- values[2]; direct <- values[3]; cov <- values[4]
  indirect <- a * b + cov
  variance <- b^2 * v[1, 1] + a^2 * v[2, 2] + v[1, 1] * v[2, 2] + 2 * a * b * v[1, 2] + v[1, 2]^2
  total <- variance + v[3, 3] + 2 * b * v[1, 3] + 2 * a * v[2, 3]
  list(
    a = a, b = b, direct = direct, covariance = cov, indirect = indirect,
    total = indirect + direct, se_a = sqrt(v[1, 1]), se_b = sqrt(v[2, 2]),
    se_direct = sqrt(v[3, 3]), se_indirect = sqrt(variance), se_total = sqrt(total)
  )
}

percentiles <- function(values, v, n = 2e6) {
  set.seed(1)
  draws <- matrix(rnorm(3 * n), n) %*% chol(v)
  a <- values[1] + draws[, 1]; b <- values[2] + draws[, 2]; direct <- values[3] + draws[, 3]
  list(
    indirect = unname(quantile(a * b, c(.025, .975))),
    total = unname(quantile(a * b + direct, c(.025, .975)))
  )
}

# ---------------------------------------------------------------- models

apart <- function(file, three, lagged, x = "wai", slopes = FALSE, reml = TRUE) {
  table <- prepare(file, three, lagged)
  session_level <- x == "wai"
  levels <- if (three) c("_pb", "_tb") else "_b"
  random <- function(slope) {
    patient <- if (is.na(slope)) "(1 | patient)" else paste0("(1 + ", slope, " | patient)")
    paste0(patient, if (three) " + (1 | therapist)" else "")
  }
  formula <- function(response, fixed, slope) {
    as.formula(paste(response, "~", paste(c("t", fixed), collapse = " + "), "+", random(slope)))
  }
  own <- function(side) if (lagged) paste0("own_", side) else NULL
  within <- if (session_level) c("x_m", "x_y") else character(0)
  m <- lmer(
    formula("motivation", c(within[1][session_level], own("m"), if (lagged && session_level) "y_m", paste0(x, levels)), if (slopes && session_level) "x_m" else NA),
    table, REML = reml, control = TIGHT
  )
  y <- lmer(
    formula("phq", c(within[2][session_level], "m_y", own("y"), paste0(x, levels), paste0("motivation", levels)), if (slopes) "m_y" else NA),
    table, REML = reml, control = TIGHT
  )
  one <- function(a, b, direct) {
    v <- matrix(0, 3, 3)
    v[1, 1] <- vcov(m)[a, a]
    v[2:3, 2:3] <- as.matrix(vcov(y))[c(b, direct), c(b, direct)]
    values <- c(fixef(m)[[a]], fixef(y)[[b]], fixef(y)[[direct]], 0)
    df <- function(fit, name) coef(summary(fit))[name, "df"]
    c(
      effects(values, v),
      list(df_a = df(m, a), df_b = df(y, b), df_direct = df(y, direct), percentiles = percentiles(values, v))
    )
  }
  found <- list()
  if (session_level) found$within <- one("x_m", "m_y", "x_y")
  for (level in levels) {
    name <- c("_pb" = "patient_between", "_tb" = "therapist_between", "_b" = "between")[[level]]
    found[[name]] <- one(paste0(x, level), paste0("motivation", level), paste0(x, level))
  }
  list(
    levels = found, n = c(nobs(m), nobs(y)), loglik = c(c(logLik(m)), c(logLik(y))),
    singular = c(isSingular(m, tol = 1e-7), isSingular(y, tol = 1e-7))
  )
}

stacked <- function(file, three, lagged, reml = TRUE) {
  table <- prepare(file, three, lagged)
  levels <- if (three) c("_pb", "_tb") else "_b"
  x <- paste0("wai", levels)
  m <- table[complete.cases(table[, c("motivation", "x_m", "own_m", "y_m", x)]), ]
  y <- table[complete.cases(table[, c("phq", "x_y", "m_y", "own_y", x)]), ]
  columns <- c("patient", "therapist", "t", "x_m", "x_y", "m_y", "own_m", "own_y", "y_m", x)
  both <- rbind(
    data.frame(value = m$motivation, sm = 1, sy = 0, m[, columns]),
    data.frame(value = y$phq, sm = 0, sy = 1, y[, columns])
  )
  for (name in c("m_y", "x_y", "own_y")) both[[name]][both$sy == 0] <- 0
  for (name in c("x_m", "own_m", "y_m")) both[[name]][both$sm == 0] <- 0
  both$a <- both$sm * both$x_m
  both$b <- both$sy * both$m_y
  both$direct <- both$sy * both$x_y
  own <- if (lagged) "+ sm:own_m + sm:y_m + sy:own_y" else ""
  parts <- paste(paste0("sm:", x), paste0("sy:", x), sep = " + ", collapse = " + ")
  formula <- as.formula(paste("value ~ 0 + sm + sy + sm:t + sy:t + a + b + direct", own, "+", parts))
  random <- if (three) {
    list(therapist = ~ 0 + sm + sy, patient = ~ 0 + sm + a + sy + b)
  } else {
    list(patient = ~ 0 + sm + a + sy + b)
  }
  fit <- lme(
    formula, both, random = random, weights = varIdent(form = ~ 1 | sm),
    method = if (reml) "REML" else "ML", control = TIGHT_LME
  )
  sigma_p <- as.matrix(fit$modelStruct$reStruct$patient) * sigma(fit)^2
  names <- c("a", "b", "direct")
  values <- c(fixef(fit)[names], sigma_p["a", "b"])
  c(
    effects(unname(values), vcov(fit)[names, names]),
    list(
      loglik = c(logLik(fit)), n = nrow(both), variance_a = sigma_p["a", "a"],
      variance_b = sigma_p["b", "b"], sigma = sigma(fit)
    )
  )
}

# What the lines of MediationResult.to_r() give: every model m, in order, and the last sentence.
of_script <- function(name) {
  lines <- parse(file.path(FOLDER, paste0(name, ".R")))
  place <- new.env()
  models <- list()
  utils::capture.output(for (line in lines) {
    eval(line, place)
    if (is.call(line) && identical(line[[1]], as.name("<-")) && identical(line[[2]], as.name("m"))) {
      models <- c(models, list(place$m))
    }
  })
  fixed <- function(fit) if (inherits(fit, "lme")) nlme::fixef(fit) else lme4::fixef(fit)
  list(
    beta = lapply(models, function(fit) as.list(fixed(fit))),
    loglik = sapply(models, function(fit) c(logLik(fit))),
    covariance = if (is.null(place$covariance)) NA else place$covariance
  )
}

# ---------------------------------------------------------------- main

main <- function() {
  stopifnot(dir.exists(FOLDER))
  for (missing in c(FALSE, TRUE)) {
    file <- if (missing) "gaps.csv" else "complete.csv"
    write.csv(simulate(missing), file.path(FOLDER, file), row.names = FALSE, na = "")
  }
  write.csv(simulate(TRUE, same = TRUE), file.path(FOLDER, "same.csv"), row.names = FALSE, na = "")
  cases <- list(
    lagged = list(apart = apart("gaps.csv", TRUE, TRUE)),
    lagged_slopes = list(apart = apart("gaps.csv", FALSE, TRUE, slopes = TRUE), joint = stacked("gaps.csv", FALSE, TRUE)),
    lagged_three = list(apart = apart("complete.csv", TRUE, TRUE, slopes = TRUE), joint = stacked("complete.csv", TRUE, TRUE)),
    contemporaneous = list(apart = apart("same.csv", FALSE, FALSE, slopes = TRUE), joint = stacked("same.csv", FALSE, FALSE)),
    ml = list(apart = apart("complete.csv", FALSE, TRUE, slopes = TRUE, reml = FALSE), joint = stacked("complete.csv", FALSE, TRUE, reml = FALSE)),
    patient_level = list(apart = apart("gaps.csv", TRUE, TRUE, x = "hope")),
    patient_level_two = list(apart = apart("complete.csv", FALSE, FALSE, x = "hope", slopes = TRUE))
  )
  for (name in names(cases)) {
    text <- toJSON(c(cases[[name]], list(versions = VERSIONS)), auto_unbox = TRUE, digits = NA, pretty = 1)
    writeLines(text, file.path(FOLDER, paste0(name, ".json")))
    cat(name, cases[[name]]$apart$singular, cases[[name]]$apart$n, "|", unlist(cases[[name]]$joint), "\n")
  }
  scripts <- sub("\\.R$", "", list.files(FOLDER, "\\.R$"))
  found <- c(lapply(setNames(scripts, scripts), of_script), list(versions = VERSIONS))
  writeLines(toJSON(found, auto_unbox = TRUE, digits = NA, pretty = 1), file.path(FOLDER, "scripts.json"))
}

main()
