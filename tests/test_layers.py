"""Imports fall: a room may import what stands above it in ORDER, never what stands below or beside it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

from core import rooms

PROJECT = Path(__file__).resolve().parents[1]

# Lowest first. Rooms on one line never import each other.
ORDER = [
    {"errors", "check", "collector", "private_files", "process_locks"},
    {"settings"},
    {"logs"},
    {"metrics"},
    {"db"},
    {"storage", "queue", "llm", "sandboxes"},
    {"room"},
    {"dependants"},
    *({name} for name in rooms.NAMES),
    {"worker", "api", "ui"},
    {"rooms"},
    {"app", "start"},
]
LEVEL = {room: level for level, line in enumerate(ORDER) for room in line}
# Where a process starts, wherever the file lies: there alone all rooms are known.
STARTS = {"app.py", "access/__main__.py", "system/__main__.py", "worker/__main__.py", "worker/child_main.py"}
MODULE = re.compile(r"core(\.\w+)+(:\w+)?")
FROM_DB = {"session_scope", "User", "tables"}


def modules(folder: str) -> list[Path]:
    return sorted((PROJECT / folder).rglob("*.py"))


@cache
def imported(path: Path) -> set[str]:
    """Every dotted name that a file imports, wherever in it; also by a text, as a kind of task names its handler."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and MODULE.fullmatch(node.value):
            names.add(node.value.replace(":", "."))
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def room_of(path: Path) -> str:
    first = path.relative_to(PROJECT / "core").parts[0]
    return first.removesuffix(".py")


def test_every_room_has_its_place_in_the_order() -> None:
    assert {room_of(path) for path in modules("core")} - {"__init__"} == set(LEVEL)


def test_imports_fall_and_never_run_sideways() -> None:
    broken = []
    for path in modules("core"):
        room = room_of(path)
        if room == "__init__":
            continue
        for name in imported(path):
            parts = name.split(".")
            if parts[0] != "core" or len(parts) < 2 or parts[1] == "__version__":
                continue
            if parts[1] == "rooms" and path.relative_to(PROJECT / "core").as_posix() in STARTS:
                continue
            if parts[1] != room and LEVEL[parts[1]] >= LEVEL[room]:
                broken.append(f"{path.relative_to(PROJECT)} imports {name}")
    assert broken == []


def test_only_starts_know_all_rooms_and_nobody_imports_a_start() -> None:
    """A room that could ask for the others would be above them."""
    starts = {f"core.{start.removesuffix('.py').replace('/', '.')}" for start in STARTS}
    broken = []
    for path in [*modules("core"), *modules("pages")]:
        is_start = path.relative_to(PROJECT).as_posix() in {f"core/{start}" for start in STARTS}
        for name in imported(path):
            known = name.startswith("core.rooms") and not is_start
            if known or (name in starts and name != "core.worker.child_main"):
                broken.append(f"{path.relative_to(PROJECT)} imports {name}")
    assert broken == []
    assert all((PROJECT / "core" / start).is_file() for start in STARTS)


def test_only_the_ui_room_imports_streamlit() -> None:
    broken = [
        str(path.relative_to(PROJECT))
        for path in modules("core")
        if room_of(path) != "ui" and any(name.split(".")[0] == "streamlit" for name in imported(path))
    ]
    assert broken == []


def test_only_settings_read_the_environment() -> None:
    """But for what runs on other machines, where there are no settings."""
    reads = [
        f"{path.relative_to(PROJECT)}: {line.strip()}"
        for folder in ("core", "pages")
        for path in modules(folder)
        if not path.is_relative_to(PROJECT / "core/training/package/files")
        for line in path.read_text("utf-8").splitlines()
        if "os.getenv" in line or "os.environ[" in line or "os.environ.get" in line
    ]
    assert reads == []


def test_pages_make_no_queries() -> None:
    """They call verbs; of the database they know the scope, its users, and the rows' types."""
    broken = []
    for path in [*modules("pages"), *modules("core/ui")]:
        for name in imported(path):
            parts = name.split(".")
            queries = parts[0] == "sqlalchemy" and name != "sqlalchemy.orm.Session"
            if queries or (parts[:2] == ["core", "db"] and parts[2:3] and parts[2] not in FROM_DB):
                broken.append(f"{path.relative_to(PROJECT)} imports {name}")
    assert broken == []


def test_no_page_and_no_route_names_what_reaches_past_a_users_own_rights() -> None:
    """At run time they are refused the worker's role as well: see tests/core/db/test_principals.py."""
    past = {"WORKER", "WorkerRole", "as_worker", "free_worker_role", "engine", "writing"}
    named = [
        f"{path.relative_to(PROJECT)}: {name}"
        for path in [*modules("pages"), *modules("core/ui"), *modules("core/api")]
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if (name := node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")) in past
        or (isinstance(node, ast.ImportFrom) and any((name := alias.name) in past for alias in node.names))
    ]
    assert named == []


def test_what_shows_and_tells_does_not_load_what_learns_and_scores() -> None:
    """scikit-learn costs a process a second and 85 MB, and pandas a third of that: only children of workers have both.

    Pages draw with pandas; the shell and workers need none.
    """
    every = """
import importlib, pkgutil, sys
import core.system.__main__, core.worker.__main__
core.rooms.load()
print(*sorted({"pandas"} & set(sys.modules)))
import core.api, core.app, core.ui
for package in (core.api, core.ui):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
print(*sorted({"scipy", "skops", "sklearn"} & set(sys.modules)))
"""
    ran = subprocess.run(
        [sys.executable, "-c", every], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == []
