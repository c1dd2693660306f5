"""What stands at the top of a training's page."""

from __future__ import annotations

from core.db.tables.training_jobs import TrainingJobRow
from core.ui import links
from core.ui.training import status_badges


def of(job: TrainingJobRow) -> tuple[str, str]:
    """Its title with its state, and what it learns of what."""
    version = f" :gray[v{job.model.version}]" if job.model is not None else ""
    title = f"{links.escape(job.name)}{version} {status_badges.of(job).markdown}"
    told = [f"Predicts **{links.escape(job.target)}**"] if job.target else []
    told += [f"learns from {links.escape(job.file_name)}"] if job.file_name else []
    told += ["on its owner's own machine"] if job.model is None else []
    sentence = " · ".join(told)
    return title, f"{sentence[:1].upper()}{sentence[1:]}"
