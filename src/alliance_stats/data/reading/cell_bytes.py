"""Looking at the letters of a whole column of text cells at once, in the bytes that hold them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Offsets = NDArray[np.int32]


def leading_zero(cells: pa.ChunkedArray) -> bool:
    """Whether a cell begins with 0 and a further digit, or with 0x; a sign may stand before.

    >>> leading_zero(pa.chunked_array([["0.5", "007"]])), leading_zero(pa.chunked_array([["0.5"]]))
    (True, False)
    """
    digits = any(((c >= ord("0")) & (c <= ord("9"))).any() for c in _after_zero(cells))
    return digits or hexadecimal(cells)


def hexadecimal(cells: pa.ChunkedArray) -> bool:
    """Whether a cell begins with 0x.

    >>> hexadecimal(pa.chunked_array([["7", "-0x1F"]]))
    True
    """
    if not holds_any(cells, "xX"):
        return False
    return any(((c == ord("x")) | (c == ord("X"))).any() for c in _after_zero(cells))


def longest(cells: pa.ChunkedArray) -> int:
    """Bytes of the longest cell, 0 without any.

    >>> longest(pa.chunked_array([["a", None, "abc"]]))
    3
    """
    return max((int(np.diff(offsets).max(initial=0)) for offsets, _ in _parts(cells)), default=0)


def holds_any(cells: pa.ChunkedArray, letters: str) -> bool:
    """Whether one of the letters (of ASCII) stands in a cell.

    >>> holds_any(pa.chunked_array([["12E4", "7"]]), "eE")
    True
    """
    return any(
        bool((data[offsets[0] : offsets[-1]] == ord(letter)).any())
        for offsets, data in _parts(cells)
        for letter in letters
    )


def _after_zero(cells: pa.ChunkedArray) -> Iterator[Bytes]:
    """Second letters of the cells that begin with 0, without their sign."""
    for offsets, data in _parts(cells):
        filled = np.flatnonzero(np.diff(offsets) > 1)
        begin, end = offsets[filled], offsets[filled + 1]
        first = data[begin]
        signed = (first == ord("-")) | (first == ord("+"))
        if signed.any():
            begin = begin + signed
            first = data[begin]
        begin = begin[(first == ord("0")) & (end - begin > 1)]
        yield data[begin + 1]


def _parts(cells: pa.ChunkedArray) -> Iterator[tuple[Offsets, Bytes]]:
    """Where each cell begins and ends, and the bytes of all; a missing cell has none."""
    for chunk in cells.chunks:
        _, offsets, data = chunk.buffers()
        if offsets is None or not len(chunk):
            continue
        begins = np.frombuffer(offsets, np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
        yield begins, np.frombuffer(data, np.uint8) if data else np.zeros(0, np.uint8)
