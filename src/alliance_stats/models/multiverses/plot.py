"""What the specification curve draws: estimates in order, and the options under them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from alliance_stats.models.multiverses.rows import USABLE


def curve_frame(table: pd.DataFrame, headings: Mapping[str, str]) -> pd.DataFrame:
    """One row an estimate, then one a choice of every specification.

    Parameters
    ----------
    table : DataFrame
        Of `MultiverseResult.tidy`.
    headings : mapping of str to str
        What every varied choice is called.

    Returns
    -------
    DataFrame
        Columns ``layer rank y y_low y_high side first choice option order``. Layer ``estimate``:
        rank from 1 by size, estimate and interval, on which ``side`` of zero the interval lies
        (1, −1, or 0 where it holds zero), whether it is the ``first`` specification. Layer
        ``choice``: which option of which choice the specification of a rank has; ``order`` is the
        option's place. Fits that failed or did not converge are left out.
    """
    good = table[table["status"].isin(USABLE)].sort_values("estimate", kind="stable")
    rank = np.arange(1, len(good) + 1)
    side = (good["ci_low"] > 0).astype(int) - (good["ci_high"] < 0).astype(int)
    first = (good["specification"] == 0).to_numpy()
    parts = [
        pd.DataFrame(
            {
                "layer": "estimate", "rank": rank, "y": good["estimate"].to_numpy(),
                "y_low": good["ci_low"].to_numpy(), "y_high": good["ci_high"].to_numpy(),
                "side": side.to_numpy(), "first": first, "choice": "", "option": "", "order": 0,
            }
        )
    ]  # fmt: skip
    nan = float("nan")
    for name, heading in headings.items():
        places = {label: k for k, label in enumerate(dict.fromkeys(table[name]))}
        option = good[name].to_numpy()
        parts.append(
            pd.DataFrame(
                {
                    "layer": "choice", "rank": rank, "y": nan, "y_low": nan, "y_high": nan,
                    "side": side.to_numpy(), "first": first, "choice": heading, "option": option,
                    "order": [places[label] for label in option],
                }
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)
