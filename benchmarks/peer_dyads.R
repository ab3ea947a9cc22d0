# nlme as a peer of bench_dyads.py: Rscript peer_dyads.R rows.csv
#
# Reads one request per line from stdin, "lme<TAB><fixed><TAB><random>", fits the stacked rows with
# corSymm and varIdent by REML, and answers "<seconds><TAB><log-likelihood>".

suppressPackageStartupMessages(library(nlme))

rows <- read.csv(commandArgs(trailingOnly = TRUE)[1], check.names = FALSE)
rows$block <- interaction(rows$patient, rows$session, drop = TRUE)

answer <- function(...) {
  cat(..., "\n", sep = "")
  flush(stdout())
}

run <- function(request) {
  invisible(gc())
  began <- Sys.time()
  fit <- lme(
    as.formula(request[2]), data = rows, random = list(patient = as.formula(request[3])),
    correlation = corSymm(form = ~ member_number | patient / block),
    weights = varIdent(form = ~ 1 | member),
    control = lmeControl(maxIter = 500, msMaxIter = 1000, returnObject = TRUE)
  )
  value <- c(logLik(fit))
  seconds <- as.numeric(difftime(Sys.time(), began, units = "secs"))
  answer(sprintf("%.9f\t%.9f", seconds, value))
}

answer("R ", R.version$major, ".", R.version$minor, ", nlme ", format(packageVersion("nlme")))
requests <- file("stdin", "r")
while (length(line <- readLines(requests, n = 1)) > 0) {
  tryCatch(
    run(strsplit(line, "\t")[[1]]),
    error = function(e) answer("error\t", gsub("[\t\n]", " ", conditionMessage(e)))
  )
}
