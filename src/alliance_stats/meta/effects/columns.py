"""The field words of effect sizes, as the keywords that users type."""

from __future__ import annotations

from typing import TypedDict

Column = str | float


class InputColumns(TypedDict, total=False):
    """Field words: each names a column, or gives one number for all rows."""

    ri: Column
    ni: Column
    controls: Column
    r2i: Column
    ti: Column
    fi: Column
    chi2i: Column
    pi: Column
    signi: Column
    di: Column
    gi: Column
    ori: Column
    ci_low: Column
    ci_high: Column
    m1i: Column
    sd1i: Column
    n1i: Column
    m2i: Column
    sd2i: Column
    n2i: Column
    ai: Column
    bi: Column
    ci: Column
    mpre: Column
    mpost: Column
    sdpre: Column
    sdpost: Column
    m1pre: Column
    m1post: Column
    sd1pre: Column
    m2pre: Column
    m2post: Column
    sd2pre: Column
