# Scores of psych for the WAI-S key: sums and means of complete rows, means of the answered items,
# and correlations of each item with the sum of the others.
# Rscript tests/reference/make_scoring_references.R
suppressPackageStartupMessages({
  library(psych)
  library(jsonlite)
})

arguments <- commandArgs(FALSE)
here <- dirname(sub("^--file=", "", grep("^--file=", arguments, value = TRUE)))
folder <- file.path(here, "scoring")
set.seed(1)

n <- 60
person <- rnorm(n)
answers <- sapply(1:12, function(i) pmin(7, pmax(1, round(4 + 1.2 * person + rnorm(n)))))
answers[, c(4, 10)] <- 8 - answers[, c(4, 10)]
answers[cbind(sample(n, 15), sample(12, 15, TRUE))] <- NA
colnames(answers) <- paste0("wai", 1:12)
items <- as.data.frame(answers)
write.csv(items, file.path(folder, "items.csv"), row.names = FALSE, na = "")

keys <- list(
  total = c(paste0("wai", c(1:3, 5:9, 11:12)), "-wai4", "-wai10"),
  task = paste0("wai", c(1, 2, 8, 12)),
  bond = paste0("wai", c(3, 5, 7, 9)),
  goal = c("-wai4", "wai6", "-wai10", "wai11")
)
whole <- complete.cases(items)
named <- function(scores) lapply(as.list(as.data.frame(scores)), as.numeric)
quietly <- function(code) suppressWarnings(suppressMessages(code))
sums <- quietly(scoreItems(keys, items[whole, ], totals = TRUE, min = 1, max = 7))
means <- quietly(scoreItems(keys, items, impute = "none", min = 1, max = 7))
turned <- items
turned[, c("wai4", "wai10")] <- 8 - turned[, c("wai4", "wai10")]
drop <- quietly(alpha(turned[whole, ]))$item.stats$r.drop

write_json(
  list(
    versions = list(R = as.character(getRversion()), psych = as.character(packageVersion("psych"))),
    complete = which(whole) - 1,
    sums = named(sums$scores),
    means_of_answered = named(means$scores),
    rest_correlations = drop
  ),
  file.path(folder, "scores.json"), auto_unbox = TRUE, digits = NA, pretty = TRUE
)
