"""From options to arguments of the library: the file, its sheet, roles, the model."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError

#: Column roles that are options; the required ones have their own name as default.
REQUIRED = ("patient", "session", "alliance", "outcome")
ROLES = (*REQUIRED, "therapist", "time", "outcome_better")
#: Random slopes by the word of the option.
SLOPES: dict[str, Any] = {"patient": None, "auto": "auto", "none": {}}
#: Residuals by the word of the option.
RESIDUALS = {"independent": None, "ar1": "ar1", "continuous_ar1": "continuous_ar1"}


def model_arguments(args: argparse.Namespace) -> dict[str, Any]:
    """The options as `fit_within_between` names them."""
    names = (
        "time_column", "mean_rows", "therapist_mean", "therapist_change", "covariate_parts", "reml",
    )  # fmt: skip
    given = {name: getattr(args, name) for name in names}
    given |= {"covariates": tuple(args.covariates or ())}
    given |= {"time": args.time_trend, "random_slopes": SLOPES[args.random_slopes]}
    return given | {"residual": RESIDUALS[args.residual]}


def roles_named(args: argparse.Namespace) -> al.Roles:
    """The roles that options name; the others keep their defaults."""
    given = {role: getattr(args, role) for role in ROLES if getattr(args, role) is not None}
    return al.Roles(**given)


def sheet_chosen(args: argparse.Namespace) -> str | int | None:
    """The sheet's name, or its position: digits are one unless a sheet has that name."""
    given: str | None = args.sheet
    if given is None or not (given.isascii() and given.isdecimal()):
        return given
    from alliance_stats.data.reading.excel_sheets import sheet_names

    return given if given in sheet_names(Path(args.file).expanduser()) else int(given)


def check_file(file: str) -> None:
    """Refuse what is no path of a file, in the words of the command line."""
    if not file:
        raise ArgumentError("FILE is empty text. Give the path of a file, such as sessions.csv.")
    if Path(file).is_dir():
        raise ArgumentError(f"'{file}' is a folder. Give the path of a file in it.")
