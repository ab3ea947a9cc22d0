"""The table of published results: found rows only, whole, and asked for by words."""

from __future__ import annotations

import re

import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats import ArgumentError
from alliance_stats._base.printed import Printed
from alliance_stats.meta.literature.table import published_rows

COUNTS = ("k", "k_of_n", "n", "n_effects")


def test_only_found_rows_and_each_key_once() -> None:
    frame = al.meta.published()
    assert len(frame) == 25
    assert frame["key"].is_unique
    assert set(frame["status"]) == {"found"}
    assert list(frame["key"]) == list(published_rows())


def test_cells_make_sense() -> None:
    frame = al.meta.published()
    assert set(frame["n_kind"]) == {"", "exact", "floor", "mixed units"}
    assert (frame["n"].notna() == (frame["n_kind"] != "")).all()
    assert set(frame["measure"]) == {"r", "d", "beta"}
    assert set(frame["sampling"]) == {"correlation", "other"}
    with_interval = frame[frame["ci_low"].notna()]
    assert with_interval["ci_high"].notna().all()
    assert (with_interval["ci_low"] < with_interval["estimate"]).all()
    assert (with_interval["estimate"] < with_interval["ci_high"]).all()
    assert frame["estimate"].dropna().between(0, 1).all()
    assert frame["i2"].dropna().between(0, 100).all()
    for name in COUNTS:
        assert frame[name].dtype == "Int64"
    assert all(re.search(r"\(\d{4}\)", source) for source in frame["source"])
    assert all(doi == "" or doi.startswith("10.") for doi in frame["doi"])
    assert all(note == "" or note.endswith(".") for note in frame["note"])


def test_marked_sizes() -> None:
    by_kind = al.meta.published().groupby("n_kind")["key"].apply(list)
    assert by_kind["floor"] == ["horvath_2011", "flueckiger_2018"]
    assert by_kind["mixed units"] == ["friedlander_2018"]


def test_rows_by_words() -> None:
    empathy = al.meta.published("Empathy", "outcome")
    assert empathy["key"].tolist() == ["elliott_2011", "elliott_2018"]
    assert empathy.index.tolist() == [0, 1]
    dropout = al.meta.published(outcome="dropout")
    assert dropout["key"].tolist() == ["sharf_2010"]
    assert len(al.meta.published("alliance")) > 8


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"construct": "empaty"}, "construct='empaty'. Did you mean 'empathy'"),
        ({"outcome": "drop-out"}, "outcome='drop-out'. Did you mean 'dropout'"),
        ({"construct": 3}, "construct=3. There are: alliance"),
        ({"construct": "empathy", "outcome": "dropout"}, "both this construct and outcome='drop"),
    ],
)
def test_words_without_rows(call: dict[str, str], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        al.meta.published(**call)


def test_the_frame_is_a_copy() -> None:
    frame = al.meta.published()
    frame["estimate"] = 0.0
    assert al.meta.published()["estimate"].dropna().gt(0).all()


def test_printed_numbers_keep_their_digits() -> None:
    assert Printed.read(".30") == Printed(0.3, 0.005)
    assert Printed.read("118") == Printed(118.0, 0.5)
    assert Printed.read(" ") is None
    three = Printed.read(".278")
    assert three is not None
    assert three.holds(0.2785, 0.3)
    assert not three.holds(0.279, 0.3)
    assert three.mapped(lambda value: 2 * value) == pytest.approx((0.556, 0.555, 0.557))


def test_room_imports_without_shadowing_the_call() -> None:
    al.meta.reproduce("sharf_2010")
    assert isinstance(al.meta.published(), pd.DataFrame)
