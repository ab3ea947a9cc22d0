"""fit_meta_multilevel: the pooled answer of studies with several effects each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from alliance_stats._base.checks import frame_given, one_of
from alliance_stats._base.errors import DataError
from alliance_stats.meta.multilevel.clusters import cluster_codes, highest_unit
from alliance_stats.meta.multilevel.fit_layout import fit_layout
from alliance_stats.meta.multilevel.fitted import Method, Said
from alliance_stats.meta.multilevel.layout import lay_out
from alliance_stats.meta.multilevel.random import random_columns, read_random
from alliance_stats.meta.multilevel.result import MultilevelMetaResult
from alliance_stats.meta.multilevel.sampling import Covariance, read_sampling
from alliance_stats.meta.multilevel.terms import build_term, codes_of
from alliance_stats.meta.multilevel.words import messages
from alliance_stats.meta.studies import prepare_studies


def fit_meta_multilevel(
    frame: pd.DataFrame,
    *,
    yi: str = "yi",
    vi: str = "vi",
    study: str = "study",
    random: str | Sequence[str] = "study/effect",
    rho: float | None = None,
    mods: str | Sequence[str] | None = None,
    method: Method = "REML",
    structure: str | None = None,
    covariance: Covariance | None = None,
    cluster: str | None = None,
    measure: str | None = None,
) -> MultilevelMetaResult:
    """Pool studies that report several effects each.

    Effects of one study share its patients (their sampling errors correlate, `rho`) and its
    methods (their true effects are alike, `random`). Tests are cluster-robust by default, so
    that they hold where either is misjudged.

    Parameters
    ----------
    frame : DataFrame
        One row an effect size, such as from `effect_sizes`.
    yi, vi : str
        Columns of effect sizes and sampling variances.
    study : str
        Whose effects have correlated sampling errors: the sample.
    random : str or list of str
        Random effects. ``"study/effect"``: three levels, effects in studies (where there is no
        column ``effect``, rows are numbered); ``"lab/study/effect"``: four levels;
        ``["study/effect", "measure"]``: measures crossed with studies; ``"outcome | study"``:
        outcomes of a study with a covariance matrix (`structure`).
    rho : float
        Correlation of sampling errors within a study, from 0 to below 1:
        v_ij = rho·√(v_i v_j). Required where a study has several effects, unless `covariance`
        is given; ``result.rho_table`` shows 0, .2, .4, .6 and .8.
    mods : str or list of str, optional
        Moderators: ``"year + format"``.
    method : {"REML", "ML"}
    structure : {"UN", "CS", "HCS", "DIAG", "ID"}, optional
        Of terms with ``|``: any matrix (the default), equal variances and correlations, equal
        correlations, no correlations, one variance without correlations.
    covariance : mapping or array, optional
        Known sampling covariances: a matrix for every study by its name, or one matrix of all
        rows of the frame that is zero between studies. Diagonals must equal `vi`.
    cluster : str, optional
        Unit of the robust errors; by default the smallest one whose groups are independent under
        the model: the highest nested unit.
    measure : str, optional
        Such as ``"ZCOR"``; read from column ``es_measure`` if that is there.

    Returns
    -------
    MultilevelMetaResult
        ``tidy()`` (CR2 tests), ``glance()``, ``heterogeneity()``, ``prediction_interval()``,
        ``back_transformed()``, ``rho_table``, ``moderator_test()``, ``blup()``, ``confint()``,
        ``view()``, ``to_r()``.

    Raises
    ------
    ArgumentError
        If `rho` is missing or no correlation, or another argument cannot be read.
    DataError
        If columns are missing or not numeric, variances not positive, or covariances do not fit.
    UnsupportedError
        For crossed units with thousands of groups.

    References
    ----------
    Cheung, M. W.-L. (2014). Modeling dependent effect sizes with three-level meta-analyses.
    Psychological Methods, 19(2), 211-229.

    Pustejovsky, J. E., & Tipton, E. (2022). Meta-analysis with robust variance estimation:
    Expanding the range of working models. Prevention Science, 23(3), 425-438.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> frame = pd.DataFrame({
    ...     "study": ["A", "A", "B", "C", "C", "D", "E"],
    ...     "yi": [0.30, 0.22, 0.35, 0.15, 0.28, 0.41, 0.19],
    ...     "vi": [0.02, 0.02, 0.01, 0.03, 0.03, 0.02, 0.01]})
    >>> result = al.fit_meta_multilevel(frame, rho=0.6)
    >>> result.tidy()[["estimate", "se", "df"]].round(3).to_numpy().tolist()
    [[0.282, 0.044, 3.487]]
    """
    frame_given(frame, name="frame")
    one_of(method, ("REML", "ML"), name="method")
    said = read_random(random, structure)
    needed = (*random_columns(said, frame), study, *(cluster.split("/") if cluster else ()))
    studies = prepare_studies(
        frame, yi=yi, vi=vi, study=study, mods=mods, measure=measure, groups=needed
    )
    of_study = codes_of(studies.frame, [study])
    _refuse_one(of_study, study)
    sampling = read_sampling(studies, of_study, rho, covariance)
    terms = [build_term(term, studies.frame) for term in said]
    layout = lay_out(studies.yi, studies.vi, studies.x, terms, sampling)
    found = fit_layout(layout, method == "REML")
    unit = highest_unit(studies, layout)
    if cluster is not None:
        unit = cluster, cluster_codes(studies, layout, cluster)
    name, codes = (None, of_study) if unit is None else unit
    texts = (random,) if isinstance(random, str) else tuple(random)
    return MultilevelMetaResult(
        studies,
        layout,
        found,
        method,
        Said(texts, structure, covariance is not None, study),
        name,
        codes,
        messages(studies, layout, found, of_study[layout.order], name),
    )


def _refuse_one(of_study: np.ndarray, study: str) -> None:
    if of_study.max() == 0:
        raise DataError(
            f"all {len(of_study)} effects come from one '{study}'. A meta-analysis needs two or "
            "more: give the data of more studies, or name the column that tells them apart."
        )
