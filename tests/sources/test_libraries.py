"""Arrays of other libraries: taken as they are, read on workers, values equal to numpy's."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import h5py
import numpy as np
import pytest
import xarray as xr
import zarr
from zarr.storage import LocalStore, MemoryStore

from lamella.sources import as_multiscale, as_source
from lamella.sources.base import Failed, Loaded, Outcome, Source
from lamella.sources.opaque import READER, OpaqueSource
from lamella.sources.tensorstore_source import TensorStoreSource
from lamella.viewer_model import ViewerModel


def data(shape: tuple[int, ...] = (4, 40, 50)) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 60_000, shape).astype(np.uint16)


def read(source: Source, *box: slice) -> Outcome:
    """Read as a worker does, and wait."""
    answered = threading.Event()
    found: list[Outcome] = []

    def done(outcome: Outcome) -> None:
        found.append(outcome)
        answered.set()

    threading.Thread(target=source.read, args=(box, done)).start()
    assert answered.wait(60)
    return found[0]


BOX = (slice(1, 2), slice(5, 30), slice(0, 50))


def loaded(source: Source) -> np.ndarray:
    outcome = read(source, *BOX)
    assert isinstance(outcome, Loaded), outcome
    assert not outcome.data.flags.writeable
    return outcome.data


@pytest.fixture
def closing() -> Iterator[list[Source]]:
    sources: list[Source] = []
    yield sources
    for source in sources:
        source.close()


# dask


def test_a_dask_array_is_computed_chunk_by_chunk_in_the_reader_process(closing: list[Source]) -> None:
    values = data()
    source = as_source(da.from_array(values, chunks=(1, 20, 50)) + 1)
    closing.append(source)
    assert source.grid((1, 2)).chunk == (1, 20, 50)
    assert np.array_equal(loaded(source), values[BOX] + 1)
    assert source.isolation == READER


def test_a_dask_array_is_computed_by_the_scheduler_that_is_set(closing: list[Source]) -> None:
    values = data()
    source = as_source(da.from_array(values, chunks=(1, 20, 50)))
    closing.append(source)
    with dask.config.set(scheduler="threads"):
        assert np.array_equal(loaded(source), values[BOX])
    assert "scheduler" in source.isolation


def test_a_large_graph_stays_in_this_process_and_says_why(closing: list[Source]) -> None:
    source = as_source(da.from_array(data((40, 200, 200)), chunks=(1, 200, 200)))
    closing.append(source)
    outcome = read(source, slice(0, 1), slice(0, 200), slice(0, 200))
    assert isinstance(outcome, Loaded)
    assert "bytes" in source.isolation


def test_irregular_dask_chunks_have_no_grid() -> None:
    assert as_source(da.from_array(data(), chunks=((1, 2, 1), 20, 50))).grid((1, 2)) is None


def test_nothing_is_computed_at_the_call() -> None:
    def fail(block: np.ndarray) -> np.ndarray:
        raise AssertionError("computed")

    as_source(da.map_blocks(fail, da.zeros((4, 40, 50), chunks=20), dtype=float, meta=np.empty((0, 0, 0))))


def test_a_shape_that_is_not_known_is_refused_with_what_would_work() -> None:
    array = da.from_array(np.arange(100.0), chunks=10)
    with pytest.raises(ValueError, match="compute_chunk_sizes"):
        as_source(array[array > 50])


def test_the_levels_of_a_dask_pyramid_share_a_bulkhead() -> None:
    levels = as_multiscale([da.zeros((4, 64 >> k, 64 >> k), chunks=16) for k in range(3)]).levels
    assert len({level.pool.key for level in levels}) == 1


# h5py


def test_a_dataset_is_read_in_the_reader_process_if_its_file_is_only_read(
    tmp_path: Path, closing: list[Source]
) -> None:
    values = data()
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("x", data=values, chunks=(1, 20, 25), compression="gzip")
    with h5py.File(tmp_path / "a.h5", "r") as file:
        source = as_source(file["x"])
        closing.append(source)
        assert source.grid((1, 2)).chunk == (1, 20, 25)
        assert np.array_equal(loaded(source), values[BOX])
        assert source.isolation == READER


def test_a_dataset_of_a_file_open_for_writing_stays_here_and_a_closed_one_is_a_failure(
    tmp_path: Path, closing: list[Source]
) -> None:
    values = data()
    with h5py.File(tmp_path / "a.h5", "w") as file:
        source = as_source(file.create_dataset("x", data=values))
        closing.append(source)
        assert np.array_equal(loaded(source), values[BOX])
        assert source.isolation == "its file is open for writing"
        dataset = file["x"]
    assert isinstance(read(source, *BOX), Failed)
    with pytest.raises(ValueError, match="closed"):
        as_source(dataset)


def test_all_datasets_share_one_worker(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        a, b = (as_source(file.create_dataset(name, data=data())) for name in "ab")
        assert a.pool == b.pool and a.pool.slots == 1
        with pytest.raises(ValueError, match="'a', 'b'"):
            as_source(file)


# zarr


@pytest.mark.parametrize("version", [2, 3])
def test_a_zarr_array_on_disk_is_read_by_tensorstore(tmp_path: Path, version: int, closing: list[Source]) -> None:
    values = data()
    array = zarr.create_array(
        LocalStore(tmp_path), name="in/side", data=values, chunks=(1, 20, 25), zarr_format=version
    )
    source = as_source(array)
    closing.append(source)
    assert isinstance(source, TensorStoreSource)
    assert source.grid((1, 2)).chunk == (1, 20, 25)
    assert np.array_equal(loaded(source), values[BOX])


def test_a_zarr_array_in_memory_is_read_by_zarr_python_here(closing: list[Source]) -> None:
    values = data()
    source = as_source(zarr.create_array(MemoryStore(), data=values, chunks=(1, 20, 25)))
    closing.append(source)
    assert isinstance(source, OpaqueSource)
    assert np.array_equal(loaded(source), values[BOX])
    assert "MemoryStore" in source.isolation


def test_codecs_that_tensorstore_refuses_are_read_in_the_reader_process(tmp_path: Path, closing: list[Source]) -> None:
    from numcodecs import LZ4

    values = data()
    array = zarr.create_array(LocalStore(tmp_path), data=values, chunks=(1, 20, 25), zarr_format=2, compressors=LZ4())
    source = as_source(array)
    closing.append(source)
    assert np.array_equal(loaded(source), values[BOX])
    assert source.isolation == READER


def ome_group(store: Any, values: np.ndarray) -> zarr.Group:
    axes = [{"name": "z", "type": "space", "unit": "micrometer"}, {"name": "y"}, {"name": "x"}]
    group = zarr.create_group(store)
    datasets = []
    for k in range(2):
        group.create_array(f"s{k}", data=np.ascontiguousarray(values[:, :: 2**k, :: 2**k]), chunks=(1, 20, 25))
        transform = {"type": "scale", "scale": [2.0, 0.5 * 2**k, 0.5 * 2**k]}
        datasets.append({"path": f"s{k}", "coordinateTransformations": [transform]})
    group.attrs["ome"] = {"multiscales": [{"name": "cells", "axes": axes, "datasets": datasets}]}
    return group


def test_an_ome_zarr_group_is_an_image_with_names_and_units() -> None:
    values = data()
    with ViewerModel() as viewer:
        layer = viewer.add_image(ome_group(MemoryStore(), values))
        assert layer.name == "cells"
        assert len(layer.source.levels) == 2
        assert layer.axis_labels == ("z", "y", "x")
        assert layer.scale == (2.0, 0.5, 0.5)
        assert layer.units[0] == "micrometer"
        layer.locked_data_level = 0
        viewer.wait_until_loaded(strict=True)
        assert np.array_equal(viewer.slices[layer].as_array(), values[1])


def test_a_group_without_an_image_names_its_arrays() -> None:
    group = zarr.create_group(MemoryStore())
    group.create_array("cells", data=data())
    with pytest.raises(ValueError, match="'cells'"):
        as_multiscale(group)


# xarray


def test_names_units_and_coordinates_of_xarray_become_axes() -> None:
    values = data()
    array = xr.DataArray(
        values,
        dims=("time", "lat", "lon"),
        name="temperature",
        coords={
            "time": np.array(["2026-01-01T00", "2026-01-01T06", "2026-01-01T12", "2026-01-01T18"], "datetime64[ns]"),
            "lat": ("lat", np.linspace(90, -90, 40), {"units": "degrees_north"}),
            "lon": np.linspace(0, 1, 50) ** 2,
        },
    )
    with ViewerModel() as viewer:
        layer = viewer.add_image(array)
        assert layer.name == "temperature"
        assert layer.axis_labels == ("time", "lat", "lon")
        assert layer.scale == pytest.approx((6 * 3600, -180 / 39, 1.0))
        assert layer.translate == pytest.approx((0.0, 90.0, 0.0))
        assert layer.units == ("second", "degrees_north", "pixel")
        viewer.wait_until_loaded(strict=True)
        assert np.array_equal(viewer.slices[layer].as_array(), values[1])


def test_what_the_user_says_wins_over_what_the_data_say() -> None:
    from lamella import Image

    array = xr.DataArray(data(), dims=("z", "y", "x"), coords={"z": [0.0, 2.0, 4.0, 6.0]}, name="a")
    layer = Image(array, name="b", scale=(3, 1, 1), axis_labels=("p", "q", "r"))
    assert (layer.name, layer.scale, layer.translate, layer.axis_labels) == ("b", (3, 1, 1), (0, 0, 0), ("p", "q", "r"))


def test_a_netcdf_variable_is_read_when_it_is_shown(tmp_path: Path, closing: list[Source]) -> None:
    pytest.importorskip("scipy")
    values = data().astype(np.float32)
    xr.Dataset({"v": (("t", "y", "x"), values)}).to_netcdf(tmp_path / "a.nc", engine="scipy")
    with xr.open_dataset(tmp_path / "a.nc", engine="scipy") as dataset:
        source = as_source(dataset["v"])
        closing.append(source)
        assert np.array_equal(loaded(source), values[BOX])
        with pytest.raises(ValueError, match="'v'"):
            as_source(dataset)


def test_dask_under_xarray_stays_dask() -> None:
    array = xr.DataArray(da.zeros((4, 40, 50), chunks=(1, 20, 50)), dims=("a", "b", "c"))
    assert as_source(array).grid((1, 2)).chunk == (1, 20, 50)


# arrays of other libraries


class Cupy:
    """As much of a CuPy array as matters: it refuses to become numpy's by itself, and counts copies."""

    __cuda_array_interface__ = {"shape": (4, 40, 50), "typestr": "<u2", "data": (0, False), "version": 3}  # noqa: RUF012

    def __init__(self, values: np.ndarray) -> None:
        self.values = values
        self.shape, self.dtype = values.shape, values.dtype
        self.copied_on: list[str] = []

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray:
        raise TypeError("implicit conversion is not allowed")

    def __getitem__(self, box: Any) -> Cupy:
        part = Cupy(self.values[box])
        part.copied_on = self.copied_on
        return part

    def get(self) -> np.ndarray:
        self.copied_on.append(threading.current_thread().name)
        return self.values


class Torch:
    """As much of a torch tensor: a dtype of its own, and to be detached first."""

    class _Dtype:
        def __str__(self) -> str:
            return "torch.uint16"

    dtype = _Dtype()

    def __init__(self, values: np.ndarray) -> None:
        self.values = values
        self.shape = values.shape

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray:
        return self.values

    def __getitem__(self, box: Any) -> Torch:
        return Torch(self.values[box])

    def detach(self) -> Torch:
        return self

    def cpu(self) -> Torch:
        return self


class Interface:
    """Only says where it is."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    @property
    def __array_interface__(self) -> dict[str, Any]:
        return self.values.__array_interface__


class Dlpack:
    """Only hands itself over."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values
        self.shape, self.dtype = values.shape, values.dtype

    def __dlpack__(self, **kwargs: Any) -> Any:
        return self.values.__dlpack__(**kwargs)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.values.__dlpack_device__()


@pytest.mark.parametrize("kind", [Cupy, Torch, Interface, Dlpack])
def test_holders_of_arrays_are_copied_in_the_worker(kind: type, closing: list[Source]) -> None:
    values = data()
    held = kind(values)
    source = as_source(held)
    closing.append(source)
    assert np.array_equal(loaded(source), values[BOX])
    if isinstance(held, Cupy):
        assert threading.main_thread().name not in held.copied_on


def test_a_holder_that_does_not_say_its_shape_is_refused_with_what_would_work() -> None:
    class OnlyArray:
        def __array__(self) -> np.ndarray:
            raise AssertionError("copied at the call")

    with pytest.raises(TypeError, match=r"np\.asarray"):
        as_source(OnlyArray())


def test_importing_lamella_imports_none_of_these_libraries() -> None:
    import subprocess

    code = (
        "import sys, numpy, lamella; lamella.Image(numpy.zeros((9, 9))); "
        "print([m for m in sys.argv[1:] if m in sys.modules])"
    )
    libraries = ["dask", "h5py", "zarr", "xarray", "tensorstore", "pandas"]
    done = subprocess.run([sys.executable, "-c", code, *libraries], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_pyramid_of_dask_arrays_is_shown(closing: list[Source]) -> None:
    values = data((4, 256, 256))
    levels = [da.from_array(np.ascontiguousarray(values[:, :: 2**k, :: 2**k]), chunks=(1, 64, 64)) for k in range(3)]
    with ViewerModel() as viewer:
        layer = viewer.add_image(levels, multiscale=True)
        layer.locked_data_level = 0
        viewer.wait_until_loaded(60, strict=True)
        assert np.array_equal(viewer.slices[layer].as_array(), values[1])
