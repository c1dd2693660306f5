"""Live apps: `/live/{id}/` is a page of ours, drawn from the model's schema.

Of what runs in the sandbox nothing but parsed JSON passes. The page stands behind the same gate as all others.
"""

from core.api.live.asking import Asking
from core.api.live.routes import routes

__all__ = ["Asking", "routes"]
