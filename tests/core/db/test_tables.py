"""The tables are whole wherever one of them is used, and a new one is a new file."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.db.tables import Base

PROJECT = Path(__file__).resolve().parents[3]
ROOM = '''"""What a new room keeps."""
from sqlalchemy.orm import Mapped

from core.db.row_rules import RowRules
from core.db.tables.base import Base, NewId, Owner


class TeaRow(Base):
    __tablename__ = "teas"
    id: Mapped[NewId]
    user_id: Mapped[Owner]
    row_rules = RowRules()
'''


def names_in(project: Path, statement: str) -> set[str]:
    """The tables that a fresh process knows after one import."""
    program = f"{statement}; from core.db.tables.base import Base; print(*Base.metadata.tables)"
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=project, capture_output=True, text=True, check=True
    )
    return set(ran.stdout.split())


@pytest.mark.parametrize("statement", ["import core.db", "from core.db.tables.users import UserRow"])
def test_whoever_imports_one_table_has_them_all(statement: str) -> None:
    assert names_in(PROJECT, statement) == set(Base.metadata.tables)


def test_a_new_table_is_one_new_file(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "core", tmp_path / "core", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "core/db/tables/teas.py").write_text(ROOM)
    assert names_in(tmp_path, "import core.db") == {*Base.metadata.tables, "teas"}


def test_every_class_of_a_table_states_its_rules_in_its_own_body() -> None:
    assert [row for row in Base.all().values() if "row_rules" not in vars(row)] == []
