"""From which probability on a row is called: what each choice costs, and that it is kept, audited and nobody else's."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import sqlalchemy as sa

from core import db
from core.db.tables.audit_events import AuditEventRow
from core.db.tables.models import ModelRow
from core.db.tables.uploads import UploadRow
from core.errors import AppError, Conflict, NotFound
from core.models import changes, models, thresholds
from core.models.errors import ThresholdUnusable
from core.models.thresholds import KnownScores
from core.predictions import cutting, predictions
from core.settings import Settings
from core.storage import LocalStorage
from tests import journeys, made
from tests.together import together


@pytest.fixture
def upload(database: db.Database, settings: Settings, storage: LocalStorage, user: db.User) -> UploadRow:
    return journeys.upload_bytes(user, made.CSV, settings=settings, files=storage)


@pytest.fixture
def model(user: db.User, upload: UploadRow) -> ModelRow:
    return made.ready_model(user, upload)


def drawn(n: int = 4_000, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of a rare outcome that are right on average, and the outcomes."""
    generator = np.random.default_rng(seed)
    scores = generator.beta(1.2, 6, n)
    return scores, generator.random(n) < scores


def test_precision_and_recall_of_a_step_are_those_of_the_rows() -> None:
    scores, positive = drawn()
    found = KnownScores.of(scores, positive)
    for threshold in (0.05, 0.137, 0.5, 0.999):
        called = np.rint(scores * 1e6) >= threshold * 1e6
        cut = found.cut(threshold)
        assert (cut.n_rows, cut.n_called) == (len(scores), called.sum())
        assert cut.recall == pytest.approx((called & positive).sum() / positive.sum())
        if called.any():
            assert cut.precision == pytest.approx((called & positive).sum() / called.sum())
    assert found.cut(0.9999).precision is None


def test_the_rules_find_what_they_are_named_after() -> None:
    scores, positive = drawn()
    found = KnownScores.of(scores, positive)
    near = found.cut(found.best["as_trained"])
    assert abs(near.n_called - positive.sum()) <= 5
    best = max(found.cut(step / 1000).f1 or 0 for step in range(1, 1000))
    assert found.cut(found.best["best_f1"]).f1 == best > (found.cut(0.5).f1 or 0)
    assert found.best["half"] == 0.5


@pytest.mark.parametrize(
    "scores", [np.empty(0), np.zeros(5), np.ones(5), np.full(5, 0.5), np.array([5e-7, 1 - 1e-9])]
)
def test_scores_at_the_ends_or_all_alike_are_counted_too(scores: np.ndarray) -> None:
    for positive in (np.zeros(len(scores), bool), np.ones(len(scores), bool)):
        found = KnownScores.of(scores, positive)
        kept = json.loads(json.dumps(found.to_json(), allow_nan=False))
        again = KnownScores.from_json(kept)
        assert again.best == found.best
        assert again.cut(0.25) == found.cut(0.25)
        assert found.cut(0.25).n_rows == len(scores)


@pytest.mark.parametrize(
    "threshold", [0, 1, 0.0, 1.0, -0.1, 1.5, math.nan, math.inf, -math.inf, 1e-9, 1 - 1e-9]
)
def test_what_is_no_probability_between_none_and_all_is_refused(threshold: float) -> None:
    with pytest.raises(ThresholdUnusable):
        thresholds.settled(threshold, None)


def test_a_rule_needs_the_scores_that_it_is_read_from() -> None:
    assert thresholds.settled("half", None) == (0.5, "half")
    with pytest.raises(ThresholdUnusable, match="before its scores were kept"):
        thresholds.settled("best_f1", None)
    with pytest.raises(ThresholdUnusable, match="'sharp' is no way"):
        thresholds.settled("sharp", None)  # type: ignore[arg-type]  # as if it came from elsewhere


def test_a_model_keeps_its_threshold_and_a_prediction_the_one_it_was_asked_for_with(
    user: db.User, upload: UploadRow, model: ModelRow
) -> None:
    assert (thresholds.of_model(model), thresholds.rule_of(model)) == (0.5, "half")
    before = made.queued(user, upload, model)
    with db.session_scope(user, write=True) as session:
        changes.set_threshold(session, model_id=model.id, wanted=0.3)
    now = made.queued(user, upload, model)
    with db.session_scope(user, write=True) as session:
        own = predictions.create(session, upload_id=upload.id, model_id=model.id, threshold=0.7).id
        changes.set_threshold(session, model_id=model.id, wanted=0.9)
    with db.session_scope(user) as session:
        kept = [cutting.of(predictions.get(session, prediction_id=one)) for one in (before, now, own)]
        changed = models.get(session, model_id=model.id)
    assert kept == [0.5, 0.3, 0.7]
    assert (changed.threshold, changed.threshold_rule) == (0.9, "by_hand")


def test_two_changes_at_once_are_both_audited_and_each_knows_the_one_before(
    user: db.User, model: ModelRow
) -> None:
    def change(wanted: float) -> None:
        with db.session_scope(user, write=True) as session:
            changes.set_threshold(session, model_id=model.id, wanted=wanted)

    wanted = (0.2, 0.4, 0.6, 0.8)
    assert together([lambda one=one: change(one) for one in wanted]) == [None] * len(wanted)
    with db.session_scope(db.WORKER) as session:
        noted = sa.select(AuditEventRow.details).where(AuditEventRow.action == "model.threshold")
        told = session.execute(noted).scalars().all()
    with db.session_scope(user) as session:
        now = models.get(session, model_id=model.id).threshold
    assert sorted(one["threshold"] for one in told) == list(wanted)
    assert sorted(one["before"] for one in told) == sorted({0.5, *wanted} - {now})


def test_only_a_ready_model_of_two_classes_has_one_and_only_its_owner_sets_it(
    user: db.User, stranger: db.User, upload: UploadRow, model: ModelRow
) -> None:
    def refused(who: db.User, model_id: object, kind: type[AppError]) -> None:
        with pytest.raises(kind), db.session_scope(who, write=True) as session:
            changes.set_threshold(session, model_id=model_id, wanted=0.3)  # type: ignore[arg-type]

    refused(stranger, model.id, NotFound)
    with db.session_scope(user, write=True) as session:
        waiting = models.request_training(session, upload=upload, target="churned").id
    refused(user, waiting, Conflict)
    with db.session_scope(db.WORKER, write=True) as session:
        of_numbers = made.SCHEMA.to_json() | {"task": "regression", "labels": [], "positive_label": None}
        session.execute(sa.update(ModelRow).where(ModelRow.id == model.id).values(schema=of_numbers))
    refused(user, model.id, ThresholdUnusable)
    with pytest.raises(ThresholdUnusable), db.session_scope(user, write=True) as session:
        predictions.create(session, upload_id=upload.id, model_id=model.id, threshold=0.3)


@pytest.mark.parametrize("threshold", [0.0, 1.0, 2.0, math.nan])
def test_the_database_holds_no_other_either(
    database: db.Database, user: db.User, model: ModelRow, threshold: float
) -> None:
    is_nothing = database.engine.dialect.name == "sqlite" and math.isnan(threshold)  # NaN is NULL there
    try:
        with db.session_scope(user, write=True) as session:
            session.execute(sa.update(ModelRow).where(ModelRow.id == model.id).values(threshold=threshold))
    except (sa.exc.IntegrityError, AppError):
        assert not is_nothing
    else:
        assert is_nothing
