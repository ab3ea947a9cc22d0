"""Units and meanings of the quantities that `describe_study` finds, for codebooks and tables."""

from __future__ import annotations

from collections.abc import Mapping

#: (unit, meaning) by name, in the order of `describe_study`.
OBSERVED: Mapping[str, tuple[str, str]] = {
    "alliance_mean": ("alliance points", "mean of all alliance ratings"),
    "alliance_sd": ("alliance points", "SD of all alliance ratings"),
    "alliance_first_mean": ("alliance points", "mean of patients' first alliance ratings"),
    "alliance_first_sd": ("alliance points", "SD of patients' first alliance ratings"),
    "alliance_last_sd": (
        "alliance points",
        "SD of patients' last alliance ratings",
    ),
    "alliance_sd_within": ("alliance points", "pooled SD within patients"),
    "alliance_icc_patient": ("share", "one-way ICC of alliance ratings, patients"),
    "alliance_autocorrelation": ("correlation", "alliance, lag 1, deviations from patients' means"),
    "alliance_at_maximum": ("share", "alliance ratings at the maximum"),
    "flat_patients": ("share", "patients with 3 or more ratings, all the same"),
    "outcome_mean": ("outcome points", "mean of all outcome ratings"),
    "outcome_sd": ("outcome points", "SD of all outcome ratings"),
    "outcome_first_mean": ("outcome points", "mean of patients' first outcome ratings"),
    "outcome_first_sd": ("outcome points", "SD of patients' first outcome ratings"),
    "outcome_last_sd": (
        "outcome points",
        "SD of patients' last outcome ratings",
    ),
    "outcome_sd_within": ("outcome points", "pooled SD within patients; trend included"),
    "outcome_icc_patient": ("share", "one-way ICC of outcome ratings, patients"),
    "outcome_autocorrelation": ("correlation", "outcome, lag 1, deviations from patients' means"),
    "outcome_at_minimum": ("share", "outcome ratings at the minimum"),
    "intake_mean": ("outcome points", "mean outcome at intake"),
    "intake_sd": ("outcome points", "SD of the outcome at intake"),
    "outcome_change_d": ("SD", "last outcome minus intake in SDs of intake"),
    "lagged_correlation": (
        "correlation",
        "alliance with the next outcome, deviations from patients' means",
    ),
    "reverse_correlation": (
        "correlation",
        "outcome with the next alliance, deviations from patients' means",
    ),
    "dropout_share": ("share", "patients who dropped out"),
    "dropout_rate": ("per session", "dropouts per session up to the last held"),
    "ongoing_share": ("share", "patients in therapy when the study closed"),
    "dropout_d": ("SD", "mean alliance of completers (agreed end) minus dropouts"),
    "early_alliance_r": ("correlation", "alliance of sessions 3 to 5 with the last outcome after"),
    "sessions_median": ("sessions", "median number of the last session"),
    "sessions_largest": ("sessions", "largest number of a session"),
    "sessions_cv": ("ratio", "SD / mean of the number of the last session"),
    "day_sd": ("days", "SD of sessions after the first around their weekly dates"),
    "caseload_median": ("patients", "median caseload"),
    "caseload_largest": ("patients", "largest caseload"),
    "caseload_cv": ("ratio", "SD / mean of caseloads"),
    "changed_therapist": ("share", "patients seen by two therapists"),
    "without_therapist": ("share", "patients without a therapist"),
    "missed_sessions": ("share", "sessions up to the last held that were missed"),
    "missing_ratings": ("share", "ratings missing in held sessions"),
    "dyad_r": ("correlation", "patient and therapist rating of the same session"),
    "dyad_d": ("SD", "mean patient minus therapist rating"),
}
