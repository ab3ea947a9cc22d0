"""Random data sets of dependent effects, and the dense likelihood that no algebra shortens."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from alliance_stats.meta.multilevel.layout import Layout, lay_out
from alliance_stats.meta.multilevel.random import random_columns, read_random
from alliance_stats.meta.multilevel.sampling import read_sampling, sampling_matrix
from alliance_stats.meta.multilevel.terms import build_term, codes_of
from alliance_stats.meta.studies import prepare_studies
from alliance_stats.numeric.sandwich import Sandwich, adjusted_parts


def effects(n: int = 20, seed: int = 1, most: int = 6) -> pd.DataFrame:
    """Effects of n studies in labs, rows in no order, with outcomes, measures and a moderator."""
    rng = np.random.default_rng(seed)
    k = rng.integers(1, most + 1, n)
    study = np.repeat(np.arange(n), k)
    rows = len(study)
    vi = rng.uniform(0.01, 0.1, rows)
    true = 0.3 + rng.normal(0, 0.25, n)[study] + rng.normal(0, 0.2, rows)
    frame = pd.DataFrame(
        {
            "lab": [f"lab {s // 3}" for s in study],
            "study": [f"study {s}" for s in study],
            "yi": true + rng.normal(size=rows) * np.sqrt(vi),
            "vi": vi,
            "x": rng.normal(size=rows),
            "outcome": np.array(list("abc"))[np.concatenate([np.arange(m) % 3 for m in k])],
            "measure": rng.integers(0, 4, rows),
        }
    )
    return frame.sample(frac=1.0, random_state=seed).reset_index(drop=True)


def layout_of(
    frame: pd.DataFrame,
    random: str | Sequence[str],
    rho: float | None,
    structure: str | None = None,
    covariance: np.ndarray | None = None,
    mods: str | None = None,
) -> Layout:
    """Rows laid out as the fit does it."""
    said = read_random(random, structure)
    needed = (*random_columns(said, frame), "study")
    studies = prepare_studies(frame, groups=needed, mods=mods)
    codes = codes_of(studies.frame, ["study"])
    terms = [build_term(term, studies.frame) for term in said]
    sampling = read_sampling(studies, codes, rho, covariance)
    return lay_out(studies.yi, studies.vi, studies.x, terms, sampling)


def dense_parts(layout: Layout) -> tuple[np.ndarray, list[np.ndarray]]:
    """V and every Q_a, n × n."""
    rows = np.arange(len(layout.y))[None]
    v = sampling_matrix(layout.sampling, layout.vi, rows)[0]
    return v, [q[0] for term in layout.terms for q in term.matrices(rows)]


def dense_deviance(layout: Layout, natural: np.ndarray, reml: bool) -> float:
    """The deviance from the whole covariance matrix."""
    v, directions = dense_parts(layout)
    m = v + sum(t * q for t, q in zip(natural, directions, strict=True))
    x, w = layout.columns[0], np.linalg.inv(m)
    information = x.T @ w @ x
    p = w - w @ x @ np.linalg.solve(information, x.T @ w)
    found = np.linalg.slogdet(m)[1] + layout.y @ p @ layout.y
    return float(found + (np.linalg.slogdet(information)[1] if reml else 0.0))


def robust_regression(
    x: np.ndarray, y: np.ndarray, w: np.ndarray, study: np.ndarray
) -> tuple[np.ndarray, Sandwich]:
    """Coefficients with weights w, and CR2 if the working covariance is diag(1/w)."""
    bread = np.linalg.inv(x.T @ (w[:, None] * x))
    beta = bread @ (x.T @ (w * y))
    codes, sizes = np.unique(study, return_inverse=True, return_counts=True)[1:]
    shape = len(sizes), sizes.max()
    xs, es = np.zeros((*shape, x.shape[1])), np.zeros(shape)
    vs = np.tile(np.eye(shape[1]), (shape[0], 1, 1))
    for place, size in enumerate(sizes):
        rows = np.flatnonzero(codes == place)
        xs[place, :size], es[place, :size] = x[rows], (y - x @ beta)[rows]
        vs[place, :size, :size] = np.diag(1.0 / w[rows])
    return beta, Sandwich(bread, adjusted_parts(xs, vs, es, bread))
