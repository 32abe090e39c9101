"""Old data never show as new, and what did not change is not read again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest

from lamella.model.layers.image import Image
from lamella.slicing.response import ImageSliceResponse
from lamella.sources.base import Loaded
from lamella.sources.multiscale import Multiscale
from lamella.testing import CountingSource, GatedSource
from lamella.viewer_model import ViewerModel

WAIT = 60  # seconds, against hanging


@pytest.fixture
def viewer() -> Iterator[ViewerModel]:
    with ViewerModel() as viewer:
        yield viewer


def gated(value: int = 1, shape: tuple[int, ...] = (3, 32, 32)) -> GatedSource:
    return GatedSource(np.full(shape, value, "u1"), (1, 16, 16))


def counted(data: np.ndarray, chunk: tuple[int, ...] = (1, 16, 16)) -> CountingSource:
    """Reads see ``data`` as they are at that moment."""
    source = GatedSource(data, chunk)
    source.open()
    return CountingSource(source)


def add(viewer: ViewerModel, *sources: object) -> Image:
    return viewer.add_image(Multiscale(tuple(sources)), contrast_limits=(0, 255))


def values(response: ImageSliceResponse) -> set[int]:
    return {int(v) for tile in response.tiles for v in np.unique(tile.data)}


# ---- versions --------------------------------------------------------------------------------------------------------


def watch(viewer: ViewerModel, layer: Image) -> list[tuple[int, set[int]]]:
    """(version, values) of every response of ``layer`` that is shown."""
    shown: list[tuple[int, set[int]]] = []
    viewer.slice_ready.connect(lambda _, which, r: shown.append((r.version, values(r))) if which is layer else None)
    return shown


@pytest.mark.parametrize("region", [None, (slice(None),), 1])
def test_a_read_in_flight_during_a_refresh_never_shows_as_new(viewer: ViewerModel, region: object) -> None:
    source = gated(1)
    layer = add(viewer, source)
    shown = watch(viewer, layer)
    assert source.wait_for(4)
    old = source.waiting
    source.data = np.full_like(source.data, 2)
    layer.refresh(region)
    assert source.wait_for(8)
    for place in old:  # the oldest of each place ends first, with what was there when it began
        source.release(1, Loaded(np.full([b - a for a, b in place], 1, "u1")))
        viewer.drain()
    source.open()
    viewer.wait_until_loaded(WAIT)
    assert values(viewer.slices[layer]) == {2}
    assert all(found <= {2} for version, found in shown if version == layer.version)


def test_a_read_in_flight_while_data_are_replaced_never_shows_as_new(viewer: ViewerModel) -> None:
    before, after = gated(1), gated(2)
    layer = add(viewer, before)
    shown = watch(viewer, layer)
    assert before.wait_for(4)
    layer.data = Multiscale((after,))
    assert after.wait_for(4)
    before.open()
    viewer.drain()
    after.open()
    viewer.wait_until_loaded(WAIT)
    assert values(viewer.slices[layer]) == {2}
    assert all(found <= {2} for version, found in shown if version == layer.version)
    assert [version for version, _ in shown] == sorted(version for version, _ in shown)


def test_going_back_to_data_that_were_shown_before_reads_them_again(viewer: ViewerModel) -> None:
    data = np.full((3, 32, 32), 1, "u1")
    source = counted(data)
    layer = add(viewer, source)
    viewer.wait_until_loaded(WAIT)
    first = layer.data
    layer.data = np.full((3, 32, 32), 2, "u1")
    viewer.wait_until_loaded(WAIT)
    data[:] = 3
    layer.data = first
    viewer.wait_until_loaded(WAIT)
    assert values(viewer.slices[layer]) == {3}


def test_layers_that_share_a_source_may_be_refreshed_one_after_the_other(viewer: ViewerModel) -> None:
    """The first refresh of one must not be taken for the first refresh of the other."""
    data = np.full((3, 32, 32), 1, "u1")
    source = counted(data)
    one, two = add(viewer, source), add(viewer, source)
    viewer.wait_until_loaded(WAIT)
    assert set(source.reads.values()) == {1}
    data[:] = 2
    one.refresh()
    viewer.wait_until_loaded(WAIT)
    data[:] = 3
    two.refresh()
    viewer.wait_until_loaded(WAIT)
    assert values(viewer.slices[two]) == {3}
    three = add(viewer, source)
    viewer.wait_until_loaded(WAIT)
    assert values(viewer.slices[three]) == {3}


# ---- regions ---------------------------------------------------------------------------------------------------------


def test_only_the_chunks_that_a_region_touches_are_read_again(viewer: ViewerModel) -> None:
    data = np.random.default_rng(0).integers(0, 255, (3, 64, 64), "u1")
    source = counted(data)
    layer = add(viewer, source)
    viewer.wait_until_loaded(WAIT)
    before = source.reads
    where = np.s_[viewer.dims.current_step[0], 20:40, 10:16]
    data[where] += 1
    layer.refresh(where)
    viewer.wait_until_loaded(WAIT)
    again = source.reads - before
    assert {place[1:] for place in again} == {((16, 32), (0, 16)), ((32, 48), (0, 16))}
    assert set(again.values()) == {1}
    np.testing.assert_array_equal(viewer.slices[layer].as_array(), data[viewer.dims.current_step[0]])


def test_a_region_beside_what_is_shown_reads_nothing_until_it_is_shown(viewer: ViewerModel) -> None:
    data = np.full((3, 32, 32), 1, "u1")
    source = counted(data)
    layer = add(viewer, source)
    for step in (0, 2, 1):
        viewer.dims.set_current_step(0, step)
        viewer.wait_until_loaded(WAIT)
    before = source.reads
    data[2] = 9
    layer.refresh(2)
    viewer.wait_until_loaded(WAIT)
    assert source.reads == before
    assert viewer.slices[layer].version == layer.version
    viewer.dims.set_current_step(0, 0)
    viewer.wait_until_loaded(WAIT)
    assert source.reads == before
    viewer.dims.set_current_step(0, 2)
    viewer.wait_until_loaded(WAIT)
    assert values(viewer.slices[layer]) == {9}
    assert sum((source.reads - before).values()) == 4


def test_every_level_of_a_pyramid_is_read_again_where_it_follows_from_the_region(viewer: ViewerModel) -> None:
    data = np.random.default_rng(1).integers(0, 255, (3, 128, 128), "u1")
    coarse = np.ascontiguousarray(data[:, ::2, ::2])
    fine_source, coarse_source = counted(data), counted(coarse)
    layer = add(viewer, fine_source, coarse_source)
    viewer.wait_until_loaded(WAIT)
    fine_before, coarse_before = fine_source.reads, coarse_source.reads
    data[:, 100:110, 100:110] = 7
    coarse[:] = data[:, ::2, ::2]
    layer.refresh(np.s_[:, 100:110, 100:110])
    viewer.wait_until_loaded(WAIT)
    np.testing.assert_array_equal(viewer.slices[layer].as_array(), data[viewer.dims.current_step[0]])
    assert [place[1:] for place in fine_source.reads - fine_before] == [((96, 112), (96, 112))]
    assert [place[1:] for place in coarse_source.reads - coarse_before] == [((48, 64), (48, 64))]
    layer.locked_data_level = 1
    viewer.wait_until_loaded(WAIT)
    np.testing.assert_array_equal(viewer.slices[layer].as_array(), coarse[viewer.dims.current_step[0]])


def test_many_edits_of_an_array_in_memory_end_in_the_picture_of_numpy(viewer: ViewerModel) -> None:
    rng = np.random.default_rng(2)
    data = rng.integers(0, 255, (3, 700, 900), "u1")
    layer = viewer.add_image(data, contrast_limits=(0, 255))
    for _ in range(70):
        z, y, x = (int(rng.integers(0, n - 50)) if n > 50 else int(rng.integers(0, n)) for n in data.shape)
        where = np.s_[z, y : y + 50, x : x + 50]
        data[where] = rng.integers(0, 255)
        layer.refresh(where)
        viewer.drain()
    for step in range(3):
        with viewer.sync_slicing(WAIT):
            viewer.dims.set_current_step(0, step)
        np.testing.assert_array_equal(viewer.slices[layer].as_array(), data[step])


def test_colours_and_channels_of_one_store_are_edited_too(viewer: ViewerModel) -> None:
    colours = np.zeros((40, 50, 3), "u1")
    rgb = viewer.add_image(colours, rgb=True)
    store = np.zeros((2, 32, 32), "u1")
    source = counted(store)
    channels = [viewer.add_image(Multiscale((source,), ((0, c),)), contrast_limits=(0, 9)) for c in range(2)]
    viewer.wait_until_loaded(WAIT)
    before = source.reads
    colours[3:5, 7] = 200
    rgb.refresh(np.s_[3:5, 7, :])
    store[1, :10] = 5
    channels[1].refresh(np.s_[:10])
    viewer.wait_until_loaded(WAIT)
    np.testing.assert_array_equal(viewer.slices[rgb].as_array(), colours)
    np.testing.assert_array_equal(viewer.slices[channels[1]].as_array(), store[1])
    again = Counter(place[0] for place in (source.reads - before).elements())
    assert again == {(1, 2): 2}, "two chunks, and only of the channel that was refreshed"


def test_what_is_on_its_way_after_an_edit_is_not_stood_in_for_by_what_was_there(viewer: ViewerModel) -> None:
    """The untouched chunks stay, the touched ones are blank until they are read: never an old one in a new picture."""
    source = gated(1)
    layer = add(viewer, source)
    assert source.wait_for(4)
    source.release()
    viewer.wait_until_loaded(WAIT)
    shown: list[ImageSliceResponse] = []
    viewer.slice_ready.connect(lambda _, __, response: shown.append(response))
    where = np.s_[:, :, :16]
    source.data = source.data.copy()
    source.data[where] = 2
    layer.refresh(where)
    assert source.wait_for(2)
    source.release(1)
    while not any(response.version == layer.version for response in shown):
        viewer.drain()
    assert not viewer.loaded
    source.open()
    viewer.wait_until_loaded(WAIT)
    new = [response for response in shown if response.version == layer.version]
    assert len(new[0].tiles) < len(new[-1].tiles) == 4
    for tile in (tile for response in new for tile in response.tiles):
        assert (tile.data == (2 if tile.region[1] == (0, 16) else 1)).all()
