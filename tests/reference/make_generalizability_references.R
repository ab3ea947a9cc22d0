# Generalizability theory and multilevel reliability: Rscript make_generalizability_references.R
# Writes generalizability/*.csv and *.json. Complete designs: expected mean squares written out by
# hand from aov(). Incomplete ones: lme4 at tight settings, and sampling covariances of the
# components from the Hessian of the dense restricted deviance (numDeriv). Multilevel
# reliability: psych::multilevel.reliability, and lme4.

suppressPackageStartupMessages({
  library(lme4)
  library(psych)
  library(numDeriv)
  library(jsonlite)
})

args <- commandArgs(trailingOnly = FALSE)
folder <- dirname(normalizePath(sub("--file=", "", grep("--file=", args, value = TRUE))))
folder <- file.path(folder, "generalizability")
control <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = .2, rhoend = 1e-9, maxfun = 1e6),
  calc.derivs = FALSE
)
versions <- list(
  R = as.character(getRversion()), lme4 = as.character(packageVersion("lme4")),
  psych = as.character(packageVersion("psych")), numDeriv = as.character(packageVersion("numDeriv"))
)
write_case <- function(name, values) {
  values$versions <- versions
  writeLines(
    toJSON(values, auto_unbox = TRUE, digits = NA, pretty = TRUE), file.path(folder, paste0(name, ".json"))
  )
}
keep <- function(data, name) {
  path <- file.path(folder, paste0(name, ".csv"))
  write.csv(data, path, row.names = FALSE, quote = FALSE)
  read.csv(path)
}
# Mean squares by term, its factors in alphabetical order; the last row is the cell of one score.
mean_squares <- function(formula, data) {
  table <- anova(lm(formula, data))
  terms <- sapply(strsplit(rownames(table), ":"), function(x) paste(sort(x), collapse = ":"))
  setNames(table[["Mean Sq"]], terms)
}

# ---- Brennan (2001), synthetic data sets 3 (Table 3.1) and 4 (Table 3.2) ------------------------
first <- c(
  2, 4, 5, 5, 4, 4, 2, 3, 0, 6, 6, 5, 5, 9, 3, 4, 6, 4, 5, 8,
  7, 6, 4, 8, 5, 4, 6, 4, 4, 7, 5, 7, 6, 6, 6, 7, 5, 5, 5, 6
)
second <- c(
  2, 6, 5, 5, 4, 6, 2, 6, 5, 6, 5, 7, 4, 7, 5, 4, 7, 6, 5, 8,
  5, 5, 5, 7, 6, 7, 7, 6, 5, 8, 5, 7, 5, 6, 4, 8, 5, 4, 3, 6
)
crossed <- cbind(expand.grid(person = 1:10, item = 1:4, occasion = 1:2), score = c(first, second))
crossed <- keep(crossed, "brennan_3")
d <- transform(crossed, p = factor(person), i = factor(item), o = factor(occasion))
m <- mean_squares(score ~ (p + i + o)^2, d)
write_case("brennan_3", list(
  mean_square = as.list(m),
  variance = list(
    p = (m[["p"]] - m[["i:p"]] - m[["o:p"]] + m[["Residuals"]]) / 8,
    i = (m[["i"]] - m[["i:p"]] - m[["i:o"]] + m[["Residuals"]]) / 20,
    o = (m[["o"]] - m[["o:p"]] - m[["i:o"]] + m[["Residuals"]]) / 40,
    pi = (m[["i:p"]] - m[["Residuals"]]) / 2, po = (m[["o:p"]] - m[["Residuals"]]) / 4,
    io = (m[["i:o"]] - m[["Residuals"]]) / 10, pio = m[["Residuals"]]
  )
))

scores <- c(
  5, 9, 3, 7, 9, 3, 7, 5, 9, 4, 6, 3, 4, 5, 2, 4, 3, 8, 9, 4, 5, 7, 3, 5, 9, 3, 7, 5, 8, 4,
  5, 7, 3, 3, 7, 5, 7, 7, 8, 3, 5, 7, 5, 3, 7, 3, 7, 7, 6, 3, 3, 5, 3, 1, 7, 3, 5, 5, 6, 5,
  4, 5, 3, 4, 3, 6, 5, 5, 6, 6, 5, 5, 5, 3, 7, 3, 7, 4, 5, 5, 6, 7, 6, 5, 2, 4, 5, 3, 5, 5,
  7, 7, 5, 3, 7, 5, 5, 2, 8, 7, 3, 5, 1, 3, 5, 1, 5, 1, 1, 1, 3, 2, 6, 5, 3, 2, 4, 1, 1, 1
)
nested <- expand.grid(person = 1:10, rater = 1:12)
nested <- keep(cbind(nested, task = (nested$rater - 1) %/% 4 + 1, score = scores), "brennan_4")
d <- transform(nested, p = factor(person), r = factor(rater), t = factor(task))
m <- mean_squares(score ~ p * t + t:r, d)
write_case("brennan_4", list(
  mean_square = as.list(m),
  variance = list(
    p = (m[["p"]] - m[["p:t"]]) / 12,
    t = (m[["t"]] - m[["p:t"]] - m[["r:t"]] + m[["Residuals"]]) / 40,
    rt = (m[["r:t"]] - m[["Residuals"]]) / 10, pt = (m[["p:t"]] - m[["Residuals"]]) / 4,
    prt = m[["Residuals"]]
  )
))

# ---- Patients within therapists, crossed with sessions and items, complete ----------------------
set.seed(1)
d <- expand.grid(item = 1:4, session = 1:3, patient = 1:20)
d$therapist <- (d$patient - 1) %/% 4 + 1
effect <- function(..., sd) { g <- interaction(..., drop = TRUE); rnorm(nlevels(g), sd = sd)[g] }
d$score <- round(with(d, 5 + effect(therapist, sd = .6) + effect(patient, sd = .8) +
  effect(session, sd = .3) + effect(item, sd = .5) + effect(therapist, session, sd = .3) +
  effect(therapist, item, sd = .2) + effect(patient, session, sd = .5) +
  effect(patient, item, sd = .4) + effect(session, item, sd = .2) +
  effect(therapist, session, item, sd = .2) + rnorm(nrow(d), sd = .8)), 3)
d <- keep(d, "caseload")
d <- transform(d, t = factor(therapist), p = factor(patient), s = factor(session), i = factor(item))
m <- mean_squares(score ~ t * s * i + t:p + t:p:s + t:p:i, d)
n_t <- 5; n_p <- 4; n_s <- 3; n_i <- 4
write_case("caseload", list(
  mean_square = as.list(m),
  variance = list(
    t = (m[["t"]] - m[["p:t"]] - m[["s:t"]] - m[["i:t"]] + m[["p:s:t"]] + m[["i:p:t"]] +
      m[["i:s:t"]] - m[["Residuals"]]) / (n_p * n_s * n_i),
    pt = (m[["p:t"]] - m[["p:s:t"]] - m[["i:p:t"]] + m[["Residuals"]]) / (n_s * n_i),
    s = (m[["s"]] - m[["s:t"]] - m[["i:s"]] + m[["i:s:t"]]) / (n_t * n_p * n_i),
    i = (m[["i"]] - m[["i:t"]] - m[["i:s"]] + m[["i:s:t"]]) / (n_t * n_p * n_s),
    ts = (m[["s:t"]] - m[["i:s:t"]] - m[["p:s:t"]] + m[["Residuals"]]) / (n_p * n_i),
    ti = (m[["i:t"]] - m[["i:s:t"]] - m[["i:p:t"]] + m[["Residuals"]]) / (n_p * n_s),
    pst = (m[["p:s:t"]] - m[["Residuals"]]) / n_i,
    pit = (m[["i:p:t"]] - m[["Residuals"]]) / n_s,
    si = (m[["i:s"]] - m[["i:s:t"]]) / (n_t * n_p),
    tsi = (m[["i:s:t"]] - m[["Residuals"]]) / n_p,
    psit = m[["Residuals"]]
  )
))

# ---- Incomplete designs by REML ------------------------------------------------------------------
components <- function(formula, data) {
  fit <- lmer(formula, data, control = control)
  table <- as.data.frame(VarCorr(fit))
  as.list(setNames(c(table$vcov, as.numeric(logLik(fit))), c(table$grp, "loglik")))
}
sampling <- function(groups, data, variance) {
  z <- lapply(groups, function(g) tcrossprod(model.matrix(~ 0 + interaction(data[g], drop = TRUE))))
  deviance <- function(par) {
    v <- diag(par[length(par)], nrow(data))
    for (j in seq_along(z)) v <- v + par[j] * z[[j]]
    half <- chol(v)
    one <- backsolve(half, rep(1, nrow(data)), transpose = TRUE)
    y <- backsolve(half, data$score, transpose = TRUE)
    xx <- sum(one^2)
    2 * sum(log(diag(half))) + log(xx) + sum(y^2) - sum(one * y)^2 / xx
  }
  2 * solve(hessian(deviance, variance, method.args = list(r = 6)))
}

set.seed(2)
d <- expand.grid(item = 1:4, session = 1:6, patient = 1:25)
d$score <- round(with(d, 5 + effect(patient, sd = .9) + effect(session, sd = .4) +
  effect(item, sd = .5) + effect(patient, session, sd = .6) + effect(patient, item, sd = .5) +
  effect(session, item, sd = .3) + rnorm(nrow(d), sd = .8)), 3)
d <- keep(d[sort(sample(nrow(d), 480)), ], "holes")
found <- components(
  score ~ 1 + (1 | patient) + (1 | session) + (1 | item) + (1 | patient:session) +
    (1 | patient:item) + (1 | session:item), d
)
groups <- list("patient", "session", "item", c("patient", "session"), c("patient", "item"), c("session", "item"))
order <- c(sapply(groups, paste, collapse = ":"), "Residual")
write_case("holes", list(
  variance = found[order], loglik = found$loglik,
  covariance = sampling(groups, d, unlist(found[order]))
))

set.seed(3)
n_sessions <- sample(1:8, 30, replace = TRUE)
d <- do.call(rbind, lapply(1:30, function(p) expand.grid(item = 1:3, session = seq_len(n_sessions[p]), patient = p)))
d$score <- round(with(d, 5 + effect(patient, sd = .9) + effect(patient, session, sd = .6) +
  effect(item, sd = .4) + effect(patient, item, sd = .4) + rnorm(nrow(d), sd = .7)), 3)
d <- keep(d, "own_sessions")
found <- components(score ~ 1 + (1 | patient) + (1 | item) + (1 | patient:session) + (1 | patient:item), d)
groups <- list("patient", "item", c("patient", "session"), c("patient", "item"))
order <- c(sapply(groups, paste, collapse = ":"), "Residual")
write_case("own_sessions", list(
  variance = found[order], loglik = found$loglik,
  covariance = sampling(groups, d, unlist(found[order]))
))

# ---- Multilevel reliability ----------------------------------------------------------------------
wide <- function(n_patients, n_sessions, n_items, sd) {
  d <- expand.grid(item = seq_len(n_items), session = seq_len(n_sessions), patient = seq_len(n_patients))
  d$score <- round(with(d, 4 + effect(patient, sd = sd[1]) + effect(session, sd = sd[2]) +
    effect(item, sd = sd[3]) + effect(patient, session, sd = sd[4]) +
    effect(patient, item, sd = sd[5]) + effect(session, item, sd = sd[6]) +
    rnorm(nrow(d), sd = sd[7])), 3)
  d <- reshape(d, idvar = c("patient", "session"), timevar = "item", direction = "wide", sep = "_")
  names(d) <- sub("score", "item", names(d))
  d[order(d$patient, d$session), ]
}
stacked <- function(d, items) {
  data.frame(
    patient = rep(d$patient, length(items)), session = rep(d$session, length(items)),
    item = rep(items, each = nrow(d)), score = unlist(d[items], use.names = FALSE)
  )
}
crossed_formula <- score ~ 1 + (1 | patient) + (1 | session) + (1 | item) + (1 | patient:session) +
  (1 | patient:item) + (1 | session:item)
nested_formula <- score ~ 1 + (1 | patient / session)
removed_formula <- score ~ 1 + item + (1 | patient / session)
of_psych <- function(d, items, lmer = FALSE) {
  found <- suppressWarnings(multilevel.reliability(
    d, grp = "patient", Time = "session", items = items, alpha = FALSE, lmer = lmer
  ))
  c(found[c("RkF", "R1R", "RkR", "Rc", "RkRn", "Rcn")], list(
    components = as.list(setNames(found$components[, 1], rownames(found$components)))
  ))
}
items <- paste0("item_", 1:5)

set.seed(4)
d <- keep(wide(30, 6, 5, c(.9, .3, .4, .7, .5, .2, .8)), "diary")
write_case("diary", list(
  psych = of_psych(d, items), nested = components(nested_formula, stacked(d, items)),
  removed = components(removed_formula, stacked(d, items)),
  crossed = components(crossed_formula, stacked(d, items))
))

set.seed(5)
d <- wide(40, 9, 5, c(.9, .3, .4, .7, .5, .2, .8))
last <- sample(2:9, 40, replace = TRUE)
d <- d[d$session <= last[d$patient] & runif(nrow(d)) > .1, ]
d <- keep(d, "unequal")
write_case("unequal", list(
  nested = components(nested_formula, stacked(d, items)),
  removed = components(removed_formula, stacked(d, items)),
  crossed = components(crossed_formula, stacked(d, items)),
  covariance = sampling(
    list("patient", "session", "item", c("patient", "session"), c("patient", "item"), c("session", "item")),
    stacked(d, items),
    unlist(components(crossed_formula, stacked(d, items))[
      c("patient", "session", "item", "patient:session", "patient:item", "session:item", "Residual")
    ])
  )
))

d[items] <- lapply(d[items], function(x) ifelse(runif(length(x)) < .08, NA, x))
d <- keep(d, "missing_items")
long <- na.omit(stacked(d, items))
write_case("missing_items", list(
  nested = components(nested_formula, long), removed = components(removed_formula, long),
  crossed = components(crossed_formula, long)
))

# No variance of sessions nor of patients at items: components on the boundary.
set.seed(6)
d <- keep(wide(25, 5, 4, c(.8, 0, .4, .6, 0, 0, .9)), "boundary")
items <- paste0("item_", 1:4)
d2 <- d[-c(3, 17, 44, 45, 101), ]
d2 <- keep(d2, "boundary_unequal")
write_case("boundary", list(
  psych = of_psych(d, items), crossed_unequal = components(crossed_formula, stacked(d2, items))
))

# ---- Reliability of means -------------------------------------------------------------------------
set.seed(7)
n_patients <- sample(3:12, 15, replace = TRUE)
therapist <- rep(1:15, n_patients)
sessions <- sample(1:14, length(therapist), replace = TRUE)
d <- data.frame(patient = rep(seq_along(therapist), sessions))
d$therapist <- therapist[d$patient]
d$alliance <- round(with(d, 50 + effect(therapist, sd = 2.5) + effect(patient, sd = 6) +
  rnorm(nrow(d), sd = 5)), 2)
d <- keep(d, "means")
write_case("means", list(
  two = components(alliance ~ 1 + (1 | patient), d),
  three = components(alliance ~ 1 + (1 | patient) + (1 | therapist), d)
))
