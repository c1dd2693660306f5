"""What code by Claude may import: the standard library, and what is installed in every sandbox by exact version."""

from __future__ import annotations

from typing import Final

IMPORTABLE: Final = ("numpy", "pandas", "scipy", "sklearn", "joblib", "pyarrow")
