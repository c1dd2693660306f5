"""Whose work may be seen: an admin looks at everybody's and changes nobody's; others see their own alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db
from core.access import ownership, roles
from core.access.errors import NotAllowed, OwnedByAnother
from core.access.ownership import OwnerFilter
from core.db.tables import Base
from core.db.tables.generation.conversations import ConversationRow
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.tables.tasks import TaskRow
from core.db.tables.uploads import UploadRow
from core.errors import NotFound
from core.models import changes, models
from core.predictions import listing, predictions, repeats
from core.settings import Settings
from core.storage import LocalStorage
from core.uploads import uploads
from core.uploads.report.overrides import ReadingOverrides
from tests import rows

List = Callable[[Session, OwnerFilter], Sequence[Any]]
LISTS: dict[str, List] = {
    "uploads": lambda session, owner: uploads.page(session, owner=owner).items,
    "models": lambda session, owner: models.page(session, owner=owner).items,
    "predictions": lambda session, owner: listing.page(session, owner=owner).items,
    "table": lambda session, owner: listing.table(session, offset=0, limit=20, owner=owner),
}


@pytest.fixture
def admin(user: db.User) -> db.User:
    """Ada, who may look at everybody's work."""
    return replace(user, role=roles.ADMIN)


@pytest.fixture
def theirs(database: db.Database, stranger: db.User) -> PredictionRow:
    """Mallory's prediction, with its upload and model."""
    made = rows.add(Base.metadata.tables["predictions"], owner=stranger.id)
    with db.session_scope(stranger) as session:
        return predictions.get(session, prediction_id=made["id"])


def listed(who: db.User, name: str, owner: OwnerFilter) -> set[object]:
    with db.session_scope(who) as session:
        return {row.id for row in LISTS[name](session, owner)}


@pytest.mark.parametrize("name", LISTS)
def test_an_admin_lists_ones_own_everybodys_or_one_persons_work(
    admin: db.User, stranger: db.User, theirs: PredictionRow, name: str
) -> None:
    (their_id,) = listed(stranger, name, "me")
    mine = rows.add(Base.metadata.tables["predictions"], owner=admin.id)
    my_id = {"uploads": mine["upload_id"], "models": mine["model_id"]}.get(name, mine["id"])
    assert listed(admin, name, "me") == {my_id} == listed(admin, name, admin.id)
    assert listed(admin, name, "all") == {my_id, their_id}
    assert listed(admin, name, stranger.id) == {their_id}


@pytest.mark.parametrize("role", [roles.ANALYST, roles.REVIEWER])
@pytest.mark.parametrize("name", LISTS)
def test_nobody_else_lists_another_persons_work(
    user: db.User, stranger: db.User, theirs: PredictionRow, name: str, role: str
) -> None:
    who = replace(user, role=role)
    for owner in ("all", stranger.id):
        with pytest.raises(NotAllowed, match="admin"):
            listed(who, name, owner)  # type: ignore[arg-type]  # one of the two
    assert listed(who, name, who.id) == set()


def test_an_admin_opens_everybodys_work_by_its_id(
    admin: db.User, user: db.User, theirs: PredictionRow
) -> None:
    def opened(session: Session) -> tuple[UUID, int, UUID]:
        return (
            predictions.get(session, prediction_id=theirs.id).id,
            uploads.get(session, upload_id=theirs.upload_id).id,
            models.get(session, model_id=theirs.model_id).id,
        )

    with db.session_scope(admin) as session:
        assert opened(session) == (theirs.id, theirs.upload_id, theirs.model_id)
    with db.session_scope(user) as session, pytest.raises(NotFound):
        opened(session)


def test_counts_and_search_are_of_whom_is_asked_for(
    admin: db.User, stranger: db.User, theirs: PredictionRow
) -> None:
    name = theirs.upload.file_name
    with db.session_scope(admin) as session:
        for owner, n in (("me", 0), ("all", 1), (stranger.id, 1)):
            assert sum(listing.counts(session, owner=owner, search=name).values()) == n  # type: ignore[arg-type]
            found = listing.table(session, offset=0, limit=5, search=name, owner=owner)  # type: ignore[arg-type]
            assert len(found) == n
            assert len(listing.n_by_model(session, owner=owner)) == n  # type: ignore[arg-type]


CHANGES: dict[str, Callable[[Session, PredictionRow], object]] = {
    "cancel a prediction": lambda s, row: predictions.cancel(s, prediction_id=row.id),
    "process it by hand": lambda s, row: predictions.prioritize(s, prediction_id=row.id),
    "retry it": lambda s, row: predictions.retry(s, prediction_id=row.id),
    "score it again": lambda s, row: repeats.again(s, prediction_id=row.id),
    "delete it": lambda s, row: predictions.delete(s, prediction_id=row.id),
    "delete the upload": lambda s, row: uploads.delete(s, upload_id=row.upload_id, n_confirmed=1),
    "delete the model": lambda s, row: changes.delete(s, model_id=row.model_id),
    "cancel its training": lambda s, row: changes.cancel_training(s, model_id=row.model_id),
    "train it first": lambda s, row: changes.prioritize(s, model_id=row.model_id),
    "score the upload": lambda s, row: predictions.create(s, upload_id=row.upload_id, model_id=row.model_id),
    "train on the upload": lambda s, row: models.request_training(
        s, upload=uploads.get(s, upload_id=row.upload_id), target="target"
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_admin_changes_nothing_of_somebody_elses(
    admin: db.User, theirs: PredictionRow, change: str
) -> None:
    before = everything()
    with (
        pytest.raises(OwnedByAnother, match="belongs to somebody else"),
        db.session_scope(admin, write=True) as session,
    ):
        CHANGES[change](session, theirs)
    assert everything() == before


def test_an_admin_can_not_have_somebody_elses_file_read_differently(
    admin: db.User, theirs: PredictionRow, storage: LocalStorage, settings: Settings
) -> None:
    with pytest.raises(OwnedByAnother):
        uploads.reread(
            admin,
            storage=storage,
            staging_dir=settings.staging_dir,
            upload_id=theirs.upload_id,
            overrides=ReadingOverrides(),
        )


def everything() -> list[Any]:
    """The state of all that could be changed."""
    with db.session_scope(db.WORKER) as session:
        return [
            session.execute(sa.select(PredictionRow.id, PredictionRow.status)).all(),
            session.execute(sa.select(UploadRow.id)).all(),
            session.execute(sa.select(ModelRow.id, ModelRow.status)).all(),
            session.execute(sa.select(TaskRow.id, TaskRow.state, TaskRow.priority)).all(),
        ]


@pytest.mark.parametrize(("role", "reviews"), [("analyst", False), ("reviewer", True), ("admin", True)])
def test_who_reviews_may_ask_for_anybodys_and_others_for_their_own_alone(
    database: db.Database, user: db.User, stranger: db.User, role: str, reviews: bool
) -> None:
    owner_id = ConversationRow.user_id
    with db.session_scope(replace(user, role=role)) as session:
        assert ownership.reviews_all(session) is reviews
        assert str(ownership.reviewed(session, owner_id)) == ("true" if reviews else str(owner_id == user.id))
        for mine in ("me", user.id):
            assert str(ownership.reviewed(session, owner_id, mine)) == str(owner_id == user.id)
        for others in ("all", stranger.id):
            if reviews:
                ownership.reviewed(session, owner_id, others)
            else:
                with pytest.raises(NotAllowed):
                    ownership.reviewed(session, owner_id, others)
    with db.session_scope(db.WORKER) as session:
        assert not ownership.reviews_all(session)
