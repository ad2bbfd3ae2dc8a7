"""Counts in sentences for people."""


def counted(number: int, one: str, many: str) -> str:
    """`1 policy`, `2 policies`: the number with the word that goes with it; either may go on with a verb."""
    return f"{number} {one if number == 1 else many}"
