import numpy as np
import pytest

from lamella.settings import get_settings
from lamella.sources.limits import check_chunk, check_shape


@pytest.fixture(autouse=True)
def small_cache(monkeypatch):
    monkeypatch.setenv("LAMELLA_CACHE_SIZE", "1000000")
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.mark.parametrize("shape", [(10**10,) * 3, (2**62 + 1,), (10**30, 5), (-1, 5)])
def test_more_voxels_than_can_be_counted_are_refused(shape):
    with pytest.raises(ValueError, match="voxels"):
        check_shape("it", shape)


def test_a_petavoxel_is_welcome():
    check_shape("it", (20, 2, 4096, 2**16, 2**17))


def test_too_many_axes_are_refused_with_their_number():
    with pytest.raises(ValueError, match="33 axes"):
        check_shape("it", (1,) * 33)


def test_a_chunk_over_half_of_the_cache_is_refused_with_both_numbers():
    check_chunk("it", (500, 500), np.dtype("u2"))
    with pytest.raises(ValueError, match=r"chunks of 501 kB, more than half of the cache of 1 MB"):
        check_chunk("it", (501, 500), np.dtype("u2"))
    with pytest.raises(ValueError, match=r"chunks of 1.00e.18 TB"):
        check_chunk("it", (10**30,), np.dtype("u1"))


def test_a_shard_with_a_huge_index_is_refused():
    check_chunk("it", (1, 1), np.dtype("u1"), (100, 100))
    with pytest.raises(ValueError, match="index takes 16 MB"):
        check_chunk("it", (1, 1), np.dtype("u1"), (1000, 1000))


def test_chunks_of_no_length_are_refused():
    with pytest.raises(ValueError, match="at least 1"):
        check_chunk("it", (0, 5), np.dtype("u1"))
