"""n-D affine transforms: built from the parameters of a layer, composed, inverted and sliced.

Owned by nobody: transforms are immutable.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class Affine:
    """``y = linear @ x + translate`` in n dimensions, immutable.

    Parameters
    ----------
    linear : (n, n) array
    translate : (n,) array, optional
        Zeros if not given.
    """

    __slots__ = ("linear", "translate")

    linear: Array
    translate: Array

    def __init__(self, linear: npt.ArrayLike, translate: npt.ArrayLike | None = None) -> None:
        matrix = np.array(linear, dtype=np.float64)
        n = matrix.shape[0]
        offset = np.zeros(n) if translate is None else np.array(translate, dtype=np.float64)
        if matrix.shape != (n, n) or offset.shape != (n,):
            raise ValueError(f"an affine transform needs (n, n) and (n,) arrays, not {matrix.shape} and {offset.shape}")
        matrix.setflags(write=False)
        offset.setflags(write=False)
        object.__setattr__(self, "linear", matrix)
        object.__setattr__(self, "translate", offset)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("transforms are immutable")

    def __reduce__(self) -> tuple[type[Affine], tuple[Array, Array]]:
        return (Affine, (self.linear, self.translate))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Affine):
            return NotImplemented
        if self.translate.tobytes() == other.translate.tobytes() and self.linear.tobytes() == other.linear.tobytes():
            return True  # mostly; ten times as fast, and caches compare transforms of every layer at every frame
        return np.array_equal(self.linear, other.linear) and np.array_equal(self.translate, other.translate)

    def __hash__(self) -> int:
        return hash((self.linear.tobytes(), self.translate.tobytes()))

    def __repr__(self) -> str:
        return f"Affine({self.linear.tolist()}, {self.translate.tolist()})"

    @classmethod
    def identity(cls, ndim: int) -> Affine:
        return cls(np.eye(ndim))

    @classmethod
    def diagonal(cls, scale: npt.ArrayLike, translate: npt.ArrayLike | None = None) -> Affine:
        return cls(np.diag(np.asarray(scale, dtype=np.float64)), translate)

    @property
    def ndim(self) -> int:
        return len(self.translate)

    def __call__(self, points: npt.ArrayLike) -> Array:
        """Map points, shape (n,) or (m, n)."""
        return np.asarray(points, dtype=np.float64) @ self.linear.T + self.translate

    def __matmul__(self, other: Affine) -> Affine:
        """First ``other``, then this one."""
        return Affine(self.linear @ other.linear, self.linear @ other.translate + self.translate)

    @property
    def inverse(self) -> Affine:
        inverse = np.linalg.inv(self.linear)
        return Affine(inverse, -inverse @ self.translate)

    def on_axes(self, axes: Sequence[int]) -> Affine:
        """The submatrix on ``axes``, in their order (SEMANTICS: drawing uses that of the forward transform)."""
        index = list(axes)
        return Affine(self.linear[np.ix_(index, index)], self.translate[index])

    def expanded(self, ndim: int) -> Affine:
        """The same transform on the last axes of ``ndim``, identity on the others."""
        if ndim < self.ndim:
            raise ValueError(f"cannot expand a transform of {self.ndim} axes to {ndim}")
        k = ndim - self.ndim
        linear = np.eye(ndim)
        linear[k:, k:] = self.linear
        return Affine(linear, np.concatenate([np.zeros(k), self.translate]))

    def bounds(self, box: npt.ArrayLike) -> Array:
        """The axis-aligned box, shape (2, n), around the image of ``box``, shape (2, n)."""
        low, high = np.asarray(box, dtype=np.float64)
        centre = self((low + high) / 2)
        half = np.abs(self.linear) @ ((high - low) / 2)
        return np.stack([centre - half, centre + half])


def rotation_matrix(rotate: Any, ndim: int) -> Array:
    """The rotation of a layer as an (n, n) matrix.

    A number is an angle in degrees that turns the last two axes by ``[[c, -s], [s, c]]``; three angles (a, b, g) give
    ``Rz(a) @ Ry(b) @ Rx(g)`` on the last three axes; a square matrix acts on the last axes as it is.
    """
    value = np.asarray(rotate, dtype=np.float64)
    if value.ndim == 0:
        c, s = np.cos(np.deg2rad(value)), np.sin(np.deg2rad(value))
        small = np.array([[c, -s], [s, c]])
    elif value.shape == (3,):
        (ca, cb, cg), (sa, sb, sg) = np.cos(np.deg2rad(value)), np.sin(np.deg2rad(value))
        rz = np.array([[ca, -sa, 0], [sa, ca, 0], [0, 0, 1]])
        ry = np.array([[cb, 0, sb], [0, 1, 0], [-sb, 0, cb]])
        rx = np.array([[1, 0, 0], [0, cg, -sg], [0, sg, cg]])
        small = rz @ ry @ rx
    elif value.ndim == 2 and value.shape[0] == value.shape[1]:
        small = value
    else:
        raise ValueError(
            f"rotate must be an angle in degrees, three angles or a square matrix, not an array of shape {value.shape}"
        )
    if len(small) > ndim:
        raise ValueError(f"rotate turns {len(small)} axes, but the layer has {ndim}")
    return Affine(small).expanded(ndim).linear


def shear_matrix(shear: Any, ndim: int) -> Array:
    """The shear of a layer, (n, n): a vector fills the strict upper triangle of the last axes row by row."""
    value = np.asarray(shear, dtype=np.float64)
    if value.ndim == 1:
        m = int((1 + np.sqrt(1 + 8 * len(value))) / 2)
        if m * (m - 1) // 2 != len(value):
            raise ValueError(f"shear must have 1, 3, 6 … n(n-1)/2 values, not {len(value)}")
        small = np.eye(m)
        small[np.triu_indices(m, 1)] = value
    elif value.ndim == 2 and value.shape[0] == value.shape[1]:
        small = value
        if not (np.allclose(small, np.triu(small)) or np.allclose(small, np.tril(small))):
            raise ValueError("shear must be a triangular matrix or a vector for its upper triangle")
    else:
        raise ValueError(f"shear must be a vector or a triangular matrix, not an array of shape {value.shape}")
    if len(small) > ndim:
        raise ValueError(f"shear acts on {len(small)} axes, but the layer has {ndim}")
    return Affine(small).expanded(ndim).linear


def layer_transform(
    ndim: int, *, scale: Any = None, translate: Any = None, rotate: Any = None, shear: Any = None, affine: Any = None
) -> Affine:
    """Data → world of a layer: ``affine ∘ (translate, rotate · shear · scale)``.

    Parameters
    ----------
    ndim : int
        Axes of the layer. Shorter parameters act on the last axes.
    scale, translate : sequence of float, optional
        Finite; no scale may be zero.
    rotate, shear : optional
        See `rotation_matrix` and `shear_matrix`.
    affine : Affine or (n+1, n+1) homogeneous matrix or (n, n+1), optional

    Raises
    ------
    ValueError
        A parameter is too long, not finite, or gives a transform that cannot be inverted.
    """
    linear = np.diag(_last_axes("scale", scale, ndim, 1.0))
    if np.any(np.diag(linear) == 0):
        raise ValueError(f"scale must not be zero on any axis, but is {scale}")
    if shear is not None:
        linear = shear_matrix(shear, ndim) @ linear
    if rotate is not None:
        linear = rotation_matrix(rotate, ndim) @ linear
    transform = Affine(linear, _last_axes("translate", translate, ndim, 0.0))
    if affine is not None:
        transform = _as_affine(affine, ndim) @ transform
    if not np.isfinite(transform.linear).all() or not np.isfinite(transform.translate).all():
        raise ValueError("rotate, shear and affine must be finite")
    lengths = np.abs(transform.linear).max(axis=0)  # whatever the units
    if not lengths.all() or np.linalg.matrix_rank(transform.linear / lengths) < ndim:
        raise ValueError("the transform of the layer cannot be inverted: an axis is squeezed to nothing")
    return transform


def _last_axes(name: str, values: Any, ndim: int, default: float) -> Array:
    result = np.full(ndim, default)
    if values is None:
        return result
    try:
        given = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a sequence of numbers, not {values!r}") from None
    if given.ndim == 0:
        return np.full(ndim, float(given))
    if given.ndim != 1 or len(given) > ndim:
        raise ValueError(f"{name} must have at most {ndim} values, one an axis, not {values!r}")
    if not np.isfinite(given).all():
        raise ValueError(f"{name} must be finite, but is {values!r}")
    if len(given):
        result[-len(given) :] = given
    return result


def _as_affine(affine: Any, ndim: int) -> Affine:
    if isinstance(affine, Affine):
        small = affine
    else:
        matrix = np.asarray(affine, dtype=np.float64)
        if matrix.ndim != 2 or matrix.shape[1] < 2 or matrix.shape[0] not in (matrix.shape[1], matrix.shape[1] - 1):
            raise ValueError(f"affine must be a homogeneous matrix (n+1, n+1) or (n, n+1), not of shape {matrix.shape}")
        n = matrix.shape[1] - 1
        small = Affine(matrix[:n, :n], matrix[:n, n])
    if small.ndim > ndim:
        raise ValueError(f"affine acts on {small.ndim} axes, but the layer has {ndim}")
    return small.expanded(ndim)
