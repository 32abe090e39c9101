"""Renderers that end with the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.render.stands import ALL, DRAWING, Stand, can_draw_with_gl, rng

_START = rng.bit_generator.state


@pytest.fixture(autouse=True)
def same_numbers() -> None:
    """A test sees the same random numbers alone and in a crowd."""
    rng.bit_generator.state = _START


@pytest.fixture
def make() -> Iterator[Callable[..., Stand]]:
    stands: list[Stand] = []

    def new(name: str, taking: bool = True, **how: int) -> Stand:
        if name == "gl" and not can_draw_with_gl():
            pytest.skip("there is no OpenGL here")
        stands.append(Stand(name, taking, **how))
        return stands[-1]

    yield new
    for stand in stands:
        stand.renderer.close()


@pytest.fixture(params=DRAWING)
def stand(request: pytest.FixtureRequest, make) -> Stand:
    return make(request.param)


@pytest.fixture(params=ALL)
def any_stand(request: pytest.FixtureRequest, make) -> Stand:
    return make(request.param)
