"""MPANs and MPRNs: their check digits."""

from __future__ import annotations

from operator import mul
from typing import Final

_MPAN_WEIGHTS: Final = (3, 5, 7, 13, 17, 19, 23, 29, 31, 37, 41, 43)
_MPRN_WEIGHTS: Final = (8, 7, 6, 5, 4, 3, 2, 1)


def mpan(core: str) -> str:
    """The MPAN of 12 digits and their check digit: weighted sum modulo 11 modulo 10 [WEB].

    Raises:
        ValueError: when there are not exactly 12 digits.
    """
    return core + str(_weighted_sum(core, _MPAN_WEIGHTS) % 11 % 10)


def mprn(number: str) -> str:
    """The MPRN of 8 digits and their two check digits: weighted sum modulo 11 as two digits [WEB].

    Raises:
        ValueError: when there are not exactly 8 digits.
    """
    return f"{number}{_weighted_sum(number, _MPRN_WEIGHTS) % 11:02}"


def is_mpan(text: str) -> bool:
    """Whether the text is an MPAN of 13 digits with a correct check digit."""
    return _is_digits(text, 13) and mpan(text[:-1]) == text


def is_mprn(text: str) -> bool:
    """Whether the text is an MPRN of 10 digits with correct check digits."""
    return _is_digits(text, 10) and mprn(text[:-2]) == text


def _weighted_sum(digits: str, weights: tuple[int, ...]) -> int:
    if not _is_digits(digits, len(weights)):
        raise ValueError(f"{len(weights)} digits are needed, not {digits!r}")
    # By their octets, each of which is ord("0") too large: Registration Data holds millions of points.
    total: int = sum(map(mul, digits.encode("ascii"), weights))
    return total - ord("0") * sum(weights)


def _is_digits(text: str, length: int) -> bool:
    return len(text) == length and text.isascii() and text.isdigit()
