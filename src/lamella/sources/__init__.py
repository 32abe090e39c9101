"""Where data is: one small `Source` protocol over arrays in memory, chunked stores and anything that can be indexed."""

from __future__ import annotations

from lamella.sources.array import ArraySource
from lamella.sources.base import (
    RETRYABLE,
    Box,
    Failed,
    FailureKind,
    Grid,
    Loaded,
    Missing,
    Outcome,
    Pool,
    Source,
    nbytes,
    new_token,
)
from lamella.sources.dispatch import as_multiscale, as_source
from lamella.sources.multiscale import Multiscale
from lamella.sources.opaque import OpaqueSource

__all__ = [
    "RETRYABLE",
    "ArraySource",
    "Box",
    "Failed",
    "FailureKind",
    "Grid",
    "Loaded",
    "Missing",
    "Multiscale",
    "OpaqueSource",
    "Outcome",
    "Pool",
    "Source",
    "as_multiscale",
    "as_source",
    "nbytes",
    "new_token",
]
