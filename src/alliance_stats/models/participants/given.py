"""Sessions of several studies as given: a mapping of studies, or one file with its sites."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from alliance_stats._base.checks import agree, counted, name_list
from alliance_stats._base.errors import ArgumentError, DataError, DataWarning
from alliance_stats.data.load import sessions_from
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData

#: Sessions by study, or of all studies together.
Given = Mapping[str, SessionData | pd.DataFrame] | SessionData | pd.DataFrame


def read_studies(
    studies: Given, roles: Roles | dict[str, str] | None
) -> tuple[dict[str, SessionData], dict[str, str]]:
    """Sessions by study name, and why the sessions of a site cannot be read."""
    if isinstance(studies, Mapping):
        found = _of_mapping(studies, roles)
        failed: dict[str, str] = {}
    else:
        found, failed = _by_site(sessions_from(studies, roles))
    if len(found) < 2:
        why = "".join(f" {name}: {reason}" for name, reason in failed.items())
        raise DataError(
            f"{counted(len(found), 'study')} can be read, and at least 2 are needed.{why} Give "
            "{'study A': sessions, 'study B': sessions}, or sessions with roles=Roles(site=…)."
        )
    return found, failed


def _of_mapping(
    studies: Mapping[str, SessionData | pd.DataFrame], roles: Roles | dict[str, str] | None
) -> dict[str, SessionData]:
    names = [str(name).strip() for name in studies]
    if len(set(names)) < len(names) or "" in names:
        raise ArgumentError(
            f"names of studies must be different and not empty: {name_list(names)}. Rename them."
        )
    found = {}
    for name, sessions in zip(names, studies.values(), strict=True):
        own = isinstance(sessions, SessionData) and sessions.roles is not None
        try:
            found[name] = sessions_from(sessions, None if own else roles)
        except (ArgumentError, DataError) as error:
            raise type(error)(f"study '{name}': {error}") from error
    return found


def _by_site(data: SessionData) -> tuple[dict[str, SessionData], dict[str, str]]:
    """The sessions of every site by themselves."""
    known = data.roles
    if known is None or known.site is None:
        raise ArgumentError(
            "which study a session comes from is not known: there is no role 'site'. Give "
            "roles=Roles(site=…), or a mapping {'study A': sessions, 'study B': sessions}."
        )
    site = _site_names(data.frame, known.site)
    _refuse_shared_patients(data.frame[known.patient], site, known.site)
    own = replace(known, site=None)
    found, failed = {}, {}
    for name in dict.fromkeys(site.tolist()):
        rows = data.frame[site == name].reset_index(drop=True)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DataWarning)  # said when all were read
                found[name] = sessions_from(rows, own)
        except DataError as error:
            failed[name] = str(error)
    return found, failed


def _site_names(frame: pd.DataFrame, column: str) -> np.ndarray:
    missing = frame[column].isna() | (frame[column].astype(str).str.strip() == "")
    if missing.any():
        n = int(missing.sum())
        raise DataError(
            f"column '{column}' (role 'site') is missing in {n:,} of "
            f"{counted(len(frame), 'session')}. Say which study every session comes from."
        )
    return frame[column].astype(str).str.strip().to_numpy(dtype=object)


def _refuse_shared_patients(patient: pd.Series, site: np.ndarray, column: str) -> None:
    sites = pd.Series(site).groupby(patient.to_numpy(), observed=True).nunique()
    shared = int((sites > 1).sum())
    if shared:
        raise DataError(
            f"{counted(shared, 'patient')} of {len(sites):,} {agree(shared, 'has', 'have')} "
            f"sessions at several sites (column '{column}'). If sites number their patients "
            "alike, give each study by itself: {'study A': sessions, …}; else give these "
            "patients one site."
        )
