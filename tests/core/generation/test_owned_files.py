"""Which files of batch generation the sweep leaves alone, and which it removes a day later."""

from __future__ import annotations

import os
from uuid import uuid4

from core import storage
from core.system import unreferenced_files
from tests.batches import Bench


def test_what_belongs_to_a_job_or_conversation_stays_and_nothing_else(small_bench: Bench) -> None:
    job_id, paused_id = small_bench.create(2), small_bench.create(1)
    small_bench.attempt(job_id)
    files = storage.from_settings(small_bench.settings)
    nobodys = (
        f"conversation-files/{uuid4()}.json",
        f"conversation-files/raw/{uuid4()}/0-1.json",
        f"batch-logs/{uuid4()}/log.txt",
    )
    for key in (*nobodys, f"conversation-files/raw/{paused_id}/0-1.json"):
        with storage.stage(small_bench.settings.staging_dir) as staged:
            staged.write(b"{}")
            staged.close()
            files.put(key, staged.path)
        os.utime(small_bench.settings.files_dir / key, (0, 0))
    assert sorted(unreferenced_files.find(files).keys) == sorted(nobodys)
