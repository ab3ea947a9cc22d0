"""What a report recommends, in plain words and from its own numbers only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from alliance_stats._base.checks import agree, name_list
from alliance_stats._base.printing import format_fixed, format_interval, without_zero
from alliance_stats.reliability.report.grades import CUTS, verdict

#: The claim of each unit, and the coefficients that may decide on it, the first that is there.
CLAIMS = {
    "one session": ("differences between patients at one session", None),
    "patients": ("differences between patients' means", ("reliability of mean", "RkRn", "RkR")),
    "change": (
        "change within patients",
        ("RCn, items by patient", "RC", "omega within", "alpha within"),
    ),
    "therapists": ("differences between therapists' means", ("reliability of mean",)),
}


def advice_table(
    terms: pd.DataFrame, score: str, conf_level: float, against: Sequence[str] = ()
) -> pd.DataFrame:
    """One row a claim: ``claim coefficient estimate ci_low ci_high verdict sentence``.

    Items that run `against` the rest come first; estimates of failed fits decide on nothing.
    """
    rows: list[dict[str, object]] = [_check_first(against)] if against else []
    for unit, (claim, names) in CLAIMS.items():
        own = terms.loc[(terms["group"] == score) & (terms["unit"] == unit) & terms["sound"]]
        row = _deciding(own, names)
        if row is None:
            continue
        value, low, high = (float(row[name]) for name in ("estimate", "ci_low", "ci_high"))
        single = "therapists" if unit == "therapists" else "patients"
        said = verdict(value, low, high, single=single)
        rows.append(
            {
                "claim": claim,
                "coefficient": row["term"],
                "estimate": value,
                "ci_low": low,
                "ci_high": high,
                "verdict": said,
                "sentence": _sentence(unit, claim, row, said, conf_level),
            }
        )
    columns = ["claim", "coefficient", "estimate", "ci_low", "ci_high", "verdict", "sentence"]
    return pd.DataFrame(rows, columns=columns)


def _check_first(against: Sequence[str]) -> dict[str, object]:
    said = f"{name_list(against)} {agree(len(against), 'runs', 'run')} against the other items"
    return {
        "claim": "the scoring key",
        "coefficient": "correlation with the other items",
        "estimate": np.nan,
        "ci_low": np.nan,
        "ci_high": np.nan,
        "verdict": f"check it first: {said}",
        "sentence": f"Check the scoring key first: {said}. The rest holds for the key as it is.",
    }


def _deciding(own: pd.DataFrame, names: tuple[str, ...] | None) -> pd.Series | None:
    """The row that a claim rests on; at one session the lowest omega, else the lowest alpha."""
    own = own.dropna(subset=["estimate"])
    if names is None:
        for start in ("omega", "alpha"):
            found = own.loc[own["term"].str.startswith(start)]
            if len(found):
                return found.iloc[int(found["estimate"].argmin())]
        return None
    for name in names:
        found = own.loc[own["term"] == name]
        if len(found):
            return found.iloc[0]
    return None


def _sentence(unit: str, claim: str, row: pd.Series, said: str, conf_level: float) -> str:
    value = float(row["estimate"])
    ends = without_zero(format_interval(float(row["ci_low"]), float(row["ci_high"]), 2))
    shown = f"{row['term']} = {without_zero(format_fixed(value, 2))}" + (
        f", {100 * conf_level:g}% CI {ends}" if ends != "–" else ""
    )
    start = f"{claim[:1].upper()}{claim[1:]}: {said}; {shown}."
    more = _consequence(unit, value)
    return f"{start} {more}" if more else start


def _consequence(unit: str, value: float) -> str:
    """What follows for a coefficient of such scores; nothing where it is little."""
    if np.isnan(value) or value >= CUTS[-1]:
        return ""
    share = f"{100 * value:.0f}%"
    if unit == "change":
        return (
            f"A within effect of this score is expected at about {share} of the true one, and an "
            "effect near zero says little."
            if value < CUTS[1]
            else f"A within effect of this score is expected at about {share} of the true one."
        )
    if unit in ("patients", "therapists"):
        advice = " Use latent means, and do not rank single ones." if value < CUTS[1] else ""
        return (
            f"A coefficient of observed means is {share} that of these units, the rest that of the "
            f"levels below.{advice}"
        )
    return ""
