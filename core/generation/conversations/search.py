"""Conditions on conversations that an index of words or findings answers: a full-text table, or on Postgres GIN."""

from __future__ import annotations

import re
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from core import db
from core.db.tables.generation.conversation_search import FULL_TEXT
from core.db.tables.generation.conversations import CODES, WITH_FINDING, WITH_WORDS, WORDS, ConversationRow
from core.generation.conversations import words

_CODE: Final = re.compile("[a-z0-9_]{1,60}")
_ROW_NUMBER: sa.ColumnElement[int] = sa.literal_column(f"{ConversationRow.__tablename__}.rowid")


def holds_words(session: Session, text: str) -> sa.ColumnElement[bool]:
    """Every word of the text begins one of the conversation's; no conversation where the text has none."""
    found = words.asked(text)
    if not found:
        return sa.false()
    if _is_sqlite(session):
        return _matches("words", " AND ".join(f'"{word}" *' for word in found))
    query = " & ".join(f"'{word}':*" for word in found)
    indexed: sa.ColumnElement[str] = sa.literal_column(WORDS)
    matches = indexed.op("@@", is_comparison=True)(sa.cast(query, TSQUERY))
    return _is_of(WITH_WORDS, matches, query)


def has_finding(session: Session, code: str) -> sa.ColumnElement[bool]:
    """A finding of this code is among the conversation's; of no conversation what can't be a code."""
    if not _CODE.fullmatch(code):
        return sa.false()
    if _is_sqlite(session):
        return _matches("codes", f'"{code}"')
    indexed: sa.ColumnElement[str] = sa.literal_column(CODES)
    return _is_of(WITH_FINDING, indexed.op("?", is_comparison=True)(code), code)


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _matches(column: str, query: str) -> sa.ColumnElement[bool]:
    matched: sa.ColumnElement[str] = sa.literal_column(FULL_TEXT)
    row_number: sa.ColumnElement[int] = sa.column("rowid")
    found = sa.select(row_number).select_from(sa.table(FULL_TEXT))
    return _ROW_NUMBER.in_(found.where(matched.op("MATCH", is_comparison=True)(f"{column} : ({query})")))


def _is_of(function: str, condition: sa.ColumnElement[bool], query: str) -> sa.ColumnElement[bool]:
    """Through the function where rules of rows stand before the index, else by the index itself.

    `IS TRUE` has the ids hashed once: a join would look them up one by one, however many there are, as nothing is known
    of how many a function tells apart.
    """
    if db.current().has_row_security:
        schema, _, name = function.partition(".")
        asked = getattr(getattr(sa.func, schema), name)(query)
        return ConversationRow.id.in_(sa.select(asked)).is_(sa.true())
    return condition
