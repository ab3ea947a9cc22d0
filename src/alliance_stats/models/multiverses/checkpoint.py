"""What is done of a multiverse in a file, so that a broken run goes on where it stopped.

An npz file without pickled objects, written beside its place and renamed. It carries a fingerprint
of the data, the choices and the signs drawn, and is refused where that differs.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import zipfile
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats._version import __version__
from alliance_stats.data.roles import Roles
from alliance_stats.models.multiverses.flips import Flips
from alliance_stats.models.multiverses.grid import Grid
from alliance_stats.models.multiverses.rows import UNITS, Row
from alliance_stats.models.multiverses.run import Done

SUFFIX = ".npz"


def checked_path(checkpoint: str | Path | None) -> Path | None:
    """The path of a checkpoint. Raises ArgumentError for one that cannot be written."""
    if checkpoint is None:
        return None
    path = Path(checkpoint)
    if path.suffix != SUFFIX:
        raise ArgumentError(f"checkpoint={str(path)!r} does not end in {SUFFIX}. Give such a path.")
    if not path.parent.is_dir():
        raise ArgumentError(
            f"folder '{path.parent}' does not exist. Make it, or give another path."
        )
    return path


def fingerprint(frame: pd.DataFrame, roles: Roles, grid: Grid, flips: Flips | None) -> str:
    """Hash of everything that the estimates depend on."""
    covariates = [c for options in grid.rows for c in options.get("covariates", ())]
    columns = list(dict.fromkeys([*(column for _, column in roles.columns()), *covariates]))
    held = frame[[column for column in columns if column in frame.columns]]
    found = hashlib.sha256()
    found.update(pd.util.hash_pandas_object(held.astype(object), index=False).to_numpy().tobytes())
    settings = {
        "version": __version__,
        "question": grid.question,
        "roles": asdict(roles),
        "rows": [[(name, repr(option)) for name, option in row.items()] for row in grid.rows],
    }
    found.update(json.dumps(settings, sort_keys=True, default=str).encode())
    if flips is not None:
        found.update(flips.signs.astype(np.int8).tobytes())
    return found.hexdigest()


def empty(n: int, n_draws: int) -> Done:
    """Nothing done of `n` specifications."""
    return Done([None] * n, np.full((n, n_draws, 2), np.nan))


def save(path: Path, done: Done, mark: str) -> None:
    """Write what is done; the file is whole or as it was."""
    rows = [(k, row) for k, row in enumerate(done.rows) if row is not None]
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as stream:
            np.savez_compressed(
                stream,
                fingerprint=np.array(mark),
                numbers=np.array([k for k, _ in rows], dtype=np.int64),
                values=np.array([(r.estimate, r.se, r.df) for _, r in rows]).reshape(-1, 3),
                counts=np.array([r.counts for _, r in rows], dtype=np.int64).reshape(
                    -1, len(UNITS)
                ),
                status=_texts(r.status for _, r in rows),
                notes=_texts(r.note for _, r in rows),
                draws=done.draws[[k for k, _ in rows]],
            )
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _texts(values: Iterable[str]) -> np.ndarray:
    return np.array(list(values), dtype=np.str_)


def load(path: Path, n: int, n_draws: int, mark: str) -> Done:
    """What the file holds, or nothing done where there is none.

    Raises
    ------
    DataError
        If it is no checkpoint, or one of other data, choices or draws.
    """
    done = empty(n, n_draws)
    if not path.exists():
        return done
    try:
        with np.load(path, allow_pickle=False) as held:
            found = {name: held[name] for name in held.files}
        seen = str(found["fingerprint"])
        numbers = found["numbers"].tolist()
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(
            f"'{path.name}' is no checkpoint of a multiverse, or is damaged. Give another path."
        ) from error
    if seen != mark:
        raise DataError(
            f"'{path.name}' is the checkpoint of another multiverse: its fingerprint is "
            f"{seen[:12]}…, that of these data, choices and draws {mark[:12]}…. Give another path, "
            "or remove the file."
        )
    done.draws[numbers] = found["draws"]
    for place, number in enumerate(numbers):
        estimate, se, df = found["values"][place].tolist()
        counts = tuple(found["counts"][place].tolist())
        status, note = str(found["status"][place]), str(found["notes"][place])
        done.rows[number] = Row(estimate, se, df, counts, status, note)
    return done
