"""What every table is made of."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

from core.db.row_rules import RowRules
from core.db.types import UtcDateTime, now_plus

Json = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
NewId = Annotated[UUID, mapped_column(primary_key=True, default=uuid4)]
Owner = Annotated[UUID, mapped_column(sa.ForeignKey("users.id"))]
Now = Annotated[datetime, mapped_column(insert_default=now_plus())]
Hidden: Final = {"hidden": True}  # `info` of a column of which nobody is shown a value
BigInt = Annotated[int, mapped_column(sa.BigInteger)]


class Base(DeclarativeBase):
    """A row. Each class states in `row_rules` what a user's own transaction may do to its table.

    n_distinct: how many values an indexed column has, for `statistics.py`, where it has not a new one in each row.
    """

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime(), dict[str, Any]: Json, list[Any]: Json}  # noqa: RUF012
    row_rules: ClassVar[RowRules]
    n_distinct: ClassVar[dict[str, int]] = {}

    @classmethod
    def all(cls) -> dict[str, type[Base]]:
        """The class of every table."""
        return {row.__tablename__: row for row in cls.__subclasses__()}


def one_of(column: str, *values: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> sa.Index:
    """An index of only those rows that a condition holds of, on either database."""
    condition = sa.text(where)
    return sa.Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)
