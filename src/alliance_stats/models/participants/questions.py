"""The questions that can be asked of several studies, and what may be chosen in each."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from alliance_stats._base.checks import did_you_mean, name_list
from alliance_stats._base.errors import ArgumentError
from alliance_stats.data.sessions import SessionData
from alliance_stats.models.lagged.fit import fit_lagged
from alliance_stats.models.outcome.fit import fit_outcome
from alliance_stats.models.participants.early import Early
from alliance_stats.models.participants.parts import Parts
from alliance_stats.models.participants.paths import Paths
from alliance_stats.models.participants.study import Scale, StudyFit
from alliance_stats.models.within_between.fit import fit_within_between

QuestionName = Literal["lagged", "outcome", "within_between"]


@dataclass(frozen=True, eq=False)
class Question:
    """One question.

    Attributes
    ----------
    fit : callable
        The function that answers it in one study.
    read : callable
        What it tells about the study, from its result.
    left_out : tuple of str
        Arguments of `fit` that cannot be chosen here.
    own_scales : tuple of str
        Scales of effects that are correlations, which come first.
    needs : tuple of str
        Roles that must be given in every study.
    verb : str
        What may be claimed: ``predicts`` or ``association``.
    """

    fit: Callable[..., Any]
    read: Callable[[Any], StudyFit]
    left_out: tuple[str, ...]
    own_scales: tuple[Scale, ...]
    needs: tuple[str, ...]
    verb: str

    @property
    def choices(self) -> list[str]:
        """Arguments that can be chosen."""
        names = inspect.signature(self.fit).parameters
        return [n for n in names if n not in ("sessions", "roles", *self.left_out)]

    def ask(self, data: SessionData, choices: Mapping[str, object]) -> StudyFit:
        """The question's model of one study."""
        without = data.roles is None or data.roles.therapist is None
        chosen = {k: v for k, v in choices.items() if not (without and k == "therapist_change")}
        return self.read(self.fit(data, **chosen))


QUESTIONS: Mapping[str, Question] = {
    "lagged": Question(
        fit_lagged, Paths, (), (), ("alliance_at", "outcome_at"), "predicts"
    ),
    "outcome": Question(
        fit_outcome, Early, ("rng", "n_boot", "split"), ("zero-order", "partial"),
        ("baseline", "outcome_better"), "predicts",
    ),
    "within_between": Question(
        fit_within_between, Parts, ("residual",), (), (), "association"
    ),
}  # fmt: skip


def check_choices(name: str, question: Question, choices: Mapping[str, object]) -> None:
    """Raise ArgumentError for an argument that the question's function does not take here."""
    for argument in choices:
        if argument in question.choices:
            continue
        why = " here" if argument in question.left_out else ""
        raise ArgumentError(
            f"argument '{argument}' cannot be given{why} for question={name!r}."
            f"{did_you_mean(argument, question.choices)} Besides the arguments of fit_studies: "
            f"{name_list(question.choices)}."
        )
