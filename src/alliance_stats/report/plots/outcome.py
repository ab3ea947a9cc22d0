"""Figure of an outcome model: patients under a line with its band."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.report.plots.panels import AxesArray
from alliance_stats.report.plots.within_between import caption_details, draw_panels
from alliance_stats.report.sources import Source, as_view
from alliance_stats.report.wording.words import names_of, one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_outcome(result: Source, *, ax: Axes | Sequence[Axes] | None = None) -> AxesArray:
    """Draw how the early alliance predicts the post-treatment outcome, a point a patient.

    Points are adjusted for the rest of the model, under the fitted line with its confidence
    band. Above a panel stand the coefficient, its interval and the number of points. An alliance
    that is split has a panel for patients and one for therapists. Nothing is computed: the figure
    draws the frame ``result.view().plot``.

    Parameters
    ----------
    result : result
        A result of `fit_outcome`.
    ax : Axes or sequence of Axes, optional
        Where to draw, one Axes a panel. By default a figure is made by pyplot.

    Returns
    -------
    numpy.ndarray of Axes, shape (n_panels,)

    Raises
    ------
    ArgumentError
        If the result is not of `fit_outcome`, or the number of Axes is not that of the panels.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats._base.views import ResultView
    >>> plot = pd.DataFrame({
    ...     "panel": "early_alliance", "layer": ["points", "line", "line"], "x": [4.5, 4, 5],
    ...     "y": [11.0, 12.5, 12.3], "y_low": [None, 12.1, 11.9], "y_high": [None, 12.9, 12.7],
    ...     "group": [1, -1, -1]})
    >>> none = pd.DataFrame()
    >>> view = ResultView("outcome", "", none, none, plot, none, labels={"alliance": "wai"})
    >>> from matplotlib.figure import Figure
    >>> plot_outcome(view, ax=Figure().subplots())[0].get_xlabel()
    'wai\\nmean of the early sessions'
    """
    view = as_view(result)
    if view.kind != "outcome":
        raise ArgumentError(
            f"the result is of kind '{view.kind}', not 'outcome'. Give a result of fit_outcome."
        )
    return draw_panels(view, ax, maker="fit_outcome")


def figure_caption(view: ResultView) -> str:
    """What the figure shows, in sentences, for a report or an alternative text."""
    x, y = names_of(view)
    window = one_line(view.labels.get("window", ""))
    early = f"early {x} (mean over {window})" if window else f"early {x}"
    return f"Post-treatment {y} predicted from {early}: {caption_details(view)}"
