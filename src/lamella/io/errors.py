"""The one kind of exception that opening raises for what a user can mend."""

from __future__ import annotations


class OpenError(Exception):
    """A path or URL cannot be opened. The text is one sentence: what is wrong, where, and what would work."""


class OpenCancelled(OpenError):
    """The caller took the opening back."""
