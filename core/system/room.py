"""What the installation tells of itself: checks of all that the rooms stand on."""

from __future__ import annotations

from core.room import Room, SystemCheck
from core.system import external_services, python_check, queue_checks, storage_checks

ROOM = Room(
    checks=(
        SystemCheck("Storage", "Files", storage_checks.files, position=10),
        SystemCheck("Storage", "Free space", storage_checks.room, position=11),
        SystemCheck("Queue", "Queue", queue_checks.backlog, position=20, needs_database=True),
        SystemCheck("SQS", "Reachable", external_services.sqs, position=60),
        SystemCheck("Keys", "Keys", external_services.keys, position=70),
        SystemCheck("Python", "Version", python_check.look, position=90),
        SystemCheck("Workers", "Workers", queue_checks.workers, position=80, needs_database=True),
    )
)
