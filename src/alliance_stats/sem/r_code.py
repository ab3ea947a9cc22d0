"""lavaan code that fits the same model: every parameter written out, none added by defaults."""

from __future__ import annotations

import re

from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats.sem.settings import Settings
from alliance_stats.sem.spec import ModelSpec, Parameter, operator

#: Names that stand in lavaan's syntax as they are.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._]*")
#: Words that lavaan's syntax reads otherwise.
_RESERVED = {"NA", "start", "equal", "level", "group", "class", "block", "TRUE", "FALSE"}


def r_code(spec: ModelSpec, settings: Settings, data: str) -> str:
    """The text of `SemResult.to_r`, which documents the arguments."""
    return r_program(spec, settings, read_line(data, "d"))


def read_line(data: str, name: str) -> str:
    """The line that reads a CSV file into a frame of R."""
    if not isinstance(data, str) or not data:
        raise ArgumentError(f"data={data!r} is no file name. Give one such as 'data.csv'.")
    return f"{name} <- read.csv({quoted(data)}, check.names = FALSE)"


def r_program(spec: ModelSpec, settings: Settings, *read: str) -> str:
    """Code that fits a model to the frame ``d`` which the lines of `read` make."""
    for name in (*spec.variables, *filter(None, [settings.groups, settings.cluster])):
        _check_name(name)
    options = [f'estimator = "{settings.estimator.upper()}"']
    if settings.estimator == "ml":
        options.append(f'information = "{settings.information}"')
    if settings.missing == "fiml":
        options.append('missing = "fiml"')
    options.append(f"meanstructure = {'TRUE' if spec.has_means else 'FALSE'}")
    if settings.groups:
        labels = ", ".join(map(quoted, spec.groups))
        options.append(f'group = "{settings.groups}", group.label = c({labels})')
    if settings.cluster:
        options.append(f'cluster = "{settings.cluster}"')
    return "\n".join(
        [
            "library(lavaan)",
            *read,
            *_rows_in_order(spec, settings),
            "model <- '",
            *model_lines(spec),
            "'",
            "fit <- lavaan(",
            "  model, data = d,",
            f"  {', '.join(options)}",
            ")",
            "summary(fit, fit.measures = TRUE, standardized = TRUE, nd = 8)",
            "",
        ]
    )


def _rows_in_order(spec: ModelSpec, settings: Settings) -> list[str]:
    """What two-level FIML of lavaan wants: no row without an answer, clusters together."""
    if len(spec.levels) == 1 or settings.missing != "fiml":
        return []
    if settings.estimator == "mlr":
        raise UnsupportedError(
            "lavaan has no robust errors of two-level models with missing values, so there is no "
            "code for R. Fit with estimator='ml', or complete rows."
        )
    names = ", ".join(map(quoted, spec.observed))
    return [
        f"d <- d[rowSums(!is.na(d[c({names})])) > 0, ]",
        f"d <- d[order(d[[{quoted(settings.cluster or '')}]]), ]",
    ]


def model_lines(spec: ModelSpec) -> list[str]:
    """The model in lavaan's syntax, by group and level."""
    labels = dict.fromkeys(p.label for p in spec.parameters if p.label)
    names = {label: f"p{number}" for number, label in enumerate(labels, 1)}
    lines: list[str] = []
    for group, level in spec.parts:
        if group and (not level or level == spec.levels[0]):
            lines.append(f"group: {quoted(group)}")
        if level:
            lines.append(f"level: {level}")
        lines += [
            "  " + _line(spec, p, names)
            for p in spec.parameters
            if (p.group, p.level) == (group, level)
        ]
    return lines


def _line(spec: ModelSpec, p: Parameter, names: dict[str, str]) -> str:
    sign = operator(spec, p)
    weight = _modifier(p, names)
    if sign == "~1":
        return f"{p.row} ~ {weight}1"
    if sign == "=~":
        return f"{p.column} =~ {weight}{p.row}"
    return f"{p.row} {sign} {weight}{p.column}"


def _modifier(p: Parameter, names: dict[str, str]) -> str:
    if p.value is not None:
        return f"{p.value!r}*"
    if p.label:
        return f"{names[p.label]}*"
    return "NA*" if p.matrix == "paths" else ""


def _check_name(name: str) -> None:
    if not _PLAIN.fullmatch(name) or name in _RESERVED:
        raise UnsupportedError(
            f"the name {name!r} cannot stand in lavaan's syntax. "
            "Rename it to letters, digits, points and underscores before the fit."
        )


def quoted(text: str) -> str:
    """A text in double quotes; only what cannot end it or the model's quotes."""
    if not text.isprintable() or set(text) & set("\"'\\"):
        raise UnsupportedError(
            f"the text {text!r} holds quotes, backslashes or control characters, which the code "
            "for R cannot hold. Rename the label or the file."
        )
    return f'"{text}"'
