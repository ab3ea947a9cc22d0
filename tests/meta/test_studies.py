"""Columns of a meta-analysis become arrays; what cannot be analysed is refused, rows named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alliance_stats import ArgumentError, DataError, FormulaError
from alliance_stats.meta.studies import prepare_studies


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "study": ["Abel 2001", "Bond 2003", "Cole 2005", "Dorn 2010", "Ekman 2012"],
            "yi": [0.2, 0.3, 0.1, 0.5, 0.4],
            "vi": [0.01, 0.02, 0.03, 0.01, 0.02],
            "ni": [103, 53, 36, 103, 53],
            "year": [2001, 2003, 2005, 2010, 2012],
            "format": ["group", "single", "single", "group", "single"],
            "es_measure": "ZCOR",
        }
    )


def test_arrays_in_the_order_of_the_frame(frame: pd.DataFrame) -> None:
    studies = prepare_studies(frame, mods="year + format")
    assert studies.yi.tolist() == frame["yi"].tolist()
    assert studies.study.tolist() == frame["study"].tolist()
    assert studies.moderators.names == ("(Intercept)", "year", "format[single]")
    assert studies.x[:, 2].tolist() == [0, 1, 1, 0, 1]
    assert (studies.k, studies.p, studies.n_studies) == (5, 3, 5)
    assert studies.measure == "ZCOR"
    assert studies.ni is not None
    assert studies.ni.tolist() == frame["ni"].tolist()
    assert studies.messages() == ()
    assert not studies.yi.flags.writeable


def test_rows_with_values_missing_are_counted_once(frame: pd.DataFrame) -> None:
    frame.loc[0, ["yi", "year"]] = np.nan
    frame.loc[3, "year"] = np.nan
    studies = prepare_studies(frame, mods="year")
    assert studies.rows.tolist() == [1, 2, 4]
    assert dict(studies.dropped) == {"yi": 1, "year": 1}
    assert studies.messages() == ("2 of 5 rows were dropped (yi missing: 1, year missing: 1).",)


def test_names_by_position_where_there_is_no_column_of_studies(frame: pd.DataFrame) -> None:
    frame.loc[1, "yi"] = np.nan
    studies = prepare_studies(frame.drop(columns="study"))
    assert studies.study.tolist() == ["1", "3", "4", "5"]
    with pytest.raises(DataError, match="column 'trial' not found"):
        prepare_studies(frame, study="trial")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"vi": [0.01, -0.02, 0.03, 0.0, 0.02]}, r"2 sampling variances of 5.*rows 1, 3 \(counted"),
        ({"study": ["a", " ", "c", None, "e"]}, r"'study' is missing in 2 rows: rows 1, 3"),
        ({"yi": [0.2, np.inf, 0.1, 0.5, 0.4]}, "infinite"),
        ({"yi": ["0.2", "x", "0.1", "0.5", "0.4"]}, "not numeric"),
        ({"yi": [np.nan, np.nan, np.nan, 0.5, np.nan]}, "1 of 5 rows is complete in yi, vi"),
        ({"es_measure": ["ZCOR", "COR", "COR", "COR", "COR"]}, "several measures: ZCOR, COR"),
    ],
)
def test_bad_columns_are_refused(
    frame: pd.DataFrame, change: dict[str, list[object]], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        prepare_studies(frame.assign(**change))


@pytest.mark.parametrize(
    ("mods", "words"),
    [
        ("year + constant", "do not vary over the 5 effect sizes analysed: constant"),
        ("year + twice", "follow from the others"),
        ("year * format + poly(year, 2)", "5 effect sizes cannot tell|follow from the others"),
        ("yeer", "Did you mean 'year'"),
    ],
)
def test_moderators_that_tell_nothing_are_refused(
    frame: pd.DataFrame, mods: str, words: str
) -> None:
    frame = frame.assign(constant=1.0, twice=2.0 * frame["year"])
    with pytest.raises(DataError, match=words):
        prepare_studies(frame, mods=mods)


@pytest.mark.parametrize(
    ("mods", "error", "words"),
    [
        (" ~ ", ArgumentError, "mods is empty"),
        ([], ArgumentError, "no list of column names"),
        ("year + (1 | study)", FormulaError, "random term"),
        ("0", FormulaError, "no column at all"),
        ("yi", FormulaError, "outcome 'yi' also stands right"),
    ],
)
def test_moderators_that_are_no_formula(
    frame: pd.DataFrame, mods: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        prepare_studies(frame, mods=mods)


def test_a_measure_is_said_once(frame: pd.DataFrame) -> None:
    assert prepare_studies(frame.drop(columns="es_measure"), measure="COR").measure == "COR"
    assert prepare_studies(frame.drop(columns="es_measure")).measure is None
    with pytest.raises(ArgumentError, match="says 'ZCOR'"):
        prepare_studies(frame, measure="COR")
    with pytest.raises(ArgumentError, match="Did you mean 'ZCOR'"):
        prepare_studies(frame.drop(columns="es_measure"), measure="ZCORR")


def test_the_frame_is_left_as_it_was(frame: pd.DataFrame) -> None:
    before = frame.copy()
    prepare_studies(frame, mods=["year"])
    pd.testing.assert_frame_equal(frame, before)
