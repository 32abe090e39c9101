"""A part of the data that changed has a new version everywhere, and as little else as can be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamella.model.edits import MAX_EDITS, Edits, new_version, newest_version, region_of
from lamella.model.layers.image import Image
from lamella.sources.base import new_token

SHAPE = (6, 20, 30)


@pytest.mark.parametrize(
    ("index", "region"),
    [
        (None, ((0, 6), (0, 20), (0, 30))),
        (..., ((0, 6), (0, 20), (0, 30))),
        (3, ((3, 4), (0, 20), (0, 30))),
        (-1, ((5, 6), (0, 20), (0, 30))),
        (np.int64(2), ((2, 3), (0, 20), (0, 30))),
        (slice(2, 4), ((2, 4), (0, 20), (0, 30))),
        ((3, 5), ((3, 4), (5, 6), (0, 30))),
        (((3, 5),), ((3, 5), (0, 20), (0, 30))),
        (([3, 5], None, (-10, None)), ((3, 5), (0, 20), (20, 30))),
        ((..., slice(0, 10)), ((0, 6), (0, 20), (0, 10))),
        ((1, ..., 7), ((1, 2), (0, 20), (7, 8))),
        ((1, 2, ..., 3), ((1, 2), (2, 3), (3, 4))),
        (np.s_[1, 4:400, ::7], ((1, 2), (4, 20), (0, 29))),
        (np.s_[::-1, -5:], ((0, 6), (15, 20), (0, 30))),
        (np.s_[2:2], None),
        (np.s_[:, 40:50], None),
    ],
)
def test_a_region_is_an_index_of_numpy(index: Any, region: Any) -> None:
    assert region_of(index, SHAPE) == region


@pytest.mark.parametrize(
    ("index", "sentence"),
    [
        ((1, 2, 3, 4), "region has 4 axes, but the data have 3"),
        ((..., ...), "at most one Ellipsis"),
        (6, "region is at 6 on axis 0, beyond its 6 samples"),
        ((None, -21), "region is at -21 on axis 1, beyond its 20 samples"),
        ("3", "region must have a slice, an integer, .* not '3' for axis 0"),
        (2.5, "not 2.5 for axis 0"),
        (True, "not True for axis 0"),
        ((0, (1, 2, 3)), "not .* for axis 1"),
        ((0, (1.5, 2)), "not .* for axis 1"),
        (np.s_[::0], "not .* for axis 0"),
    ],
)
def test_a_bad_region_is_refused_in_one_sentence_and_changes_nothing(index: Any, sentence: str) -> None:
    layer = Image(np.zeros(SHAPE, "u1"), rgb=False)
    before = (layer.version, layer.edits)
    with pytest.raises(ValueError, match=sentence) as caught:
        layer.refresh(index)
    assert "\n" not in str(caught.value)
    assert (layer.version, layer.edits) == before


def test_an_empty_region_is_no_change() -> None:
    layer = Image(np.zeros(SHAPE, "u1"))
    told: list[int] = []
    layer.events.version.connect(told.append)
    layer.refresh(np.s_[3:3])
    assert told == []
    layer.refresh(3)
    assert told == [layer.version]


@given(st.lists(st.tuples(st.integers(0, 19), st.integers(1, 20)), min_size=1, max_size=100))
def test_a_sample_never_has_an_older_version_than_the_last_edit_of_it(spans: list[tuple[int, int]]) -> None:
    """However many edits there were: few are remembered, but what is forgotten counts as newer, not as older."""
    edits, truth = Edits(), np.zeros(40, int)
    for version, (start, length) in enumerate(spans, start=1):
        edits = edits.with_edit(version, ((start, start + length),))
        truth[start : start + length] = version
        known = np.full(40, edits.base)
        for edit in edits.latest:
            ((a, b),) = edit.region
            known[a:b] = edit.version
        assert (known >= truth).all()
        assert (known[start : start + length] == version).all()
        if version <= MAX_EDITS:
            np.testing.assert_array_equal(known, truth)
        assert len(edits.latest) <= MAX_EDITS
        assert [e.version for e in edits.latest] == sorted(e.version for e in edits.latest)


def test_versions_are_never_given_twice() -> None:
    """Two layers that share a source must not call two states of it by one number."""
    token = new_token()
    assert newest_version([token]) == 0
    versions = [new_version([token]) for _ in range(3)]
    assert len({0, *versions}) == 4
    assert newest_version([new_token(), token]) == versions[-1]


def test_a_layer_made_of_data_that_were_refreshed_has_their_version() -> None:
    first = Image(np.zeros(SHAPE, "u1"))
    assert first.version == 0
    first.refresh(3)
    assert Image(first.source).version == first.version
    assert Image(first.source).edits == Edits(first.version)
