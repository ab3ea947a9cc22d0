"""The synthetic example data that come with the library."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from alliance_stats._base.checks import did_you_mean
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.data.codebook_check import check_codebook
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


def load_example(name: str) -> SessionData:
    """Load synthetic session data, made by simulation with known truth.

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
        the items of an alliance inventory and a symptom scale, to be scored. Each has a null
        twin, such as ``"sessions_null"``, in which all alliance effects are zero and the rest is
        kept.

    Returns
    -------
    SessionData
        With roles (``"items"``: none, since nothing is scored); ``codebook`` has one row a
        parameter, with its value and basis.

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
    known = (*EXAMPLES, *ITEM_EXAMPLES)
    if name not in known:
        hint = did_you_mean(name, known) if isinstance(name, str) else ""
        raise ArgumentError(f"there is no example {name!r}.{hint} Examples: {', '.join(known)}.")
    folder = synthetic_folder()
    roles = EXAMPLES.get(name)
    sessions = load_sessions(folder / f"{name}.csv", roles)
    codebook = read_file(folder / f"{name}_codebook.csv").frame
    check_codebook(codebook, sessions.frame, roles or ITEM_CHECKS, name=name)
    return replace(sessions, codebook=codebook)


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
