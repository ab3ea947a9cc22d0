# Data and cases of further designs: crossed factors, patients who change therapist, reused labels,
# single sessions, arms within therapists, weights and offset. Read by make_references.R, whose
# helpers it uses.

# 48 patients of 8 therapists; every session is rated by one or two of 12 raters, from 4 to 20
# items (the weight: residual variance is inverse to it). `expected` is a known part of the
# response, `room` has no effect at all. The seed is the first of 1, 2, 3, ... for which the
# variance between rooms is estimated as zero by REML and ML, and no other variance is.
simulate_ratings <- function() {
  set.seed(ROOM_SEED)
  frame <- frame_of(rep(6, 8), sample(4:7, 48, replace = TRUE))
  frame$alliance <- alliance_of(frame)
  frame <- centre(frame)
  frame <- frame[rep(seq_len(nrow(frame)), sample(1:2, nrow(frame), replace = TRUE)), ]
  n <- nrow(frame)
  frame$rater <- sample(12, n, replace = TRUE)
  frame$room <- sample(6, n, replace = TRUE)
  frame$items <- sample(4:20, n, replace = TRUE)
  frame$expected <- round(rnorm(n, 10, 2), 1)
  patient <- cbind(effects_of(48, c(3, 1.5), pair(-.3)), 0)
  therapist <- cbind(rnorm(8, sd = 2), 0)
  rater <- effects_of(12, c(1.5, 1.2), pair(.4))
  frame$symptom <- symptom_of(frame, patient, therapist, sigma = 0) + rater[frame$rater, 1] +
    rater[frame$rater, 2] * frame$alliance_within + .3 * frame$expected +
    rnorm(n, sd = 2 * sqrt(10 / frame$items))
  frame
}
ROOM_SEED <- 2

# 70 patients of 10 therapists, a fifth of whom change to another therapist after some session;
# string ids, shuffled rows.
simulate_moves <- function() {
  set.seed(6)
  frame <- frame_of(rep(7, 10), sample(5:10, 70, replace = TRUE))
  frame$alliance <- alliance_of(frame)
  frame <- centre(frame)
  movers <- sample(70, 14)
  after <- sample(2:4, 70, replace = TRUE)
  moved <- frame$patient %in% movers & frame$session > after[frame$patient]
  steps <- sample(1:9, 70, replace = TRUE)
  frame$therapist[moved] <- ((frame$therapist + steps[frame$patient] - 1) %% 10 + 1)[moved]
  patient <- cbind(effects_of(70, c(3, 1.8), pair(-.4)), 0)
  frame$symptom <- symptom_of(frame, patient, cbind(rnorm(10, sd = 2.5), 0), sigma = 2.5)
  frame$therapist <- sprintf("T%s", sample(100:999, 10))[frame$therapist]
  frame$patient <- sprintf("p-%s", sample(1000:9999, 70))[frame$patient]
  frame[sample(nrow(frame)), ]
}

# 15 therapists who number their patients 1, 2, 3, ...
simulate_reused <- function() {
  set.seed(7)
  caseload <- sample(3:9, 15, replace = TRUE)
  frame <- frame_of(caseload, sample(3:8, sum(caseload), replace = TRUE))
  frame$alliance <- alliance_of(frame)
  frame <- centre(frame)
  patient <- cbind(rnorm(sum(caseload), sd = 3.5), 0, 0)
  frame$symptom <- symptom_of(frame, patient, cbind(rnorm(15, sd = 2), 0))
  frame$patient <- sequence(caseload)[frame$patient]
  frame
}

# 160 patients, 100 of them with one session.
simulate_single <- function() {
  set.seed(8)
  frame <- frame_of(rep(10, 16), sample(c(rep(1, 100), sample(2:6, 60, replace = TRUE))))
  frame$alliance <- alliance_of(frame)
  frame <- centre(frame)
  patient <- cbind(rnorm(160, sd = 3.5), 0, 0)
  frame$symptom <- symptom_of(frame, patient, cbind(rnorm(16, sd = 2), 0), sigma = 2.5)
  frame
}

# 24 therapists with three patients in either arm, but in one of three clinics no second arm.
# `weeks` is a linear function of `session`.
simulate_arms <- function() {
  set.seed(9)
  frame <- frame_of(rep(6, 24), rep(4, 144))
  frame$alliance <- alliance_of(frame)
  frame <- centre(frame)
  clinic <- rep_len(c("north", "south", "west"), 24)[frame$therapist]
  second <- frame$patient %% 2 == 0 & clinic != "west"
  frame$clinic <- clinic
  frame$arm <- ifelse(second, "dynamic", "cognitive")
  frame$weeks <- 7 * (frame$session - 1)
  patient <- cbind(rnorm(144, sd = 3), 0, 0)
  by_arm <- effects_of(24, c(2.5, 1.8), pair(.3))
  frame$symptom <- symptom_of(frame, patient, matrix(0, 24, 2), sigma = 2.5) +
    ifelse(second, by_arm[frame$therapist, 2] - 1, by_arm[frame$therapist, 1])
  frame
}

# Decimal shifts of ratings.csv: the within part in units of 1e6, sessions in 1e-6.
rescale_ratings <- function(frame) {
  frame$alliance_within <- frame$alliance_within * 1e-6
  frame$session <- as.integer(frame$session * 1e6)
  frame
}

write_designs <- function() {
  write_data(simulate_ratings(), "ratings.csv")
  write_data(simulate_moves(), "moves.csv")
  write_data(simulate_reused(), "reused.csv")
  write_data(simulate_single(), "single.csv")
  write_data(simulate_arms(), "arms.csv")
  write_data(rescale_ratings(read_data("ratings.csv")), "rescaled_ratings.csv", decimals = 10)
}

R1 <- "(1 | rater)"
RW <- "(1 + alliance_within | rater)"
ARMS <- "symptom ~ session + arm + alliance_within + alliance_between"
DIAGONAL <- pdDiag(~ 1 + alliance_within)
INTERCEPTS <- list(therapist = "~ 1", patient = "~ 1")

DESIGNS <- list(
  crossed_intercepts = case_of("ratings.csv", with_terms(TWO, P1, R1)),
  crossed_slopes = case_of("ratings.csv", with_terms(TWO, PW, RW)),
  crossed_and_nested = case_of("ratings.csv", with_terms(THREE, P1, T1, R1)),
  partly_crossed = case_of("moves.csv", with_terms(TWO, PW, T1)),
  singular_crossed = case_of("ratings.csv", with_terms(TWO, P1, "(1 | room)")),
  uncorrelated = case_of(
    "sessions.csv", with_terms(THREE, "(1 + alliance_within || patient)", T1),
    list(therapist = "~ 1", patient = DIAGONAL)
  ),
  several_terms = case_of(
    "trends.csv", with_terms(TWO, "(1 + session | patient)", "(0 + alliance_within | patient)")
  ),
  uncorrelated_crossed = case_of(
    "ratings.csv", with_terms(TWO, "(1 + alliance_within || rater)", PW)
  ),
  reused_labels = case_of("reused.csv", with_terms(THREE, "(1 | therapist/patient)"), INTERCEPTS),
  single_sessions = case_of("single.csv", with_terms(THREE, P1, T1), INTERCEPTS),
  categorical_slope = case_of("arms.csv", with_terms(ARMS, P1, "(0 + arm | therapist)"),
    list(therapist = "~ 0 + arm", patient = "~ 1")),
  categorical_uncorrelated = case_of(
    "arms.csv", with_terms(ARMS, P1, "(arm || therapist)"), unidentified = TRUE
  ),
  rank_deficient = case_of(
    "arms.csv",
    with_terms(
      "symptom ~ session + weeks + alliance_within + alliance_between + arm * clinic", P1, T1
    )
  ),
  weights = case_of(
    "ratings.csv", with_terms(TWO, PW), list(patient = SLOPE), weights = "items"
  ),
  weights_crossed = case_of("ratings.csv", with_terms(TWO, PW, R1), weights = "items"),
  offset = case_of("ratings.csv", with_terms(TWO, PW, R1), offset = "expected")
)
