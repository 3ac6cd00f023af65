"""Places."""

from __future__ import annotations

from transforms.core.transform import Transform

TRANSFORMS: tuple[type[Transform], ...] = ()
