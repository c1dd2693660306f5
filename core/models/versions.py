"""The versions of what computes beside our own code: kept with each model, and on each score's receipt."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Final

LIBRARIES: Final = ("scikit-learn", "pandas", "numpy", "scipy", "skops", "pyarrow")


def installed() -> dict[str, str]:
    """Of Python and of every library on which a model's numbers hang."""
    return {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES}
