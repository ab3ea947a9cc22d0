# Write the synthetic sessions (CSV) and the reference values (JSON) of the moderation model's tests.
#
#   Rscript tests/reference/make_moderation_references.R            from the repository root
#
# Everything is computed from the data as read back from the CSV: centring, coding of the groups by
# indicators, slopes and differences as contrasts, and the two one-sided tests by their formulas.

suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(pbkrtest)
  library(nlme)
  library(jsonlite)
})
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
invisible(Sys.setlocale("LC_COLLATE", "C"))
options(warn = 1)

FOLDER <- file.path("tests", "reference", "moderation")
TIGHT <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = .2, rhoend = 1e-9, maxfun = 1e6),
  calc.derivs = FALSE, check.conv.singular = "ignore"
)
PACKAGES <- c("lme4", "lmerTest", "pbkrtest", "nlme", "Matrix", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)

# ---------------------------------------------------------------- data

# 180 patients, 4 to 11 sessions; arms a, b and c; 6 therapists in each. With free = TRUE nobody has
# a therapist in arm c.
simulate <- function(free) {
  set.seed(if (free) 5 else 4)
  n <- 180
  therapist <- rep(1:18, each = 10)
  arm <- c("a", "b", "c")[(therapist - 1) %% 3 + 1]
  seen <- !(free & arm == "c")
  alliance <- rnorm(18, sd = 2.5)[therapist] * seen + rnorm(n, sd = 5)
  level <- rnorm(18, sd = 1.3)[therapist] * seen + rnorm(n, sd = 3) - .3 * alliance
  intake <- round(15 + .8 * level + rnorm(n, sd = 4))
  steep <- c(a = -.12, b = -.2, c = -.05)[arm] + rnorm(n, sd = .1)
  lengths <- sample(4:11, n, replace = TRUE)
  rows <- lapply(seq_len(n), function(j) {
    session <- seq_len(lengths[j])
    adherence <- rnorm(1, 3, .6) + rnorm(lengths[j], sd = .7) + .05 * session
    e <- rnorm(lengths[j], sd = 4) + .5 * (adherence - mean(adherence))
    data.frame(
      therapist = if (seen[j]) sprintf("T%02d", therapist[j]) else NA, patient = j, arm = arm[j],
      session = session, intake = intake[j], adherence = round(adherence, 2),
      wai = round(45 + alliance[j] + .2 * session + e, 1),
      phq = round(
        15 + level[j] - (.4 + .1 * (arm[j] == "b")) * session +
          (steep[j] - .1 * (adherence - mean(adherence))) * e +
          rnorm(lengths[j], sd = if (arm[j] == "c") 2.6 else 2), 1
      )
    )
  })
  frame <- do.call(rbind, rows)
  frame$wai[sample(nrow(frame), 40)] <- NA
  frame$phq[sample(nrow(frame), 30)] <- NA
  frame$adherence[sample(nrow(frame), 25)] <- NA
  frame[sample(nrow(frame)), ]
}

# ---------------------------------------------------------------- centring

first_of <- function(values, by) values[!duplicated(by)]

# Patient means over all ratings; therapist means are means of patient means. Patients without a
# therapist are centred at the mean of their arm, and their therapist part is zero.
centre <- function(frame, name, three) {
  own <- ave(frame[[name]], frame$patient, FUN = function(v) mean(v, na.rm = TRUE))
  frame[[paste0(name, "_w")]] <- frame[[name]] - own
  one <- !duplicated(frame$patient)
  if (!three) {
    frame[[paste0(name, "_b")]] <- own - mean(own[one])
    return(frame)
  }
  unit <- ifelse(is.na(frame$therapist), paste("arm", frame$arm), frame$therapist)
  theirs <- tapply(own[one], unit[one], mean)
  frame[[paste0(name, "_pb")]] <- own - theirs[unit]
  frame[[paste0(name, "_tb")]] <- ifelse(
    is.na(frame$therapist), 0, theirs[unit] - mean(theirs[grep("^T", names(theirs))])
  )
  frame
}

prepare <- function(file, three, moderator) {
  frame <- read.csv(file.path(FOLDER, file), colClasses = c(therapist = "character"))
  frame$therapist[frame$therapist == ""] <- NA
  frame$t <- frame$session - ave(frame$session, frame$patient, FUN = min)
  frame <- centre(frame, "wai", three)
  if (moderator == "adherence") frame <- centre(frame, "adherence", three)
  frame <- frame[complete.cases(frame[c("wai", "phq", moderator)]), ]
  frame$seen <- as.numeric(!is.na(frame$therapist))
  frame$unit <- ifelse(is.na(frame$therapist), paste("arm", frame$arm), frame$therapist)
  for (level in c("a", "b", "c")) frame[[level]] <- as.numeric(frame$arm == level)
  frame
}

# ---------------------------------------------------------------- slopes, differences, TOST

# Slopes (rows) as weights of named coefficients.
weights <- function(names, ...) {
  row <- setNames(numeric(length(names)), names)
  given <- c(...)
  row[names(given)] <- given
  row
}

tested <- function(fit, row, ddf) {
  found <- contest1D(fit, row, ddf = ddf, confint = TRUE)
  list(
    estimate = found[["Estimate"]], se = found[["Std. Error"]], df = found[["df"]],
    p = found[["Pr(>|t|)"]], low = found[["lower"]], high = found[["upper"]]
  )
}

# Schuirmann (1987): reject difference <= -bound and difference >= bound, each at alpha.
equivalence <- function(found, bound, alpha) {
  lower <- pt((found$estimate + bound) / found$se, found$df, lower.tail = FALSE)
  upper <- pt((found$estimate - bound) / found$se, found$df)
  half <- qt(1 - alpha, found$df) * found$se
  c(found, list(
    tost_low = found$estimate - half, tost_high = found$estimate + half,
    p_equivalence = max(lower, upper)
  ))
}

# `slopes`: a list of effects, each a matrix of slopes with named rows.
values_of <- function(fit, slopes, bounds, all_pairs, alpha = .05, ddf = "Satterthwaite") {
  effects <- lapply(setNames(nm = names(slopes)), function(effect) {
    rows <- slopes[[effect]]
    k <- nrow(rows)
    pairs <- if (all_pairs) combn(k, 2, simplify = FALSE) else list(c(1, k))
    differences <- lapply(pairs, function(p) {
      found <- tested(fit, rows[p[2], ] - rows[p[1], ], ddf)
      c(
        list(comparison = paste(rownames(rows)[p[2]], "vs", rownames(rows)[p[1]])),
        equivalence(found, bounds[[effect]], alpha)
      )
    })
    joint <- if (all_pairs) sweep(rows[-1, , drop = FALSE], 2, rows[1, ]) else
      rows[k, , drop = FALSE] - rows[1, , drop = FALSE]
    test <- contestMD(fit, joint, ddf = ddf)
    list(
      slopes = lapply(setNames(nm = rownames(rows)), function(name) tested(fit, rows[name, ], ddf)),
      differences = differences,
      f = list(
        statistic = test[["F value"]], df1 = test[["NumDF"]], df2 = test[["DenDF"]],
        p = test[["Pr(>F)"]]
      ),
      p_equivalence = max(sapply(differences, function(d) d$p_equivalence))
    )
  })
  list(
    effects = effects, n = nobs(fit), loglik = c(logLik(fit)), sigma = sigma(fit),
    singular = isSingular(fit, tol = 1e-7)
  )
}

# Slopes of x in groups, the first one the reference; products are named x_b, x_c.
in_groups <- function(names, x, groups) {
  rows <- lapply(groups, function(group) {
    if (group == groups[1]) weights(names, setNames(1, x))
    else weights(names, setNames(c(1, 1), c(x, paste0(x, "_", group))))
  })
  do.call(rbind, setNames(rows, groups))
}

# Slopes of x at values of a centred number; the product is named x_m.
at_values <- function(names, x, values, labels) {
  rows <- lapply(values, function(v) weights(names, setNames(c(1, v), c(x, paste0(x, "_m")))))
  do.call(rbind, setNames(rows, labels))
}

products <- function(frame, xs, groups) {
  for (x in xs) for (g in groups) frame[[paste0(x, "_", g)]] <- frame[[x]] * frame[[g]]
  frame
}

save_case <- function(case, about, values) {
  text <- toJSON(
    c(about, list(versions = VERSIONS), values), auto_unbox = TRUE, digits = NA, pretty = TRUE
  )
  writeLines(text, file.path(FOLDER, paste0(case, ".json")))
}

dir.create(FOLDER, showWarnings = FALSE)
write.csv(simulate(FALSE), file.path(FOLDER, "arms.csv"), row.names = FALSE, na = "")
write.csv(simulate(TRUE), file.path(FOLDER, "free.csv"), row.names = FALSE, na = "")

BOUNDS <- list(within = .1, between = .25, patient_between = .25, therapist_between = .6)
THREE <- c("wai_w", "wai_pb", "wai_tb")

# ---------------------------------------------------------------- three treatments

d <- prepare("arms.csv", TRUE, "arm")
d <- products(d, c("t", THREE), c("b", "c"))
text <- paste(
  "phq ~ t + b + c + t_b + t_c +", paste(THREE, collapse = " + "), "+",
  paste(outer(THREE, c("b", "c"), paste, sep = "_"), collapse = " + "),
  "+ (1 + wai_w | patient) + (1 | therapist)"
)
fit <- lmer(as.formula(text), d, control = TIGHT)
slopes <- list(
  within = in_groups(names(fixef(fit)), "wai_w", c("a", "b", "c")),
  patient_between = in_groups(names(fixef(fit)), "wai_pb", c("a", "b", "c")),
  therapist_between = in_groups(names(fixef(fit)), "wai_tb", c("a", "b", "c"))
)
about <- list(data = "moderation/arms.csv", moderator = "arm", therapist = TRUE, ddf = "satterthwaite")
save_case("arms", about, values_of(fit, slopes, BOUNDS, TRUE))
about$ddf <- "kenward-roger"
save_case("arms_kr", about, values_of(fit, slopes, BOUNDS, TRUE, ddf = "Kenward-Roger"))

# ---------------------------------------------------------------- two levels, ML, one trend, alpha

d <- prepare("arms.csv", FALSE, "arm")
d <- products(d, c("wai_w", "wai_b"), c("b", "c"))
fit <- lmer(
  phq ~ t + b + c + wai_w + wai_b + wai_w_b + wai_w_c + wai_b_b + wai_b_c + (1 + wai_w | patient),
  d, REML = FALSE, control = TIGHT
)
slopes <- list(
  within = in_groups(names(fixef(fit)), "wai_w", c("a", "b", "c")),
  between = in_groups(names(fixef(fit)), "wai_b", c("a", "b", "c"))
)
about <- list(
  data = "moderation/arms.csv", moderator = "arm", therapist = FALSE, ddf = "satterthwaite",
  reml = FALSE, time_by_moderator = FALSE, alpha = .1
)
save_case("two_levels", about, values_of(fit, slopes, BOUNDS, TRUE, alpha = .1))

# ---------------------------------------------------------------- a number of the patient

d <- prepare("arms.csv", TRUE, "intake")
own <- first_of(d$intake, d$patient)
d$m <- d$intake - mean(own)
d <- products(d, c("t", THREE), "m")
fit <- lmer(
  phq ~ t + m + t_m + wai_w + wai_pb + wai_tb + wai_w_m + wai_pb_m + wai_tb_m +
    (1 + wai_w | patient) + (1 | therapist),
  d, control = TIGHT
)
at_sd <- c(-1, 0, 1) * sd(own)
given <- c(10, 20) - mean(own)
LABELS <- c("\u22121 SD", "mean", "+1 SD")
number <- function(values, labels) lapply(
  c(within = "wai_w", patient_between = "wai_pb", therapist_between = "wai_tb"),
  function(x) at_values(names(fixef(fit)), x, values, labels)
)
about <- list(data = "moderation/arms.csv", moderator = "intake", therapist = TRUE, ddf = "satterthwaite")
save_case("intake", about, values_of(fit, number(at_sd, LABELS), BOUNDS, FALSE))
about$at <- c(10, 20)
save_case(
  "intake_given", about,
  values_of(fit, number(given, c("intake = 10", "intake = 20")), BOUNDS, FALSE)
)

# ---------------------------------------------------------------- a rating of the session

d <- prepare("arms.csv", FALSE, "adherence")
d$wai_w_m <- d$wai_w * d$adherence_w
d$wai_b_m <- d$wai_b * d$adherence_b
d$held <- ave(d$wai_w_m, d$patient)
fit <- lmer(
  phq ~ t + adherence_w + adherence_b + wai_w + wai_b + held + wai_w_m + wai_b_m +
    (1 + wai_w | patient),
  d, control = TIGHT
)
slopes <- list(
  within = at_values(names(fixef(fit)), "wai_w", c(-1, 0, 1) * sd(d$adherence_w), LABELS),
  between = at_values(
    names(fixef(fit)), "wai_b", c(-1, 0, 1) * sd(first_of(d$adherence_b, d$patient)), LABELS
  )
)
about <- list(
  data = "moderation/arms.csv", moderator = "adherence", therapist = FALSE, ddf = "satterthwaite"
)
save_case("adherence", about, values_of(fit, slopes, BOUNDS, FALSE))

# ---------------------------------------------------------------- an arm without therapists

d <- prepare("free.csv", TRUE, "arm")
d <- products(d, c("t", THREE), c("b", "c"))
text <- paste(
  "phq ~ t + b + c + t_b + t_c + wai_w + wai_pb + wai_tb + wai_w_b + wai_w_c +",
  "wai_pb_b + wai_pb_c + wai_tb_b + (1 + wai_w | patient) + (0 + seen | unit)"
)
fit <- lmer(as.formula(text), d, control = TIGHT)
slopes <- list(
  within = in_groups(names(fixef(fit)), "wai_w", c("a", "b", "c")),
  patient_between = in_groups(names(fixef(fit)), "wai_pb", c("a", "b", "c")),
  therapist_between = in_groups(names(fixef(fit)), "wai_tb", c("a", "b"))
)
about <- list(data = "moderation/free.csv", moderator = "arm", therapist = TRUE, ddf = "satterthwaite")
save_case("free", about, values_of(fit, slopes, BOUNDS, TRUE))

# The same with a residual variance of each arm: nlme, estimates and standard errors only.
control <- lmeControl(
  msMaxIter = 2000, maxIter = 2000, tolerance = 1e-11, msTol = 1e-13, niterEM = 100,
  msMaxEval = 10000
)
fixed <- as.formula(sub(" \\+ \\(1 \\+ wai_w.*", "", text))
m <- lme(
  fixed, d, random = list(unit = pdSymm(~ 0 + seen), patient = pdSymm(~ 1 + wai_w)),
  weights = varIdent(form = ~ 1 | arm), control = control
)
plain <- function(row) {
  list(estimate = sum(row * fixef(m)), se = sqrt(c(row %*% vcov(m) %*% row)))
}
values <- list(
  effects = lapply(slopes, function(rows) {
    pairs <- combn(nrow(rows), 2, simplify = FALSE)
    list(
      slopes = lapply(setNames(nm = rownames(rows)), function(name) plain(rows[name, ])),
      differences = lapply(pairs, function(p) c(
        list(comparison = paste(rownames(rows)[p[2]], "vs", rownames(rows)[p[1]])),
        plain(rows[p[2], ] - rows[p[1], ])
      ))
    )
  }),
  n = nobs(m), loglik = c(logLik(m)), singular = FALSE,
  sd_ratio = as.list(coef(m$modelStruct$varStruct, unconstrained = FALSE, allCoef = TRUE) /
    coef(m$modelStruct$varStruct, unconstrained = FALSE, allCoef = TRUE)[["a"]])
)
about$variance_by_arm <- TRUE
save_case("free_variances", about, values)
