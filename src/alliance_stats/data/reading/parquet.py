"""Reading a parquet file."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from alliance_stats._base.errors import DataError
from alliance_stats.data.reading.contents import FileContents

_MARK = b"PAR1"


def read_parquet(path: Path) -> FileContents:
    """All rows and columns of a parquet file; raises DataError if it is cut off or damaged."""
    check_complete(path)
    try:
        frame = pq.read_table(path).to_pandas()
    except (pa.ArrowException, OSError, ValueError, KeyError):
        frame = None
    if frame is None:
        raise DataError(
            f"file '{path.name}' is damaged: it begins and ends as a parquet file, but its tables "
            "cannot be read. Write it again."
        )
    return FileContents(frame)


def check_complete(path: Path) -> None:
    """Raise DataError unless the file begins and ends as parquet files do."""
    size = path.stat().st_size
    if not size:
        raise DataError(f"file '{path.name}' is empty: 0 bytes. Write it again.")
    with path.open("rb") as file:
        first = file.read(4)
        file.seek(max(size - 4, 0))
        last = file.read(4)
    if first != _MARK:
        raise DataError(
            f"file '{path.name}' is not a parquet file, although it is named so. "
            "Give it the extension of its format, or write it again."
        )
    if last != _MARK or size < 12:
        raise DataError(
            f"file '{path.name}' is cut off: it begins as a parquet file but has no end "
            f"({size:,} bytes). Copy or write it again."
        )
