# lme4's glmer as the peer of bench_glmm.py and bench_event.py: Rscript peer_glmm.R data.csv
#
# Reads one request per line from stdin, "<family> <nAGQ> [link]<TAB><formula>", and answers
# "<seconds><TAB><log-likelihood>": the fit with its standard errors, by default settings. The first
# line written names the versions.

suppressPackageStartupMessages(library(lme4))

sessions <- read.csv(commandArgs(trailingOnly = TRUE)[1])
quietly <- function(value) suppressMessages(suppressWarnings(value))
answer <- function(...) {
  cat(..., "\n", sep = "")
  flush(stdout())
}

run_once <- function(request) {
  how <- strsplit(request[1], " ")[[1]]
  family <- list(binomial = binomial(), poisson = poisson())[[how[1]]]
  if (length(how) > 2) family <- binomial(how[3])
  formula <- as.formula(request[2])
  invisible(gc())
  began <- Sys.time()
  fit <- quietly(glmer(formula, sessions, family, nAGQ = as.integer(how[2])))
  quietly(vcov(fit))
  seconds <- as.numeric(difftime(Sys.time(), began, units = "secs"))
  answer(sprintf("%.9f\t%.9f", seconds, as.numeric(logLik(fit))))
}

answer("R ", R.version$major, ".", R.version$minor, ", lme4 ", as.character(packageVersion("lme4")))
requests <- file("stdin", "r")
while (length(line <- readLines(requests, n = 1)) > 0) {
  tryCatch(
    run_once(strsplit(line, "\t")[[1]]),
    error = function(e) answer("error\t", gsub("[\t\n]", " ", conditionMessage(e)))
  )
}
