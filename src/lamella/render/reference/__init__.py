"""Pictures by numpy alone: the rules of drawing written down once more, correct and not fast.

Every canvas pixel's centre is taken back to the world, to the data and to a texel. The tests hold `gl` to the same.
"""

from lamella.render.reference.backend import ReferenceBackend

__all__ = ["ReferenceBackend"]
