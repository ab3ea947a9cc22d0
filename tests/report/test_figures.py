from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alliance_stats._base.errors import ArgumentError
from alliance_stats.report import save_figure


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
def test_the_same_result_gives_the_same_bytes(two_level: Any, suffix: str, tmp_path: Path) -> None:
    one, two = (save_figure(two_level, tmp_path / f"{n}{suffix}").read_bytes() for n in "ab")
    assert one == two
    assert not re.search(rb"dc:date|CreationDate|Matplotlib v", one)


@pytest.mark.parametrize(("width", "points"), [("double", 496.8), (None, 496.8)])
def test_the_width_is_that_of_the_page(
    two_level: Any, width: Any, points: float, tmp_path: Path
) -> None:
    text = save_figure(two_level, tmp_path / "a.svg", width=width).read_text(encoding="utf-8")
    found = re.search(r'width="([\d.]+)pt"', text)
    assert found is not None
    assert float(found.group(1)) == pytest.approx(points)


def test_a_figure_of_one_panel_fits_a_column(two_level: Any, tmp_path: Path) -> None:
    view = two_level.view()
    one = replace(view, plot=view.plot[view.plot["panel"] == "within"])
    text = save_figure(one, tmp_path / "a.svg", width="single").read_text(encoding="utf-8")
    assert 'width="241.2pt"' in text
    with pytest.raises(ArgumentError, match="2 panels has no room"):
        save_figure(view, tmp_path / "b.svg", width="single")


def test_what_has_no_figure_is_said(two_level: Any, lmm: Any, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="kind 'lmm' has no figure"):
        save_figure(lmm, tmp_path / "a.svg")
    with pytest.raises(ArgumentError, match="has no rows to draw"):
        save_figure(replace(two_level.view(), plot=None), tmp_path / "a.svg")
    with pytest.raises(ArgumentError, match="width='wide' is not known"):
        save_figure(two_level, tmp_path / "a.svg", width="wide")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="a figure cannot be written as '.jpg'"):
        save_figure(two_level, tmp_path / "a.jpg")
    assert list(tmp_path.iterdir()) == []
