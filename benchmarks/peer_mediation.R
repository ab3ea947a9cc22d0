# lme4 and nlme as peers of bench_mediation.py: Rscript peer_mediation.R folder
#
# Reads one request per line from stdin and answers "<seconds><TAB><log-likelihood>":
#   two<TAB><mediator's formula><TAB><outcome's formula><TAB><a><TAB><b>   lmer twice, 5,000 draws of ab
#   one<TAB><fixed><TAB><random><TAB>                                      lme of the stacked rows

suppressPackageStartupMessages({
  library(lme4)
  library(nlme)
})

folder <- commandArgs(trailingOnly = TRUE)[1]
sessions <- read.csv(file.path(folder, "sessions.csv"), check.names = FALSE)
stacked <- read.csv(file.path(folder, "stacked.csv"), check.names = FALSE)

answer <- function(...) {
  cat(..., "\n", sep = "")
  flush(stdout())
}

two <- function(request) {
  m <- lme4::lmer(as.formula(request[2]), data = sessions)
  y <- lme4::lmer(as.formula(request[3]), data = sessions)
  a <- rnorm(5000, lme4::fixef(m)[[request[4]]], sqrt(vcov(m)[request[4], request[4]]))
  b <- rnorm(5000, lme4::fixef(y)[[request[5]]], sqrt(vcov(y)[request[5], request[5]]))
  ends <- quantile(a * b, c(.025, .975))
  stopifnot(is.finite(ends))
  c(logLik(m)) + c(logLik(y))
}

one <- function(request) {
  fit <- lme(
    as.formula(request[2]), data = stacked, random = list(patient = as.formula(request[3])),
    weights = varIdent(form = ~ 1 | equation),
    control = lmeControl(maxIter = 500, msMaxIter = 1000, returnObject = TRUE)
  )
  c(logLik(fit))
}

run <- function(request) {
  invisible(gc())
  began <- Sys.time()
  value <- suppressMessages(suppressWarnings(if (request[1] == "two") two(request) else one(request)))
  seconds <- as.numeric(difftime(Sys.time(), began, units = "secs"))
  answer(sprintf("%.9f\t%.9f", seconds, value))
}

answer(
  "R ", R.version$major, ".", R.version$minor, ", lme4 ", format(packageVersion("lme4")),
  ", nlme ", format(packageVersion("nlme"))
)
requests <- file("stdin", "r")
while (length(line <- readLines(requests, n = 1)) > 0) {
  tryCatch(
    run(strsplit(line, "\t")[[1]]),
    error = function(e) answer("error\t", gsub("[\t\n]", " ", conditionMessage(e)))
  )
}
