from __future__ import annotations

from core import storage
from core.settings import Settings
from core.worker.output_cleaner import OutputCleaner


def test_what_processes_that_are_gone_have_left_is_removed(settings: Settings, database: object) -> None:
    folder = settings.data_dir / "sandboxes" / f"{'0' * 32}-left"
    (folder / "job").mkdir(parents=True)
    (folder / "job" / "model.bin").write_text("x")
    cleaner = OutputCleaner(storage.from_settings(settings), now=lambda: 0.0)
    cleaner.sweep(settings)
    cleaner.close()
    assert not folder.exists()
