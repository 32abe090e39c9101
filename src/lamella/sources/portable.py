"""What can be made again in the reader process, and what cannot."""

from __future__ import annotations


class NotPortable(Exception):
    """An array cannot be made again in another process. The text says why, for the user."""
