"""The score receipt: what it names, what it never names, and how two are told apart."""

from __future__ import annotations

import compileall
import json
from pathlib import Path
from typing import Any

import pytest

from core.predictions import code_hash, receipt
from core.predictions.receipt import IngredientChange


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder laid out as our own source is."""
    for name, text in {
        "models/schema.py": "a = 1\nb = 2\n",
        "predictions/engine.py": "c = 3\n",
        "predictions/fast/path.py": "d = 4\n",
        "uploads/stream.py": "e = 5\n",
        "ui/page.py": "f = 6\n",
    }.items():
        path = tmp_path / "core" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "core"


def test_the_codes_hash_hangs_on_its_text_alone(package: Path, tmp_path: Path) -> None:
    before = code_hash.sha256(package)
    schema = package / "models" / "schema.py"
    schema.write_bytes(schema.read_bytes().replace(b"\n", b"\r\n"))
    (package / "ui" / "page.py").write_text("g = 7\n")
    (package / "predictions" / "notes.txt").write_text("no module")
    compileall.compile_dir(package, quiet=1)
    moved = package.rename(tmp_path / "elsewhere")
    assert code_hash.sha256(moved) == before


@pytest.mark.parametrize("room", code_hash.ROOMS)
def test_another_line_in_a_room_that_decides_the_bytes_is_another_hash(package: Path, room: str) -> None:
    before = code_hash.sha256(package)
    first = sorted((package / room).rglob("*.py"))[-1]
    first.write_text(first.read_text() + "x = 0\n")
    assert code_hash.sha256(package) != before


def test_a_renamed_module_is_another_hash(package: Path) -> None:
    before = code_hash.sha256(package)
    (package / "uploads" / "stream.py").rename(package / "uploads" / "streams.py")
    assert code_hash.sha256(package) != before


def test_code_without_its_source_has_no_hash(package: Path) -> None:
    for path in package.rglob("*.py"):
        path.unlink()
    assert code_hash.sha256(package) is None


def test_our_own_source_has_one_hash_however_often_it_is_asked() -> None:
    found = code_hash.sha256()
    assert found == code_hash.sha256()
    assert found is not None
    assert len(found) == 64


def ingredients(**others: Any) -> dict[str, Any]:
    return {
        "ingredients": {
            "reading": {"delimiter": ",", "names": ["a", "b"]},
            "options": {},
            "libraries": {"numpy": "2.4.6", "scipy": "1.17"},
        }
        | others
    }


def test_what_changed_is_named_by_its_place() -> None:
    now = ingredients(libraries={"numpy": "2.5", "polars": "2"}, options={"mapping": {"age": "Alter"}})
    assert receipt.changes(ingredients(), now) == (
        IngredientChange("options.mapping.age", "", "Alter"),
        IngredientChange("libraries.numpy", "2.4.6", "2.5"),
        IngredientChange("libraries.polars", "", "2"),
        IngredientChange("libraries.scipy", "1.17", ""),
    )
    assert receipt.changes(now, now) == ()
    read = ingredients(reading={"delimiter": ";", "names": ["a", "c"]})
    assert [change.name for change in receipt.changes(ingredients(), read)] == [
        "reading.delimiter",
        "reading.names",
    ]


def test_a_hash_of_values_knows_no_order_of_names() -> None:
    one, other = {"a": 1, "b": [2.5, None]}, json.loads('{"b": [2.5, null], "a": 1}')
    assert receipt.sha256_of(one) == receipt.sha256_of(other)
    assert receipt.sha256_of(one) != receipt.sha256_of({**one, "a": 2})
