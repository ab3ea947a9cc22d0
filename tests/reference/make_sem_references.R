# Write the data (CSV) and the reference values (JSON) of the tests of structural equation models.
#
#   Rscript tests/reference/make_sem_references.R            from the repository root
#
# Models are fitted to the data as read back from the CSV, with tightened settings. Each JSON names
# the options under which lavaan made it.

suppressPackageStartupMessages({
  library(lavaan)
  library(semTools)
  library(jsonlite)
})
RNGkind("Mersenne-Twister", "Inversion", "Rejection")
invisible(Sys.setlocale("LC_COLLATE", "C"))
options(warn = 1)

source(file.path("tests", "reference", "lavaan_values.R"))
FOLDER <- file.path("tests", "reference", "sem")
dir.create(FOLDER, showWarnings = FALSE)
PACKAGES <- c("lavaan", "semTools", "jsonlite")
VERSIONS <- c(
  list(R = paste(R.version$major, R.version$minor, sep = ".")),
  lapply(setNames(PACKAGES, PACKAGES), function(name) as.character(packageVersion(name)))
)

# ---------------------------------------------------------------- data

write_data <- function(name, frame) {
  path <- file.path(FOLDER, paste0(name, ".csv"))
  write.csv(frame, path, row.names = FALSE, quote = FALSE)
  read.csv(path)
}

# Nine skewed items of three correlated factors, two arms with other loadings of b2 and means,
# forty clinics whose patients resemble each other.
simulate_items <- function(n = 400) {
  set.seed(1)
  clinic <- sample(40, n, replace = TRUE)
  arm <- ifelse(runif(n) < .45, "cbt", "pdt")
  common <- rnorm(40, sd = .4)[clinic] + rnorm(n)
  factors <- sapply(1:3, function(k) .7 * common + .7 * rnorm(n)) + .3 * (arm == "pdt")
  loading <- c(1, .8, .9, 1, .7, .6, 1, 1.1, .8)
  items <- sapply(1:9, function(j) {
    slope <- loading[j] + if (j == 8) .4 * (arm == "pdt") else 0
    error <- (rchisq(n, 4) - 4) / sqrt(8) * c(.6, .7, .8)[(j - 1) %% 3 + 1]
    4 + slope * factors[, (j - 1) %/% 3 + 1] + error + if (j == 5) .3 * (arm == "pdt") else 0
  })
  colnames(items) <- c("t1", "t2", "t3", "g1", "g2", "g3", "b1", "b2", "b3")
  data.frame(clinic = clinic, arm = arm, round(items, 3))
}

# The same with 15% of the answers missing: some at random, some where t1 is low.
with_missing <- function(frame) {
  set.seed(2)
  holes <- matrix(runif(nrow(frame) * 9) < .1, nrow(frame))
  holes[frame$t1 < 3, c(5, 9)] <- runif(2 * sum(frame$t1 < 3)) < .5
  holes[, 1] <- FALSE
  values <- as.matrix(frame[, -(1:2)])
  values[holes] <- NA
  values[7, ] <- NA
  data.frame(frame[, 1:2], values)
}

# Six items of 70 patients with 2 to 11 sessions.
simulate_sessions <- function() {
  set.seed(3)
  sizes <- sample(2:11, 70, replace = TRUE)
  patient <- rep(seq_along(sizes), sizes)
  n <- length(patient)
  between <- matrix(rnorm(70 * 2), 70) %*% chol(matrix(c(.5, .3, .3, .4), 2))
  within <- matrix(rnorm(n * 2), n) %*% chol(matrix(c(.4, .15, .15, .5), 2))
  own <- sapply(1:6, function(j) rnorm(70, sd = .25))
  items <- sapply(1:6, function(j) {
    k <- (j - 1) %/% 3 + 1
    4 + c(1, .9, .8)[(j - 1) %% 3 + 1] * (between[patient, k] + within[, k]) +
      own[patient, j] + rnorm(n, sd = .6)
  })
  colnames(items) <- paste0("y", 1:6)
  frame <- data.frame(patient = patient, round(items, 3))
  frame[sample(nrow(frame)), ]
}

# Fifty patients, two items a factor: a residual variance below zero.
simulate_few <- function() {
  set.seed(11)
  f <- rnorm(50)
  items <- sapply(c(.95, .5, .5), function(l) l * f + sqrt(1 - l^2) * rnorm(50))
  colnames(items) <- c("x1", "x2", "x3")
  items[, 3] <- items[, 3] + .45 * items[, 1]
  items[, 2] <- items[, 2] + .45 * items[, 1]
  data.frame(round(items, 3), x4 = round(.3 * f + rnorm(50), 3))
}

# Three items on four occasions of 250 patients, with dropout.
simulate_occasions <- function() {
  set.seed(5)
  n <- 250
  f <- matrix(rnorm(n * 4), n) %*% chol(.5 + .5 * diag(4))
  specific <- matrix(rnorm(n * 3, sd = .4), n)
  values <- do.call(cbind, lapply(1:4, function(t) {
    sapply(1:3, function(j) {
      3 + .2 * t + c(1, .8, .9)[j] * f[, t] + specific[, j] + rnorm(n, sd = .6)
    })
  }))
  colnames(values) <- paste0("w", 1:3, "_", rep(1:4, each = 3))
  last <- sample(c(2, 3, 4), n, replace = TRUE, prob = c(.1, .15, .75))
  for (t in 3:4) values[last < t, (t - 1) * 3 + 1:3] <- NA
  data.frame(patient = seq_len(n), round(values, 3))
}

items <- write_data("items", simulate_items())
holes <- write_data("items_missing", with_missing(items))
sessions <- write_data("sessions", simulate_sessions())
few <- write_data("few", simulate_few())
occasions <- write_data("occasions", simulate_occasions())

# ---------------------------------------------------------------- values of one fit

values_of <- function(name, data, model, ...) {
  options <- list(...)
  fit <- tightest(c(
    list(model = model, data = get(data)), options[setdiff(names(options), "fun")], TIGHT
  ), options$fun %||% "cfa")
  measures <- fitMeasures(fit)
  write_json(
    list(
      case = name, data = paste0(data_file(data), ".csv"), model = model, options = options,
      versions = VERSIONS, information = lavInspect(fit, "options")$information[1],
      measures = numbers(measures), parameters = table_of(fit)
    ),
    file.path(FOLDER, paste0(name, ".json")),
    digits = NA, auto_unbox = TRUE, pretty = TRUE, na = "null"
  )
  cat(name, "gradient", max(abs(lavInspect(fit, "gradient"))), "\n")
  invisible(fit)
}
`%||%` <- function(a, b) if (is.null(a)) b else a
data_file <- function(data) c(items = "items", holes = "items_missing", sessions = "sessions",
                              few = "few", occasions = "occasions")[[data]]

ONE <- "f =~ t1 + t2 + t3 + g1 + g2 + g3"
THREE <- "task =~ t1 + t2 + t3\n goal =~ g1 + g2 + g3\n bond =~ b1 + b2 + b3"
BIFACTOR <- paste0(
  "g =~ t1 + t2 + t3 + g1 + g2 + g3 + b1 + b2 + b3\n", THREE
)
SECOND <- paste0(THREE, "\n alliance =~ task + goal + bond")
LEVELS1 <- "level: 1\n fw =~ y1 + y2 + y3\n level: 2\n fb =~ y1 + y2 + y3"
LEVELS2 <- paste(
  "level: 1\n aw =~ y1 + y2 + y3\n bw =~ y4 + y5 + y6\n",
  "level: 2\n ab =~ y1 + y2 + y3\n bb =~ y4 + y5 + y6"
)
STEPS <- list(
  configural = "", metric = "loadings", scalar = c("loadings", "intercepts"),
  strict = c("loadings", "intercepts", "residuals")
)

values_of("one_factor", "items", ONE)
values_of("one_factor_observed", "items", ONE, information = "observed")
values_of("one_factor_variance", "items", ONE, std.lv = TRUE)
values_of("three_factors", "items", THREE)
values_of("means", "items", THREE, meanstructure = TRUE)
values_of("residual_covariance", "items", paste0(THREE, "\n t1 ~~ g1"), meanstructure = TRUE)
values_of("bifactor", "items", BIFACTOR, std.lv = TRUE, orthogonal = TRUE)
values_of("second_order", "items", SECOND)
values_of("mlr", "items", THREE, estimator = "MLR")
values_of("mlr_cluster", "items", THREE, estimator = "MLR", cluster = "clinic")
values_of("fiml", "holes", THREE, missing = "fiml")
values_of("fiml_mlr", "holes", THREE, missing = "fiml", estimator = "MLR")
values_of("improper", "few", "f =~ x1 + x2 + x3 + x4")
for (step in names(STEPS)) {
  values_of(paste0("groups_", step), "items", THREE, group = "arm", group.equal = STEPS[[step]],
            group.label = c("cbt", "pdt"))
  values_of(paste0("groups_mlr_", step), "items", THREE, group = "arm",
            group.equal = STEPS[[step]], group.label = c("cbt", "pdt"), estimator = "MLR")
}
values_of("groups_fiml_scalar", "holes", THREE, group = "arm", missing = "fiml",
          group.equal = STEPS$scalar, group.label = c("cbt", "pdt"))
# lavaan's EM for the saturated two-level model stops early; its optimiser does not.
saturated <- function(items) {
  pairs <- outer(items, items, paste, sep = " ~~ ")
  half <- paste(pairs[upper.tri(pairs, diag = TRUE)], collapse = "\n")
  means <- paste(items, "~ 1", collapse = "\n")
  paste0("level: 1\n", half, "\nlevel: 2\n", half, "\n", means)
}
values_of("two_level_saturated", "sessions", saturated(paste0("y", 1:6)), fun = "lavaan",
          cluster = "patient")
values_of("two_level_one", "sessions", LEVELS1, cluster = "patient")
values_of("two_level_two", "sessions", LEVELS2, cluster = "patient")

# A path model of the panel kind: random intercepts, autoregression and cross-lags of deviations.
PANEL <- "
  ri =~ 1*w1_1 + 1*w1_2 + 1*w1_3 + 1*w1_4
  rj =~ 1*w2_1 + 1*w2_2 + 1*w2_3 + 1*w2_4
  x1 =~ 1*w1_1\n x2 =~ 1*w1_2\n x3 =~ 1*w1_3\n x4 =~ 1*w1_4
  y1 =~ 1*w2_1\n y2 =~ 1*w2_2\n y3 =~ 1*w2_3\n y4 =~ 1*w2_4
  x2 ~ a*x1 + b*y1\n x3 ~ a*x2 + b*y2\n x4 ~ a*x3 + b*y3
  y2 ~ c*x1 + d*y1\n y3 ~ c*x2 + d*y2\n y4 ~ c*x3 + d*y3
  x1 ~~ y1\n x2 ~~ y2\n x3 ~~ y3\n x4 ~~ y4
  x1 ~~ x1\n x2 ~~ x2\n x3 ~~ x3\n x4 ~~ x4
  y1 ~~ y1\n y2 ~~ y2\n y3 ~~ y3\n y4 ~~ y4
  ri ~~ ri\n rj ~~ rj\n ri ~~ rj
  w1_1 ~ 1\n w1_2 ~ 1\n w1_3 ~ 1\n w1_4 ~ 1
  w2_1 ~ 1\n w2_2 ~ 1\n w2_3 ~ 1\n w2_4 ~ 1
"
values_of("panel_fiml", "occasions", PANEL, fun = "lavaan", missing = "fiml")

# ---------------------------------------------------------------- differences of nested models

read_fit <- function(data, model, ...) tightest(c(list(model = model, data = data, ...), TIGHT), "cfa")

differences <- function(estimator) {
  fits <- lapply(STEPS, function(equal) {
    read_fit(items, THREE, group = "arm", group.equal = if (length(equal)) equal else "",
             group.label = c("cbt", "pdt"), estimator = estimator)
  })
  tests <- lapply(2:4, function(i) {
    test <- as.data.frame(lavTestLRT(fits[[i - 1]], fits[[i]], method = "satorra.bentler.2001"))[2, ]
    list(step = names(STEPS)[i], statistic = test[["Chisq diff"]], df = test[["Df diff"]],
         p = test[["Pr(>Chisq)"]])
  })
  indices <- lapply(fits, function(fit) numbers(fitMeasures(fit)))
  list(tests = tests, fits = indices)
}

# Three items on four occasions, residuals of an item correlated over time, with dropout.
over_time <- function(equal) {
  label <- function(what, j) if (what %in% equal) paste0(substr(what, 1, 1), j, "*") else ""
  lines <- character()
  for (t in 1:4) {
    item <- paste0("w", 1:3, "_", t)
    lines <- c(lines, sprintf("f%d =~ %s + %s%s + %s%s", t, item[1], label("loadings", 2), item[2],
                              label("loadings", 3), item[3]))
    lines <- c(lines, sprintf("%s ~~ %s%s", item, sapply(1:3, label, what = "residuals"), item))
    lines <- c(lines, sprintf("%s ~ %s1", item, sapply(1:3, label, what = "intercepts")))
    if (t > 1 && "intercepts" %in% equal) lines <- c(lines, sprintf("f%d ~ NA*1", t))
  }
  for (j in 1:3) for (s in 1:3) for (t in (s + 1):4) {
    lines <- c(lines, sprintf("w%d_%d ~~ w%d_%d", j, s, j, t))
  }
  paste(lines, collapse = "\n")
}
sessions_steps <- lapply(STEPS, function(equal) {
  numbers(fitMeasures(read_fit(occasions, over_time(equal), missing = "fiml")))
})
write_json(
  list(versions = VERSIONS, ml = differences("ML"), mlr = differences("MLR"),
       occasions = sessions_steps),
  file.path(FOLDER, "invariance.json"), digits = NA, auto_unbox = TRUE, pretty = TRUE, na = "null"
)

# ---------------------------------------------------------------- omega

nine <- c("t1", "t2", "t3", "g1", "g2", "g3", "b1", "b2", "b3")
plus <- function(x) paste(x, collapse = " + ")
defined <- function(fit) {
  est <- parameterEstimates(fit)
  est <- est[est$op == ":=", c("lhs", "est", "se")]
  setNames(lapply(seq_len(nrow(est)), function(i) list(est = est$est[i], se = est$se[i])), est$lhs)
}
loading <- function(prefix, who) paste0(prefix, "_", who)
one <- paste0(
  "g =~ ", plus(paste0(loading("l", nine), "*", nine)), "\n",
  paste0(nine, " ~~ ", loading("e", nine), "*", nine, collapse = "\n"), "\n",
  "omega := (", plus(loading("l", nine)), ")^2 / ((", plus(loading("l", nine)), ")^2 + ",
  plus(loading("e", nine)), ")"
)
one_fits <- lapply(c(ml = "ML", mlr = "MLR"), function(e) {
  defined(read_fit(items, one, std.lv = TRUE, estimator = e))
})
one_fiml <- defined(read_fit(holes, one, std.lv = TRUE, estimator = "MLR", missing = "fiml"))
one_cluster <- defined(read_fit(items, one, std.lv = TRUE, estimator = "MLR", cluster = "clinic"))
semtools_one <- suppressMessages(suppressWarnings(
  reliability(read_fit(items, paste("g =~", plus(nine)), std.lv = TRUE))["omega", 1]
))

part <- list(task = nine[1:3], goal = nine[4:6], bond = nine[7:9])
square <- function(prefix, who) paste0("(", plus(loading(prefix, who)), ")^2")
bifactor <- c(
  paste0("g =~ ", plus(paste0(loading("l", nine), "*", nine))),
  sapply(names(part), function(k) {
    paste0(k, " =~ ", plus(paste0(loading("s", part[[k]]), "*", part[[k]])))
  }),
  paste0(nine, " ~~ ", loading("e", nine), "*", nine),
  paste0("v := ", square("l", nine), " + ", plus(sapply(part, square, prefix = "s")), " + ",
         plus(loading("e", nine))),
  paste0("total := 1 - (", plus(loading("e", nine)), ") / v"),
  paste0("hierarchical := ", square("l", nine), " / v"),
  unlist(lapply(names(part), function(k) {
    v <- paste0("(", square("l", part[[k]]), " + ", square("s", part[[k]]), " + ",
                plus(loading("e", part[[k]])), ")")
    c(paste0("total_", k, " := 1 - (", plus(loading("e", part[[k]])), ") / ", v),
      paste0("hierarchical_", k, " := ", square("s", part[[k]]), " / ", v))
  }))
)
bifactor_fit <- read_fit(items, paste(bifactor, collapse = "\n"), std.lv = TRUE, orthogonal = TRUE,
                         estimator = "MLR")
exploratory <- factanal(items[nine], 3, rotation = "none", nstart = 20,
                        control = list(opt = list(factr = 10, maxit = 1000), lower = 1e-6))
sds <- sapply(items[nine], function(x) sqrt(mean((x - mean(x))^2)))
common <- tcrossprod(unclass(exploratory$loadings)) * tcrossprod(sds)
explained <- sum(common) / (sum(common) + sum(exploratory$uniquenesses * sds^2))

three <- paste0("y", 1:3)
both <- function(equal) {
  within <- paste0("w", 2:3)
  between <- if (equal) within else paste0("b", 2:3)
  paste0(
    "level: 1\n f =~ 1*y1 + ", within[1], "*y2 + ", within[2], "*y3\n f ~~ fw*f\n",
    paste0(" ", three, " ~~ ew", 1:3, "*", three, collapse = "\n"),
    "\nlevel: 2\n f =~ 1*y1 + ", between[1], "*y2 + ", between[2], "*y3\n f ~~ fb*f\n",
    paste0(" ", three, " ~~ eb", 1:3, "*", three, collapse = "\n"), "\n",
    "cw := (1 + ", plus(within), ")^2 * fw\n cb := (1 + ", plus(between), ")^2 * fb\n",
    "vw := cw + ew1 + ew2 + ew3\n vb := cb + eb1 + eb2 + eb3\n",
    "omega_within := cw / vw\n omega_between_latent := cb / vb\n",
    "omega_2level := (cw + cb) / (vw + vb)\n omega_between := cb / (vb + vw / ", harmonic, ")\n"
  )
}
sizes <- table(sessions$patient)
harmonic <- format(length(sizes) / sum(1 / sizes), digits = 17)
two_level <- lapply(c(equal = TRUE, free = FALSE), function(equal) {
  fit <- read_fit(sessions, both(equal), cluster = "patient")
  c(defined(fit), list(chisq = fitMeasures(fit)[["chisq"]]))
})
semtools_two <- suppressMessages(suppressWarnings(compRelSEM(
  read_fit(sessions, both(TRUE), cluster = "patient"), config = "f", obs.var = FALSE
)))
write_json(
  list(
    versions = VERSIONS, one = one_fits, one_fiml = one_fiml, one_cluster = one_cluster,
    semtools_one = semtools_one,
    bifactor = defined(bifactor_fit), exploratory = explained, two_level = two_level,
    semtools_two = lapply(semtools_two, as.list)
  ),
  file.path(FOLDER, "omega.json"), digits = NA, auto_unbox = TRUE, pretty = TRUE, na = "null"
)
print(semtools_two)

# ---------------------------------------------------------------- ordered answers

simulate_answers <- function() {
  set.seed(7)
  f <- rnorm(350)
  cuts <- list(c(-.5, .6), c(-1, 0, 1), c(.4), c(-1.2, -.4, .3, 1.4), c(0, 1))
  loading <- c(.8, .7, .6, .75, .5)
  data.frame(sapply(seq_along(cuts), function(j) {
    1 + findInterval(loading[j] * f + sqrt(1 - loading[j]^2) * rnorm(350), cuts[[j]])
  }))
}
answers <- write_data("answers", setNames(simulate_answers(), paste0("q", 1:5)))
ordered_fit <- read_fit(answers, paste("f =~", plus(names(answers))), ordered = names(answers),
                        estimator = "ULSMV", std.lv = TRUE)
omegas <- suppressMessages(suppressWarnings(reliability(ordered_fit)))
write_json(
  list(
    versions = VERSIONS,
    thresholds = unname(lavInspect(ordered_fit, "sampstat")$th),
    correlation = unclass(lavInspect(ordered_fit, "sampstat")$cov),
    loadings = unname(lavInspect(ordered_fit, "est")$lambda[, 1]),
    omega = omegas["omega", 1], omega3 = omegas["omega3", 1]
  ),
  file.path(FOLDER, "ordered.json"), digits = NA, auto_unbox = TRUE, pretty = TRUE
)
