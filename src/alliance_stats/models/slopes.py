"""What may differ between patients or therapists: the argument ``random_slopes``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from alliance_stats._base.checks import name_list, one_of
from alliance_stats._base.errors import ArgumentError

Slopes = Mapping[str, Sequence[str]]

#: What differs between patients unless said otherwise.
DEFAULT_SLOPES: dict[str, tuple[str, ...]] = {"patient": ("within",)}
#: Parts of a rating whose coefficients may vary over the members of a unit.
PART_SLOPES = {"patient": ("within",), "therapist": ("within", "patient_between")}


def part_slopes(
    wanted: Slopes | Literal["auto"] | None, parts: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Random slopes of the `parts` of ratings by unit, as `checked_slopes`.

    >>> part_slopes(None, ["within", "between"])
    {'patient': ('within',)}
    """
    allowed = {unit: [n for n in names if n in parts] for unit, names in PART_SLOPES.items()}
    therapists = "therapist_between" in parts
    return checked_slopes(wanted, DEFAULT_SLOPES, allowed, therapists=therapists)


def checked_slopes(
    wanted: Slopes | Literal["auto"] | None,
    default: Mapping[str, tuple[str, ...]],
    allowed: Mapping[str, Sequence[str]],
    *,
    therapists: bool,
) -> dict[str, tuple[str, ...]]:
    """Random slopes by unit; the default for None and ``"auto"``.

    Parameters
    ----------
    wanted : mapping, "auto" or None
        As given by the user.
    default : mapping
        What None means; also the example in messages.
    allowed : mapping
        Effects that may differ between the members of each unit.
    therapists : bool
        Whether there is a therapist role.

    Raises
    ------
    ArgumentError
        For another type, an unknown unit or effect, or therapists where there are none.

    Examples
    --------
    >>> checked_slopes({"patient": ["cross"]}, {}, {"patient": ["cross"]}, therapists=False)
    {'patient': ('cross',)}
    """
    if wanted is None or wanted == "auto":
        return dict(default)
    if not isinstance(wanted, Mapping):
        example = {unit: list(names) for unit, names in default.items()}
        raise ArgumentError(
            f"random_slopes={wanted!r} is not known. Give {example}, {{}} for none, or 'auto'."
        )
    for unit, names in wanted.items():
        one_of(unit, tuple(allowed), name="unit of random_slopes")
        if unit == "therapist" and not therapists:
            raise ArgumentError(
                "random_slopes names therapists, but there is no therapist role. "
                "Give roles=Roles(therapist=…), or leave it out."
            )
        if isinstance(names, str) or any(name not in allowed[unit] for name in names):
            raise ArgumentError(
                f"random_slopes[{unit!r}]={names!r}. Effects that can differ between "
                f"{unit}s: {name_list(allowed[unit])}, as a list."
            )
    return {unit: tuple(names) for unit, names in wanted.items()}
