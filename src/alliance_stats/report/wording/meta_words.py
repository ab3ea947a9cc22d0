"""Words that figures of meta-analyses share: the mean, heterogeneity, names of studies."""

from __future__ import annotations

from alliance_stats._base.printing import MINUS, format_df, format_fixed, format_number
from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.numbers import p_phrase
from alliance_stats.report.wording.words import capital, fit_value, one_line


def mean_words(view: ResultView) -> str:
    """``Random-effects mean``."""
    model = one_line(view.labels.get("model", ""))
    return f"{capital(model)} mean" if model else "Mean"


def heterogeneity_words(view: ResultView) -> str:
    """``τ² = 0.015, I² = 62%, Q(4) = 10.50, p = .033``, as far as the view tells."""
    parts = []
    tau2, i2 = row_value(view, "tau2"), row_value(view, "i2")
    if tau2 is not None and view.labels.get("model") != "equal-effects":
        parts.append(f"τ² = {format_number(tau2, minus=MINUS)}")
    if i2 is not None:
        parts.append(f"I² = {100 * i2:.0f}%")
    q, df, p = row_value(view, "q"), row_value(view, "q_df"), row_value(view, "q_p")
    if q is not None and df is not None and p is not None:
        parts.append(f"Q({format_df(df)}) = {format_fixed(q, 2)}, {p_phrase(p)}")
    residual = "Residual " if view.labels.get("moderators") and parts else ""
    return residual + ", ".join(parts)


def row_value(view: ResultView, name: str) -> float | None:
    """A number of the one-row summary, if it is known."""
    value = fit_value(view, name)
    if value is None:
        return None
    found = float(str(value))
    return found if found == found else None
