"""How conversations are found by their words and findings: an index that each database keeps in its own way.

SQLite has a full-text table beside `conversations`, by the number of the row, which triggers keep up; Postgres has GIN
indexes. The words come as plain ASCII (`core/generation/conversations/words.py`), so both find the same. A copy of
`conversations`, as SQLite needs for some changes of a table, gives rows other numbers: it has to fill the table anew.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from core.db.tables.generation.conversations import CODES, WORDS, ConversationRow

FULL_TEXT: Final = "conversation_index"
GIN_INDEXES: Final = {"ix_conversations_words": WORDS, "ix_conversations_findings": CODES}
_TRIGGERS: Final = {
    "added": ("after insert", ("new",)),
    "deleted": ("after delete", ("old",)),
    "changed": ("after update of words, findings", ("old", "new")),
}


def _sqlite() -> tuple[str, ...]:
    """Its table and triggers."""

    def values(row: str) -> str:
        codes = (
            "(select group_concat(json_extract(value, '$.code'), ' ') "  # noqa: S608  # ours
            f"from json_each(coalesce({row}.findings, '[]')))"
        )
        return f"{row}.rowid, {row}.words, {codes}"

    written = {
        "old": f"insert into {FULL_TEXT} ({FULL_TEXT}, rowid, words, codes) values ('delete', {values('old')});",  # noqa: S608  # ours
        "new": f"insert into {FULL_TEXT} (rowid, words, codes) values ({values('new')});",  # noqa: S608  # ours
    }
    table = (
        f"create virtual table {FULL_TEXT} using fts5(words, codes, content='', columnsize=0, detail=column, "
        "tokenize=\"ascii tokenchars '_'\")"
    )
    return table, *(
        f"create trigger {FULL_TEXT}_{name} {when} on conversations begin "
        f"{' '.join(written[row] for row in rows)} end"
        for name, (when, rows) in _TRIGGERS.items()
    )


ON_SQLITE: Final = _sqlite()
ON_POSTGRES: Final = tuple(
    f"create index {name} on conversations using gin (({expression}))"
    for name, expression in GIN_INDEXES.items()
)
for _dialect, _statements in (("sqlite", ON_SQLITE), ("postgresql", ON_POSTGRES)):
    for _statement in _statements:
        sa.event.listen(
            ConversationRow.__table__,
            "after_create",
            sa.DDL(_statement.replace("%", "%%")).execute_if(dialect=_dialect),  # type: ignore[no-untyped-call]  # SQLAlchemy's
        )
sa.event.listen(
    ConversationRow.__table__,
    "after_drop",
    sa.DDL(f"drop table {FULL_TEXT}").execute_if(dialect="sqlite"),  # type: ignore[no-untyped-call]  # as above
)
