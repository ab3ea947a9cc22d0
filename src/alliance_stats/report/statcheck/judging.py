"""Every check of one statement, gathered into one row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan

from alliance_stats._base.printed import Printed
from alliance_stats.report.statcheck.arithmetic import (
    conversion_finding,
    impossible_findings,
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
from alliance_stats.report.statcheck.p_values import N_DF, p_range, p_value
from alliance_stats.report.statcheck.statements import Statement

_NAMED = {"ratio": "odds or other ratio", "other": "estimate", "p": "p"}


@dataclass(frozen=True, slots=True)
class Judged:
    """One statement with its verdict; numbers that are not known are NaN."""

    start: int
    end: int
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


def judged(
    statement: Statement,
    asked: Asked,
    *,
    said: bool,
    usual: bool,
    others: Sequence[Finding] = (),
) -> Judged | None:
    """The row of a statement; None if nothing of it can be checked or doubted.

    `said` and `usual` are those of `p_finding` and `interval_findings`; `others` is what was
    found between this statement and others of its sentence.
    """
    roles = statement.by_role
    test, p = tested(statement), roles.get("p")
    df = degrees(statement, test) if test is not None else ()
    findings = [*others]
    findings += [each for item in statement.items for each in impossible_findings(item)]
    findings += number_findings(p) if p is not None else []
    ends = (nan, nan, nan)
    complete = test is not None and len(df) == N_DF[test.kind]
    if test is not None and complete and all(each.value > 0 for each in df):
        ends = (p_value(test, df), *p_range(test, df))
        if p is not None:
            findings.append(p_finding(test.kind, *ends, p, asked, said=said))
    elif test is not None and p is not None and not complete:
        findings.append(unknown_df(test.symbol))
    findings += _estimates(statement, df, usual=usual)
    if not findings and (test is None or not (complete and df)):
        return None
    if not findings:
        findings = [Finding(NOT_CHECKED, "No p value is printed with it.")]
    return _row(statement, test, df, ends, findings)


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


def degrees(statement: Statement, test: Item) -> tuple[Printed, ...]:
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
    return found


def _ratio(test: Item | None, se: Item | None, of: Item | None) -> list[Finding]:
    """Whether a t or z that follows a coefficient and its standard error is their quotient."""
    if test is None or se is None or of is None:
        return []
    fits = test.kind in ("t", "z") and of.kind in ("b", "d") and se.start < test.start
    return [ratio_finding(of, se, test)] if fits else []


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
    ends: tuple[float, float, float],
    findings: list[Finding],
) -> Judged:
    main = test or next(
        (i for i in statement.items if i.kind in ("b", "d", "r", "ratio")), statement.items[0]
    )
    p = statement.by_role.get("p")
    values = [each.value for each in df]
    return Judged(
        statement.start,
        statement.end,
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
