"""What the report functions accept: one object with a view, a list of them, or titles to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from inspect import signature

import pandas as pd

from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats._base.views import HasR, HasView, ResultView
from alliance_stats.report.wording.words import one_line

Source = HasView | ResultView
Sources = Source | Sequence[Source] | Mapping[str, Source]


def as_views(results: Sources) -> list[ResultView]:
    """Return the views of one object, of a list, or of a mapping, whose keys are the titles.

    Raises
    ------
    ArgumentError
        If there is none, one of them has no ``view()``, or a title is not text.
    """
    if isinstance(results, ResultView | HasView):
        return [_as_view(results, 1)]
    if isinstance(results, Mapping):
        return _titled(results)
    if isinstance(results, pd.DataFrame):
        raise ArgumentError(
            "a DataFrame has no view(): nothing to report. Use report.frame_table for a frame."
        )
    if not isinstance(results, list | tuple):
        raise ArgumentError(
            f"a {type(results).__name__} has no view(): nothing to report. "
            "Give a result such as that of fit_within_between, or a list of results."
        )
    if not results:
        raise ArgumentError("the list of results is empty: 0 given. Give at least one result.")
    return [_as_view(item, position) for position, item in enumerate(results, start=1)]


def as_view(result: Source) -> ResultView:
    """Return the view of one result.

    Raises
    ------
    ArgumentError
        If there is not exactly one.
    """
    views = as_views(result)
    if len(views) > 1:
        raise ArgumentError(f"{len(views)} results were given. Give one result.")
    return views[0]


def r_codes(results: Sources) -> list[str]:
    """Lines of R that fit each result again, where there are such; a view itself has none."""
    if isinstance(results, Mapping):
        return [_r_code(item) for item in results.values()]
    return [_r_code(item) for item in (results if isinstance(results, list | tuple) else [results])]


def _r_code(item: object) -> str:
    if not isinstance(item, HasR) or _asks_for_arguments(item.to_r):
        return ""
    try:
        return item.to_r()
    except UnsupportedError as error:
        return f"# No lines: {one_line(error)}"


def _asks_for_arguments(call: Callable[..., str]) -> bool:
    """Whether a call needs to be told something, such as which of many models is meant."""
    given = signature(call).parameters.values()
    return any(p.default is p.empty and p.kind is not p.VAR_KEYWORD for p in given)


def _titled(results: Mapping[str, Source]) -> list[ResultView]:
    if not results:
        raise ArgumentError("the mapping of results is empty: 0 given. Give at least one result.")
    unnamed = [position for position, key in enumerate(results, 1) if not isinstance(key, str)]
    if unnamed:
        raise ArgumentError(
            f"title {unnamed[0]} of the mapping is not text. "
            'Give titles as text, such as {"All patients": result}.'
        )
    views = [_as_view(item, position) for position, item in enumerate(results.values(), start=1)]
    return [
        replace(view, title=one_line(title)) for view, title in zip(views, results, strict=True)
    ]


def _as_view(item: object, position: int) -> ResultView:
    if isinstance(item, ResultView):
        return item
    seen = item.view() if isinstance(item, HasView) and not isinstance(item, type) else None
    if not isinstance(seen, ResultView):  # arrays have a view() of another kind
        raise ArgumentError(
            f"result {position} is a {type(item).__name__} without a view(). "
            "Give results such as that of fit_within_between."
        )
    return seen


def numbered_titles(views: Sequence[ResultView]) -> list[str]:
    """One-line titles; those that occur twice are told apart by a number."""
    titles = [one_line(view.title) or "Result" for view in views]
    often = {title for title, times in Counter(titles).items() if times > 1}
    seen: Counter[str] = Counter()
    numbered = []
    for title in titles:
        seen[title] += 1
        numbered.append(f"{title} ({seen[title]})" if title in often else title)
    return numbered
