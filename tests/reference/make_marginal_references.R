# Marginal means (lmerTest::ls_means) and simple slopes (contest1D) at tight settings:
# Rscript make_marginal_references.R
# Writes robust/marginal.json from data that make_references.R writes.

suppressPackageStartupMessages({
  library(lme4)
  library(lmerTest)
  library(jsonlite)
})

args <- commandArgs(trailingOnly = FALSE)
folder <- dirname(normalizePath(sub("--file=", "", grep("--file=", args, value = TRUE))))
control <- lmerControl(
  optimizer = "bobyqa", optCtrl = list(rhobeg = .2, rhoend = 1e-9, maxfun = 1e6),
  calc.derivs = FALSE
)
frame <- read.csv(file.path(folder, "arms.csv"))
frame$phase <- ifelse(frame$session <= 2, "early", "late")
for (name in c("arm", "phase", "clinic")) frame[[name]] <- factor(frame[[name]])
formula <- paste(
  "symptom ~ arm * phase * alliance_within + clinic + alliance_between +",
  "(1 | patient) + (1 | therapist)"
)
fit <- lmerTest::lmer(as.formula(formula), frame, control = control)

rows_of <- function(table, names = rownames(table)) {
  list(
    term = names, estimate = table[["Estimate"]], se = table[["Std. Error"]], df = table[["df"]],
    p_value = table[["Pr(>|t|)"]]
  )
}

# The slope of alliance_within in every arm and phase, its weights written out.
slopes <- expand.grid(phase = c("early", "late"), arm = c("cognitive", "dynamic"))
weights <- t(apply(slopes, 1, function(at) {
  w <- setNames(rep(0, length(fixef(fit))), names(fixef(fit)))
  arm <- at[["arm"]] == "dynamic"
  late <- at[["phase"]] == "late"
  w["alliance_within"] <- 1
  w["armdynamic:alliance_within"] <- arm
  w["phaselate:alliance_within"] <- late
  w["armdynamic:phaselate:alliance_within"] <- arm && late
  w
}))
slope_rows <- function(ddf) rows_of(contest(fit, weights, joint = FALSE, ddf = ddf), paste0(
  "arm[", slopes$arm, "], phase[", slopes$phase, "]"
))

out <- list(data = "arms.csv", formula = formula, singular = isSingular(fit))
for (ddf in c("Satterthwaite", "Kenward-Roger")) {
  out[[tolower(ddf)]] <- list(
    arm = rows_of(ls_means(fit, which = "arm", ddf = ddf)),
    clinic = rows_of(ls_means(fit, which = "clinic", ddf = ddf)),
    arm_phase = rows_of(ls_means(fit, which = "arm:phase", ddf = ddf)),
    slopes = slope_rows(ddf)
  )
}
dir.create(file.path(folder, "robust"), showWarnings = FALSE)
write(
  toJSON(out, digits = 15, auto_unbox = TRUE, pretty = TRUE),
  file.path(folder, "robust", "marginal.json")
)
