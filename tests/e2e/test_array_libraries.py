"""Arrays of other libraries on the whole road: what is shown equals numpy."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dask.array as da
import h5py
import numpy as np
import pytest
import xarray as xr
import zarr

from lamella.viewer_model import ViewerModel

VALUES = np.random.default_rng(0).integers(0, 60_000, (4, 128, 160)).astype(np.uint16)
LEVELS = [np.ascontiguousarray(VALUES[:, :: 2**k, :: 2**k]) for k in range(3)]
Make = Callable[[Path, ExitStack], Any]


def dask_pyramid(folder: Path, stack: ExitStack) -> Any:
    return [da.from_array(level, chunks=(1, 32, 40)) for level in LEVELS]


def xarray_of_a_file(folder: Path, stack: ExitStack) -> Any:
    array = xr.DataArray(VALUES.astype(np.int32), dims=("t", "y", "x"), coords={"y": np.arange(128) * -0.5})
    array.to_dataset(name="v").to_netcdf(folder / "a.nc", engine="scipy")
    return stack.enter_context(xr.open_dataset(folder / "a.nc", engine="scipy"))["v"]


def h5py_dataset(folder: Path, stack: ExitStack) -> Any:
    with h5py.File(folder / "a.h5", "w") as file:
        file.create_dataset("x", data=VALUES, chunks=(1, 32, 40), compression="gzip")
    return stack.enter_context(h5py.File(folder / "a.h5"))["x"]


def zarr_group(folder: Path, stack: ExitStack) -> Any:
    group = zarr.create_group(str(folder / "a.zarr"))
    for k, level in enumerate(LEVELS):
        group.create_array(f"s{k}", data=level, chunks=(1, 32, 40))
    datasets = [
        {"path": f"s{k}", "coordinateTransformations": [{"type": "scale", "scale": [3, 0.5 * 2**k, 0.5 * 2**k]}]}
        for k in range(3)
    ]
    group.attrs["ome"] = {"multiscales": [{"axes": ["z", "y", "x"], "datasets": datasets}]}
    return group


def zarr_in_memory(folder: Path, stack: ExitStack) -> Any:
    return [zarr.create_array({}, data=level, chunks=(1, 32, 40)) for level in LEVELS]


@pytest.fixture
def viewer() -> Iterator[ViewerModel]:
    with ViewerModel() as viewer:
        yield viewer


@pytest.mark.parametrize("make", [dask_pyramid, xarray_of_a_file, h5py_dataset, zarr_group, zarr_in_memory])
def test_what_is_shown_equals_numpy(viewer: ViewerModel, tmp_path: Path, make: Make) -> None:
    with ExitStack() as stack:
        layer = viewer.add_image(make(tmp_path, stack))
        layer.locked_data_level = 0
        for step in (0, 3):
            viewer.dims.set_current_step(0, step)
            viewer.wait_until_loaded(60, strict=True)
            np.testing.assert_array_equal(viewer.slices[layer].as_array(), VALUES[step])


def test_a_file_that_is_closed_under_the_viewer_is_told_and_nothing_hangs(viewer: ViewerModel, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = VALUES
        layer = viewer.add_image(file["x"])
        viewer.wait_until_loaded(60, strict=True)
    viewer.dims.set_current_step(0, 3)
    layer.refresh()
    viewer.wait_until_loaded(60)
    assert "the HDF5 file of /x is closed" in str(viewer.failures)


def test_an_image_of_numpy_loads_none_of_these_libraries() -> None:
    code = (
        "import numpy, sys, lamella; lamella.Image(numpy.zeros((9, 9)))\n"
        "print(*(module for module in sys.argv[1:] if module in sys.modules))"
    )
    libraries = ["cloudpickle", "dask", "h5py", "pandas", "tensorstore", "xarray", "zarr"]
    done = subprocess.run([sys.executable, "-c", code, *libraries], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
