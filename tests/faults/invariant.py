"""What must hold after any fault: task and resource agree, and every effect is there exactly once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from core import db, queue
from core.db.tables.tasks import TaskRow


@dataclass(frozen=True)
class Findings:
    """Each entry names a task; all empty is what we want.

    lost: settled as a success, but an effect is missing, or not a success at all.
    twice: an effect is there more than once.
    stuck: not settled.
    apart: the resource is in another state than its task.
    """

    lost: tuple[str, ...]
    twice: tuple[str, ...]
    stuck: tuple[str, ...]
    apart: tuple[str, ...]
    n_takeovers: int

    @property
    def clean(self) -> bool:
        return not (self.lost or self.twice or self.stuck or self.apart)


def examine(task_ids: Sequence[UUID], *, n_steps: int) -> Findings:
    """Look at all of a run's tasks in one transaction; each should have succeeded."""
    with db.session_scope(db.WORKER) as session:
        tasks = {row.id: row for row in session.execute(sa.select(TaskRow)).scalars()}
        resources = {
            row.task_id: row.status
            for row in session.execute(sa.text("SELECT task_id, status FROM test_resources"))
        }
        effects: dict[str, Counter[int]] = defaultdict(Counter)
        for task_id, step in session.execute(sa.text("SELECT task_id, step FROM test_effects")):
            effects[task_id][step] += 1
    lost, twice, stuck, apart = [], [], [], []
    for task_id in task_ids:
        task, seen = tasks.get(task_id), effects[str(task_id)]
        if task is None or (task.state in queue.SETTLED and task.state != "SUCCEEDED"):
            lost.append(f"{task_id}: {task.state if task else 'gone'}")
            continue
        if task.state not in queue.SETTLED:
            stuck.append(f"{task_id}: {task.state}, attempt {task.attempt}")
        elif set(seen) != set(range(n_steps)):
            lost.append(f"{task_id}: only steps {sorted(seen)}")
        if any(n > 1 for n in seen.values()):
            twice.append(f"{task_id}: {dict(seen)}")
        if resources.get(str(task_id)) != task.state:
            apart.append(f"{task_id}: task {task.state}, resource {resources.get(str(task_id))}")
    return Findings(
        lost=tuple(lost),
        twice=tuple(twice),
        stuck=tuple(stuck),
        apart=tuple(apart),
        n_takeovers=sum(max(0, task.attempt - 1) for task in tasks.values()),
    )
