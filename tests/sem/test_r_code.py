"""lavaan code: every parameter written out, labels kept apart, nothing that could be code."""

from __future__ import annotations

import pytest

import alliance_stats as al
from alliance_stats.sem import ModelSpec, Parameter, factor_model, in_groups, in_levels
from alliance_stats.sem.r_code import model_lines, r_code
from alliance_stats.sem.settings import Settings

ONE = factor_model({"f": ["a", "b", "c"]})


def settings(**changes: str | None) -> Settings:
    plain = {"missing": "complete", "estimator": "ml", "information": "expected"}
    return Settings(**{**plain, "groups": None, "cluster": None, **changes})  # type: ignore[arg-type]


def test_every_parameter_is_a_line() -> None:
    assert [line.strip() for line in model_lines(ONE)] == [
        "f =~ 1.0*a", "f =~ NA*b", "f =~ NA*c", "f ~~ f", "a ~~ a", "b ~~ b", "c ~~ c",
    ]  # fmt: skip


def test_labels_that_look_alike_stay_apart() -> None:
    spec = ModelSpec(
        ("a", "b", "c"),
        (),
        tuple(
            Parameter("covariances", name, name, label=label)
            for name, label in zip("abc", ["v.1", "v_1", "v.1"], strict=True)
        ),
    )
    assert [line.strip() for line in model_lines(spec)] == [
        "a ~~ p1*a", "b ~~ p2*b", "c ~~ p1*c",
    ]  # fmt: skip


def test_groups_and_levels_are_headed() -> None:
    grouped = model_lines(in_groups(ONE, ["x", "y"], equal=["loadings"]))
    assert [line for line in grouped if line.startswith("group")] == ['group: "x"', 'group: "y"']
    assert sum("f =~ p1*b" in line for line in grouped) == 2
    levels = model_lines(in_levels(ONE, ONE))
    assert [line for line in levels if line.startswith("level")] == [
        "level: within",
        "level: between",
    ]


def test_options_follow_the_fit() -> None:
    code = r_code(ONE, settings(missing="fiml", estimator="mlr", cluster="ward"), "d.csv")
    for option in ('estimator = "MLR"', 'missing = "fiml"', 'cluster = "ward"'):
        assert option in code
    assert "information" not in code


@pytest.mark.parametrize("name", ["a b", "x'); q()", "NA", "f\nq()", "ä"])
def test_names_that_lavaan_cannot_hold_are_refused(name: str) -> None:
    spec = factor_model({"f": ["a", "b", name]})
    with pytest.raises(al.UnsupportedError, match="cannot stand in lavaan's syntax"):
        r_code(spec, settings(), "d.csv")


@pytest.mark.parametrize("label", ["x'y", 'x"', "x\\", "x\n"])
def test_labels_that_could_end_a_text_are_refused(label: str) -> None:
    with pytest.raises(al.UnsupportedError, match="holds quotes, backslashes"):
        r_code(in_groups(ONE, ["a", label]), settings(groups="arm"), "d.csv")


def test_two_level_fiml_sorts_the_rows_for_lavaan() -> None:
    spec = in_levels(ONE, ONE)
    code = r_code(spec, settings(missing="fiml", cluster="ward"), "d.csv")
    assert (
        'd <- d[rowSums(!is.na(d[c("a", "b", "c")])) > 0, ]\nd <- d[order(d[["ward"]]), ]' in code
    )
    assert "order(" not in r_code(spec, settings(cluster="ward"), "d.csv")
    with pytest.raises(al.UnsupportedError, match="no robust errors of two-level models"):
        r_code(spec, settings(missing="fiml", estimator="mlr", cluster="ward"), "d.csv")
