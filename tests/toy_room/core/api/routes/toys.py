"""Routes of toys."""

from __future__ import annotations

from typing import Self

from core.db.tables.toys import ToyRow
from core.toys import toys
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from core import db
from core.api.dependencies import Reader, Text, Writer, uuid_of
from core.api.http.error_responses import documented

router = APIRouter(prefix="/toys", tags=["toys"])


class ToyRequest(BaseModel):
    """A toy to be made."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: Text
    upload_id: int | None = None


class Toy(BaseModel):
    """A toy."""

    id: str
    name: str
    status: str
    pid: int | None

    @classmethod
    def of(cls, row: ToyRow) -> Self:
        return cls(id=str(row.id), name=row.name, status=row.status, pid=row.pid)


@router.post("", status_code=202, responses=documented(400, 403, 404, 413, 415, 422, 503))
def make_toy(user: Writer, wanted: ToyRequest) -> Toy:
    """Have a toy made."""
    with db.session_scope(user, write=True) as session:
        return Toy.of(toys.make(session, name=wanted.name, upload_id=wanted.upload_id))


@router.get("/{toy_id}", responses=documented(403, 404, 503))
def get_toy(user: Reader, toy_id: str) -> Toy:
    """One toy."""
    with db.session_scope(user) as session:
        return Toy.of(toys.get(session, toy_id=uuid_of(toy_id, resource="toy")))
