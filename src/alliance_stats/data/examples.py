"""The synthetic example data that come with the library."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Literal, overload

import pandas as pd

from alliance_stats._base.checks import did_you_mean
from alliance_stats._base.errors import ArgumentError, DataError, DataWarning
from alliance_stats.data.codebook_check import (
    check_codebook,
    effects_quantities,
    file_quantities,
)
from alliance_stats.data.effects import load_effects
from alliance_stats.data.load import load_sessions
from alliance_stats.data.reading.files import read_file
from alliance_stats.data.roles import PROCESS_ROLES, SYNTHETIC_ROLES, Roles
from alliance_stats.data.sessions import SessionData

DYAD_ROLES = replace(SYNTHETIC_ROLES, alliance_therapist="wai_therapist")
ARM_ROLES = replace(SYNTHETIC_ROLES, treatment="treatment")

#: Examples of items: no roles, because nothing is scored yet; and the columns by which a file is
#: compared with its codebook.
ITEM_EXAMPLES = ("items", "items_null")
ITEM_CHECKS = Roles(therapist="therapist", alliance="wai_1", outcome="phq9_1")

#: Roles of the examples by name; a null twin has no alliance effect at all.
EXAMPLES = {
    "sessions": SYNTHETIC_ROLES,
    "sessions_null": SYNTHETIC_ROLES,
    "dyads": DYAD_ROLES,
    "dyads_null": DYAD_ROLES,
    "therapist_change": SYNTHETIC_ROLES,
    "therapist_change_null": SYNTHETIC_ROLES,
    "therapist_free": ARM_ROLES,
    "therapist_free_null": ARM_ROLES,
    "therapist_share": SYNTHETIC_ROLES,
    "therapist_share_null": SYNTHETIC_ROLES,
    "process": PROCESS_ROLES,
    "process_null": PROCESS_ROLES,
}

#: Examples of study results, one row an effect.
EffectsExample = Literal["effects", "effects_null", "effects_selected", "effects_selected_null"]
EFFECTS_EXAMPLES: tuple[EffectsExample, ...] = (
    "effects", "effects_null", "effects_selected", "effects_selected_null",
)  # fmt: skip


@overload
def load_example(name: EffectsExample) -> pd.DataFrame: ...  # type: ignore[overload-overlap]
@overload
def load_example(name: str) -> SessionData: ...
def load_example(name: str) -> SessionData | pd.DataFrame:
    """Load synthetic data, made by simulation with known truth.

    Use it to try the library. No row belongs to a real patient, and results are no evidence
    about therapy.

    Parameters
    ----------
    name : str
        ``"sessions"``: sessions with an alliance effect; ``"dyads"``: therapists rate the
        alliance too; ``"therapist_change"``: some patients change their therapist;
        ``"therapist_free"``: one of two arms has no therapists; ``"therapist_share"``: therapists
        differ more in the outcome; ``"process"``: three treatments, alliance rated by patient,
        therapist and observer, motivation, adherence and expectation; ``"items"``: answers to
        the items of an alliance inventory and a symptom scale, to be scored; ``"effects"``:
        results of 295 studies for a meta-analysis; ``"effects_selected"``: results of 200 studies
        of which significant ones were published more often. Each has a null twin, such as
        ``"sessions_null"``, in which all alliance effects are zero and the rest is kept.

    Returns
    -------
    SessionData or DataFrame
        With roles (``"items"``: none, since nothing is scored); ``codebook`` has one row a
        parameter, with its value and basis. Of study results a DataFrame as `load_effects` makes
        it; `load_codebook` has their codebook.

    Raises
    ------
    ArgumentError
        If there is no example of that name.
    DataError
        If the files of the examples are not installed, or a file and its codebook do not fit
        each other.

    Examples
    --------
    >>> from alliance_stats.data import load_example
    >>> load_example("sessions").roles.alliance
    'wai_total'
    """
    _check_name(name)
    file = synthetic_folder() / f"{name}.csv"
    if name in EFFECTS_EXAMPLES:
        with warnings.catch_warnings():  # what is not reported is meant to be so
            warnings.simplefilter("ignore", DataWarning)
            effects = load_effects(file)
        check_codebook(load_codebook(name), effects_quantities(effects), name=name)
        return effects
    roles = EXAMPLES.get(name)
    sessions = load_sessions(file, roles)
    codebook = load_codebook(name)
    check_codebook(codebook, file_quantities(sessions.frame, roles or ITEM_CHECKS), name=name)
    return replace(sessions, codebook=codebook)


def load_codebook(name: str) -> pd.DataFrame:
    """Load the codebook of an example: one row a parameter of the simulation behind it.

    Parameters
    ----------
    name : str
        As for `load_example`.

    Returns
    -------
    DataFrame
        Columns ``parameter value unit source status structural estimand meaning``: `structural`
        is the number in the equations, `estimand` what the library's estimate tends to.

    Raises
    ------
    ArgumentError
        If there is no example of that name.
    DataError
        If the files of the examples are not installed.

    Examples
    --------
    >>> from alliance_stats.data import load_codebook
    >>> book = load_codebook("effects").set_index("parameter")
    >>> float(book.loc["mean_r", "estimand"])
    0.278
    """
    _check_name(name)
    return read_file(synthetic_folder() / f"{name}_codebook.csv").frame


def _check_name(name: object) -> None:
    known = (*EXAMPLES, *ITEM_EXAMPLES, *EFFECTS_EXAMPLES)
    if name not in known:
        hint = did_you_mean(name, known) if isinstance(name, str) else ""
        raise ArgumentError(f"there is no example {name!r}.{hint} Examples: {', '.join(known)}.")


def synthetic_folder() -> Path:
    """Folder of the synthetic data: in the installed package, else in the repository.

    Raises
    ------
    DataError
        If neither exists.
    """
    package = Path(__file__).resolve().parents[1]
    places = (package / "_synthetic", package.parents[1] / "data" / "synthetic")
    for place in places:
        if place.is_dir():
            return place
    raise DataError(
        "the synthetic data are not installed: there is neither a folder '_synthetic' in the "
        "package nor 'data/synthetic' in the repository. Install alliance_stats again."
    )
