"""Robust tests of fit_meta equal those of the same model as a multilevel one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats import ArgumentError
from alliance_stats.numeric.sandwich import Kind
from tests.meta.multilevel.designs import effects


@pytest.mark.parametrize("kind", ["CR0", "CR1", "CR1S", "CR2"])
@pytest.mark.parametrize("mods", [None, "x"])
def test_as_one_variance_of_effects(kind: Kind, mods: str | None) -> None:
    frame = effects(25).assign(row=lambda d: np.arange(len(d)))
    plain = al.fit_meta(frame, mods=mods)
    same = al.fit_meta_multilevel(frame, random="row", rho=0.0, mods=mods)
    np.testing.assert_allclose(plain.tau2, same.tau2["tau2"].iloc[0], rtol=1e-6)
    found = [al.cluster_robust(r, cluster="study", kind=kind).tidy() for r in (plain, same)]
    pd.testing.assert_frame_equal(*found, rtol=1e-6)


def test_clubsandwich_by_hand() -> None:
    """CR0 is the plain sandwich."""
    frame = effects(25)
    plain = al.fit_meta(frame)
    w = 1.0 / (frame["vi"] + plain.tau2)
    scores = (w * (frame["yi"] - plain.beta[0])).groupby(frame["study"]).sum()
    se = np.sqrt((scores**2).sum()) / w.sum()
    found = al.cluster_robust(plain, cluster="study", kind="CR0")
    np.testing.assert_allclose(found.tidy()["se"], se, rtol=1e-9)
    assert "robust by study" in found.view().title
    assert found.view().kind == "meta"


def test_unknown_clusters() -> None:
    with pytest.raises(ArgumentError, match="not known to the fit"):
        al.cluster_robust(al.fit_meta(effects(10)), cluster="clinic")
