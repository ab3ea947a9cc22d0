"""Formula room: R/lme4 formulas read without running code, and the design columns they ask for."""

from alliance_stats._base.lazy import attach

NAMES = {
    "ColumnMemory": "alliance_stats.formula.memory",
    "DesignColumns": "alliance_stats.formula.columns",
    "Factor": "alliance_stats.formula.terms",
    "FixedPart": "alliance_stats.formula.terms",
    "MixedFormula": "alliance_stats.formula.terms",
    "RandomTerm": "alliance_stats.formula.terms",
    "Term": "alliance_stats.formula.terms",
    "design_columns": "alliance_stats.formula.columns",
    "parse_formula": "alliance_stats.formula.parse",
    "quote_name": "alliance_stats.formula.names",
    "same_columns": "alliance_stats.formula.columns",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
