"""What models say about patients with several therapists: they offer only ways that they take."""

from __future__ import annotations

import re
import warnings
from typing import Any

import pytest

import alliance_stats as al
from alliance_stats._base.errors import AllianceStatsError

#: Every model that asks, with what it needs besides; the file it is asked with has all roles.
MODELS: dict[str, dict[str, Any]] = {
    "fit_within_between": {},
    "fit_latent_within_between": {},
    "fit_lagged": {"bias_simulations": 0},
    "fit_outcome": {},
    "fit_growth": {},
    "fit_congruence": {},
    "fit_response_surface": {"scale": (12, 84), "n_boot": 0},
    "fit_dyads": {},
    "fit_perspectives": {},
    "fit_moderation": {"moderator": "treatment", "smallest_effect": 0.1},
    "fit_mediation": {"mediator": "motivation"},
    "fit_importance": {"predictors": ["motivation"], "rng": 1},
    "fit_ruptures": {"simulations": 19},
}


def asked(name: str, change: dict[str, str]) -> None:
    """Fit a model to sessions in which the first and the last patient change their therapist."""
    data = al.load_example("process")
    frame = data.frame[data.frame["treatment"] == "cbt"] if name != "fit_moderation" else data.frame
    patients = frame["patient"].drop_duplicates().iloc[[0, -1]]
    moved = frame["patient"].isin(patients) & (frame["session"] > 3)
    other = frame["therapist"].where(~moved, frame["therapist"].iloc[len(frame) // 2])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        function = getattr(al.models, name)
        function(frame.assign(therapist=other), data.roles, **MODELS[name], **change)


@pytest.mark.parametrize("name", MODELS)
def test_only_ways_that_are_taken_are_offered(name: str) -> None:
    with pytest.raises(al.DataError, match="seen by more than one therapist") as refused:
        asked(name, {})
    ways = re.findall(r"therapist_change='(\w+)'", str(refused.value))
    assert "first" in ways
    for way in set(ways) - {"first"}:
        try:
            asked(name, {"therapist_change": way})
        except AllianceStatsError as error:
            assert "is not" not in str(error), error
