"""What is known of the sampling errors: independent, of one correlation within a study, or blocks.

Effects of one sample share its patients, so their errors are correlated. Constant correlation ρ:
v_ij = ρ√(v_i v_j) (the correlated-effects working model of Hedges, Tipton & Johnson, 2010, Res.
Synth. Methods 1, 39–65; with random effects between and within studies, "CHE": Pustejovsky &
Tipton, 2022, Prev. Sci. 23, 425–438).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from alliance_stats._base.checks import counted, name_list
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.meta.studies import Studies

#: Correlations at which the sensitivity table is computed.
RHO_GRID = (0.0, 0.2, 0.4, 0.6, 0.8)
#: Relative difference of a diagonal from the sampling variances that counts as rounding.
ALIKE = 1e-6

Covariance = Mapping[str, object] | np.ndarray


@dataclass(frozen=True, eq=False)
class Sampling:
    """Sampling errors of the effect sizes.

    Attributes
    ----------
    codes : array (k,) of int
        Whose errors may be correlated: the study of every row.
    rho : float or None
        Constant correlation within studies; None with `blocks` and where no study has more than
        one effect.
    blocks : mapping of int to (array (s,), array (s, s)), or None
        Rows and covariance matrix of every study, where they were given.
    """

    codes: np.ndarray
    rho: float | None
    blocks: Mapping[int, tuple[np.ndarray, np.ndarray]] | None

    @property
    def correlated(self) -> bool:
        """Whether errors of different rows are correlated."""
        return bool(self.rho) or self.blocks is not None


def read_sampling(
    studies: Studies, codes: np.ndarray, rho: float | None, covariance: Covariance | None
) -> Sampling:
    """The sampling errors as said; `rho` is required where a study has several effects."""
    if covariance is not None:
        if rho is not None:
            raise ArgumentError(
                "rho and covariance both say how sampling errors covary. Give one of them."
            )
        return Sampling(codes, None, _blocks(studies, codes, covariance))
    several = np.bincount(codes)
    if several.max() < 2:
        return Sampling(codes, None, None)
    if rho is None:
        n = int((several > 1).sum())
        raise ArgumentError(
            f"{n} of {counted(len(several), 'study').replace('studys', 'studies')} have more than "
            f"one effect (up to {several.max()}), and effects of one sample have correlated "
            "sampling errors. Say how strongly, as in rho=0.6; the result shows 0, .2, .4, .6 and "
            ".8 beside it. Give covariance= if the covariances are known, or rho=0 if every "
            "effect comes from other patients."
        )
    number = isinstance(rho, int | float | np.number) and not isinstance(rho, bool)
    if not (number and 0 <= float(rho) < 1):
        raise ArgumentError(
            f"rho={rho!r} is no correlation of sampling errors: from 0 to below 1. Give one such "
            "as 0.6."
        )
    return Sampling(codes, float(rho), None)


def _blocks(
    studies: Studies, codes: np.ndarray, covariance: Covariance
) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    rows = [np.flatnonzero(codes == code) for code in range(int(codes.max()) + 1)]
    if isinstance(covariance, Mapping):
        found = {c: (at, _of_study(studies, at, covariance)) for c, at in enumerate(rows)}
    else:
        whole = _whole(studies, covariance, codes)
        found = {code: (at, whole[np.ix_(at, at)]) for code, at in enumerate(rows)}
    for at, block in found.values():
        _check_block(studies, at, block)
    return found


def _whole(studies: Studies, covariance: object, codes: np.ndarray) -> np.ndarray:
    """The matrix of the rows analysed; nonzero entries between studies are refused."""
    whole = np.asarray(covariance, dtype=float)
    n = studies.n_given
    if whole.shape != (n, n):
        raise DataError(
            f"covariance has shape {whole.shape}, but the frame has {n} rows. Give a matrix of "
            f"({n}, {n}), or a matrix a study: {{'Horvath 1991': [[…]], …}}."
        )
    whole = whole[np.ix_(studies.rows, studies.rows)]
    apart = codes[:, None] != codes[None, :]
    if np.any(whole[apart] != 0):
        first, second = np.argwhere((whole != 0) & apart)[0]
        raise DataError(
            f"covariance is not zero between studies '{studies.study[first]}' and "
            f"'{studies.study[second]}'. Only effects of one study may have correlated sampling "
            "errors; name the unit that shares patients as study=."
        )
    return whole


def _of_study(studies: Studies, at: np.ndarray, covariance: Mapping[str, object]) -> np.ndarray:
    name = studies.study[at[0]]
    if name not in covariance:
        if len(at) == 1:
            return studies.vi[at][:, None]
        raise DataError(
            f"covariance has no matrix for study '{name}', which has {len(at)} effects. It has "
            f"some for {name_list(covariance)}."
        )
    block = np.asarray(covariance[name], dtype=float)
    if block.shape != (len(at), len(at)):
        dropped = " Rows with missing values are not among them." if studies.n_dropped else ""
        raise DataError(
            f"covariance of study '{name}' has shape {block.shape}, but {len(at)} of its effects "
            f"are analysed.{dropped} Give one row and column an effect, in the order of the frame."
        )
    return block


def _check_block(studies: Studies, at: np.ndarray, block: np.ndarray) -> None:
    name = studies.study[at[0]]
    vi = studies.vi[at]
    if not np.isfinite(block).all() or not np.allclose(block, block.T, rtol=ALIKE, atol=0):
        raise DataError(f"covariance of study '{name}' is not symmetric and finite. Correct it.")
    off = np.abs(np.diag(block) - vi) > ALIKE * vi
    if off.any():
        place = int(np.flatnonzero(off)[0])
        raise DataError(
            f"covariance of study '{name}' has the variance {block[place, place]:g} where the "
            f"column of sampling variances has {vi[place]:g}. They must agree, in the order of "
            "the rows."
        )
    if np.linalg.eigvalsh(block)[0] <= 0:
        raise DataError(
            f"covariance of study '{name}' is not positive definite: correlations of its sampling "
            "errors contradict each other, or are 1. Correct it."
        )


def sampling_matrix(sampling: Sampling, vi: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Covariances (J, s, s) of the sampling errors of rows `at` (J, s)."""
    values = vi[at]
    if sampling.blocks is None:
        found = np.sqrt(values[:, :, None] * values[:, None, :]) * (sampling.rho or 0.0)
        codes = sampling.codes[at]
        found = np.where(codes[:, :, None] == codes[:, None, :], found, 0.0)
    else:
        found = _looked_up(sampling, at)
    places = np.arange(at.shape[1])
    found[:, places, places] = values
    return found


def _looked_up(sampling: Sampling, at: np.ndarray) -> np.ndarray:
    """The blocks given, for batches of rows."""
    found = np.zeros((*at.shape, at.shape[1]))
    blocks = sampling.blocks or {}
    for batch, rows in zip(found, at, strict=True):
        for code in np.unique(sampling.codes[rows]):
            own, block = blocks[int(code)]
            inside = np.flatnonzero(sampling.codes[rows] == code)
            order = np.searchsorted(own, rows[inside])
            batch[np.ix_(inside, inside)] = block[np.ix_(order, order)]
    return found
