"""What fit_meta_multilevel refuses, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats import ArgumentError, DataError, UnsupportedError
from tests.meta.multilevel.designs import effects


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({}, ArgumentError, r"more than one effect .*rho=0\.6"),
        ({"rho": 1.0}, ArgumentError, "from 0 to below 1"),
        ({"rho": True}, ArgumentError, "no correlation"),
        ({"rho": 0.5, "random": ""}, ArgumentError, "names no unit"),
        ({"rho": 0.5, "random": "study/"}, ArgumentError, "cannot be read"),
        ({"rho": 0.5, "random": ["study", "study/effect"]}, ArgumentError, "twice"),
        ({"rho": 0.5, "random": "studdy/effect"}, DataError, "Did you mean 'study'"),
        ({"rho": 0.5, "random": "outcome | effect"}, DataError, "names no column|not found"),
        ({"rho": 0.5, "structure": "UN"}, ArgumentError, "leave structure out"),
        ({"rho": 0.5, "random": "outcome|study", "structure": "XX"}, ArgumentError, "Allowed"),
        ({"rho": 0.5, "method": "DL"}, ArgumentError, "not known"),
        ({"rho": 0.5, "cluster": "outcome"}, (ArgumentError, DataError), "outcome"),
        ({"rho": 0.5, "cluster": "clinic"}, DataError, "clinic"),
        ({"rho": 0.5, "covariance": np.eye(3)}, ArgumentError, "Give one of them"),
        ({"covariance": np.eye(3)}, DataError, "shape"),
        ({"covariance": {"study 0": np.eye(2)}}, DataError, r"shape|no matrix"),
    ],
)
def test_refusals(
    arguments: Mapping[str, Any], error: type[Exception] | tuple[type[Exception], ...], words: str
) -> None:
    with pytest.raises(error, match=words):
        al.fit_meta_multilevel(effects(), **arguments)


def blocks_of(frame: pd.DataFrame, rho: float) -> dict[str, np.ndarray]:
    found = {}
    for name, rows in frame.groupby("study"):
        sd = np.sqrt(rows["vi"].to_numpy())
        block = rho * np.outer(sd, sd)
        np.fill_diagonal(block, sd**2)
        found[str(name)] = block
    return found


def test_blocks_by_study_equal_a_constant_correlation() -> None:
    frame = effects()
    given = al.fit_meta_multilevel(frame, covariance=blocks_of(frame, 0.4))
    constant = al.fit_meta_multilevel(frame, rho=0.4)
    np.testing.assert_allclose(given.beta, constant.beta, rtol=1e-9)
    np.testing.assert_allclose(given.tidy()["df"], constant.tidy()["df"], rtol=1e-7)
    np.testing.assert_allclose(given.heterogeneity()["i2"], constant.heterogeneity()["i2"])
    assert given.rho is None
    assert given.rho_table.empty
    assert "covariance=covariance" in str(given.view().refit)
    assert "V[c(" in given.to_r()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda b: b + np.triu(np.full_like(b, 0.001), 1), "not symmetric"),
        (lambda b: 2 * b, "must agree"),
        (lambda b: np.where(np.eye(len(b), dtype=bool), b, 10 * np.sqrt(b.max())), "definite"),
    ],
)
def test_wrong_blocks(change: Any, words: str) -> None:
    frame = effects()
    blocks = blocks_of(frame, 0.4)
    name = frame["study"].value_counts().index[0]
    blocks[name] = change(blocks[name])
    with pytest.raises(DataError, match=words):
        al.fit_meta_multilevel(frame, covariance=blocks)


def test_covariances_between_studies_are_refused() -> None:
    frame = effects()
    whole = np.diag(frame["vi"].to_numpy())
    first, second = 0, int(np.flatnonzero(frame["study"] != frame["study"].iloc[0])[0])
    whole[first, second] = whole[second, first] = 0.001
    with pytest.raises(DataError, match="not zero between studies"):
        al.fit_meta_multilevel(frame, covariance=whole)


def test_dropped_rows_are_counted_and_blocks_follow() -> None:
    frame = effects()
    frame.loc[[0, 5], "yi"] = np.nan
    whole = np.zeros((len(frame), len(frame)))
    for name, block in blocks_of(frame, 0.4).items():
        rows = np.flatnonzero(frame["study"] == name)
        whole[np.ix_(rows, rows)] = block
    given = al.fit_meta_multilevel(frame, covariance=whole)
    constant = al.fit_meta_multilevel(frame, rho=0.4)
    np.testing.assert_allclose(given.beta, constant.beta, rtol=1e-9)
    assert any("2 of" in message for message in given.messages)


def test_rho_is_not_asked_for_single_effects() -> None:
    assert al.fit_meta_multilevel(effects(most=1), random="lab/study").rho is None


def test_effects_are_numbered_or_named() -> None:
    frame = effects()
    numbered = al.fit_meta_multilevel(frame, rho=0.5)
    named = frame.assign(effect=frame.groupby("study").cumcount())
    by_name = al.fit_meta_multilevel(named, rho=0.5)
    np.testing.assert_allclose(by_name.beta, numbered.beta, rtol=1e-10)
    assert list(numbered.blup("study/effect").columns[:2]) == ["study", "effect"]


def test_names_of_other_types() -> None:
    frame = effects()
    codes = pd.factorize(frame["study"])[0]
    base = al.fit_meta_multilevel(frame, rho=0.5).beta
    for names in (codes, pd.Categorical(frame["study"]), codes.astype(float)):
        other = al.fit_meta_multilevel(frame.assign(study=names), rho=0.5)
        np.testing.assert_allclose(other.beta, base, rtol=1e-10)


def test_messages() -> None:
    frame = effects(16)
    mixed = al.fit_meta_multilevel(frame, rho=0.5, mods="x")
    assert any("mixes both" in message for message in mixed.messages)
    frame["x_mean"] = frame.groupby("study")["x"].transform("mean")
    frame["x_within"] = frame["x"] - frame["x_mean"]
    apart = al.fit_meta_multilevel(frame, rho=0.5, mods="x_mean + x_within")
    assert not any("mixes both" in message for message in apart.messages)
    flat = al.fit_meta_multilevel(frame, rho=0.5, random="study")
    assert any("No random effect tells" in message for message in flat.messages)
    crossed = al.fit_meta_multilevel(frame, rho=0.5, random=["study/effect", "measure"])
    assert any("Crossed units" in message for message in crossed.messages)
    assert any("Only 4 groups of 'measure'" in message for message in crossed.messages)
    twice = al.fit_meta_multilevel(frame.assign(paper=frame["study"]), rho=0.5,
                                   random=["study/effect", "paper"])  # fmt: skip
    assert any("cannot be told apart" in message for message in twice.messages)


def test_clusters() -> None:
    frame = effects()
    labs = al.fit_meta_multilevel(frame, rho=0.5, random="lab/study/effect")
    assert labs.cluster == "lab"
    with pytest.raises(ArgumentError, match="Use cluster='lab'"):
        al.cluster_robust(labs, cluster="study")
    wider = al.fit_meta_multilevel(frame, rho=0.5, random=["study/effect", "lab"])
    assert wider.cluster == "lab"
    plain = al.fit_meta_multilevel(frame.assign(clinic=frame["lab"]), rho=0.5, cluster="clinic")
    assert plain.cluster == "clinic"
    assert plain.tidy()["df"].iloc[0] < al.fit_meta_multilevel(frame, rho=0.5).tidy()["df"].iloc[0]
    crossed = al.fit_meta_multilevel(frame, rho=0.5, random=["study/effect", "measure"])
    assert crossed.cluster is None
    assert (crossed.tidy()["df"] == crossed.studies.k - 1).all()
    with pytest.raises(UnsupportedError, match="no clusters are independent"):
        crossed.tidy(test="CR2")
    with pytest.raises(ArgumentError, match="Use test='t'"):
        al.cluster_robust(crossed, cluster="study")


def test_robust_result_shows_itself() -> None:
    result = al.fit_meta_multilevel(effects(), rho=0.5, mods="outcome")
    robust = al.cluster_robust(result, cluster="study", kind="CR1")
    assert "CR1" in repr(robust)
    assert "robust by study" in robust.view().title
    assert robust.contrasts({"b - c": {"outcome[b]": 1, "outcome[c]": -1}}).shape == (1, 8)
    with pytest.raises(ArgumentError, match="not in the model"):
        robust.contrasts({"d": {"outcome[d]": 1}})
    with pytest.raises(ArgumentError, match="CR9"):
        al.cluster_robust(result, cluster="study", kind="CR9")  # type: ignore[arg-type]


def test_constant_effects_and_two_studies() -> None:
    frame = pd.DataFrame({"study": list("aabb"), "yi": [0.2] * 4, "vi": [0.01, 0.02, 0.03, 0.04]})
    found = al.fit_meta_multilevel(frame, rho=0.5)
    np.testing.assert_allclose(found.beta, 0.2)
    assert (found.tau2["tau2"] == 0).all()
    with pytest.raises(DataError, match="come from one 'study'"):
        al.fit_meta_multilevel(frame.assign(study="a"), rho=0.5)


def test_a_chain_that_sampling_errors_cross_is_dense() -> None:
    """Studies that are not nested in labs: labs are crossed, the answer that of whole matrices."""
    frame = effects(8)
    frame["lab"] = np.arange(len(frame)) % 3
    found = al.fit_meta_multilevel(frame, rho=0.5, random=["study/effect", "lab"])
    assert found.cluster is None
    assert found.converged
