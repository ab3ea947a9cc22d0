"""R code that repeats methods for publication bias with metafor."""

from __future__ import annotations

from collections.abc import Mapping

from alliance_stats._base.errors import ArgumentError
from alliance_stats.formula.r_names import r_name, r_text
from alliance_stats.meta.bias.source import Source

_MISSING = 'c("", "NA", "NaN")'
_TIGHT = "control = list(threshold = 1e-12, maxiter = 1000)"


def reading(source: Source, data: str, packages: tuple[str, ...] = ("metafor",)) -> list[str]:
    """Lines that load packages and read the complete rows of the file into ``d``."""
    if not isinstance(data, str) or not data:
        raise ArgumentError(f"data={data!r} is no file name. Give one such as 'studies.csv'.")
    columns = source.studies.columns
    needed = ", ".join(r_text(columns[role]) for role in ("yi", "vi"))
    return [
        *(f"library({package})" for package in packages),
        f"d <- read.csv({r_text(data)}, check.names = FALSE, na.strings = {_MISSING})",
        f"d <- d[complete.cases(d[c({needed})]), ]",
    ]


def effects(source: Source) -> str:
    """``yi, vi`` as columns of ``d``."""
    return ", ".join(f"{role} = {r_name(source.studies.columns[role])}" for role in ("yi", "vi"))


def call_on_effects(
    source: Source, function: str, data: str, arguments: Mapping[str, str] | None = None
) -> str:
    """Code that calls a function of metafor on effects and variances."""
    columns = source.studies.columns
    first = f"{r_name(columns['yi'])}, {r_name(columns['vi'])}, data = d"
    further = "".join(f", {key} = {value}" for key, value in (arguments or {}).items())
    return "\n".join([*reading(source, data), f"{function}({first}{further})"])


def egger_r_code(
    source: Source, model: str, predictor: str, method: str, test: str, data: str
) -> str:
    """Code of Egger's regression."""
    return ""


def pet_peese_r_code(result: object, data: str) -> str:
    """Code of PET and PEESE."""
    return ""


def trim_fill_r_code(source: Source, result: object, data: str) -> str:
    """Code of trim and fill."""
    return ""
