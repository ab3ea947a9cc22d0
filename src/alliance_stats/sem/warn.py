"""Messages of a fit as warnings, at the line that called the public function."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from alliance_stats._base.errors import DataWarning, FitWarning


def warn_of(about_data: Iterable[str], about_fit: Iterable[str]) -> None:
    """Warn of the data, then of the fit; to be called by the public function itself."""
    for message in about_data:
        warnings.warn(message, DataWarning, stacklevel=3)
    for message in about_fit:
        warnings.warn(message, FitWarning, stacklevel=3)
