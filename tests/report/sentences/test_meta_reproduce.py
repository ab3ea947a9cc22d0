"""Sentences about published meta-analyses claim what the printed numbers allow."""

from __future__ import annotations

from pathlib import Path

import pytest

import alliance_stats as al


def text(key: str) -> str:
    return str(al.report_text(al.meta.reproduce(key)))


def test_mean_interval_and_implied_numbers() -> None:
    said = text("flueckiger_2018")
    assert "over 295 samples: r = .278, 95% CI [.256, .299]." in said
    assert "implies a standard error of 0.0119 on Fisher's z" in said
    assert "with 61 patients a study, τ² ≈ 0.024" in said
    assert "from −.02 to .53" in said
    assert "supposes independent correlations of equal weight" in said
    assert "not jointly reproducible" in said


def test_what_does_not_fit_is_named_with_its_range() -> None:
    said = text("gelso_2018")
    assert "d of r (printed 0.800, recomputed 0.822, range 0.809 to 0.834)" in said
    assert "jointly" not in said


def test_what_cannot_be_found_is_said() -> None:
    assert "Without an interval neither standard error" in text("sharf_2010")
    assert "d = 0.550." in text("sharf_2010")
    assert "the pooled estimate is not known" in text("delre_2021")
    assert "r from .23 to .31, depending on the analysis" in text("flueckiger_2020_adjusted")
    assert "The heterogeneity behind it cannot be found." in text("safran_2011_training")
    assert "with 61 patients a study, none" in text("elliott_2011")


@pytest.mark.parametrize("word", ["predicts", "predicted", "effect of", "leads to", "proves"])
def test_no_claim_beyond_an_association(word: str) -> None:
    for key in al.meta.published()["key"]:
        assert word not in text(key)


def test_table_and_report(tmp_path: Path) -> None:
    table = al.coef_table(al.meta.reproduce("gelso_2018"))
    assert list(table.frame.columns[:4]) == ["Term", "Estimate", "SE", "z"]
    both = [al.meta.reproduce(key) for key in ("gelso_2018", "delre_2021")]
    page = al.save_report(both, tmp_path / "published.html").read_text(encoding="utf-8")
    assert "Implied heterogeneity" in page
    assert "it is that of <i>r</i> = 0.37" in page
