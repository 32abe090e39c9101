"""What can go wrong with an answer, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """How a request is answered instead of properly.

    Parameters
    ----------
    kind : str
        ``status``: an error status · ``reset``: the connection is reset in the middle of the body · ``truncate``: it
        ends there politely · ``corrupt``: every byte of the body is inverted · ``length``: the header promises more
        bytes than come · ``hang``: no answer until `HttpServer.release` or the end of the server · ``drip``: a few
        bytes at a time.
    status : int
        For ``status``.
    retry_after : float, optional
        Seconds, sent as Retry-After with ``status``.
    """

    kind: str = "status"
    status: int = 500
    retry_after: float | None = None

    def __post_init__(self) -> None:
        kinds = ("status", "reset", "truncate", "corrupt", "length", "hang", "drip")
        if self.kind not in kinds:
            raise ValueError(f"kind must be one of {', '.join(kinds)}, not {self.kind!r}")
