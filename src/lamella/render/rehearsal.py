"""Drawing images that nobody sees: drivers compile a program when it first draws, and the first picture would wait."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lamella.model.layers.look import ImageLook
from lamella.model.transforms import Affine
from lamella.model.view_state import ViewState
from lamella.render.messages import LayerDraw, Scene
from lamella.render.stage import Stage
from lamella.slicing.request import SliceKey, Window
from lamella.slicing.response import ImageSliceResponse, Tile

VIEW = LAYER = -1  # no real one has it
DTYPES = (np.uint16, np.uint8, np.float32)  # software OpenGL compiles anew for each kind of texture
_SIZE = 2
_BOX = ((-0.5, -0.5), (_SIZE - 0.5, _SIZE - 0.5))


def rehearse(stage: Stage) -> Iterator[None]:
    """Draw an image of each type, a step each: 15 to 25 ms with software OpenGL on 2 cores."""
    out = np.empty((_SIZE, _SIZE, 4), np.uint8)
    for dtype in DTYPES:
        scene = _scene()
        stage.set_scene(scene)
        try:
            stage.offer(_response(np.dtype(dtype)))
            stage.upload(lambda: False)
            stage.backend.draw(VIEW, scene.state, scene.background, stage.pictures(VIEW)[0], out)
        finally:
            stage.remove_view(VIEW)
        yield


def _scene() -> Scene:
    gray = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 4, axis=1)
    look = ImageLook(gray, (0.0, 1.0), 1.0, 1.0, "translucent", "nearest", True)
    middle = (_SIZE - 1) / 2
    none = (0.0, 0.0)
    state = ViewState(none, none, none, (0, 1), 2, (0.0, middle, middle), 1.0, (0.0,) * 3, (_SIZE, _SIZE))
    return Scene(VIEW, state, (LayerDraw(LAYER, "image", look),))


def _response(dtype: np.dtype[np.generic]) -> ImageSliceResponse:
    data = np.zeros((_SIZE, _SIZE), dtype)
    region = ((0, _SIZE),) * 2
    return ImageSliceResponse(
        generation=0,
        view=VIEW,
        layer=LAYER,
        kind="image",
        key=SliceKey(-1, (), 0, (), (), (), (0, 1)),
        window=Window(_BOX, (_SIZE, _SIZE)),
        point=(0.0, 0.0),
        dims_displayed=(0, 1),
        world_to_data=Affine.identity(2),
        needed=2,  # half of it is still to come: what stands in for that is drawn too
        have=1,
        failed=0,
        empty=False,
        rgb=False,
        level=0,
        region=region,
        extent=_BOX,
        tiles=(Tile(("rehearsal", dtype.str), 0, region, _BOX, data, data),),
    )
