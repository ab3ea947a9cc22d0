"""Results are flat, rounded to 12 digits, null with a reason, the same bytes again."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.paper import run_study
from alliance_stats.paper.keys import row_keys, table_keys
from alliance_stats.paper.results import as_json, as_value, rounded
from alliance_stats.paper.run import compute, differing
from alliance_stats.paper.stored import Stored, load_stored
from alliance_stats.paper.study import load_study

from .conftest import EXAMPLE

STUDY = """
[data.sessions]
example = "sessions"
[questions.alliance]
fit = "fit_within_between"
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    return tmp_path


def test_values_are_those_of_the_library(small: Path) -> None:
    run_study(small)
    values = json.loads((small / "results.json").read_text(encoding="utf-8"))
    tidy = al.fit_within_between(al.load_example("sessions")).tidy()
    for key, row in zip(row_keys(tidy), tidy.to_dict("records"), strict=True):
        for column in ("estimate", "se", "statistic", "df", "p_value", "ci_low", "ci_high"):
            exact = row[column]
            assert values[f"alliance.{key}.{column}"] == float(f"{exact:.12g}")
    assert values["alliance.n.patient"] == 240
    assert list(values) == sorted(values)


def test_the_same_bytes_again(small: Path) -> None:
    first = run_study(small)
    contents = {path: path.read_bytes() for path in first.files}
    run_study(small)  # nothing differs, so nothing is refused
    assert {path: path.read_bytes() for path in first.files} == contents
    text = (small / "results.meta.json").read_text(encoding="utf-8")
    assert "20" + "26" not in text
    assert str(small) not in text


def test_results_that_differ_are_kept_without_force(small: Path) -> None:
    run_study(small)
    before = (small / "results.json").read_bytes()
    (small / "study.toml").write_text(STUDY + 'options = { time = "log" }\n', encoding="utf-8")
    with pytest.raises(ArgumentError, match=r"would change: \d+ values \(alliance"):
        run_study(small)
    assert (small / "results.json").read_bytes() == before
    changed = run_study(small, force=True).changed
    assert "alliance.within.estimate" in changed


def test_the_example_is_what_its_study_gives() -> None:
    stored = load_stored(EXAMPLE)
    assert stored.edited == ()
    assert differing(stored.values, compute(load_study(EXAMPLE)).values) == []


def test_figures_are_not_drawn_outside_the_paper(small: Path, tmp_path_factory: Any) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (small / "results_files").symlink_to(elsewhere, target_is_directory=True)
    (small / "study.toml").write_text(f"{STUDY}figure = true\n", encoding="utf-8")
    with pytest.raises(DataError, match="leads out of the paper by a link"):
        run_study(small)
    assert list(elsewhere.iterdir()) == []
    assert not (small / "results.json").exists()


def test_data_that_changed_are_seen_in_the_hash(tmp_path: Path) -> None:
    frame = al.load_example("sessions").frame
    frame.to_csv(tmp_path / "s.csv", index=False)
    roles = '[data.s.roles]\nalliance = "wai_total"\noutcome = "phq9"\n'
    text = f'[data.s]\nfile = "s.csv"\n{roles}[questions.a]\nfit = "fit_within_between"\n'
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    run = run_study(tmp_path)
    assert run.values["a.n.patient"] == 240
    meta = json.loads((tmp_path / "results.meta.json").read_text(encoding="utf-8"))
    assert meta["data"]["s"]["file"] == "s.csv"
    assert len(meta["data"]["s"]["sha256"]) == 64


def test_scores_are_computed_before_the_fit(tmp_path: Path) -> None:
    text = """
[data.items]
example = "items"
[[data.items.score]]
instrument = "wai_sr"
item_prefix = "wai"
[[data.items.score]]
instrument = "phq_9"
item_prefix = "phq9"
[data.items.roles]
alliance = "wai_sr_total"
outcome = "phq_9_total"
[questions.alliance]
fit = "fit_within_between"
"""
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    assert run_study(tmp_path).values["alliance.within.estimate"] < 0


def test_a_meta_analysis(tmp_path: Path) -> None:
    text = """
[data.studies]
example = "effects"
[questions.mean]
fit = "fit_meta_multilevel"
options = { rho = 0.6 }
effect_sizes = { measure = "ZCOR", ri = "r", ni = "n" }
"""
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    values = run_study(tmp_path).values
    assert values["mean.n.study"] == 264
    assert math.isfinite(values["mean.intercept.estimate"])


def test_options_that_the_call_refuses_are_one_message(small: Path) -> None:
    (small / "study.toml").write_text(STUDY + 'options = { time = "loog" }\n', encoding="utf-8")
    with pytest.raises(ArgumentError, match="Did you mean 'log'"):
        run_study(small)


def test_a_missing_file_is_one_message(small: Path) -> None:
    text = STUDY.replace('example = "sessions"', 'file = "s.csv"')
    (small / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="is not there"):
        run_study(small)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (np.float64(1 / 3), (0.333333333333, "")),
        (-0.0, (0.0, "")),
        (np.int64(3), (3, "")),
        (np.bool_(True), (True, "")),
        (math.nan, (None, "undefined")),
        (-math.inf, (None, "infinite")),
        (None, (None, "undefined")),
    ],
)
def test_values_in_json(value: object, wanted: tuple[object, str]) -> None:
    assert as_value(value) == wanted
    assert math.copysign(1, rounded(-0.0)) == 1


def test_json_has_no_nan() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        as_json({"a": math.nan})


def test_rows_with_one_name_are_numbered() -> None:
    frame = pd.DataFrame({"effect": ["a", "a"], "unit": ["", ""], "term": ["", ""]})
    assert row_keys(frame) == ["a", "a_2"]
    words = pd.DataFrame({"variable": ["wai", "wai"], "unit": ["patient", "session"], "n": [1, 2]})
    assert table_keys(words) == ["wai.patient", "wai.session"]
    assert row_keys(pd.DataFrame({"term": ["fit"]})) == ["row_fit"]


def test_keys_are_unique_in_the_example(stored: Stored) -> None:
    assert len(stored.values) > 500
    assert all(" " not in key and key == key.lower() for key in stored.values)
