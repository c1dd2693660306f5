"""Conversations are found by their words and findings, filtered by an index alone, and keep receipts of decisions.

What was decided and edited before has a receipt as far as it is known: of decisions the last one, of edits no row
version.
"""

import json
import re
import unicodedata
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from core.db.types import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

RULES_DIGEST = "536f9ee5d92d656a"
AT_ONCE = 500
FULL_TEXT = "conversation_index"
WORDS = "array_to_tsvector(string_to_array(words, ' '))"
CODES = "jsonb_path_query_array(findings, '$[*].code')"
WORD = re.compile(r"[^\W_]+")
UNSPACED = (
    *((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF)),
    *((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)),
)

# SQL made of our own constants


def upgrade() -> None:
    op.add_column("conversations", sa.Column("words", sa.String(), server_default="", nullable=False))
    _fill_words()
    op.create_index(
        "ix_conversations_filtered",
        "conversations",
        [
            *("created_at", "id", "status", "score", "batch_job_id", "template_id", "user_id"),
            *("reviewer_id", "is_offline"),
        ],
    )
    op.create_index(
        "ix_conversations_decided",
        "conversations",
        ["reviewer_id", "decided_at", "status", "template_id", "user_id"],
    )
    if op.get_bind().dialect.name == "sqlite":
        _full_text_table()
    else:
        op.execute(f"create index ix_conversations_words on conversations using gin (({WORDS}))")
        op.execute(f"create index ix_conversations_findings on conversations using gin (({CODES}))")
    op.create_table(
        "review_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=True),
        sa.Column("old_status", sa.String(), nullable=False),
        sa.Column("old_reason", sa.String(), nullable=True),
        sa.Column("bulk_id", sa.Uuid(), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("author_name", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "action IN ('approved', 'rejected', 'pending', 'edited')",
            name=op.f("ck_review_events_action_known"),
        ),
        sa.CheckConstraint(
            "old_status IN ('pending', 'approved', 'rejected')",
            name=op.f("ck_review_events_old_status_known"),
        ),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_review_events_author_id_users")),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_review_events_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_events")),
    )
    op.create_index("ix_review_events_of_conversation", "review_events", ["conversation_id", "at"])
    op.create_index("ix_review_events_of_author", "review_events", ["author_id", "at"])
    op.create_index("ix_review_events_of_bulk", "review_events", ["bulk_id", "conversation_id"])
    _known_receipts()


def _fill_words() -> None:
    rows = sa.table(
        "conversations", sa.column("id", sa.Uuid()), sa.column("messages", sa.JSON()), sa.column("words")
    )
    bind = op.get_bind()
    ids = list(bind.execute(sa.select(rows.c.id)).scalars())
    for start in range(0, len(ids), AT_ONCE):
        some = sa.select(rows.c.id, rows.c.messages).where(rows.c.id.in_(ids[start : start + AT_ONCE]))
        for row_id, messages in bind.execute(some).all():
            said = json.loads(messages) if isinstance(messages, str) else messages
            bind.execute(sa.update(rows).where(rows.c.id == row_id).values(words=_words(said)))


def _words(messages: list[dict[str, str]]) -> str:
    """As `core/generation/conversations/words.py` of this revision makes them."""
    found: dict[str, None] = {}
    n_characters = 0
    for message in messages:
        plain = unicodedata.normalize("NFKD", message["content"].casefold())
        plain = "".join(one for one in plain if not unicodedata.combining(one))
        for match in WORD.finditer(plain):
            for word in [match[0][:40]] if match[0].isascii() else _spelt(match[0]):
                n_characters += 0 if word in found else len(word) + 1
                if n_characters > 200_000:
                    return " ".join(found)
                found[word] = None
    return " ".join(found)


def _spelt(word: str) -> list[str]:
    words: list[str] = []
    letters: list[str] = []
    for one in word:
        if any(first <= ord(one) <= last for first, last in UNSPACED):
            words += ["".join(letters)] if letters else []
            letters = []
            words.append(f"_{ord(one):x}_")
        elif len(letters) < 40:
            letters.append(one if one.isascii() else f"_{ord(one):x}_")
    return words + (["".join(letters)] if letters else [])


def _full_text_table() -> None:
    def values(row: str) -> str:
        codes = (
            "(select group_concat(json_extract(value, '$.code'), ' ') "  # noqa: S608
            f"from json_each(coalesce({row}.findings, '[]')))"
        )
        return f"{row}.rowid, {row}.words, {codes}"

    columns = "rowid, words, codes"
    deleted = f"insert into {FULL_TEXT} ({FULL_TEXT}, {columns}) values ('delete', {values('old')});"  # noqa: S608
    added = f"insert into {FULL_TEXT} ({columns}) values ({values('new')});"  # noqa: S608
    op.execute(
        f"create virtual table {FULL_TEXT} using fts5(words, codes, content='', columnsize=0, detail=column, "
        "tokenize=\"ascii tokenchars '_'\")"
    )
    op.execute(f"insert into {FULL_TEXT} ({columns}) select {values('conversations')} from conversations")  # noqa: S608
    for name, when, body in (
        ("added", "insert", added),
        ("deleted", "delete", deleted),
        ("changed", "update of words, findings", f"{deleted} {added}"),
    ):
        op.execute(f"create trigger {FULL_TEXT}_{name} after {when} on conversations begin {body} end")


def _known_receipts() -> None:
    events = sa.table(
        "review_events",
        *(sa.column(name, sa.Uuid()) for name in ("id", "conversation_id", "author_id")),
        *(sa.column(name) for name in ("action", "reason", "revision", "row_version", "old_status")),
        *(sa.column("author_name"), sa.column("at", UtcDateTime())),
    )
    conversations = sa.table(
        "conversations",
        *(sa.column(name, sa.Uuid()) for name in ("id", "reviewer_id")),
        *(sa.column(name) for name in ("status", "reason", "row_version")),
        sa.column("decided_at", UtcDateTime()),
    )
    edits = sa.table(
        "conversation_revisions",
        *(sa.column(name, sa.Uuid()) for name in ("conversation_id", "author_id")),
        *(sa.column("revision"), sa.column("created_at", UtcDateTime())),
    )
    users = sa.table("users", sa.column("id", sa.Uuid()), sa.column("name"))
    bind, row, edit = op.get_bind(), conversations.c, edits.c

    def name(person: sa.ColumnElement[object]) -> sa.ColumnElement[object]:
        found = sa.select(users.c.name).where(users.c.id == person).scalar_subquery()
        return sa.func.coalesce(found, "").label("author_name")

    n_edits = sa.select(sa.func.count()).where(edit.conversation_id == row.id).scalar_subquery()
    decided = sa.select(
        row.id.label("conversation_id"), row.status.label("action"), row.reason, n_edits.label("revision"),
        row.row_version, row.reviewer_id.label("author_id"), name(row.reviewer_id), row.decided_at.label("at"),
    ).where(row.decided_at.is_not(None))  # fmt: skip
    edited = sa.select(
        edit.conversation_id, sa.literal("edited").label("action"), edit.revision, edit.author_id,
        name(edit.author_id), edit.created_at.label("at"),
    )  # fmt: skip
    for found in (decided, edited):
        result = bind.execute(found).mappings()
        while some := result.fetchmany(AT_ONCE):
            made = [{"id": uuid4(), "old_status": "pending", **one} for one in some]
            bind.execute(sa.insert(events), made)


def downgrade() -> None:
    op.drop_table("review_events")
    if op.get_bind().dialect.name == "sqlite":
        for name in ("added", "deleted", "changed"):
            op.execute(f"drop trigger {FULL_TEXT}_{name}")
        op.drop_table(FULL_TEXT)
    else:
        op.drop_index("ix_conversations_words", "conversations")
        op.drop_index("ix_conversations_findings", "conversations")
        op.execute(
            "DROP POLICY IF EXISTS conversations_update ON conversations"
        )  # a right on a column that goes
    op.drop_index("ix_conversations_decided", "conversations")
    op.drop_index("ix_conversations_filtered", "conversations")
    op.drop_column("conversations", "words")
