"""Numbers that look random and are a function of what they are drawn for."""

from typing import Final

_MASK: Final = 2**64 - 1


def mix(value: int) -> int:
    """A 64-bit number that looks random and depends on nothing but `value` (the finaliser of splitmix64)."""
    value = (value + 0x9E37_79B9_7F4A_7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB) & _MASK
    return value ^ (value >> 31)
