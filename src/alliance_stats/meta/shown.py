"""How results of meta-analyses show themselves: the headings of their columns."""

from __future__ import annotations

from functools import partial

from alliance_stats._base import shown

#: How columns of this room are headed in print.
HEADINGS = {
    "estimate": "Estimate",
    "statistic": "Statistic",
    "pi_low": "PI low",
    "pi_high": "PI high",
    "tau": "τ",
    "tau2": "τ²",
    "i2": "I²",
    "h2": "H²",
    "q": "Q",
    "parameter": "Parameter",
    "df_residual": "df 2",
    "quantity": "Quantity",
    "rstudent": "rstudent",
    "dffits": "DFFITS",
    "cooks_distance": "Cook's distance",
    "cov_ratio": "Covariance ratio",
    "hat": "Hat value",
    "weight": "Weight",
    "flagged": "Flagged",
}


#: As all results show themselves, with these headings.
result_text = partial(shown.result_text, headings=HEADINGS)
result_html = partial(shown.result_html, headings=HEADINGS)
