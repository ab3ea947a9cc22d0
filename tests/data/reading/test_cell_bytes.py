from __future__ import annotations

import re

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from alliance_stats.data.reading.cell_bytes import hexadecimal, holds_any, leading_zero, longest

CELLS = st.lists(st.none() | st.text("0179.+-xXeEä ", max_size=5), max_size=6)


def seen(cells: list[str | None]) -> list[str]:
    return [cell for cell in cells if cell]


@given(CELLS, CELLS)
def test_letters_are_found_as_a_search_cell_by_cell_finds_them(
    first: list[str | None], second: list[str | None]
) -> None:
    whole = pa.chunked_array([pa.array(first, pa.string()), pa.array(second, pa.string())])
    for cut in range(len(whole) + 1):
        cells = whole.slice(cut)
        texts = seen([*first, *second][cut:])
        assert leading_zero(cells) == any(re.match(r"[+-]?0[0-9xX]", text) for text in texts)
        assert hexadecimal(cells) == any(re.match(r"[+-]?0[xX]", text) for text in texts)
        assert holds_any(cells, "eE") == any("e" in t or "E" in t for t in texts)
        assert longest(cells) == max((len(text.encode()) for text in texts), default=0)
