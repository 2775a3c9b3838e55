"""Java's 32-bit arithmetic on Python integers."""

from __future__ import annotations


def wrap_int(value: int) -> int:
    """Reduces a Python integer to Java's 32-bit two's complement `int`."""
    return ((value + 0x80000000) & 0xFFFFFFFF) - 0x80000000


def truncated_remainder(value: int, divisor: int) -> int:
    """Java's `%`: the sign follows the dividend."""
    remainder = abs(value) % abs(divisor)
    return -remainder if value < 0 else remainder
