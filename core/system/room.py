"""What the installation itself tells the rest of the house."""

from __future__ import annotations

from core.room import Room

ROOM = Room()
