# lme4 as a peer of bench_lmm.py: Rscript peer_lme4.R data.csv
#
# Reads one request per line from stdin, "<default|tight><TAB><formula>", fits it by REML and
# answers "<seconds><TAB><log-likelihood>". The first line written names the versions.

suppressPackageStartupMessages(library(lme4))

sessions <- read.csv(commandArgs(trailingOnly = TRUE)[1])
controls <- list(
  default = lmerControl(),
  tight = lmerControl(
    optimizer = "bobyqa", optCtrl = list(rhobeg = .2, rhoend = 1e-9, maxfun = 1e6),
    calc.derivs = FALSE
  )
)

answer <- function(...) {
  cat(..., "\n", sep = "")
  flush(stdout())
}

fit_once <- function(request) {
  formula <- as.formula(request[2])
  invisible(gc())
  began <- Sys.time()
  fit <- suppressMessages(suppressWarnings(
    lmer(formula, data = sessions, control = controls[[request[1]]])
  ))
  value <- as.numeric(logLik(fit))
  seconds <- as.numeric(difftime(Sys.time(), began, units = "secs"))
  answer(sprintf("%.9f\t%.9f", seconds, value))
}

answer("R ", R.version$major, ".", R.version$minor, ", lme4 ", format(packageVersion("lme4")))
requests <- file("stdin", "r")
while (length(line <- readLines(requests, n = 1)) > 0) {
  tryCatch(
    fit_once(strsplit(line, "\t")[[1]]),
    error = function(e) answer("error\t", gsub("[\t\n]", " ", conditionMessage(e)))
  )
}
