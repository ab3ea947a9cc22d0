# Internal consistency, intraclass correlations, agreement: Rscript make_reliability_references.R
# Writes reliability/*.csv (simulated, fixed seeds) and reliability/*.json.
# psych, multilevel, epiR and lme4 where they have the quantity; elsewhere the formula of the paper
# named, written out.

suppressPackageStartupMessages({
  library(psych)
  library(multilevel)
  library(epiR)
  library(lme4)
  library(jsonlite)
})

args <- commandArgs(trailingOnly = FALSE)
folder <- dirname(normalizePath(sub("--file=", "", grep("--file=", args, value = TRUE))))
out <- file.path(folder, "reliability")
dir.create(out, showWarnings = FALSE)
control <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = .2, rhoend = 1e-9, maxfun = 1e6),
  calc.derivs = FALSE
)
versions <- as.list(sapply(
  c("psych", "multilevel", "epiR", "lme4"), function(p) as.character(packageVersion(p))
))

write_data <- function(frame, name) {
  path <- file.path(out, paste0(name, ".csv"))
  write.csv(frame, path, row.names = FALSE, na = "")
  read.csv(path)
}
write_values <- function(values, name) {
  values <- c(list(r = paste(R.version$major, R.version$minor, sep = "."), versions = versions), values)
  writeLines(
    toJSON(values, auto_unbox = TRUE, digits = NA, pretty = TRUE, na = "null"),
    file.path(out, paste0(name, ".json"))
  )
}

# --- items -----------------------------------------------------------------------------------
set.seed(11)
n <- 150
true <- rnorm(n)
load <- c(.9, .8, .8, .7, .6, .5, .4, .7)
latent <- sapply(load, function(l) l * true + rnorm(n))
items <- as.data.frame(pmin(pmax(round(4 + 1.3 * latent), 1), 7))
names(items) <- paste0("q", 1:8)
items <- write_data(items, "items")
holes <- items
holes[cbind(sample(n, 40), sample(8, 40, TRUE))] <- NA
holes <- write_data(holes, "items_missing")

consistency <- function(x, use) {
  a <- suppressWarnings(alpha(x, use = use, check.keys = FALSE))
  k <- ncol(x)
  nn <- if (use == "complete.obs") sum(complete.cases(x)) else nrow(x)
  C <- cov(x, use = use)
  al <- a$total$raw_alpha
  half <- qnorm(.975) * sqrt(2 * k / ((k - 1) * (nn - 2)))
  list(
    alpha = al, standardised = a$total$std.alpha, average_r = a$total$average_r,
    se = sqrt({ # Duhachek & Iacobucci (2004)
      j <- rep(1, k); tot <- sum(C); tr <- sum(diag(C))
      q <- 2 * k^2 / ((k - 1)^2 * tot^3) *
        (tot * (sum(diag(C %*% C)) + tr^2) - 2 * tr * drop(t(j) %*% C %*% C %*% j))
      q / nn
    }),
    ase_psych = a$total$ase,
    feldt = c(
      1 - (1 - al) * qf(.975, nn - 1, (nn - 1) * (k - 1)),
      1 - (1 - al) * qf(.025, nn - 1, (nn - 1) * (k - 1))
    ),
    bonett = 1 - exp(log(1 - al) - log(nn / (nn - 1)) + c(1, -1) * half),
    item_rest_r = a$item.stats$r.drop,
    mean = a$item.stats$mean, sd = a$item.stats$sd,
    dropped_alpha = a$alpha.drop$raw_alpha, dropped_standardised = a$alpha.drop$std.alpha,
    dropped_average_r = a$alpha.drop$average_r,
    n = nn
  )
}

lambdas <- function(C) { # Guttman (1945)
  k <- ncol(C); tot <- sum(C); off <- C; diag(off) <- 0
  l1 <- 1 - sum(diag(C)) / tot
  halves <- combn(k, floor(k / 2))
  l4 <- apply(halves, 2, function(h) 2 * (1 - (sum(C[h, h]) + sum(C[-h, -h])) / tot))
  list(
    l1 = l1, l2 = l1 + sqrt(k / (k - 1) * sum(off^2)) / tot, l3 = k / (k - 1) * l1, l4 = max(l4),
    l5 = l1 + 2 * sqrt(max(colSums(off^2))) / tot, l6 = 1 - sum(1 / diag(solve(C))) / tot
  )
}

spearman_brown <- function(C) { # correlation of halves, stepped up; every split
  k <- ncol(C)
  apply(combn(k, floor(k / 2)), 2, function(h) {
    r <- sum(C[h, -h]) / sqrt(sum(C[h, h]) * sum(C[-h, -h]))
    2 * r / (1 + r)
  })
}

C <- cov(items)
sb <- spearman_brown(C)
odd <- rowSums(items[c(1, 3, 5, 7)]); even <- rowSums(items[c(2, 4, 6, 8)])
r_halves <- cor(odd, even)
seven <- items[1:7]
odd7 <- rowSums(seven[c(1, 3, 5, 7)]); even7 <- rowSums(seven[c(2, 4, 6)])
r7 <- cor(odd7, even7); p <- 4 / 7; q <- 3 / 7
g <- guttman(cor(items))
z <- atanh(r_halves) + c(-1, 1) * qnorm(.975) / sqrt(n - 3)
write_values(list(
  complete = consistency(items, "complete.obs"),
  listwise = consistency(holes[complete.cases(holes), ], "complete.obs"),
  pairwise = consistency(holes, "pairwise.complete.obs"),
  lambdas = lambdas(C), lambdas_standardised = lambdas(cor(items)),
  lambdas_psych = list(l1 = g$lambda.1, l2 = g$lambda.2, l3 = g$lambda.3, l4 = g$lambda.4,
                       l5 = g$lambda.5, l6 = g$lambda.6),
  halves = list(
    r = r_halves, spearman_brown = 2 * r_halves / (1 + r_halves),
    interval = 2 * tanh(z) / (1 + tanh(z)),
    guttman = 2 * (1 - (var(odd) + var(even)) / var(odd + even)),
    lowest = min(sb), highest = max(sb), average = mean(sb),
    horst = (sqrt(r7^4 + 4 * p * q * r7^2 * (1 - r7^2)) - r7^2) /
      (2 * p * q * (1 - r7^2)) # Horst (1951)
  )
), "consistency")

# --- intraclass correlations -----------------------------------------------------------------
set.seed(12)
n <- 25; k <- 4
table <- outer(rnorm(n, sd = 1.2), rnorm(k, sd = .6), "+") + matrix(rnorm(n * k), n)
long <- data.frame(
  target = rep(sprintf("T%02d", 1:n), k), rater = rep(letters[1:k], each = n),
  rating = round(c(table), 3)
)
long <- write_data(long[sample(nrow(long)), ], "ratings")
wide <- with(long, tapply(rating, list(target, rater), identity))
with_holes <- write_data(long[-sample(nrow(long), 30), ], "ratings_incomplete")

found <- suppressMessages(ICC(wide, lmer = FALSE))$results
names(found) <- c("type", "icc", "f", "df1", "df2", "p", "low", "high")
two <- lmer(rating ~ 1 + (1 | target) + (1 | rater), with_holes, control = control)
one <- lmer(rating ~ 1 + (1 | target), with_holes, control = control)
fixed <- lmer(rating ~ rater + (1 | target), with_holes, control = control)
v <- function(m) setNames(as.data.frame(VarCorr(m))$vcov, as.data.frame(VarCorr(m))$grp)
test <- anova(lm(rating ~ rater, with_holes), lm(rating ~ rater + target, with_holes))
plain <- anova(lm(rating ~ target, with_holes))
write_values(list(
  psych = found,
  incomplete = list(
    random = as.list(v(two)), one_way = as.list(v(one)), mixed = as.list(v(fixed)),
    f = test$F[2], df1 = test$Df[2], df2 = test$Res.Df[2],
    one_way_f = plain$`F value`[1], one_way_df2 = plain$Df[2]
  )
), "icc")

# --- agreement of raters ---------------------------------------------------------------------
set.seed(13)
n <- 60
truth <- sample(1:4, n, TRUE, c(.4, .3, .2, .1))
rate <- function(p) ifelse(runif(n) < p, truth, pmin(pmax(truth + sample(c(-1, 1), n, TRUE), 1), 4))
raters <- data.frame(a = rate(.75), b = rate(.7), c = rate(.6))
raters <- write_data(raters, "categories")
gaps <- raters
gaps[cbind(sample(n, 25), sample(3, 25, TRUE))] <- NA
gaps[1, ] <- NA
gaps <- write_data(gaps, "categories_missing")

weights_of <- function(q, power) 1 - (abs(outer(1:q, 1:q, "-")) / (q - 1))^power
fleiss_cohen_everitt <- function(a, b, w) { # 1969, equations 1 to 4 and 9
  p <- unclass(table(factor(a, 1:4), factor(b, 1:4))) / length(a)
  q <- nrow(p); r <- rowSums(p); s <- colSums(p); m <- length(a)
  po <- sum(w * p); pe <- sum(w * outer(r, s))
  wr <- numeric(q); ws <- numeric(q)
  for (i in 1:q) { wr[i] <- sum(s * w[i, ]); ws[i] <- sum(r * w[, i]) }
  var <- 0; null <- 0
  for (i in 1:q) for (j in 1:q) {
    var <- var + p[i, j] * (w[i, j] * (1 - pe) - (wr[i] + ws[j]) * (1 - po))^2
    null <- null + r[i] * s[j] * (w[i, j] - (wr[i] + ws[j]))^2
  }
  var <- (var - (po * pe - 2 * pe + po)^2) / (m * (1 - pe)^4)
  null <- (null - pe^2) / (m * (1 - pe)^2)
  list(kappa = (po - pe) / (1 - pe), se = sqrt(var), se_null = sqrt(null))
}
by_psych <- suppressWarnings(cohen.kappa(raters[c("a", "b")]))

counts_of <- function(x) t(apply(x, 1, function(r) tabulate(r[!is.na(r)], 4)))
gwet <- function(x, w, chance) { # Gwet (2014), loops over units and categories
  x <- counts_of(x); x <- x[rowSums(x) > 0, ]
  m <- nrow(x); q <- ncol(x); r <- rowSums(x); two <- r > 1
  pi <- colMeans(x / r)
  pa_i <- rep(0, m)
  for (i in which(two)) {
    for (k in 1:q) pa_i[i] <- pa_i[i] + x[i, k] * (sum(w[k, ] * x[i, ]) - 1) / (r[i] * (r[i] - 1))
  }
  pa <- sum(pa_i) / sum(two)
  if (chance == "gwet") {
    tw <- sum(w); pe <- tw / (q * (q - 1)) * sum(pi * (1 - pi))
    pe_i <- tw / (q * (q - 1)) * drop(x %*% (1 - pi)) / r
  } else {
    pe <- sum(w * outer(pi, pi)); pe_i <- drop(x %*% ((w %*% pi + t(w) %*% pi) / 2)) / r
  }
  k <- (pa - pe) / (1 - pe)
  k_i <- ifelse(two, m / sum(two) * (pa_i - pe) / (1 - pe), 0)
  star <- k_i - 2 * (1 - k) * (pe_i - pe) / (1 - pe)
  list(estimate = k, se = sqrt(sum((star - k)^2) / (m * (m - 1))), observed = pa, expected = pe)
}
fleiss_null <- function(x) { # Fleiss, Nee & Landis (1979), equation 12
  x <- counts_of(x); m <- rowSums(x)[1]; p <- colSums(x) / sum(x); q <- 1 - p
  inner <- sum(p * q)^2 - sum(p * q * (q - p))
  kappa_j <- sapply(1:4, function(j) {
    1 - sum(x[, j] * (m - x[, j])) / (nrow(x) * m * (m - 1) * p[j] * q[j])
  })
  list(se_null = sqrt(2 * inner / (nrow(x) * m * (m - 1))) / sum(p * q), by_category = kappa_j)
}
alpha_of <- function(x, delta) { # Krippendorff (2011): coincidences
  o <- matrix(0, 4, 4)
  for (u in seq_len(nrow(x))) {
    v <- x[u, !is.na(x[u, ])]; v <- as.numeric(v)
    if (length(v) > 1) for (i in seq_along(v)) for (j in seq_along(v)) if (i != j) {
      o[v[i], v[j]] <- o[v[i], v[j]] + 1 / (length(v) - 1)
    }
  }
  nc <- rowSums(o); m <- sum(nc); d <- matrix(0, 4, 4)
  for (i in 1:4) for (j in 1:4) d[i, j] <- delta(i, j, nc)
  1 - (m - 1) * sum(o * d) / sum(outer(nc, nc) * d)
}
deltas <- list(
  nominal = function(i, j, nc) as.numeric(i != j),
  ordinal = function(i, j, nc) (sum(nc[i:j]) - (nc[i] + nc[j]) / 2)^2,
  interval = function(i, j, nc) (i - j)^2,
  ratio = function(i, j, nc) ((i - j) / (i + j))^2
)

# --- two measurements ------------------------------------------------------------------------
set.seed(14)
per <- rep(1:20, times = sample(2:6, 20, TRUE))
level <- rnorm(20, sd = 6)[per] + rnorm(length(per), sd = 4)
pairs <- data.frame(
  subject = sprintf("P%02d", per), a = round(50 + level + rnorm(length(per), sd = 3), 2),
  b = round(48 + level + rnorm(20, sd = 2)[per] + rnorm(length(per), sd = 3), 2)
)
pairs <- write_data(pairs, "pairs")
single <- pairs[!duplicated(pairs$subject), ]
ccc <- epi.ccc(single$a, single$b)

zou <- function(means, parts, m) { # Zou (2013): parts is rows of factor, mean square, df
  s2 <- sum(parts[, 1] * parts[, 2]); z <- qnorm(.975)
  term <- parts[, 1] * parts[, 2]
  low <- s2 - sqrt(sum((term * (1 - parts[, 3] / qchisq(.975, parts[, 3])))^2))
  high <- s2 + sqrt(sum((term * (parts[, 3] / qchisq(.025, parts[, 3]) - 1))^2))
  of_mean <- z^2 * var(means) / m
  inner <- sqrt(of_mean + z^2 * (sqrt(s2) - sqrt(low))^2)
  outer <- sqrt(of_mean + z^2 * (sqrt(high) - sqrt(s2))^2)
  upper <- mean(means) + z * sqrt(s2)
  list(bias = mean(means), sd = sqrt(s2), upper = upper, ends = c(upper - inner, upper + outer))
}
d <- pairs$a - pairs$b
means <- tapply(d, pairs$subject, mean); size <- tapply(d, pairs$subject, length)
f <- 1 - mean(1 / size)
msw <- function(x) anova(lm(x ~ subject, pairs))["Residuals", "Mean Sq"]
df <- length(d) - 20
limits <- list(
  single = zou(single$a - single$b, cbind(1, var(single$a - single$b), 19), 20),
  varies = zou(means, rbind(c(1, var(means), 19), c(f, msw(d), df)), 20),
  constant = zou(means, rbind(
    c(1, var(means), 19), c(f, msw(pairs$a), df), c(f, msw(pairs$b), df)
  ), 20)
)

# --- groups ----------------------------------------------------------------------------------
set.seed(15)
team <- rep(1:15, times = sample(3:9, 15, TRUE))
mood <- rnorm(15)[team]
groups <- as.data.frame(sapply(1:3, function(i) {
  pmin(pmax(round(3 + .8 * mood + rnorm(length(team), sd = .8)), 1), 5)
}))
names(groups) <- c("x", "y", "z")
groups$team <- team
groups <- write_data(groups, "groups")
fit <- aov(x ~ as.factor(team), groups)
write_values(list(
  kappa = list(
    none = fleiss_cohen_everitt(raters$a, raters$b, diag(4)),
    linear = fleiss_cohen_everitt(raters$a, raters$b, weights_of(4, 1)),
    quadratic = fleiss_cohen_everitt(raters$a, raters$b, weights_of(4, 2))
  ),
  psych_kappa = list(
    none = by_psych$kappa, quadratic = by_psych$weighted.kappa,
    se = sqrt(by_psych$var.kappa), se_quadratic = sqrt(by_psych$var.weighted)
  ),
  fleiss = c(gwet(raters, diag(4), "fleiss"), fleiss_null(raters)),
  fleiss_missing = gwet(gaps, diag(4), "fleiss"),
  ac1 = gwet(gaps, diag(4), "gwet"),
  ac2_linear = gwet(gaps, weights_of(4, 1), "gwet"),
  ac2_quadratic = gwet(gaps, weights_of(4, 2), "gwet"),
  krippendorff = lapply(deltas, function(delta) alpha_of(gaps, delta)),
  concordance = list(
    estimate = ccc$rho.c$est, interval = c(ccc$rho.c$lower, ccc$rho.c$upper),
    accuracy = ccc$C.b, scale = ccc$s.shift, location = ccc$l.shift
  ),
  limits = limits,
  rwg = rwg(groups$x, groups$team, ranvar = 2),
  rwgj = rwg.j(groups[c("x", "y", "z")], groups$team, ranvar = 2),
  awg = awg(groups$x, groups$team, range = c(1, 5)),
  aggregation = list(
    icc1 = ICC1(fit), icc2 = ICC2(fit), f = summary(fit)[[1]]$`F value`[1],
    df1 = summary(fit)[[1]]$Df[1], df2 = summary(fit)[[1]]$Df[2]
  )
), "agreement")
