# lme4, lmerTest, pbkrtest and nlme as peers of bench_inference.py: Rscript peer_inference.R data.csv
#
# Reads one request per line from stdin, "<task><TAB><formula>", and answers
# "<seconds><TAB><value>". Fitting is not counted, except for the refits and the fit with AR(1)
# residuals. The first line written names the versions.

suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(pbkrtest)
})

sessions <- read.csv(commandArgs(trailingOnly = TRUE)[1])
quietly <- function(value) suppressMessages(suppressWarnings(value))
answer <- function(...) {
  cat(..., "\n", sep = "")
  flush(stdout())
}

tasks <- list(
  "kenward-roger" = function(plain) {
    adjusted <- vcovAdj(plain)
    unit <- diag(length(fixef(plain)))
    sapply(seq_len(nrow(unit)), function(i) Lb_ddf(unit[i, ], vcov(plain), adjusted))[3]
  },
  "satterthwaite" = function(plain) {
    coef(summary(as_lmerModLmerTest(plain)))[3, "df"]
  },
  "profile" = function(plain) {
    confint(plain, method = "profile", quiet = TRUE)[".sigma", 2]
  },
  "residual" = function(plain) {
    as.numeric(logLik(nlme::lme(
      symptom ~ session + alliance_within + alliance_between,
      random = ~ 1 + alliance_within | patient,
      correlation = nlme::corAR1(form = ~ session | patient), data = sessions
    )))
  },
  "refits" = function(plain) {
    set.seed(1)
    responses <- simulate(plain, nsim = 20)
    frame <- sessions
    found <- sapply(responses, function(y) {
      frame$symptom <- y
      sigma(lme4::lmer(formula(plain), frame))
    })
    mean(found)
  }
)

run_once <- function(request) {
  plain <- quietly(lme4::lmer(as.formula(request[2]), sessions))
  invisible(gc())
  began <- Sys.time()
  value <- quietly(tasks[[request[1]]](plain))
  answer(sprintf("%.9f\t%.9f", as.numeric(difftime(Sys.time(), began, units = "secs")), value))
}

versions <- sapply(c("lme4", "lmerTest", "pbkrtest", "nlme"), function(p) paste(p, packageVersion(p)))
answer("R ", R.version$major, ".", R.version$minor, ", ", paste(versions, collapse = ", "))
requests <- file("stdin", "r")
while (length(line <- readLines(requests, n = 1)) > 0) {
  tryCatch(
    run_once(strsplit(line, "\t")[[1]]),
    error = function(e) answer("error\t", gsub("[\t\n]", " ", conditionMessage(e)))
  )
}
