"""Routes of conversations: read, decide, edit, delete, export."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response

from core import db
from core.api.dependencies import Config, Cursor, Files, Limit, Reader, Text, Writer, uuid_of
from core.api.http import downloads
from core.api.http.error_responses import documented
from core.api.schemas import conversations as schemas
from core.api.schemas import work
from core.api.schemas.provenance import RawReplies, RawShown
from core.db.pagination import MAX_LIMIT
from core.generation.conversations import conversations, files, provenance, receipts, review
from core.generation.conversations.conversations import LONGEST_SEARCH, Filter
from core.generation.conversations.states import Status
from core.generation.export import archive, plan
from core.generation.export.formats import FORMATS
from core.generation.export.wanted import Wanted
from core.generation.quality import backlog

router = APIRouter(prefix="/conversations", tags=["conversations"], max_body_size=4_000_000)

MISSING_IDS = "X-Missing-Ids"


def _conversation_in_path(
    row_id: Annotated[str, Path(alias="id", json_schema_extra={"format": "uuid"})],
) -> UUID:
    return uuid_of(row_id, resource=conversations.RESOURCE)


def _filter(
    status: Annotated[
        list[Status] | None, Query(max_length=3, description="Only these; repeat it for several.")
    ] = None,
    batch_job_id: Text | None = None,
    template_id: Text | None = None,
    is_offline: Annotated[bool | None, Query(description="Written by the offline generator, or not.")] = None,
    user_id: Annotated[
        Text | None,
        Query(
            max_length=36,
            description="Whose: `me`, a person's id, or `all`; left out, all that you may review. Only reviewers and "
            "admins review other people's.",
        ),
    ] = None,
    score_from: Annotated[int | None, Query(ge=0, le=100, description="At least this score.")] = None,
    score_to: Annotated[int | None, Query(ge=0, le=100, description="At most this score.")] = None,
    finding: Annotated[
        Text | None, Query(max_length=60, description="A code: one of these findings is there.")
    ] = None,
    text: Annotated[
        Text,
        Query(max_length=LONGEST_SEARCH, description="Each word begins one of the conversation's."),
    ] = "",
    reviewer_id: Annotated[Text | None, Query(max_length=36, description="Who decided.")] = None,
) -> Filter:
    return schemas.FilterRequest(
        status=status or [],
        batch_job_id=batch_job_id,
        template_id=template_id,
        is_offline=is_offline,
        user_id=user_id,
        score_from=score_from,
        score_to=score_to,
        finding=finding,
        text=text,
        reviewer_id=reviewer_id,
    ).asked()


ConversationId = Annotated[UUID, Depends(_conversation_in_path)]
Asked = Annotated[Filter, Depends(_filter)]


@router.get("", responses=documented(400, 403, 404, 422, 503))
def list_conversations(
    user: Reader, asked: Asked, limit: Limit = 50, cursor: Cursor = None
) -> work.Listed[schemas.Conversation]:
    """Conversations, newest first, without their messages."""
    with db.session_scope(user) as session:
        page = conversations.page(session, asked=asked, limit=limit, cursor=cursor)
    return work.Listed[schemas.Conversation].of(page, schemas.Conversation.of)


@router.get(
    "/export",
    response_class=Response,
    responses={
        200: {
            "content": {archive.MEDIA_TYPE: {}},
            "description": "A zip: `data/train.*`, `data/validation.*`, `manifest.json` and a `README.md` by which "
            "`datasets` loads the folder.",
            "headers": {
                MISSING_IDS: {
                    "schema": {"type": "integer"},
                    "description": "How many of `ids` are gone or don't fit; the manifest names them.",
                }
            },
        },
        **documented(403, 404, 409, 422, 503),
    },
)
@router.head("/export", include_in_schema=False)
def export_conversations(
    request: Request,
    user: Reader,
    asked: Asked,
    format: Annotated[  # noqa: A002  # the name of the query's parameter
        Text, Query(max_length=40, description=f"One of: {', '.join(FORMATS)}.")
    ] = "chat-jsonl",
    ids: Annotated[
        str | None,
        Query(
            pattern=r"^[0-9a-fA-F,-]*$",
            max_length=MAX_LIMIT * 37,
            description="These alone, joined by commas; of any status unless `status` is given.",
        ),
    ] = None,
    validation: Annotated[
        float,
        Query(
            json_schema_extra={"minimum": 0, "exclusiveMaximum": 1},
            description="Which share to hold back for validation, about; near-duplicates stay on one side.",
        ),
    ] = 0.0,
    split: Annotated[
        int, Query(ge=0, le=2**32 - 1, description="The seed: another one holds others back.")
    ] = 0,
) -> Response:
    """Conversations to train with, oldest first: the approved ones unless `status` or `ids` say otherwise."""
    if ids is None and not asked.statuses:
        asked = replace(asked, statuses=(Status.APPROVED,))
    planned = plan.of(user, Wanted(format, asked, _ids(ids), validation, split))
    if request.method != "HEAD":
        archive.note(user, planned)
    response = downloads.respond_with(
        request,
        archive.packed(user, planned),
        file_name=f"{'-'.join(['conversations', *asked.statuses, format])}.zip",
        media_type=archive.MEDIA_TYPE,
    )
    if ids is not None:
        response.headers[MISSING_IDS] = str(len(planned.missing))
    return response


def _ids(joined: str | None) -> tuple[UUID, ...] | None:
    """Raises NotFound for what can't be an id."""
    return None if joined is None else tuple(_parsed(joined.split(",")))


@router.post("/review", responses=documented(400, 403, 404, 413, 415, 422, 503))
def review_conversations(user: Writer, wanted: schemas.ReviewRequest) -> schemas.DecisionsShown:
    """Decide on conversations, each by itself: of those that can't be decided on, the answer says why."""
    named = None if wanted.ids is None else _parsed(wanted.ids)
    versions = {row_id: n for text, n in wanted.row_versions.items() if (row_id := _uuid(text))}
    with db.session_scope(user, write=True) as session:
        made = review.decide(
            session,
            decision=wanted.decision,
            ids=named,
            asked=None if wanted.filter is None else wanted.filter.asked(),
            reason=wanted.reason.strip(),
            row_versions=versions,
        )
    return schemas.DecisionsShown.of(made)


def _parsed(texts: Sequence[str]) -> list[UUID]:
    """Raises NotFound for what can't be an id."""
    return [uuid_of(text, resource=conversations.RESOURCE) for text in texts]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@router.post("/check", status_code=202, responses=documented(403, 503))
def check_conversations(user: Writer) -> schemas.CheckRequested:
    """Have the quality checked of all conversations that have no score, as they were made before there were checks."""
    with db.session_scope(user, write=True) as session:
        return schemas.CheckRequested(n_unchecked=backlog.request(session))


@router.get("/{id}", responses=documented(403, 404, 503))
def get_conversation(user: Reader, row_id: ConversationId) -> schemas.ConversationDetail:
    """One conversation, by its primary key, with its messages, earlier revisions, history and provenance."""
    with db.session_scope(user) as session:
        found = conversations.get(session, row_id=row_id)
        return schemas.ConversationDetail.whole(
            found,
            conversations.revisions(session, row_id=row_id),
            receipts.of_conversation(session, row_id=row_id),
            provenance.of(session, found),
        )


@router.get("/{id}/raw", responses=documented(403, 404, 503))
def get_raw_replies(user: Reader, storage: Files, row_id: ConversationId) -> RawReplies:
    """The replies from which it was read, as they came."""
    with db.session_scope(user) as session:
        found = conversations.get(session, row_id=row_id)
    return RawReplies(items=[RawShown.of(one) for one in provenance.raw_replies(user, found, files=storage)])


@router.patch("/{id}", responses=documented(400, 403, 404, 409, 413, 415, 422, 503))
def edit_conversation(
    user: Writer, config: Config, storage: Files, row_id: ConversationId, wanted: schemas.EditRequest
) -> schemas.ConversationDetail:
    """Put other messages into it. What it was is kept as a revision, and it waits for a decision again."""
    with db.session_scope(user, write=True) as session:
        review.edit(
            session,
            row_id=row_id,
            row_version=wanted.row_version,
            new=[message.model_dump() for message in wanted.messages],
        )
    files.rewrite_or_log(user, files=storage, staging_dir=config.staging_dir, row_id=row_id)
    return get_conversation(user, row_id)
