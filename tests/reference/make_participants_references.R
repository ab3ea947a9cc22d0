# Write the synthetic sessions of six studies (CSV) and the reference values (JSON) of the tests of
# individual-participant data.
#
#   Rscript tests/reference/make_participants_references.R       from the repository root
#
# Stage 1 by lme4 in every study, stage 2 by metafor, one stage by lme4; everything from the data as
# read back from the CSV, centring and lagging included. The outcome is rated before the session and
# the alliance after it.

suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(metafor)
  library(jsonlite)
})
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
invisible(Sys.setlocale("LC_COLLATE", "C"))
options(warn = 1)

FOLDER <- file.path("tests", "reference", "participants")
TIGHT <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = .2, rhoend = 1e-9, maxfun = 1e6),
  calc.derivs = FALSE, check.conv.singular = "ignore"
)
META <- list(threshold = 1e-12, maxiter = 1000)
PACKAGES <- c("lme4", "lmerTest", "metafor", "Matrix", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)

# ---------------------------------------------------------------- data

one_study <- function(site, n, path, back) {
  therapist <- rep(seq_len(ceiling(n / 6)), length.out = n)
  of_x <- rnorm(max(therapist), sd = 2)[therapist] + rnorm(n, sd = 4)
  of_y <- rnorm(max(therapist), sd = 1.5)[therapist] + rnorm(n, sd = 3) - .3 * of_x
  own <- rnorm(n, path, .12)
  lengths <- sample(5:12, n, replace = TRUE)
  rows <- lapply(seq_len(n), function(j) {
    e <- f <- numeric(lengths[j] + 20)
    for (t in 2:length(e)) {
      f[t] <- .3 * f[t - 1] + own[j] * e[t - 1] + rnorm(1, sd = 2)
      e[t] <- .3 * e[t - 1] + back * f[t] + rnorm(1, sd = 3)
    }
    kept <- 20 + seq_len(lengths[j])
    session <- seq_len(lengths[j])
    data.frame(
      site = site, therapist = therapist[j], patient = j, session = session,
      wai = round(45 + of_x[j] + .2 * session + e[kept], 1),
      phq = round(15 + of_y[j] - .4 * session + f[kept], 1),
      intake = round(17 + of_y[j] + f[20], 1)
    )
  })
  do.call(rbind, rows)
}

simulate <- function() {
  set.seed(5)
  sizes <- c(30, 42, 36, 54, 30, 48)
  frames <- lapply(seq_along(sizes), function(s) {
    one_study(LETTERS[s], sizes[s], rnorm(1, -.15, .10), rnorm(1, -.3, .15))
  })
  frame <- do.call(rbind, frames)
  frame$patient <- paste0(frame$site, frame$patient)
  frame$therapist <- paste0(frame$site, frame$therapist)
  frame$wai[sample(nrow(frame), 60)] <- NA
  frame$phq[sample(nrow(frame), 40)] <- NA
  frame[sample(nrow(frame)), ]
}

# ---------------------------------------------------------------- centring and lagging in a study

centre <- function(frame, name) {
  own <- tapply(frame[[name]], frame$patient, mean, na.rm = TRUE)
  mean_of <- own[frame$patient]
  frame[[paste0(name, "_w")]] <- frame[[name]] - mean_of
  frame[[paste0(name, "_b")]] <- mean_of - mean(own, na.rm = TRUE)
  seen_by <- tapply(frame$therapist, frame$patient, function(x) x[1])
  theirs <- tapply(own, seen_by[names(own)], mean, na.rm = TRUE)
  of_therapist <- theirs[frame$therapist]
  frame[[paste0(name, "_pb")]] <- mean_of - of_therapist
  frame[[paste0(name, "_tb")]] <- of_therapist - mean(theirs)
  frame
}

prepare <- function(frame) {
  frame <- frame[order(frame$patient, frame$session), ]
  frame$t <- frame$session - ave(frame$session, frame$patient, FUN = min)
  for (name in c("wai", "phq")) frame <- centre(frame, name)
  found <- match(paste(frame$patient, frame$session - 1), paste(frame$patient, frame$session))
  for (name in c("wai_w", "phq_w")) frame[[paste0(name, "_l")]] <- frame[[name]][found]
  frame
}

# SD within patients: residual of a model with random intercepts only. The lagged model takes all
# ratings, that of parts within and between the rows with both.
sd_within <- function(frame, name, three) {
  random <- if (three) "(1 | patient) + (1 | therapist)" else "(1 | patient)"
  sigma(lmer(as.formula(paste(name, "~ 1 +", random)), frame, control = TIGHT))
}

# ---------------------------------------------------------------- models

fixed_part <- function(side, three) {
  parts <- if (three) c("_pb", "_tb") else "_b"
  switch(side,
    alliance_to_outcome = list(y = "phq", x = "wai_w_l", nuisance = c("t", "phq_w_l", paste0("wai", parts))),
    outcome_to_alliance = list(y = "wai", x = "phq_w", nuisance = c("t", "wai_w_l", paste0("phq", parts))),
    within = list(y = "phq", x = "wai_w", nuisance = c("t", paste0("wai", parts)))
  )
}

random_part <- function(x, three) {
  paste0("(1 + ", x, " | patient)", if (three) " + (1 | therapist)" else "")
}

stage_one <- function(frame, side, three) {
  m <- fixed_part(side, three)
  text <- paste(m$y, "~", paste(c(m$x, m$nuisance), collapse = " + "), "+", random_part(m$x, three))
  lmer(as.formula(text), frame, control = TIGHT)
}

# What every patient adds to the error of a coefficient.
influence_of <- function(fit, x, frame, all) {
  rows <- as.integer(rownames(model.frame(fit)))
  weights <- as.matrix(vcov(fit))[x, ] %*% t(model.matrix(fit))
  added <- drop(weights) * residuals(fit) / sigma(fit)^2
  total <- tapply(added, factor(frame$patient[rows], levels = all), sum)
  total[is.na(total)] <- 0
  total
}

row_of <- function(fit, x) {
  table <- coef(summary(fit))
  list(
    estimate = table[x, "Estimate"], se = table[x, "Std. Error"], df = table[x, "df"],
    p = table[x, "Pr(>|t|)"], loglik = c(logLik(fit)), n = nobs(fit)
  )
}

pooled <- function(yi, vi) {
  fit <- rma(yi, vi, test = "knha", control = META)
  new <- predict(fit)
  list(
    estimate = c(fit$beta), se = fit$se, ci_low = fit$ci.lb, ci_high = fit$ci.ub, p = fit$pval,
    tau2 = fit$tau2, i2 = fit$I2 / 100, q = fit$QE, pi_low = new$pi.lb, pi_high = new$pi.ub
  )
}

sds_of <- function(whole, side, three) {
  if (side == "within") whole <- whole[complete.cases(whole[, c("wai", "phq")]), ]
  t(vapply(split(whole, whole$site), function(d) {
    c(wai = sd_within(d, "wai", three), phq = sd_within(d, "phq", three))
  }, c(wai = 0, phq = 0)))
}

one_stage <- function(whole, side, three, scaled) {
  m <- fixed_part(side, three)
  if (scaled) {
    sds <- sds_of(whole, side, three)
    own <- if (m$y == "phq") "phq" else "wai"
    other <- setdiff(c("phq", "wai"), own)
    whole[[m$y]] <- whole[[m$y]] / sds[whole$site, own]
    whole[[m$x]] <- whole[[m$x]] / sds[whole$site, other]
  }
  text <- paste(
    m$y, "~", m$x, "+ site +", paste0("site:", m$nuisance, collapse = " + "), "+",
    random_part(m$x, three), "+ (0 +", m$x, "| site)"
  )
  fit <- lmer(as.formula(text), whole, control = TIGHT)
  c(row_of(fit, m$x), list(tau = attr(VarCorr(fit)$site, "stddev")[[1]]))
}

case_of <- function(whole, three) {
  sites <- split(seq_len(nrow(whole)), whole$site)
  out <- list(three = three, versions = VERSIONS)
  sides <- c("alliance_to_outcome", "outcome_to_alliance", "within")
  first <- lapply(setNames(sides, sides), function(side) {
    fits <- lapply(sites, function(rows) {
      frame <- whole[rows, ]
      rownames(frame) <- seq_len(nrow(frame))
      list(fit = stage_one(frame, side, three), frame = frame)
    })
    fits
  })
  for (side in sides) {
    m <- fixed_part(side, three)
    rows <- lapply(first[[side]], function(one) row_of(one$fit, m$x))
    yi <- vapply(rows, function(r) r$estimate, 0)
    vi <- vapply(rows, function(r) r$se^2, 0)
    sds <- sds_of(whole, side, three)
    ratio <- if (m$y == "phq") sds[, "wai"] / sds[, "phq"] else sds[, "phq"] / sds[, "wai"]
    out[[side]] <- list(
      studies = rows, raw = pooled(yi, vi), standardised = pooled(yi * ratio, vi * ratio^2),
      one_raw = one_stage(whole, side, three, FALSE),
      one_standardised = one_stage(whole, side, three, TRUE)
    )
  }
  both <- lapply(names(sites), function(site) {
    a <- first$alliance_to_outcome[[site]]
    b <- first$outcome_to_alliance[[site]]
    all <- unique(a$frame$patient)
    u <- influence_of(a$fit, "wai_w_l", a$frame, all)
    v <- influence_of(b$fit, "phq_w", b$frame, all)
    sum(u * v) / sqrt(sum(u^2) * sum(v^2))
  })
  out$correlation <- setNames(both, names(sites))
  frame <- do.call(rbind, lapply(names(sites), function(site) {
    data.frame(
      study = site, effect = sides[1:2],
      yi = c(out$alliance_to_outcome$studies[[site]]$estimate, out$outcome_to_alliance$studies[[site]]$estimate),
      se = c(out$alliance_to_outcome$studies[[site]]$se, out$outcome_to_alliance$studies[[site]]$se)
    )
  }))
  blocks <- lapply(names(sites), function(site) {
    se <- frame$se[frame$study == site]
    outer(se, se) * matrix(c(1, out$correlation[[site]], out$correlation[[site]], 1), 2)
  })
  joint <- rma.mv(
    yi, bldiag(blocks), mods = ~ 0 + effect, random = ~ effect | study, struct = "UN", data = frame,
    control = list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-15, maxit = 20000)
  )
  out$joint <- list(
    estimate = c(joint$beta), se = joint$se, tau2 = joint$tau2, rho = joint$rho, loglik = c(logLik(joint))
  )
  out
}

# ---------------------------------------------------------------- early alliance and outcome

early_of <- function(frame) {
  rows <- lapply(split(frame, frame$patient), function(d) {
    d <- d[order(d$session), ]
    window <- d[d$session %in% 3:5, ]
    later <- d[d$session > 5 & !is.na(d$phq), ]
    start <- d$phq[d$session == 3]
    data.frame(
      site = d$site[1], therapist = d$therapist[1], early = mean(window$wai, na.rm = TRUE),
      post = if (nrow(later)) tail(later$phq, 1) else NA, intake = d$intake[1],
      change = if (length(start)) start - d$intake[1] else NA
    )
  })
  out <- do.call(rbind, rows)
  out[complete.cases(out), ]
}

outcome_case <- function(frame) {
  whole <- early_of(frame)
  by_site <- split(whole, whole$site)
  rows <- lapply(by_site, function(d) {
    r <- -cor(d$early, d$post)
    fit <- lm(post ~ early + intake + change, d)
    t <- coef(summary(fit))["early", "t value"]
    part <- -t / sqrt(t^2 + fit$df.residual)
    list(n = nrow(d), z = atanh(r), zp = atanh(part), b = coef(fit)[["early"]],
         se = coef(summary(fit))["early", "Std. Error"], sds = c(sd(d$early), sd(d$post)))
  })
  n <- vapply(rows, function(r) r$n, 0)
  take <- function(name) vapply(rows, function(r) r[[name]], 0)
  whole$early <- whole$early - ave(whole$early, whole$site)
  m <- lmer(post ~ early + site + site:intake + site:change + (0 + early | site), whole, control = TIGHT)
  list(
    versions = VERSIONS, studies = rows, zero_order = pooled(take("z"), 1 / (n - 3)),
    partial = pooled(take("zp"), 1 / (n - 5)), raw = pooled(take("b"), take("se")^2),
    one_raw = c(row_of(m, "early"), list(tau = attr(VarCorr(m)$site, "stddev")[[1]]))
  )
}

# ---------------------------------------------------------------- main

main <- function() {
  stopifnot(dir.exists(FOLDER))
  write.csv(simulate(), file.path(FOLDER, "sessions.csv"), row.names = FALSE, na = "")
  frame <- read.csv(file.path(FOLDER, "sessions.csv"))
  whole <- do.call(rbind, lapply(split(frame, frame$site), prepare))
  rownames(whole) <- seq_len(nrow(whole))
  cases <- list(
    two_levels = case_of(whole, FALSE), three_levels = case_of(whole, TRUE),
    outcome = outcome_case(frame)
  )
  for (name in names(cases)) {
    text <- toJSON(cases[[name]], auto_unbox = TRUE, digits = NA, pretty = 1)
    writeLines(text, file.path(FOLDER, paste0(name, ".json")))
  }
  for (name in c("two_levels", "three_levels")) for (side in c("alliance_to_outcome", "outcome_to_alliance", "within")) {
    found <- cases[[name]][[side]]
    cat(name, side, found$raw$estimate, found$raw$tau2, found$one_raw$estimate, found$one_raw$tau^2, "\n")
  }
  print(cases$two_levels$joint)
}

main()
