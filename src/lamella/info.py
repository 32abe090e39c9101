"""What ``lamella info`` prints."""

from __future__ import annotations


def print_info(path: str, timeout: float) -> None:
    """Print what there is at ``path``: levels, chunks, axes and sizes.

    Raises
    ------
    lamella.io.OpenError
    """
    from lamella.io import describe

    print(describe(path, timeout=timeout))
