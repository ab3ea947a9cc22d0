"""Names of columns of forty letters and more stay inside the figure."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import alliance_stats as al
from alliance_stats.report.output.drawings import DRAWINGS

NAMES = {
    "alliance": "working_alliance_inventory_short_revised_total",
    "outcome": "patient_health_questionnaire_nine_sum_score",
}


def drawn(view: Any) -> Figure:
    figure = Figure()
    FigureCanvasAgg(figure)
    drawing = DRAWINGS[view.kind]
    if drawing.lay_out is not None:
        axes = drawing.lay_out(figure, view.plot)
    else:
        assert drawing.size is not None
        figure.set_size_inches(*drawing.size(view.plot))
        figure.set_layout_engine("constrained")
        axes = figure.subplots(1, len(drawing.panels(view.plot)), squeeze=False)[0]
    drawing.draw(view, ax=list(axes))
    figure.draw_without_rendering()
    return figure


@pytest.mark.parametrize("kind", ["cross_lagged", "latent_within_between"])
def test_long_names_stay_inside(kind: str) -> None:
    data = al.load_example("sessions")
    few = data.frame["patient"].drop_duplicates().head(60)
    sessions = al.load_sessions(data.frame[data.frame["patient"].isin(few)], data.roles)
    fit: Any = (
        al.fit_cross_lagged(sessions, waves=range(1, 4))
        if kind == "cross_lagged"
        else al.fit_latent_within_between(sessions)
    )
    view = fit.view()
    figure = drawn(replace(view, labels={**view.labels, **NAMES}))
    box = figure.bbox
    for axis in figure.axes:
        for text in (*axis.texts, axis.xaxis.label):
            extent = text.get_window_extent()
            assert extent.x0 >= box.x0 - 1
            assert extent.x1 <= box.x1 + 1
    words = [text for axis in figure.axes for text in axis.texts]
    boxes = [text.get_window_extent().shrunk(0.95, 0.95) for text in words if text.get_text()]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
