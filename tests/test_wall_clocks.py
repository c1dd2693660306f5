"""Every place where a moment decides something: what happens there when the clock of the machine is set back.

A comparison of moments in a module that is not named here fails, so that whoever writes one says what then becomes
of it: nothing may wait for the clock to come round again.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
OF_A_MOMENT = re.compile(r"_at\b|lease_until|\bnow\b|now_plus|monotonic|_since\b")
ORDERED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)

STEADY = "it counts by a steady clock, which nobody sets"
LONGER = "what is kept, shown or counted for a time is so for as much longer as the clock was set back"
LOOKED_AT = {
    # where a moment ahead of now counts as past: tests/core/queue/test_set_back_clock.py and those named
    "core/queue/tasks.py": "is_ahead: delays and leases",
    "core/queue/queue_position.py": "only which of two delays ends first; what is over is asked of tasks.py",
    "core/queue/workers.py": "is_ahead: a worker heard of in the future is not alive until its next beat",
    "core/queue/sqs/outbox.py": "is_ahead: a message sent in the future may be lost",
    "core/api/http/idempotency.py": "is_ahead: an unanswered key of the future is free; answers are kept longer",
    "core/access/sessions.py": "a session that ends later than one of now is over; the last click is noted anew",
    "core/access/credential_lookup.py": "the last use is noted anew where it is ahead",
    "core/db/types.py": "is_ahead itself",
    "core/training/local/silence.py": "is_ahead: one heard of in the future is lost, and comes back with its next beat",
    "core/training/deployments/keeper.py": "a lease further ahead than one of now is over; the last use is noted anew",
    "core/generation/jobs/by_hand.py": "is_ahead: a click in the future is one that nobody waits for",
    # by a clock that is not the wall's
    **dict.fromkeys(
        [
            "core/access/oidc.py", "core/access/throttle.py", "core/api/http/seldom.py",
            "core/api/routes/scoring.py", "core/db/engine.py", "core/predictions/scoring/distributed/cluster.py",
            "core/predictions/scoring/distributed/score.py", "core/worker/dispatcher.py", "core/worker/pools.py",
            "core/worker/runner.py", "core/worker/slots.py", "core/worker/sqs_transport.py",
            "core/worker/supervisor.py", "core/worker/file_sweep.py", "core/api/routes/by_hand.py",
            "core/generation/engine/job_log.py", "core/llm/gate.py", "core/llm/pacer.py",
            "core/sandboxes/local/backend.py", "core/sandboxes/local/process.py", "core/sandboxes/local/sandbox.py",
            "core/sandboxes/local/watchdog.py", "core/models/served/pipeline.py", "core/models/served/serve.py",
            "core/training/deployments/requests.py", "core/training/deployments/serving.py",
            "core/training/runs/recorder.py", "core/training/runs/work.py",
            "core/sandboxes/e2b/backend.py", "core/sandboxes/e2b/contact.py", "core/sandboxes/e2b/process.py",
            "core/sandboxes/e2b/inside/desk.py", "core/sandboxes/e2b/inside/watch.py",
            "core/training/deployments/rounds.py", "core/training/package/files/predictions_writer.py",
        ],
        STEADY,
    ),
    # harmless
    **dict.fromkeys(
        ["core/queue/figures.py", "core/queue/retention.py", "core/ui/models/home_items.py"], LONGER
    ),
    **dict.fromkeys(
        [
            "core/ui/predictions/home_items.py", "core/ui/jobs/home_items.py", "core/ui/jobs/progress.py",
            "core/generation/jobs/listing.py", "core/generation/jobs/spend.py", "core/ui/training/detail/watch.py",
            "core/training/listing.py", "core/ui/training/home_items.py", "core/llm/calls.py",
        ],
        LONGER,
    ),
    "core/training/local/reports.py": "a job passes to another token as much later as the old one ends later",
    "core/training/deployments/remote_serving.py": "steady; a use is compared with the last one that E2B was told of",
    "core/training/deployments/renewal.py": "a use is compared with the last one that E2B was told of",
    "core/access/tokens.py": "a token ends on the day that was shown when it was made",
    "core/access/audit.py": "a filter of who reads the trail",
    "core/db/pagination.py": "the order of lists, and the same for a page and the next",
    "core/predictions/repeats.py": "a result is compared with the one that seems to be earlier, or with none",
    "core/storage/ranged.py": "places in a file, no moments",
    "core/generation/conversations/receipts.py": "what was decided today, for the eye",
    "core/generation/engine/batch_loop.py": "a batch whose id was lost is looked for as much longer",
    "core/llm/batches.py": "the provider's own moments, compared with each other but for two minutes",
}  # fmt: skip


def test_every_place_where_a_moment_decides_is_looked_at() -> None:
    found = set()
    for path in (*PROJECT.glob("core/**/*.py"), *PROJECT.glob("pages/*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            is_order = isinstance(node, ast.Compare) and isinstance(node.ops[0], ORDERED)
            if is_order and OF_A_MOMENT.search(ast.unparse(node)):
                found.add(str(path.relative_to(PROJECT)))
    assert found == set(LOOKED_AT)
