"""The README says what there is: every setting, every command, every room."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks import __main__ as bench
from benchmarks import readme
from core.settings import Settings

PROJECT = Path(__file__).resolve().parents[1]
README = (PROJECT / "README.md").read_text("utf-8")


def test_every_setting_is_in_the_readme_with_its_meaning() -> None:
    for name, field in Settings.model_fields.items():
        assert f"| `{name.upper()}` |" in README, name
        assert field.description, name
        assert field.description in README, name


def test_every_command_of_the_makefile_is_in_the_readme() -> None:
    lines = (PROJECT / "Makefile").read_text("utf-8").splitlines()
    targets = {
        target
        for line in lines
        if line[:1].isalpha() and ":" in line and ":=" not in line
        for target in line.split(":")[0].split()
    }
    internal = {"servers", "lint", "format", "types", "tests", "clean"}  # parts of the others
    for target in targets - internal:
        if "=" not in target:
            assert f"make {target}" in README, target


def test_every_room_is_on_the_page_of_the_architecture() -> None:
    page = (PROJECT / "docs" / "architecture.md").read_text("utf-8")
    for path in (PROJECT / "core").iterdir():
        if path.is_dir() and path.name != "__pycache__":
            assert f"`core/{path.name}/`" in page, path.name


def test_pictures_in_the_readme_are_there() -> None:
    for part in README.split("](")[1:]:
        target = part.split(")")[0]
        if not target.startswith(("http", "#")):
            assert (PROJECT / target).is_file(), target


def test_the_figures_in_the_docs_are_those_that_were_measured() -> None:
    assert readme.headlines() in README
    assert readme.PAGE.read_text("utf-8") == readme.page()


def test_every_benchmark_that_is_named_somewhere_can_be_asked_for() -> None:
    named = {
        part
        for folder in ("benchmarks", "core", "docs", "pages")
        for path in (PROJECT / folder).rglob("*")
        if path.suffix in (".py", ".md")
        for part in re.findall(r"make bench ONLY=([a-z_]+)", path.read_text("utf-8"))
    }
    assert {"review", "generation"} <= named
    for part in (*bench.PARTS, *bench.ASKED_FOR, *named):
        assert part in (*bench.PARTS, *bench.ASKED_FOR), part
        assert (PROJECT / "benchmarks" / f"{part}.py").is_file(), part
