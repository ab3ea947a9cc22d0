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
