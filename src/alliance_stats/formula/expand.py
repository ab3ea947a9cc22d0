"""Expansion of ``+ - * : / ^`` into terms, by R's rules and bounded in size.

A product of variables is an int with one bit a variable (the order of first appearance), as in
R's own terms.formula; lists of products keep the order in which R finds them.
"""

from __future__ import annotations

from collections.abc import Iterable

from alliance_stats._base.errors import FormulaError
from alliance_stats.formula.terms import Factor, Term

MAX_TERMS = 200
MAX_ORDER = 4

Products = list[int]


class Variables:
    """The factors of one sum in the order of their first appearance, one bit each."""

    def __init__(self) -> None:
        self._bits: dict[Factor, int] = {}

    def product(self, factor: Factor) -> int:
        """The product of this factor alone."""
        return self._bits.setdefault(factor, 1 << len(self._bits))

    def terms(self, products: Products) -> tuple[Term, ...]:
        """The terms by interaction order, then by appearance."""
        factors = list(self._bits.items())
        return tuple(
            Term(tuple(factor for factor, bit in factors if bit & product))
            for product in sorted(products, key=int.bit_count)
        )


def _bounded(products: Iterable[int]) -> Products:
    """Each product once; raise as soon as the list or a product is too long."""
    seen: dict[int, None] = {}
    for product in products:
        if product.bit_count() > MAX_ORDER:
            raise FormulaError(
                f"interaction of too high an order: {product.bit_count()} factors in one term, "
                f"at most {MAX_ORDER} are allowed. Write out the interactions that you need."
            )
        seen[product] = None
        if len(seen) > MAX_TERMS:
            raise FormulaError(
                f"too many terms: {len(seen)} or more after expansion, at most {MAX_TERMS} are "
                "allowed. Write out the terms that you need."
            )
    return list(seen)


def add(left: Products, right: Products) -> Products:
    """``left + right``."""
    return _bounded([*left, *right])


def delete(left: Products, right: Products) -> Products:
    """``left - right``."""
    gone = set(right)
    return [product for product in left if product not in gone]


def interact(left: Products, right: Products) -> Products:
    """``left:right``."""
    return _bounded(a | b for a in left for b in right)


def cross(left: Products, right: Products) -> Products:
    """``left * right``."""
    return add(add(left, right), interact(left, right))


def nest(left: Products, right: Products) -> Products:
    """``left / right``: every right term within the combination of all left ones."""
    outer = 0
    for product in left:
        outer |= product
    return add(left, interact(right, [outer]))


def power(base: Products, exponent: int) -> Products:
    """``base^exponent``; ends early where a further step adds nothing."""
    products = base
    for _ in range(exponent - 1):
        longer = interact(products, base)
        if longer == products:
            break
        products = longer
    return products
