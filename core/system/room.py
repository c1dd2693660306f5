"""What the installation tells of itself: checks of all that the rooms stand on."""

from __future__ import annotations

from core.room import Room, SystemCheck
from core.system import (
    external_services,
    installation,
    python_check,
    queue_checks,
    sandbox_check,
    storage_checks,
)

ROOM = Room(
    checks=(
        SystemCheck("Database", "Files", installation.check, position=5, needs_database=True),
        SystemCheck("Storage", "Files", storage_checks.files, position=10),
        SystemCheck("Storage", "Free space", storage_checks.room, position=11),
        SystemCheck("Storage", "Unreferenced", storage_checks.unreferenced, position=12, needs_database=True),
        SystemCheck("Queue", "Queue", queue_checks.backlog, position=20, needs_database=True),
        SystemCheck("Sandboxes", "Local", sandbox_check.look, position=40),
        SystemCheck("SQS", "Reachable", external_services.sqs, position=60),
        SystemCheck("Keys", "Keys", external_services.keys, position=70),
        SystemCheck("Python", "Version", python_check.look, position=90),
        SystemCheck("Workers", "Workers", queue_checks.workers, position=80, needs_database=True),
    )
)
