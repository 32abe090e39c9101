"""The demo's volume as the keys of an OME-Zarr 0.5 store."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

from lamella.demo.volume import CHUNK, ChunkServer, Volume

CHANNELS = (
    {
        "label": "membranes",
        "color": "00FF66",
        "active": True,
        "window": {"min": 0, "max": 65535, "start": 0, "end": 22000},
    },
    {
        "label": "nuclei",
        "color": "FF40FF",
        "active": True,
        "window": {"min": 0, "max": 65535, "start": 0, "end": 20000},
    },
)
_CHUNK_KEY = re.compile(r"s(\d{1,2})/c" + r"/(\d{1,9})" * 5)


class DemoStore:
    """A function from keys to bytes. Thread-safe."""

    def __init__(self, volume: Volume) -> None:
        self._volume = volume
        self._chunks = ChunkServer(volume)
        self._metadata = {"zarr.json": _encoded(self._group())}
        for level in range(volume.levels):
            self._metadata[f"s{level}/zarr.json"] = _encoded(self._array(level))

    def __call__(self, key: str) -> bytes | None:
        """The value of a key, None if the store does not have it."""
        if key in self._metadata:
            return self._metadata[key]
        match = _CHUNK_KEY.fullmatch(key)
        if match is None:
            return None
        level, t, c, z, y, x = map(int, match.groups())
        try:
            chunk = self._chunks.chunk(level, t, c, z, y, x)
        except IndexError:
            return None
        return gzip.compress(chunk.astype("<u2").tobytes(), compresslevel=1, mtime=0)

    def _group(self) -> dict[str, Any]:
        volume = self._volume
        datasets = [
            {
                "path": f"s{level}",
                "coordinateTransformations": [
                    {"type": "scale", "scale": volume.scale(level)},
                    {"type": "translation", "translation": volume.translation(level)},
                ],
            }
            for level in range(volume.levels)
        ]
        axes = [
            {"name": "t", "type": "time", "unit": "second"},
            {"name": "c", "type": "channel"},
            *({"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"),
        ]
        ome = {
            "version": "0.5",
            "multiscales": [{"name": "tissue", "axes": axes, "datasets": datasets}],
            "omero": {"channels": CHANNELS},
        }
        return {"zarr_format": 3, "node_type": "group", "attributes": {"ome": ome}}

    def _array(self, level: int) -> dict[str, Any]:
        return {
            "zarr_format": 3,
            "node_type": "array",
            "shape": self._volume.shape(level),
            "data_type": "uint16",
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": (1, 1, 1, CHUNK, CHUNK)}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "codecs": [
                {"name": "bytes", "configuration": {"endian": "little"}},
                {"name": "gzip", "configuration": {"level": 1}},
            ],
            "fill_value": 0,
            "dimension_names": ["t", "c", "z", "y", "x"],
            "attributes": {},
        }


def _encoded(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode()
