"""Arrays of Python libraries over a slow link, as users hand them over: whether reading them stops the window."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.pyramid import Pyramid
from benchmarks.scenarios import Options, Scenario

if TYPE_CHECKING:
    from benchmarks.session import Script, Session

LATENCY_S = 0.050
BANDWIDTH = 1e9 / 8
PYRAMID = Pyramid(depth=25, side=2048, levels=4)


def script(session: Session, options: Options) -> Script:
    session.adapter.add_levels(_levels(options["url"], options["library"]))
    yield from session.complete(0)
    yield from session.rest(1.0)
    steps = yield from session.drag(0)
    return session.drag_figures(steps)


def _levels(url: str, library: str) -> list[Any]:
    """As a user opens a remote OME-Zarr by hand."""
    import zarr
    from obstore.store import HTTPStore
    from zarr.storage import ObjectStore

    store = ObjectStore(HTTPStore.from_url(url, client_options={"allow_http": True}), read_only=True)
    group = zarr.open_group(store, mode="r")
    arrays = [group[d["path"]] for d in group.attrs["ome"]["multiscales"][0]["datasets"]]
    if library == "zarr":
        return arrays
    import dask.array

    return [dask.array.from_zarr(a) for a in arrays]


@contextlib.contextmanager
def _setup() -> Iterator[dict[str, Options]]:
    from benchmarks.remote_store import write_pyramid
    from benchmarks.server import IMAGE, BenchServer

    with tempfile.TemporaryDirectory(prefix="lamella-bench-") as folder:
        write_pyramid(PYRAMID, Path(folder), LATENCY_S, BANDWIDTH)
        with BenchServer(LATENCY_S, BANDWIDTH, ("--folder", folder)) as server:
            url = f"{server.url}/{IMAGE}"
            yield {library: {"url": url, "library": library} for library in ("dask", "zarr")}


SCENARIO = Scenario(
    "backed",
    "dask- and zarr-python-backed levels of 25×2048² uint16 over HTTP with 50 ms and 1 Gb/s; drag z",
    _setup,
    ("lamella", "napari"),
)
