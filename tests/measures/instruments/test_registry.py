"""Every key of the registry holds together, and those of the alliance scales are typed again."""

from __future__ import annotations

from pathlib import Path

import pytest

from alliance_stats import ArgumentError, DataError, list_instruments
from alliance_stats.measures import Instrument, get_instrument, load_instrument
from alliance_stats.measures.instruments.registry import instrument_keys
from alliance_stats.measures.instruments.thresholds import CONFIDENCE

KEYS = (
    "wai_36", "wai_s", "wai_sr", "haq_ii", "sai", "srs_3", "arm_5", "core_om", "core_10", "oq_45",
    "ors", "phq_9", "gad_7", "bdi_ii", "dass_21", "bsi_53", "scl_90_r", "wsas", "who_5", "csq_8",
)  # fmt: skip

#: Typed from the publications, not from the registry: items as strings, as keys are printed.
TASK_BOND_GOAL = {
    "wai_36": (
        "2 4 7 11 13 15 16 18 24 31 33 35",
        "1 5 8 17 19 20 21 23 26 28 29 36",
        "3 6 9 10 12 14 22 25 27 30 32 34",
    ),
    "wai_s": ("1 2 8 12", "3 5 7 9", "4 6 10 11"),
    "wai_sr": ("1 2 10 12", "3 5 7 9", "4 6 8 11"),
}
REVERSED = {
    "wai_36": "1 3 7 9 10 11 12 15 20 27 29 31 33 34",
    "wai_s": "4 10",
    "wai_sr": "",
    "haq_ii": "4 8 11 16 19",
    "sai": "",
    "srs_3": "",
    "arm_5": "3",
    "core_om": "3 4 7 12 19 21 31 32",
    "core_10": "2 3",
    "oq_45": "1 12 13 20 21 24 31 37 43",
    "ors": "", "phq_9": "", "gad_7": "", "bdi_ii": "", "dass_21": "", "bsi_53": "",
    "scl_90_r": "", "wsas": "", "who_5": "", "csq_8": "",
}  # fmt: skip
#: Items, lowest and highest response, and the range of the main score.
SIZES = {
    "wai_36": (36, 1, 7, 36, 252),
    "wai_s": (12, 1, 7, 12, 84),
    "wai_sr": (12, 1, 5, 12, 60),
    "haq_ii": (19, 1, 6, 19, 114),
    "sai": (6, 0, 5, 0, 5),
    "srs_3": (4, 0, 10, 0, 40),
    "arm_5": (5, 1, 7, 1, 7),
    "core_om": (34, 0, 4, 0, 40),
    "core_10": (10, 0, 4, 0, 40),
    "oq_45": (45, 0, 4, 0, 180),
    "ors": (4, 0, 10, 0, 40),
    "phq_9": (9, 0, 3, 0, 27),
    "gad_7": (7, 0, 3, 0, 21),
    "bdi_ii": (21, 0, 3, 0, 63),
    "dass_21": (21, 0, 3, 0, 42),
    "bsi_53": (53, 0, 4, 0, 4),
    "scl_90_r": (90, 0, 4, 0, 4),
    "wsas": (5, 0, 8, 0, 40),
    "who_5": (5, 0, 5, 0, 100),
    "csq_8": (8, 1, 4, 8, 32),
}


def numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split()))


def test_the_registry_holds_these_instruments() -> None:
    assert instrument_keys() == KEYS


@pytest.mark.parametrize("key", KEYS)
def test_reversed_items(key: str) -> None:
    assert get_instrument(key).reversed == numbers(REVERSED[key])


@pytest.mark.parametrize("key", TASK_BOND_GOAL)
def test_subscales_of_the_alliance_inventories(key: str) -> None:
    subscales = get_instrument(key).subscales
    assert [subscales[n] for n in ("task", "bond", "goal")] == [
        numbers(items) for items in TASK_BOND_GOAL[key]
    ]
    assert get_instrument(key).scores == ("total", "task", "bond", "goal")


@pytest.mark.parametrize("key", ["haq_ii", "sai", "srs_3", "arm_5"])
def test_alliance_scales_of_one_factor(key: str) -> None:
    instrument = get_instrument(key)
    assert instrument.subscales == {"total": tuple(range(1, SIZES[key][0] + 1))}
    assert instrument.higher_is_better


@pytest.mark.parametrize("key", KEYS)
def test_sizes_and_ranges(key: str) -> None:
    instrument = get_instrument(key)
    n_items, low, high, lowest, highest = SIZES[key]
    assert (instrument.n_items, *instrument.responses[0]) == (n_items, low, high)
    assert instrument.score_range(instrument.main_score) == (lowest, highest)


@pytest.mark.parametrize("key", KEYS)
def test_subscales_partition_the_items(key: str) -> None:
    instrument = get_instrument(key)
    items = sorted(item for members in instrument.subscales.values() for item in members)
    assert items == list(range(1, instrument.n_items + 1))


@pytest.mark.parametrize("key", KEYS)
def test_every_part_is_documented(key: str) -> None:
    instrument = get_instrument(key)
    assert instrument.source.count("(") >= 1
    assert instrument.rights
    assert instrument.name != key
    assert instrument.confidence in CONFIDENCE
    assert (instrument.confidence == "high") or instrument.uncertain
    assert not any("http" in text for text in (instrument.source, *instrument.notes))


def test_symptom_checklists() -> None:
    bsi, scl = get_instrument("bsi_53"), get_instrument("scl_90_r")
    sizes = [len(items) for items in bsi.subscales.values()]
    assert sizes == [7, 6, 4, 6, 6, 5, 5, 5, 5, 4]
    assert bsi.subscales["additional"] == (11, 25, 39, 52)
    assert [len(items) for items in scl.subscales.values()] == [12, 10, 9, 13, 10, 6, 7, 6, 10, 7]
    for instrument in (bsi, scl):
        assert instrument.scores[0] == "gsi"
        assert instrument.scores[-2:] == ("pst", "psdi")
        assert "additional" not in instrument.scores


def test_depression_and_anxiety_of_the_dass_are_not_swapped() -> None:
    dass = get_instrument("dass_21")
    assert dass.subscales["depression"] == (3, 5, 10, 13, 16, 17, 21)
    assert dass.subscales["anxiety"] == (2, 4, 7, 9, 15, 19, 20)
    assert dass.band([9, 10, 14, 21, 28], score="depression").tolist() == [
        "normal", "mild", "moderate", "severe", "extremely severe",
    ]  # fmt: skip


def test_core_om_domains_and_limits() -> None:
    core = get_instrument("core_om")
    assert [len(core.item_scores[n]) for n in core.scores] == [34, 28, 4, 12, 12, 6]
    assert core.missing.limits == {
        "wellbeing": 0, "problems": 1, "functioning": 1, "risk": 0, "non_risk": 2, "total": 3,
    }  # fmt: skip
    assert set(core.item_scores["non_risk"]) == set(range(1, 35)) - {6, 9, 16, 22, 24, 34}


@pytest.mark.parametrize(
    ("key", "score", "cutoff", "rci"),
    [
        ("phq_9", "total", (10, ">="), (6, 0.95)),
        ("gad_7", "total", (8, ">="), (4, 0.95)),
        ("core_om", "total", (10, ">="), (5, 0.95)),
        ("core_10", "total", (11, ">="), (6, None)),
        ("oq_45", "total", (63, ">="), (14, None)),
        ("ors", "total", (25, "<"), (5, None)),
    ],
)
def test_published_thresholds(
    key: str, score: str, cutoff: tuple[float, str], rci: tuple[float, float | None]
) -> None:
    instrument = get_instrument(key)
    first = next(c for c in instrument.cutoffs if c.score == score)
    index = next(c for c in instrument.rci if c.score == score)
    assert (first.value, first.case) == cutoff
    assert (index.value, index.level) == rci
    assert index.rule


def test_an_important_difference_is_no_reliable_change() -> None:
    who = get_instrument("who_5")
    assert who.rci == ()
    assert [m.value for m in who.mcid] == [10]


def test_names_are_found_in_any_spelling() -> None:
    for name in ("WAI-SR", "wai sr", "WaiSr", get_instrument("wai_sr")):
        assert get_instrument(name).key == "wai_sr"
    assert get_instrument("wai_sr") is get_instrument("WAI-SR")
    with pytest.raises(ArgumentError, match="no instrument 'phq_8'. Did you mean 'phq_9'"):
        get_instrument("phq_8")
    with pytest.raises(ArgumentError, match="no instrument 3. Instruments: wai_36"):
        get_instrument(3)  # type: ignore[arg-type]


def test_list_of_instruments() -> None:
    table = list_instruments()
    assert table["instrument"].tolist() == list(KEYS)
    assert table.set_index("instrument").loc["phq_9", "rci"] == "total 6 (95%)"
    assert table.set_index("instrument").loc["core_10", "rci"] == "total 6 (level not known)"
    assert table.loc[table["confidence"] == "medium", "instrument"].tolist() == [
        "sai", "arm_5", "oq_45",
    ]  # fmt: skip
    assert len(list_instruments(measures="alliance")) == 7
    with pytest.raises(ArgumentError, match="measures='aliance' is not known. Did you mean"):
        list_instruments(measures="aliance")


def test_a_key_prints_what_it_says() -> None:
    shown = repr(get_instrument("core_10"))
    for line in ("total: items 1–10", "reversed: 2, 3", "cut-offs: total >= 11 (clinical)",
                 "reliable change: total 6 (level not known)"):  # fmt: skip
        assert line in shown


OWN = """
n_items = 6
response = [1, 5]
reversed = [2]
higher_is_better = true
[subscales]
trust = [1, 2, 3]
work = [4, 5, 6]
[composites]
total = ["trust", "work"]
[missing]
rule = "prorate"
limits = { total = 1 }
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "my_scale.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_own_instrument_from_a_file(tmp_path: Path) -> None:
    mine = load_instrument(write(tmp_path, OWN))
    assert isinstance(mine, Instrument)
    assert (mine.key, mine.name, mine.prefixes) == ("my_scale", "my_scale", ("my_scale",))
    assert mine.scores == ("total", "trust", "work")
    assert mine.missing.limits == {"total": 1}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("work = [4, 5, 6]", "work = [4, 5]", "subscales: items 6 are in no subscale"),
        ("work = [4, 5, 6]", "work = [3, 4, 5, 6]", "subscales: items 3 are in several subscales"),
        ("work = [4, 5, 6]", "work = [4, 5, 7]", "subscales.work: items 7 are not among 1 to 6"),
        ("work = [4, 5, 6]", "work = [4, 5, 5]", "subscales.work: items 5 stand there twice"),
        ("reversed = [2]", "reversed = [9]", "reversed: items 9 are not among 1 to 6"),
        ("reversed = [2]", "revresed = [2]", "entry 'revresed' is not known. Did you mean 'rev"),
        ("reversed = [2]", "reversed = 2", "entry 'reversed' is 2, not a list"),
        ("reversed = [2]", "reversed = ['2']", "entry 'reversed' holds '2', which is no whole"),
        ("response = [1, 5]", "response = [5, 1]", r"responses: \[5, 1\] is no range"),
        ("response = [1, 5]", "response = [1, 4.5]", r"\[1, 4.5\] is not whole"),
        ("response = [1, 5]", "", "entry 'responses' is missing. Give it, such as"),
        ("higher_is_better = true", "", "entry 'higher_is_better' is missing"),
        ("higher_is_better = true", "higher_is_better = 1", "is 1, not true or false"),
        ('"trust", "work"]', '"trust", "wrk"]', "composites.total: wrk is no subscale"),
        ("total = 1 }", "total = 6 }", "missing.limits.total: 6 of 6 items. Give 0 to 5"),
        ("total = 1 }", "sum = 1 }", "missing.limits.sum: no such score"),
        ('"prorate"', '"guess"', "missing.rule: 'guess' is not known. Allowed: none, prorate"),
        ("n_items = 6", "n_items = 0", "n_items: 0 is no number of items"),
    ],
)
def test_wrong_keys_are_named_with_file_and_entry(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in OWN
    with pytest.raises(ArgumentError, match=message) as caught:
        load_instrument(write(tmp_path, OWN.replace(old, new)))
    assert str(caught.value).startswith("file 'my_scale.toml': ")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("cutoffs = [{ score = 'total', value = 20, case = '>=' }]", "higher_is_better is true"),
        ("cutoffs = [{ score = 'total', value = 31, case = '<' }]", "31 is no value of 'total'"),
        ("cutoffs = [{ score = 'sum', value = 20, case = '<' }]", "there is no score 'sum'"),
        ("cutoffs = [{ score = 'total', value = 20 }]", "entry 'cutoffs' lacks one of score"),
        ("rci = [{ score = 'total', value = 0 }]", "rci: a change of 0 does not fit"),
        ("rci = [{ score = 'total', value = 5, level = 95 }]", "level 95 is not between"),
        (
            "bands = [{ score = 'total', limits = [10, 9], labels = ['a', 'b', 'c'] }]",
            "bands: limits must rise",
        ),
        (
            "bands = [{ score = 'total', limits = [9, 10], labels = ['a', 'b'] }]",
            "with one label more than there are limits",
        ),
        ("multiplier = 0", "multiplier: 0 is no factor"),
        ("methods = ['median']", "methods: median. Give 'sum'"),
        ("confidence = 'medium'", "uncertain: a key of medium confidence must say"),
        ("unscored = ['x']", "unscored: x is no subscale"),
        ("key = 'My Scale'", "name 'My Scale' cannot start or end a column"),
    ],
)
def test_wrong_thresholds_are_named(tmp_path: Path, more: str, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        load_instrument(write(tmp_path, f"{more}\n{OWN}"))


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="file 'absent.toml' not found"):
        load_instrument(tmp_path / "absent.toml")
    with pytest.raises(DataError, match="file 'my_scale.toml' is no TOML: "):
        load_instrument(write(tmp_path, "n_items = "))


def test_bands_of_missing_scores_and_of_instruments_without() -> None:
    phq = get_instrument("phq_9")
    assert phq.band([0, 4.5, 5, float("nan"), 20]).tolist() == [
        "minimal", "minimal", "mild", None, "severe",
    ]  # fmt: skip
    with pytest.raises(ArgumentError, match="'wai_sr' has no bands for the score 'total'. Scores"):
        get_instrument("wai_sr").band([40])
