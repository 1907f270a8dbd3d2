"""Lengths at which Fourier transforms are fast."""

__all__ = ["fast_length"]


def fast_length(least: int) -> int:
    """Return the next even product of 2, 3 and 5: 4,500 samples are faster than 4,410."""
    length = least + least % 2
    while True:
        rest = length
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return length
        length += 2
