"""What a room has of its own it states itself: no other module keeps a list that a new room would have to edit."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from core import rooms
from core.db.tables import Base
from core.room import Room

PROJECT = Path(__file__).resolve().parents[1]
LISTS = (ast.Dict, ast.List, ast.Set, ast.Tuple)
HISTORY = "core/db/migrations/versions"  # what was, which no new room changes


def room(name: str) -> Room:
    found: Room = import_module(f"core.{name}.room").ROOM
    return found


def owners() -> dict[str, str]:
    """The room of each kind of task, action and table, by its name; a table by that of its class too."""
    found = {}
    for name in rooms.NAMES:
        stated = room(name)
        found |= {kind.name: name for kind in stated.kinds}
        found |= {action.name: name for action in stated.actions}
    for mapper in Base.registry.mappers:
        resource = mapper.class_.__module__.rpartition(".")[2]
        if resource in rooms.NAMES:
            found |= {str(mapper.local_table): resource, mapper.class_.__name__: resource}
    return found


def lists(tree: ast.Module) -> Iterator[ast.expr]:
    """Every dict, list, set and tuple that is written out, but for those of types."""
    of_types = {id(node.slice) for node in ast.walk(tree) if isinstance(node, ast.Subscript)}
    yield from (node for node in ast.walk(tree) if isinstance(node, LISTS) and id(node) not in of_types)


def names(tree: ast.AST) -> Iterator[str]:
    """Every text and name in there."""
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) | ast.Name(id=text) | ast.Attribute(attr=text):
                yield text


def lists_of_rooms(source: str, *, inside: str = "") -> list[int]:
    """The lines at which something of two rooms, other than the one that it is inside of, stands in one list."""
    known = owners()
    return [
        node.lineno
        for node in lists(ast.parse(source))
        if len({known[name] for name in names(node) if name in known} - {inside}) > 1
    ]


def test_no_module_lists_what_belongs_to_several_rooms() -> None:
    broken = set()
    for path in [*(PROJECT / "core").rglob("*.py"), *(PROJECT / "pages").glob("*.py")]:
        name = path.relative_to(PROJECT).as_posix()
        if name.startswith(HISTORY) or name == "core/rooms.py":
            continue
        if lists_of_rooms(path.read_text("utf-8"), inside=name.split("/")[1]):
            broken.add(name)
    assert broken == set()


def test_a_list_of_two_rooms_is_found_however_it_names_them() -> None:
    found = [
        'HANDED_OVER = {"uploads": 1, "predictions": 2}',
        "TABLES = (UploadRow.__table__, tables.ModelRow)",
        'KINDS = {"predictions.score": "Scoring", "models.train": "Training"}',
        'return [x for x in ("upload.deleted", "model.deleted")]',
    ]
    allowed = [
        'KINDS = {"predictions.score": "Scoring"}',
        "def of(upload: UploadRow, model: ModelRow) -> tuple[UploadRow, ModelRow]: ...",
        'TITLES = ("Uploads", "Models")',
    ]
    assert [bool(lists_of_rooms(source)) for source in (*found, *allowed)] == [True] * 4 + [False] * 3
    assert lists_of_rooms(found[0], inside="predictions") == []


def test_no_two_rooms_state_the_same() -> None:
    stated = Counter(
        (type(one).__name__, str(getattr(one, key)))
        for name in rooms.NAMES
        for field, key in {
            "kinds": "name",
            "actions": "name",
            "audited": "kind",
            "handed_over": "resource",
            "kept_files": "resource",
            "owned_files": "place",
        }.items()
        for one in getattr(room(name), field)
    )
    assert [what for what, n in stated.items() if n > 1] == []
