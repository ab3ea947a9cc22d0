"""Every check of one statement, gathered into one row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf, nan
from typing import NamedTuple

from alliance_stats._base.printed import Printed
from alliance_stats.report.statcheck.arithmetic import (
    conversion_finding,
    impossible_findings,
    log_ratio_finding,
    r_of_t_finding,
    ratio_finding,
)
from alliance_stats.report.statcheck.findings import NOT_CHECKED, Finding, heaviest
from alliance_stats.report.statcheck.interval_checks import Beside, interval_findings
from alliance_stats.report.statcheck.items import Item
from alliance_stats.report.statcheck.p_checks import (
    Asked,
    number_findings,
    p_finding,
    p_words,
    unknown_df,
)
from alliance_stats.report.statcheck.p_values import N_DF, UNKNOWN, Ends, p_ends
from alliance_stats.report.statcheck.statements import Statement

_NO_P = Finding(NOT_CHECKED, "No p value is printed with it.")
_NAMED = {"ratio": "odds or other ratio", "other": "estimate", "p": "p"}


class Judged(NamedTuple):
    """One statement with its verdict; numbers that are not known are NaN."""

    kind: str
    value: float
    df_numerator: float
    df: float
    p_reported: str
    p_computed: float
    p_low: float
    p_high: float
    verdict: str
    one_tailed: bool
    message: str


@dataclass(frozen=True, slots=True)
class Told:
    """What the text around statements tells of them.

    Attributes
    ----------
    one_tailed : function
        Whether the sentence of a statement speaks of a one-tailed test.
    usual_intervals : bool
        False in texts that speak of intervals which need not lie evenly.
    others : dict
        What was found between a statement and others of its sentence, by its start.
    """

    one_tailed: Callable[[Statement], bool]
    usual_intervals: bool
    others: dict[int, list[Finding]]


def judged(
    statements: Sequence[Statement], asked: Asked, told: Told
) -> Iterator[tuple[Statement, Judged]]:
    """The rows of statements; those of which nothing can be checked or doubted are left out."""
    tests = [tested(each) for each in statements]
    degrees = [
        degrees_of(statement, test) if test is not None else ()
        for statement, test in zip(statements, tests, strict=True)
    ]
    complete = {
        place: (test, df)
        for place, (test, df) in enumerate(zip(tests, degrees, strict=True))
        if test is not None and len(df) == N_DF[test.kind] and all(d.value > 0 for d in df)
    }
    ends = dict(zip(complete, p_ends(list(complete.values())), strict=True))
    for place, (statement, test) in enumerate(zip(statements, tests, strict=True)):
        df = degrees[place]
        p = _p_findings(statement, test, ends.get(place), asked, told)
        findings = [*told.others.get(statement.start, ()), *p]
        for item in statement.items:
            findings += impossible_findings(item)
        findings += _estimates(statement, df, usual=told.usual_intervals)
        if not findings and place in ends and df:
            findings = [_NO_P]
        if findings:
            yield statement, _row(statement, test, df, ends.get(place, UNKNOWN), findings)


def _p_findings(
    statement: Statement, test: Item | None, ends: Ends | None, asked: Asked, told: Told
) -> list[Finding]:
    """What the p value of a statement tells of itself and beside its statistic."""
    p = statement.by_role.get("p")
    if p is None:
        return []
    findings = number_findings(p)
    if test is not None and ends is not None:
        said = asked.one_tailed is None and told.one_tailed(statement)
        findings.append(p_finding(test.kind, *ends, p, asked, said=said))
    elif test is not None and len(degrees_of(statement, test)) != N_DF[test.kind]:
        findings.append(unknown_df(test.symbol))
    return findings


def tested(statement: Statement) -> Item | None:
    """The statistic that is tested: t, F, z, χ² or Q, else a correlation."""
    roles = statement.by_role
    test = roles.get("test")
    if test is not None:
        return test
    r, p = roles.get("r"), roles.get("p")
    if r is None or abs(r.number.value) - r.number.half > 1:
        return None
    of_another = "b" in roles or (p is not None and p.start < r.start)
    return None if of_another and not r.df else r


def degrees_of(statement: Statement, test: Item) -> tuple[Printed, ...]:
    """Degrees of freedom in the brackets of a test, as ``df =``, or of a correlation N − 2."""
    if test.kind == "z":
        return ()
    if test.df:
        return test.df[: N_DF[test.kind]]
    if "df" in statement.by_role and test.kind != "F":
        return (statement.by_role["df"].number,)
    n = count(statement)
    if test.kind == "r" and n is not None and n > 2:
        return (Printed(n - 2, 0.0, f"{n - 2:g}"),)
    return ()


def count(statement: Statement) -> float | None:
    """The N that is printed in a statement."""
    inside = next((item.n for item in statement.items if item.n is not None), None)
    if inside is not None:
        return inside.value
    named = statement.by_role.get("n")
    return named.number.value if named is not None else None


def _estimates(statement: Statement, df: tuple[Printed, ...], *, usual: bool) -> list[Finding]:
    """What estimates, standard errors and intervals tell of each other."""
    roles = statement.by_role
    test, se, of = roles.get("test"), roles.get("se"), statement.se_of
    found = _ratio(test, se, of)
    for estimate, interval in statement.intervals:
        beside = Beside(
            se=se if of is estimate else None,
            p=roles.get("p"),
            df=_df_of(test, df),
            n=_n_of(statement, estimate),
        )
        found += interval_findings(estimate, interval, beside, usual=usual)
    if "d" in roles and "r" in roles:
        found.append(conversion_finding(roles["d"], roles["r"], together=True))
    return [*found, *_r_of_t(statement, test, df)]


def _ratio(test: Item | None, se: Item | None, of: Item | None) -> list[Finding]:
    """Whether a t or z that follows a coefficient and its standard error is their quotient."""
    if test is None or se is None or of is None:
        return []
    if test.kind not in ("t", "z") or se.start > test.start:
        return []
    if of.kind == "ratio":
        return [log_ratio_finding(of, se, test)]
    return [ratio_finding(of, se, test)] if of.kind in ("b", "d") else []


def _r_of_t(statement: Statement, test: Item | None, df: tuple[Printed, ...]) -> list[Finding]:
    """Whether an r beside nothing but a t is its effect size."""
    roles = statement.by_role
    r = roles.get("r")
    if r is None or test is None or test.kind != "t" or len(df) != 1 or df[0].value <= 0:
        return []
    alone = not ({"b", "d", "ratio", "se"} & roles.keys() or statement.intervals or r.df)
    return [r_of_t_finding(r, test, df[0])] if alone and abs(r.number.value) < 1 else []


def _df_of(test: Item | None, df: tuple[Printed, ...]) -> float | None:
    """Degrees of freedom of a coefficient's interval, from its t or z; None if not known."""
    if test is None or test.kind not in ("t", "z"):
        return None
    return inf if test.kind == "z" else df[0].value if df else None


def _n_of(statement: Statement, estimate: Item) -> float | None:
    """The N behind a correlation: df + 2, or as printed."""
    if estimate.kind != "r":
        return None
    return estimate.df[0].value + 2 if estimate.df else count(statement)


def _row(
    statement: Statement,
    test: Item | None,
    df: tuple[Printed, ...],
    ends: Ends,
    findings: list[Finding],
) -> Judged:
    main = test or next(
        (i for i in statement.items if i.kind in ("b", "d", "r", "ratio")), statement.items[0]
    )
    p = statement.by_role.get("p")
    values = [each.value for each in df]
    return Judged(
        _NAMED.get(main.kind, main.kind),
        main.number.value,
        values[0] if len(values) == 2 else nan,
        inf if main.kind == "z" else values[-1] if values else nan,
        "" if p is None else p_words(p),
        *ends,
        heaviest(findings),
        any(finding.one_tailed for finding in findings),
        " ".join(finding.sentence for finding in findings if finding.sentence),
    )
