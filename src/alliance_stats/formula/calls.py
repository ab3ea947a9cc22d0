"""Functions in a formula: a closed list, each of one column; all others are refused."""

from __future__ import annotations

from alliance_stats._base.errors import FormulaError
from alliance_stats.formula.stream import Stream
from alliance_stats.formula.terms import ALLOWED_CALLS, Factor

#: What to do instead of a function that people try.
INSTEAD = {
    "lag": "A lag would read across patients. Make the column first with "
    "alliance_stats.lag_within, then name that column.",
    "within": "Make the columns first with alliance_stats.center, then name those columns.",
    "between": "Make the columns first with alliance_stats.center, then name those columns.",
    "offset": "Subtract the offset from the outcome in a new column, then name that column.",
    "factor": "Write C(g) for a categorical column.",
    "as.factor": "Write C(g) for a categorical column.",
    "relevel": "Write C(g, 'reference level') for a categorical column.",
}

#: The name by which R knows the number of a function.
NUMBER_NAMES = {"poly": "degree", "bs": "df"}


def read_call(stream: Stream) -> Factor:
    """Read ``function(column …)`` as a Factor; the stream stands at the function's name.

    Raises
    ------
    FormulaError
        If the function is not on the list, or its arguments are not of the form shown there.
    """
    name = stream.now.text
    if name not in {call.split("(")[0] for call in ALLOWED_CALLS}:
        allowed = f"Allowed: {', '.join(ALLOWED_CALLS)}; compute other columns beforehand."
        raise stream.error(f"'{name}()' is no function of formulas", INSTEAD.get(name, allowed))
    stream.advance()
    stream.advance()
    column = stream.take_column(f"in {name}()")
    argument = _read_argument(stream, name)
    if not stream.now.is_operator(")"):
        raise _form_error(stream, name)
    stream.advance()
    return Factor(column, name, argument)


def _read_argument(stream: Stream, name: str) -> int | str | None:
    """What follows the column: ``^2``, ``, 2``, ``, df = 4`` or ``, 'level'``."""
    if name == "I" and stream.now.is_operator("^"):
        stream.advance()
        return stream.take_whole_number("after '^'", low=0)
    if not stream.now.is_operator(",") or name not in {"C", *NUMBER_NAMES}:
        return None
    stream.advance()
    if name == "C":
        if stream.now.kind != "string":
            raise _form_error(stream, name)
        return stream.advance().text
    if stream.now.text == NUMBER_NAMES[name] and stream.next.is_operator("="):
        stream.advance()
        stream.advance()
    return stream.take_whole_number(f"in {name}()", low=0)


def _form_error(stream: Stream, name: str) -> FormulaError:
    forms = [call for call in ALLOWED_CALLS if call.startswith(f"{name}(")]
    return stream.error(
        f"{stream.now.shown()} is not expected in {name}()",
        f"Write {' or '.join(forms)} with one column; compute other columns beforehand.",
    )
