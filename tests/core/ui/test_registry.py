"""What the UI's folders state is found by the names of their files."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core import db, ui
from core.ui import registry
from core.ui.home import home_data

PAGES = Path(__file__).resolve().parents[3] / "pages"
PAGES_OF_TOYS = """
from core.ui.links import PageEntry

TOYS = PageEntry("toys.py", "Toys", position=25)
TOY = PageEntry("toy.py", "Toy")
PAGES = (TOYS, TOY)
"""
ON_HOME = """
from datetime import datetime, UTC

from core.ui.badges import Badge
from core.ui.links import PageEntry
from core.ui.work_items import ActiveItem, Activity, HomeItems, RecentItem, StartButton, Summary, Total

TOYS = PageEntry("home.py", "Toys")
MADE = datetime(2999, 1, 1, tzinfo=UTC)
NEW = RecentItem(
    row=None, at=MADE, label="A bear", page=TOYS, query={}, icon=":material/toys:",
    badge=Badge("Sewn", ":material/check:", "green"), size="1 paw",
)
HOME_ITEMS = HomeItems(
    position=25,
    summary=lambda session: Summary([Total("Toys", 77)], [NEW]),
    activity=lambda session, now: Activity(
        "toy", active=[ActiveItem("bear", TOYS, "Sewing **a bear**", 1, 2)], n_running=1
    ),
    start=StartButton("Make a toy", "make_toy", ":material/toys:", TOYS),
)
"""


@pytest.fixture
def toy_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of the UI that nothing else names."""
    folder = tmp_path / "toys"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.setattr(ui, "__path__", [*ui.__path__, str(tmp_path)])
    _forget()
    yield folder
    _forget()
    for name in [name for name in sys.modules if name.startswith("core.ui.toys")]:
        del sys.modules[name]


def _forget() -> None:
    registry.pages.cache_clear()
    registry.home_items.cache_clear()


def test_every_file_in_pages_is_stated_once_and_the_router_by_nobody() -> None:
    files = {path.name for path in PAGES.glob("*.py")} - {"navigation.py"}
    assert sorted(entry.file for entry in registry.pages()) == sorted(files)


def test_one_page_opens_at_the_root_and_no_two_stand_in_one_place_of_the_menu() -> None:
    entries = registry.pages()
    positions = [entry.position for entry in entries if entry.position is not None]
    assert [entry.file for entry in entries if entry.is_default] == ["home.py"]
    assert positions == sorted(set(positions))


def test_the_menu_of_today() -> None:
    titles = [entry.title for entry in registry.pages() if entry.position is not None]
    assert titles == [
        *(
            "Home",
            "New prediction",
            "Predictions",
            "Models",
            "Workspace",
            "Generator",
            "Batch jobs",
            "Review",
            "Templates",
        ),
        *("System", "People & audit"),
    ]


def test_a_new_folder_has_its_pages_in_the_menu_by_its_files_alone(toy_folder: Path) -> None:
    (toy_folder / "pages.py").write_text(PAGES_OF_TOYS)
    titles = [entry.title for entry in registry.pages()]
    assert titles.index("Predictions") < titles.index("Toys") < titles.index("Models") < titles.index("Toy")


def test_a_new_folder_is_on_home_by_its_files_alone(
    toy_folder: Path, sqlite_database: db.Database, user: db.User
) -> None:
    (toy_folder / "home_items.py").write_text(ON_HOME)
    with db.session_scope(user) as session:
        overview, pulse = home_data.load(session), home_data.pulse(session, now=datetime.now(UTC))
    labels = [total.label for total in overview.totals]
    assert labels == ["Uploads", "Completed predictions", "Rows scored", "Toys"]
    assert [item.label for item in overview.recent] == ["A bear"]
    assert [item.text for item in pulse.active] == ["Sewing **a bear**"]
    assert pulse.n_moving == 1
