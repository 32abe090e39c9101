"""What draws, on the render thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from lamella.model.view_state import ViewState
from lamella.render.atlas import Atlas
from lamella.render.picture import Picture
from lamella.render.visibility import AnyPlaced
from lamella.render.visual import Part


class Backend(Protocol):
    """Made, used and closed on the render thread."""

    name: str

    def write(self, placed: AnyPlaced, tile: Any, part: Part, atlas: Atlas) -> None:
        """Upload a part of a tile of a response; it is done when this returns."""
        ...

    def finish(self, placed: AnyPlaced, tile: Any, parts: Sequence[Part], atlas: Atlas) -> None:
        """All parts of the tile are written: from now on it may be drawn."""
        ...

    def forget(self, atlas: Atlas, layers: set[int], views: set[int]) -> None:
        """Let go of all that is neither in the atlas nor among these layers and views."""
        ...

    def draw(
        self,
        view: int,
        state: ViewState,
        background: tuple[float, float, float],
        pictures: Sequence[Picture],
        out: npt.NDArray[np.uint8],
    ) -> None:
        """Draw into ``out``: device height × width × BGRA, row 0 at the top, alpha 255."""
        ...

    def close(self) -> None: ...
