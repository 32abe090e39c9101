"""From a path or URL to the image that lies there: which format it is, and its metadata in two round trips."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from lamella.io.errors import OpenError
from lamella.io.geff import StoredGraph, is_geff, open_geff
from lamella.io.keys import Answer, Cancelled, Session
from lamella.io.meshes import SUFFIXES as MESHES
from lamella.io.meshes import StoredMeshes, open_meshes
from lamella.io.metadata import parse_json
from lamella.io.n5 import open_n5
from lamella.io.npy import open_npy
from lamella.io.precomputed import open_precomputed
from lamella.io.stored_image import LevelDescription, StoredImage, StoredLabels, label_colors
from lamella.io.tables import SUFFIXES, StoredTable, open_table
from lamella.io.zarr_arrays import ArrayMetadata, open_array, parse_v2, parse_v3
from lamella.sources.base import Failed, FailureKind, Missing
from lamella.sources.credentials import advice
from lamella.sources.failures import is_forbidden
from lamella.sources.json_values import items, mapping, text
from lamella.sources.location import Location
from lamella.sources.multiscale import usable_levels
from lamella.sources.ome_metadata import Axis, OmeImage, guess_axes, ome_attributes, parse_ome

FORMATS = (
    "OME-Zarr, zarr, n5, neuroglancer precomputed, .npy, points and tracks in .csv, .parquet and GEFF, "
    "meshes in .stl, .ply, .obj, .off and .glb"
)
_KEYS = ("zarr.json", ".zattrs", ".zgroup", ".zarray", "info", "attributes.json", "s0/attributes.json")
_LISTED = 10
MAX_LABELS = 64
_LOG = logging.getLogger(__name__)


def open_image(
    path_or_url: str | os.PathLike[str], timeout: float, cancelled: Cancelled | None = None
) -> StoredImage | StoredTable | StoredGraph | StoredMeshes:
    """Open what lies at ``path_or_url``; no image data are read.

    Raises
    ------
    OpenError
        One sentence that says why not.
    """
    try:
        location = Location.parse(path_or_url)
    except (ValueError, TypeError) as error:
        raise OpenError(str(error)) from None
    if not location.remote:
        image = _open_file(location)
        if image is not None:
            return image
        if is_geff(location.local_path):
            return open_geff(location.local_path, location.stem)
    elif location.base.lower().endswith((".npy", ".npz", ".tif", ".tiff", ".h5", ".zip", *SUFFIXES, *MESHES)):
        raise OpenError(
            f"{location.name} is a single file; over a network lamella opens OME-Zarr, zarr, n5 and precomputed"
        )
    session = Session(location, timeout, cancelled)
    return _open_store(session, location, location.stem)


def _open_file(location: Location) -> StoredImage | StoredTable | StoredMeshes | None:
    """The image, the points, the tracks or the meshes in a single file; None for a folder."""
    path = location.local_path
    try:
        if path.is_dir():
            return None
        if not path.exists():
            raise OpenError(f"there is no file or folder {path}")
    except OSError as error:
        raise OpenError(f"{path} cannot be opened: {error.strerror}") from None
    if path.suffix.lower() == ".npy":
        return open_npy(path, location.stem)
    if path.suffix.lower() in SUFFIXES:
        return open_table(path, path.stem)
    if path.suffix.lower() in MESHES:
        return open_meshes(path, path.stem)
    if path.suffix.lower() == ".npz":
        raise OpenError(f"{path} is an archive of arrays; save the one to be shown with numpy.save and open that")
    raise OpenError(f"{path} is of a kind that lamella does not open; it opens {FORMATS}")


def _open_store(session: Session, location: Location, name: str, *, nested: bool = False) -> StoredImage:
    answers = session.read(location, _KEYS, enough="zarr.json")  # it comes before all others below
    found = {key: data for key, data in answers.items() if isinstance(data, bytes)}

    def document(key: str) -> dict[str, Any]:
        return parse_json(found[key], f"{location.name}/{key}") if key in found else {}

    if "zarr.json" in found:
        root = document("zarr.json")
        if root.get("node_type") == "array":
            metadata = parse_v3(root, location.name)
            return _single(session, location, name, metadata, "zarr 3")
        return _open_group(session, location, name, mapping(root.get("attributes")), root, nested)
    if ".zarray" in found:
        metadata = parse_v2(document(".zarray"), document(".zattrs"), location.name)
        return _single(session, location, name, metadata, "zarr 2")
    if ".zattrs" in found or ".zgroup" in found:
        _raise_if_failed(answers, (".zattrs",), location)
        return _open_group(session, location, name, document(".zattrs"), None, nested)
    if "info" in found:
        return _shielded(open_precomputed, session, location, document("info"))
    if "attributes.json" in found or "s0/attributes.json" in found:
        return _shielded(open_n5, session, location, document("attributes.json"))
    _raise_if_failed(answers, _KEYS, location)
    if not location.remote:
        if any(isinstance(a, Failed) for a in answers.values()):
            raise OpenError(f"{location.name} cannot be read: permission was denied")
        raise OpenError(f"{location.name} is a folder without an image that lamella knows; it opens {FORMATS}")
    if all(isinstance(a, Failed) for a in answers.values()):
        raise OpenError(
            f"{location.host} refused access to {location.name} (403): check the address; {advice(location)}"
        )
    raise OpenError(
        f"there is no image at {location.name}: neither zarr.json, .zattrs, .zarray, info nor attributes.json is "
        f"there; lamella opens {FORMATS}"
    )


def _shielded(opener: Any, session: Session, location: Location, document: dict[str, Any]) -> StoredImage:
    try:
        image: StoredImage = opener(session, location, document)
    except ValueError as error:
        raise OpenError(str(error)) from None
    return image


def _open_group(
    session: Session,
    location: Location,
    name: str,
    attributes: dict[str, Any],
    root: dict[str, Any] | None,
    nested: bool,
) -> StoredImage:
    """A zarr group; ``root`` is its ``zarr.json``, None for zarr 2."""
    ome = ome_attributes(attributes)
    if "multiscales" in ome:
        try:
            image = parse_ome(attributes, location.name)
        except ValueError as error:
            raise OpenError(str(error)) from None
        opened = _open_ome(session, location, name, image, 2 if root is None else 3, nested)
        return replace(opened, label_colors=label_colors(ome, attributes))
    if "bioformats2raw.layout" in ome and not nested:
        return _open_store(session, location.child("0"), name, nested=True)
    if "geff" in attributes:
        raise OpenError(f"{location.name} is a GEFF store; lamella opens these from a folder on this machine: copy it")
    if "plate" in ome:
        paths = (text(mapping(w).get("path")) for w in items(mapping(ome["plate"]).get("wells")))
        well = next((p for p in paths if p), "A/1")
        raise OpenError(
            f"{location.name} is a plate of many images; open one of them, for example {location.name}/{well}/0"
        )
    if "well" in ome:
        raise OpenError(f"{location.name} is a well of a plate; open one of its fields, for example {location.name}/0")
    arrays = list(_arrays_of(location, root))
    if not arrays:
        raise OpenError(
            f"{location.name} is a zarr group without OME-Zarr metadata; open one of its arrays by its full path"
        )
    more = ", …" if len(arrays) > _LISTED else ""
    raise OpenError(
        f"{location.name} is a zarr group without OME-Zarr metadata; open one of its arrays: "
        f"{', '.join(f'{location.name}/{a}' for a in arrays[:_LISTED])}{more}"
    )


def _arrays_of(location: Location, root: dict[str, Any] | None) -> Iterator[str]:
    """Paths of the arrays in a group, as far as they can be known without asking a server again."""
    if root is not None:
        members = mapping(mapping(root.get("consolidated_metadata")).get("metadata"))
        yield from (text(path) for path, node in members.items() if mapping(node).get("node_type") == "array")
        if members:
            return
    if location.remote:
        return
    here = location.local_path
    for depth in ("*", "*/*"):
        for marker in sorted(here.glob(f"{depth}/.zarray")):
            yield marker.parent.relative_to(here).as_posix()
        for marker in sorted(here.glob(f"{depth}/zarr.json")):
            if _is_array(marker):
                yield marker.parent.relative_to(here).as_posix()


def _is_array(marker: Path) -> bool:
    try:
        return parse_json(marker.read_bytes(), str(marker)).get("node_type") == "array"
    except (OpenError, OSError):
        return False


def _open_ome(
    session: Session, location: Location, name: str, ome: OmeImage, zarr_format: int, nested: bool
) -> StoredImage:
    try:
        places = [location.child(level.path) for level in ome.levels]
    except ValueError as error:
        raise OpenError(str(error)) from None
    key = "zarr.json" if zarr_format == 3 else ".zarray"
    paths = [f"{place.path[len(location.path) :].lstrip('/')}/{key}" for place in places]
    listing = f"labels/{'zarr.json' if zarr_format == 3 else '.zattrs'}"
    answers = session.read(location, paths if nested else [*paths, listing])
    metadata: list[ArrayMetadata] = []
    opened: list[int] = []
    for number, (place, path) in enumerate(zip(places, paths, strict=True)):
        data = answers[path]
        if isinstance(data, Missing) or (isinstance(data, Failed) and number and is_forbidden(data)):
            if number == 0:
                raise OpenError(f"{location.name} is incomplete: its finest resolution {ome.path} is not there")
            continue  # a coarser one that was never written: the others can be shown
        _raise_if_failed(answers, (path,), location)
        assert isinstance(data, bytes)
        document = parse_json(data, f"{location.name}/{path}")
        metadata.append(parse_v3(document, place.name) if zarr_format == 3 else parse_v2(document, {}, place.name))
        opened.append(number)
    kept = usable_levels([m.shape for m in metadata], [m.dtype for m in metadata])
    sources = tuple(open_array(places[opened[i]], metadata[i], session.context) for i in kept)
    levels = tuple(_level(ome.levels[opened[i]].path, metadata[i]) for i in kept)
    shape = metadata[0].shape
    ndim = len(shape)
    axes = ome.axes
    if axes is None or len(axes) != ndim:
        axes = guess_axes(ndim, len(ome.channels) if ome.channels and len(ome.channels) == shape[0] else None)
    first = ome.levels[0]
    version = ome.version or ("0.5" if zarr_format == 3 else "")
    return StoredImage(
        location=location.name,
        name=name,
        format=f"OME-Zarr {version} (zarr {zarr_format})".replace("  ", " "),
        sources=sources,
        levels=levels,
        axes=axes,
        scale=first.scale if first.scale is not None and len(first.scale) == ndim else None,
        translate=first.translation if first.translation is not None and len(first.translation) == ndim else None,
        channels=ome.channels,
        rgb=_is_rgb(axes, metadata[0], ome),
        labels=tuple(_open_labels(session, location, answers.get(listing))),
    )


def _open_labels(session: Session, location: Location, listing: Answer | None) -> Iterator[StoredLabels]:
    """The labels of an image. What cannot be opened of them is left out: the image is there all the same."""
    if not isinstance(listing, bytes):
        return
    try:
        document = parse_json(listing, f"{location.name}/labels")
        attributes = document if "labels" in document else mapping(document.get("attributes"))
        names = items(ome_attributes(attributes).get("labels"))
        for name in names[:MAX_LABELS]:
            place = location.child(f"labels/{text(name)}")
            image = _open_store(session, place, text(name), nested=True)
            yield StoredLabels(image, image.label_colors)
    except (OpenError, ValueError) as error:
        _LOG.warning("labels of %s are left out: %s", location.name, error)


def _is_rgb(axes: tuple[Axis, ...], metadata: ArrayMetadata, ome: OmeImage) -> bool:
    """Colours as the last axis, which only photographs have; channels with colours of their own are no RGB."""
    last = axes[-1].kind == "channel" and metadata.shape[-1] in (3, 4) and metadata.dtype == "uint8"
    return last and not ome.channels and len(axes) > 2


def _single(session: Session, location: Location, name: str, metadata: ArrayMetadata, form: str) -> StoredImage:
    labels = metadata.labels
    return StoredImage(
        location=location.name,
        name=name,
        format=form,
        sources=(open_array(location, metadata, session.context),),
        levels=(_level("", metadata),),
        axes=None if labels is None else tuple(Axis(label) for label in labels),
    )


def _level(path: str, metadata: ArrayMetadata) -> LevelDescription:
    return LevelDescription(path, metadata.shape, metadata.chunks, metadata.shards, metadata.codec, metadata.nbytes)


def _raise_if_failed(answers: dict[str, Answer], keys: tuple[str, ...], location: Location) -> None:
    """Tell of the gravest failure among ``keys``; that some are forbidden or missing is none."""
    failures = [a for a in (answers[k] for k in keys) if isinstance(a, Failed) and not is_forbidden(a)]
    failures.sort(key=lambda f: list(FailureKind).index(f.kind))
    for failure in failures:
        if failure.kind is FailureKind.DENIED:
            raise OpenError(f"{location.host} refused access to {location.name}, {failure.message}: {advice(location)}")
        if failure.kind in (FailureKind.CONNECTION, FailureKind.TIMEOUT):
            raise OpenError(
                f"{location.host} cannot be reached to open {location.name}: {failure.message}; "
                "check the address and the connection"
            )
        raise OpenError(f"{location.name} cannot be opened: {failure.message}")
