"""What tells this installation from every other, for what it makes elsewhere."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from core.db.row_rules import RowRules
from core.db.tables.base import Base, NewId, Now


class InstallationRow(Base):
    """The one row that says which installation this database belongs to; made with its table."""

    __tablename__ = "installation"
    id: Mapped[NewId]
    created_at: Mapped[Now]
    row_rules = RowRules(mine="true", may=("select",))
