"""What the UI's folders state is found by the names of their files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core import ui
from core.ui import registry

PAGES = Path(__file__).resolve().parents[3] / "pages"
TOY = """
from core.ui.links import PageEntry

TOYS = PageEntry("toys.py", "Toys", position=25)
TOY = PageEntry("toy.py", "Toy")
PAGES = (TOYS, TOY)
"""


@pytest.fixture
def toy_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of the UI that nothing else names."""
    folder = tmp_path / "toys"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.setattr(ui, "__path__", [*ui.__path__, str(tmp_path)])
    registry.pages.cache_clear()
    yield folder
    registry.pages.cache_clear()


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
    assert titles == ["Home", "New prediction", "Predictions", "Models", "System", "People & audit"]


def test_a_new_folder_has_its_pages_in_the_menu_by_its_files_alone(toy_folder: Path) -> None:
    (toy_folder / "pages.py").write_text(TOY)
    titles = [entry.title for entry in registry.pages()]
    assert titles.index("Predictions") < titles.index("Toys") < titles.index("Models") < titles.index("Toy")
