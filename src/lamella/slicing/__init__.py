"""How a view of a layer is made: requests in, responses out, everything between them away from the main thread.

Follow a slice: `layer_slicer` makes requests, `engine` carries out what `scheduler` decides, and each layer type has
its pure functions in a module of its own, listed in `TYPES`.
"""

from lamella.slicing.types import TYPES

__all__ = ["TYPES"]
