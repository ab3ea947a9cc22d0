"""Errors and warnings of the library.

Every message has one form: *what is wrong: what was seen. What to do.*
Messages name columns, counts, row positions and allowed values. They never show the cells of
identifier, text or date columns, because those may identify a patient.
"""

from __future__ import annotations


class AllianceStatsError(Exception):
    """Base of all errors raised on purpose by alliance_stats."""


class DataError(AllianceStatsError, ValueError):
    """The data cannot be used as asked."""


class ArgumentError(AllianceStatsError, ValueError):
    """An argument has a value that is not allowed."""


class FormulaError(AllianceStatsError, ValueError):
    """A model formula cannot be read, or asks for something that formulas may not do."""


class UnsupportedError(AllianceStatsError, NotImplementedError):
    """A combination that is understood but not available; the message names the nearest that is."""


class DataWarning(UserWarning):
    """Something about the data the reader must know: dropped rows, missing values."""


class FitWarning(UserWarning):
    """Something about a fit the reader must know: singular, not converged."""
