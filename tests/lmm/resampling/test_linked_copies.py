"""The cluster bootstrap of crossed factors: linked sets, and refits beside fits of their rows."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.lmm.algebra import crossed
from alliance_stats.lmm.algebra.crossed_dense import DenseProducts
from alliance_stats.lmm.algebra.crossed_sparse import SparseProducts
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.resampling.clusters import clusters_of
from alliance_stats.lmm.resampling.draws import cluster_counts
from alliance_stats.lmm.resampling.parameters import parameter_names
from alliance_stats.lmm.result import MixedModelResult

FORMULAS = {
    "intercepts": "y ~ x + (1 | patient) + (1 | therapist)",
    "slopes": "y ~ x + w + (1 + x | patient) + (1 + w | therapist)",
    "three": "y ~ x + (1 | patient) + (1 | therapist) + (1 | room)",
}
N = 10
SETS = 14


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """14 clinics of 2 to 4 therapists; one patient in four changes to another one of the clinic."""
    rng = np.random.default_rng(12)
    clinic = np.sort(rng.integers(0, SETS, 110))
    clinic[:SETS] = np.arange(SETS)
    patient = np.repeat(np.arange(110), rng.integers(4, 9, 110))
    n = len(patient)
    own = rng.integers(0, 2, 110) + 3 * clinic
    therapist = np.where(rng.random(n) < 0.25, 3 * clinic[patient] + 2, own[patient])
    room = 2 * clinic[patient] + rng.integers(0, 2, n)
    x, w = rng.normal(size=(2, n))
    y = x + rng.normal(size=110)[patient] * (1 + 0.5 * x) + rng.normal(size=n)
    y = y + rng.normal(size=3 * SETS)[therapist] * (0.7 + 0.5 * w) + rng.normal(size=28)[room] / 2
    columns = {"y": y, "x": x, "w": w, "patient": patient, "therapist": therapist, "room": room}
    frame = pd.DataFrame({**columns, "clinic": clinic[patient], "weight": rng.uniform(0.3, 2, n)})
    return frame.sample(frac=1, random_state=3, ignore_index=True)


def linked(frame: pd.DataFrame, names: list[str]) -> pd.Series:
    """Naive: labels spread along rows until nothing changes."""
    found = pd.Series(np.arange(len(frame)))
    while True:
        new = found
        for name in names:
            new = new.groupby(frame[name]).transform("min")
        if new.equals(found):
            return found
        found = new


def drawn_again(
    fit: MixedModelResult, frame: pd.DataFrame, counts: np.ndarray
) -> tuple[pd.DataFrame, list[str]]:
    """Rows of linked sets, new groups every time a set was drawn."""
    design = fit.criterion.design
    names = [level.name for level in design.levels]
    of = dict(zip(design.levels[0].labels, clusters_of(fit.criterion).of[0], strict=True))
    member, parts, new = frame[names[0]].map(of), [], 0
    for one, count in enumerate(counts):
        for _ in range(count):
            part = frame[member == one]
            parts.append(part.assign(**{k: part[k].astype(str) + f".{new}" for k in names}))
            new += 1
    return pd.concat(parts, ignore_index=True), names


@pytest.mark.parametrize("name", FORMULAS)
def test_sets_are_those_that_share_rows(name: str, frame: pd.DataFrame) -> None:
    fit = fit_quietly(FORMULAS[name], frame)
    clusters, levels = clusters_of(fit.criterion), fit.criterion.design.levels
    rows = linked(frame, [level.name for level in levels])
    assert clusters.n == rows.nunique() >= SETS
    for level, of in zip(levels, clusters.of, strict=True):
        ours = frame[level.name].map(dict(zip(level.labels, of, strict=True)))
        pairs = pd.DataFrame({"ours": ours, "theirs": rows}).drop_duplicates()
        assert len(pairs) == clusters.n
    sizes = np.sort(rows.value_counts())
    np.testing.assert_array_equal(np.sort(clusters.rows), sizes)
    assert clusters.effective == pytest.approx(len(frame) ** 2 / (sizes**2).sum())


@pytest.mark.parametrize("products", [DenseProducts, SparseProducts])
@pytest.mark.parametrize("name", FORMULAS)
def test_refits_equal_fits_of_the_drawn_rows(
    name: str,
    products: type,
    frame: pd.DataFrame,
    tol: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if products is SparseProducts:
        monkeypatch.setattr(crossed, "FEW", 0)
        monkeypatch.setattr(crossed, "SCATTERED", -1e9)  # always worth it
    weights = "weight" if name == "intercepts" else None
    fit = fit_quietly(FORMULAS[name], frame, weights=weights)
    assert isinstance(fit.criterion.design.products, products)
    found = fit.bootstrap(N, kind="cluster", rng=4, statistic=lambda f: {"rows": f.n_obs})
    explained = fit.r2(bootstrap=N, kind="cluster", rng=4).bootstrap
    assert found.unit == "linked set"
    assert explained is not None
    for number, counts in enumerate(cluster_counts(clusters_of(fit.criterion), N, 4)):
        rows, _ = drawn_again(fit, frame, counts)
        fresh = fit_quietly(FORMULAS[name], rows, weights=weights)
        ours = found.draws.iloc[number]
        assert ours["rows"] == len(rows)
        far = (ours[list(fit.names)] - fresh.beta) / np.sqrt(np.diag(fresh.vcov))
        assert far.abs().max() < tol.beta_in_se
        assert ours["sigma"] == pytest.approx(fresh.sigma, rel=tol.variance)
        for column in parameter_names(fit.criterion):
            if column.startswith("sd_"):
                effect, group = column[3:].split("|")
                theirs = np.sqrt(fresh.covariances[group].loc[effect, effect])
                assert ours[column] == pytest.approx(theirs, rel=1e-3, abs=1e-3)
        r2 = fresh.r2().tidy().set_index(["term", "unit"])["estimate"]
        for column, value in explained.draws.iloc[number].items():
            theirs = r2.get(tuple(str(column).split("|")), 0.0)
            assert value == pytest.approx(theirs, abs=2e-3)


def test_what_is_said(frame: pd.DataFrame) -> None:
    found = fit_quietly(FORMULAS["intercepts"], frame).bootstrap(4, kind="cluster", rng=1)
    assert found.messages[0].startswith(
        "Grouping factors are crossed ('patient' and 'therapist'), so "
    )
    assert "linked sets of their groups were drawn" in found.messages[0]
    assert found.messages[1].startswith("Only ")
    assert "Cluster bootstrap of linked sets" in repr(found)


def test_too_few_sets(frame: pd.DataFrame) -> None:
    rater = frame.assign(rater=np.arange(len(frame)) % 5)
    whole = fit_quietly("y ~ x + (1 | patient) + (1 | rater)", rater)
    with pytest.raises(al.UnsupportedError, match="form 1 linked set of which the largest holds 1"):
        whole.bootstrap(5, kind="cluster", rng=1)
    with pytest.raises(al.UnsupportedError, match="Use kind='parametric'"):
        whole.r2(bootstrap=5, kind="cluster", rng=1)
    fit = fit_quietly(FORMULAS["intercepts"], frame)
    with pytest.raises(al.UnsupportedError, match="Leave unit out"):
        fit.bootstrap(5, kind="cluster", unit="therapist", rng=1)
    unequal = frame.assign(therapist=frame["therapist"].where(frame["clinic"] > 9, 1))
    uneven = fit_quietly(FORMULAS["intercepts"], unequal)
    with pytest.raises(al.UnsupportedError, match="worth .* of equal size, and at least 10"):
        uneven.bootstrap(5, kind="cluster", rng=1)


@pytest.mark.slow
def test_coverage() -> None:
    """30 clinics within which patients change therapists: a fixed effect is covered."""
    hits, runs = 0, 120
    for number in range(runs):
        rng = np.random.default_rng(number)
        patient = np.repeat(np.arange(180), 6)
        therapist = patient // 18 * 3 + rng.integers(0, 3, len(patient)) * (rng.random(1080) < 0.2)
        x = rng.normal(size=180)[patient]
        y = 0.3 * x + rng.normal(size=180)[patient] + rng.normal(size=1080)
        y = y + 0.5 * rng.normal(size=30)[therapist]
        rows = pd.DataFrame({"y": y, "x": x, "patient": patient, "therapist": therapist})
        fit = fit_quietly("y ~ x + (1 | patient) + (1 | therapist)", rows)
        table = fit.bootstrap(99, kind="cluster", rng=number).confint().set_index("term")
        hits += table["ci_low"]["x"] <= 0.3 <= table["ci_high"]["x"]
    assert 0.82 < hits / runs < 0.99  # ten sets: known to be somewhat too narrow
