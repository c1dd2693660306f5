"""The one signal by which a part of this room declines a model or a file."""

from __future__ import annotations


class Unsupported(Exception):
    """There are no tables for this. Its text says why and is shown with the prediction; it is not a failure."""
