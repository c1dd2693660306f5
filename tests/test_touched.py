"""Which tests `make check` takes for those that a change touches."""

from __future__ import annotations

from tests.touched import nearest

SOURCES = {
    "tests/conftest.py": "",
    "tests/made.py": "",
    "tests/core/queue/conftest.py": "",
    "tests/core/queue/test_claims.py": "from core import queue\nfrom core.queue import transitions",
    "tests/core/queue/test_transitions.py": "from core.queue.states import SETTLED",
    "tests/core/queue/test_workers.py": "from tests import made",
    "tests/pages/test_home.py": "import core.queue.transitions",
}


def test_the_module_of_the_same_path_comes_before_those_that_import_it() -> None:
    assert nearest(["core/queue/transitions.py", "docs/a.md"], SOURCES) == [
        "tests/core/queue/test_transitions.py", "tests/core/queue/test_claims.py", "tests/pages/test_home.py",
    ]  # fmt: skip


def test_a_changed_test_comes_first_and_once() -> None:
    changed = ["core/queue/transitions.py", "tests/pages/test_home.py"]
    assert nearest(changed, SOURCES)[0] == "tests/pages/test_home.py"
    assert len(nearest(changed, SOURCES)) == 3


def test_a_page_is_mirrored_as_modules_are() -> None:
    assert nearest(["pages/home.py"], SOURCES) == ["tests/pages/test_home.py"]


def test_a_room_a_helper_and_a_conftest_touch_who_uses_them() -> None:
    assert nearest(["core/queue/__init__.py"], SOURCES) == ["tests/core/queue/test_claims.py"]
    assert nearest(["tests/made.py"], SOURCES) == ["tests/core/queue/test_workers.py"]
    assert nearest(["tests/core/queue/conftest.py"], SOURCES) == [
        "tests/core/queue/test_claims.py",
        "tests/core/queue/test_transitions.py",
        "tests/core/queue/test_workers.py",
    ]


def test_what_was_deleted_touches_nothing_by_itself() -> None:
    assert nearest(["tests/core/test_gone.py"], SOURCES) == []
