# Hazards of dropout, agreed end and relapse by glm and glmer.
#
#   Rscript tests/reference/make_event_references.R            from the repository root
#
# Writes event/sessions.csv, event/periods.csv and one JSON a case. The rows at risk and the
# predictors are made patient by patient, in loops, from the CSV as read back.

suppressPackageStartupMessages({
  library(lme4)
  library(splines)
  library(jsonlite)
})
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
invisible(Sys.setlocale("LC_COLLATE", "C"))
options(warn = 1)

FOLDER <- file.path("tests", "reference", "event")
PACKAGES <- c("lme4", "splines", "Matrix", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)
GLM <- glm.control(epsilon = 1e-14, maxit = 200)

# ---------------------------------------------------------------- data

# 300 patients of 20 therapists with differing dropout; missed sessions, missing ratings, endings
# given on the last row only for some; rows in random order.
simulate_sessions <- function() {
  set.seed(1)
  n <- 300
  therapist <- sample(20, n, replace = TRUE)
  frailty <- rnorm(20, sd = .6)[therapist]
  bond <- rnorm(n, 4.5, .8)
  rows <- lapply(seq_len(n), function(i) {
    planned <- sample(1:16, 1)
    wai <- round(bond[i] + .03 * seq_len(planned) + rnorm(planned, sd = .6), 2)
    p <- 1 - exp(-exp(-3 - .8 * (wai - 4.5) + frailty[i] + .4 * (seq_len(planned) == 1)))
    gone <- which(runif(planned) < p & seq_len(planned) < planned)
    closing <- if (runif(1) < .1) sample(planned, 1) else planned + 1
    last <- min(gone, planned, closing)
    ended <- if (length(gone) && last == min(gone)) {
      "dropout"
    } else if (last == closing) "ongoing" else "agreed"
    held <- seq_len(last) %in% c(1, last) | runif(last) > .12
    data.frame(
      therapist = sprintf("t%02d", therapist[i]), patient = sprintf("p%03d", i),
      session = seq_len(last)[held], wai = wai[seq_len(last)][held], ended = ended
    )
  })
  frame <- do.call(rbind, rows)
  frame$intake <- round(rnorm(n, 15, 5))[as.integer(substring(frame$patient, 2))]
  frame$arm <- c("cbt", "pdt", "sup")[sample(3, n, replace = TRUE)][as.integer(substring(frame$patient, 2))]
  frame$phq <- round(frame$intake - .5 * frame$session + rnorm(nrow(frame), sd = 2), 1)
  frame$wai[sample(nrow(frame), 90)] <- NA
  frame$therapist[sample(nrow(frame), 4)] <- NA
  late <- as.integer(substring(frame$patient, 2)) > 280
  last <- frame$session == ave(frame$session, frame$patient, FUN = max)
  frame$ended[late & !last] <- NA
  frame$ended[frame$patient == "p007"] <- NA
  frame[sample(nrow(frame)), ]
}

# 150 patients after therapy, month by month: relapse, or moving away; some months not assessed.
simulate_periods <- function() {
  set.seed(2)
  rows <- lapply(1:150, function(i) {
    bond <- round(rnorm(1, 5, 1), 2)
    p <- plogis(-2.5 - .6 * (bond - 5) - .1 * (1:12))
    relapse <- as.integer(runif(12) < p)
    moved <- as.integer(runif(12) < .02 & !relapse)
    last <- min(which(relapse | moved), sample(6:12, 1))
    data.frame(patient = i, month = 1:12, wai_end = bond, relapse, moved)[seq_len(last), ]
  })
  frame <- do.call(rbind, rows)
  open <- frame$relapse == 0 & frame$moved == 0
  frame$relapse[sample(which(open), 15)] <- NA
  frame
}

# ---------------------------------------------------------------- rows at risk, patient by patient

rows_of <- function(rows, carry = FALSE) {
  rows <- rows[order(rows$session), ]
  n <- nrow(rows)
  ended <- c(rows$ended[!is.na(rows$ended)], NA)[1]
  if (carry) for (t in seq_len(n)[-1]) if (is.na(rows$wai[t])) rows$wai[t] <- rows$wai[t - 1]
  rows$event <- rows$competing <- 0
  rows$known <- TRUE
  rows$known[n] <- !is.na(ended) && ended != "ongoing"
  if (rows$known[n]) rows[n, if (ended == "dropout") "event" else "competing"] <- 1
  rows$mean <- rows$change <- rows$early <- NA
  window <- rows$wai[rows$session %in% 3:5]
  for (t in seq_len(n)) {
    rows$mean[t] <- mean(rows$wai[seq_len(t)], na.rm = TRUE)
    before <- which(rows$session == rows$session[t] - 1)
    if (length(before)) rows$change[t] <- rows$wai[t] - rows$wai[before]
    if (rows$session[t] >= 5) rows$early[t] <- mean(window, na.rm = TRUE)
  }
  rows
}

prepare <- function(frame, needed, carry = FALSE) {
  frame <- do.call(rbind, lapply(split(frame, frame$patient), rows_of, carry = carry))
  frame <- frame[frame$known, ]
  frame[complete.cases(frame[needed]), ]
}

# ---------------------------------------------------------------- fits

# glmer again from its own end until the log-likelihood no longer rises.
tight <- function(formula, rows, link, n_agq) {
  control <- glmerControl(
    optimizer = "bobyqa", tolPwrss = 1e-13,
    optCtrl = list(rhobeg = .02, rhoend = 1e-9, maxfun = 1e6),
    check.conv.grad = "ignore", check.conv.singular = "ignore", check.conv.hess = "ignore"
  )
  fit <- glmer(formula, rows, binomial(link), nAGQ = n_agq, control = control)
  repeat {
    start <- list(theta = getME(fit, "theta"), fixef = fixef(fit))
    again <- update(fit, start = start)
    if (c(logLik(again)) <= c(logLik(fit)) + 1e-9) return(fit)
    fit <- again
  }
}

# Covariance of the fixed effects from second differences of glmer's deviance over theta and beta,
# in steps of the standard errors, extrapolated to step zero: glmer's own steps are 1e-4 in every
# coefficient, which is rounding in flat directions. A theta at zero is left out.
exact_covariance <- function(fit, formula, rows, link, n_agq) {
  deviance_at <- glmer(
    formula, rows, binomial(link), nAGQ = n_agq, devFunOnly = TRUE,
    control = glmerControl(tolPwrss = 1e-13)
  )
  theta <- getME(fit, "theta")
  free <- c(theta > 1e-6, rep(TRUE, length(fixef(fit))))
  point <- c(theta, fixef(fit))
  size <- c(rep(.3, length(theta)), sqrt(diag(as.matrix(vcov(fit)))))
  second <- function(share) {
    hessian <- matrix(0, length(point), length(point))
    for (i in which(free)) for (j in which(free)) {
      at <- function(a, b) {
        x <- point
        x[i] <- x[i] + a * share * size[i]
        x[j] <- x[j] + b * share * size[j]
        deviance_at(x)
      }
      hessian[i, j] <- (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) /
        (4 * share^2 * size[i] * size[j])
    }
    hessian[free, free]
  }
  hessian <- (4 * second(.1) - second(.2)) / 3
  covariance <- 2 * solve(hessian)
  keep <- seq(to = nrow(covariance), length.out = length(fixef(fit)))
  covariance[keep, keep]
}

values_of <- function(formula, rows, link, frailty, n_agq = 1) {
  rows <- as.data.frame(rows)
  if (!frailty) {
    fit <- glm(as.formula(formula), binomial(link), rows, control = GLM)
    estimate <- coef(fit)
    covariance <- vcov(fit)
  } else {
    model <- as.formula(paste(formula, "+ (1 | therapist)"))
    fit <- tight(model, rows, link, n_agq)
    estimate <- fixef(fit)
    covariance <- exact_covariance(fit, model, rows, link, n_agq)
  }
  found <- list(
    n = nrow(rows), names = names(estimate), beta = unname(estimate),
    se = unname(sqrt(diag(as.matrix(covariance)))), loglik = c(logLik(fit))
  )
  if (frailty) found$sd <- attr(VarCorr(fit)$therapist, "stddev")[[1]]
  list(found = found, fit = fit, covariance = as.matrix(covariance))
}

both_hazards <- function(rows, predictors, baseline = "bs(session, df = 4)", link = "cloglog",
                         frailty = FALSE, n_agq = 1) {
  fit_one <- function(response) {
    own <- if (response == "event") rows[rows$competing == 0, ] else rows
    if (baseline == "factor(session)") {
      share <- tapply(own[[response]], own$session, mean)
      own <- own[!own$session %in% as.numeric(names(share)[share %in% c(0, 1)]), ]
    }
    formula <- paste(response, "~", paste(c(baseline, predictors), collapse = " + "))
    values_of(formula, own, link, frailty, n_agq)
  }
  list(event = fit_one("event"), competing = fit_one("competing"))
}

# Aalen and Johansen's product at one value of wai, and its standard errors by differences.
incidence <- function(fits, sessions, wai) {
  grid <- data.frame(session = sessions, wai = wai)
  design <- lapply(fits, function(f) model.matrix(delete.response(terms(f$fit)), grid))
  curve <- function(beta_event, beta_competing) {
    h <- 1 - exp(-exp(drop(design$event %*% beta_event)))
    a <- 1 - exp(-exp(drop(design$competing %*% beta_competing)))
    stay <- cumprod((1 - h) * (1 - a))
    before <- c(1, stay[-length(stay)])
    c(cumsum(before * (1 - a) * h), cumsum(before * a))
  }
  b <- lapply(fits, function(f) coef(f$fit))
  whole <- curve(b$event, b$competing)
  slopes <- function(which) {
    sapply(seq_along(b[[which]]), function(j) {
      step <- 1e-5 * max(1, abs(b[[which]][j]))
      up <- down <- b
      up[[which]][j] <- up[[which]][j] + step
      down[[which]][j] <- down[[which]][j] - step
      (curve(up$event, up$competing) - curve(down$event, down$competing)) / (2 * step)
    })
  }
  variance <- 0
  for (which in names(b)) {
    d <- slopes(which)
    variance <- variance + rowSums((d %*% fits[[which]]$covariance) * d)
  }
  list(session = sessions, wai = wai, estimate = whole, se = sqrt(variance))
}

# ---------------------------------------------------------------- cases

save_case <- function(name, fits, data = "sessions.csv", more = list()) {
  found <- c(
    list(data = file.path("event", data), versions = VERSIONS),
    lapply(fits, function(f) f$found), more
  )
  text <- toJSON(found, auto_unbox = TRUE, digits = NA, pretty = TRUE)
  writeLines(text, file.path(FOLDER, paste0(name, ".json")))
}

dir.create(FOLDER, showWarnings = FALSE)
write.csv(simulate_sessions(), file.path(FOLDER, "sessions.csv"), row.names = FALSE, na = "")
write.csv(simulate_periods(), file.path(FOLDER, "periods.csv"), row.names = FALSE, na = "")
frame <- read.csv(file.path(FOLDER, "sessions.csv"), na.strings = "")

rows <- prepare(frame, "wai")
spline <- both_hazards(rows, "wai")
sessions <- sort(unique(rows$session[rows$competing == 0]))
save_case("spline", spline, more = list(incidence = incidence(spline, sessions, 4)))
save_case("levels", both_hazards(
  prepare(frame, c("mean", "change", "intake", "arm")), c("mean", "change", "intake", "arm"),
  baseline = "factor(session)", link = "logit"
))
save_case("early", both_hazards(
  prepare(frame, c("wai", "early")), c("wai", "early"), baseline = "log(session)"
))
save_case("carried", both_hazards(prepare(frame, "wai", carry = TRUE), "wai"))
save_case("frailty", both_hazards(
  prepare(frame, c("wai", "therapist")), "wai", frailty = TRUE
))
save_case("quadrature", both_hazards(
  prepare(frame, c("wai", "therapist")), "wai", baseline = "log(session)", link = "logit",
  frailty = TRUE, n_agq = 9
))

periods <- read.csv(file.path(FOLDER, "periods.csv"), na.strings = "")
periods <- periods[!is.na(periods$relapse) & !is.na(periods$moved), ]
periods$event <- periods$relapse
periods$competing <- periods$moved
names(periods)[names(periods) == "month"] <- "session"
save_case("relapse", both_hazards(periods, "wai_end", baseline = "log(session)"), data = "periods.csv")
