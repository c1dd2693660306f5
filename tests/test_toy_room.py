"""A whole new room: its files and one line are added to a copy of the tree, and it is found everywhere it should be."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from core.db import migrate
from core.settings import Settings
from tests.servers.app import PROJECT, App, running
from tests.servers.postgres import PAGES, Cluster
from tests.servers.waiting import wait_for

TOY_ROOM = PROJECT / "tests" / "toy_room"
COPIED = ("core", "pages", ".streamlit", "streamlit_app.py", "pyproject.toml")
LISTED = '"training", "system")'
TESTS = ("__init__.py", "test_layers.py", "test_rooms.py")
TEXT = "made of wood"

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the product with the toy room in it."""
    copy = tmp_path_factory.mktemp("tree")
    for name in COPIED:
        source = PROJECT / name
        if source.is_dir():
            # With what is compiled of it already, but for what is being written just now.
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("*.pyc.*"))
        else:
            shutil.copy(source, copy / name)
    for file in sorted(TOY_ROOM.rglob("*.py")):
        place = copy / file.relative_to(TOY_ROOM)
        assert not place.exists(), "a room adds files and changes none"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, place)
    rooms = copy / "core" / "rooms.py"
    assert LISTED in rooms.read_text()
    rooms.write_text(rooms.read_text().replace(LISTED, '"training", "toys", "system")'))
    revision = copy / "core" / "db" / "migrations" / "versions" / "9999_toys.py"
    revision.write_text(revision.read_text().replace("the newest", migrate.head()))
    return copy


@pytest.fixture(scope="module")
def database(postgres: Cluster) -> Iterator[dict[str, str]]:
    """The settings of a database that looks like Supabase's, where pages have a login of their own."""
    name = "toys"
    yield {"DATABASE_URL": postgres.create(name), "USER_DATABASE_URL": postgres.url(name, login=PAGES)}
    postgres.drop(name)


@pytest.fixture(scope="module")
def app(tree: Path, database: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app of that tree, with a worker."""
    with running(tmp_path_factory.mktemp("toys"), tree=tree, TOY_TEXT=TEXT, **database) as started:
        yield started


@pytest.fixture
def client(app: App) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{app.url}/api", trust_env=False, timeout=60) as program:
        yield program


def shell(tree: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command of that tree's."""
    ours = {name.upper() for name in Settings.model_fields}
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    return subprocess.run(
        [sys.executable, *command], cwd=tree, env={**inherited, "SAMPLE": "false", **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def told(tree: Path, program: str, **environment: str) -> Any:
    """What a program of that tree prints, as JSON. It begins as the starts do."""
    start = "import json; from core import access, db, rooms, settings; rooms.load()\n"
    ran = shell(tree, "-c", start + program, **environment)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


def made(client: httpx.Client, name: str, **wanted: object) -> dict[str, Any]:
    """A toy, once a worker has made it."""
    answer = client.post("/toys", json={"name": name, **wanted})
    assert answer.status_code == 202, answer.text

    def ready() -> dict[str, Any] | None:
        toy: dict[str, Any] = client.get(f"/toys/{answer.json()['id']}").json()
        return None if toy["status"] == "waiting" else toy

    toy = wait_for(ready, what="the toy to be made")
    assert toy["status"] == "ready", toy
    return toy


def test_its_task_runs_in_a_child_of_the_worker(client: httpx.Client, app: App) -> None:
    toy = made(client, "Bear")
    assert psutil.Process(toy["pid"]).ppid() == app.pid
    (file,) = (app.data_dir / "files" / "results" / "toys" / toy["id"]).iterdir()
    assert file.read_text() == TEXT


def test_its_setting_is_read_with_all_others_and_refused_where_it_is_wrong(
    tree: Path, tmp_path: Path
) -> None:
    named = "print(json.dumps(settings.current().environment(pools=['generation']).get('TOY_TEXT')))"
    assert told(tree, named, TOY_TEXT=TEXT) == TEXT
    refused = shell(tree, "-m", "core.start", TOY_TEXT="", DATA_DIR=str(tmp_path))
    assert (refused.returncode, refused.stderr.partition(":")[0]) == (1, "The setting TOY_TEXT can't be used")


def test_its_route_is_described_and_refuses_a_token_without_its_scope(client: httpx.Client) -> None:
    assert "/toys/{toy_id}" in client.get("/openapi.json").json()["paths"]
    secrets = {}
    for scope in ("read", "write"):
        token = client.post("/tokens", json={"name": scope, "scopes": [scope], "days": 1}).json()
        secrets[scope] = {"Authorization": f"Bearer {token['secret']}"}
    refused = client.post("/toys", json={"name": "Duck"}, headers=secrets["read"])
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "scope_missing")
    assert client.post("/toys", json={"name": "Duck"}, headers=secrets["write"]).status_code == 202


def test_its_action_is_on_the_audit_trail_and_is_said_by_the_audit_page(
    client: httpx.Client, app: App, tree: Path, database: dict[str, str]
) -> None:
    toy = made(client, "Lion")
    (line,) = client.get("/audit", params={"subject_id": toy["id"]}).json()["items"]
    assert (line["action"], line["subject_name"]) == ("toy.made", "Lion")
    sentences = """
from core.access import audit
from core.ui.admin import audit_table
with db.session_scope(access.local_user()) as session:
    rows = audit.page(session, asked=audit.Filter(action="toy.made", text="Lion")).items
print(json.dumps([audit_table.sentence(rows[0]), audit_table.action_label("toy.made")]))
"""
    sentence, choice = told(tree, f"db.connect_configured(settings.current()){sentences}", **database)
    assert sentence.endswith("had made the toy **Lion**")
    assert choice == "had made a toy"


def test_its_check_is_on_the_system_page_and_in_the_shell_and_so_are_files_that_are_gone(
    client: httpx.Client, app: App, tree: Path, database: dict[str, str]
) -> None:
    made(client, "Frog")
    here = {**database, "DATA_DIR": str(app.data_dir)}
    found = json.loads(shell(tree, "-m", "core.system", "--json", **here).stdout)
    (shelf,) = (check for check in found if check["part"] == "Toys")
    assert (shelf["name"], shelf["state"]) == ("Shelf", "ok")
    parts = list(dict.fromkeys(check["part"] for check in found))
    assert parts.index("Queue") < parts.index("Toys") < parts.index("Workers")
    (page,) = shown(tree, "system.py", **here)
    (card,) = (one for one in page if "on the shelf" in one)
    assert "Shelf" in card
    shutil.rmtree(app.data_dir / "files" / "results" / "toys")
    found = json.loads(shell(tree, "-m", "core.system", "--json", **here).stdout)
    assert found[0]["message"].startswith("The newest toy is gone (")


def shown(tree: Path, *pages: str, **environment: str) -> Any:
    """What each of these pages of that tree writes, opened by its own link through navigation.py."""
    program = f"""
from streamlit.testing.v1 import AppTest
db.connect_configured(settings.current())
def texts(page):
    app = AppTest.from_file("pages/navigation.py", default_timeout=60)
    app.switch_page(page)
    app.run()
    assert not app.exception, app.exception
    kinds = (app.title, app.subheader, app.markdown, app.caption, app.error, app.metric, app.button)
    return [str(one.label if hasattr(one, "label") and one.label else one.value) for kind in kinds for one in kind]
print(json.dumps([texts(page) for page in {pages!r}]))
"""
    return told(tree, program, **environment)


def test_its_page_is_in_the_menu_and_on_home(
    client: httpx.Client, app: App, tree: Path, database: dict[str, str]
) -> None:
    made(client, "Cat")
    here = {**database, "DATA_DIR": str(app.data_dir)}
    toys, home = shown(tree, "toys.py", "home.py", **here)
    assert {"Toys", "Cat is ready"} <= set(toys)
    assert {"Make a toy", "Toys"} <= set(home)
    assert any("On the shelf" in one for one in home)
    menu = "from core.ui import registry; print(json.dumps([one.title for one in registry.pages()]))"
    titles = told(tree, menu)
    assert titles.index("Models") < titles.index("Toys") < titles.index("System")


def test_what_it_builds_on_an_upload_is_asked_before_that_is_deleted_and_goes_with_it(
    client: httpx.Client,
) -> None:
    file = {"file": ("bears.csv", b"name,age\nA,1\nB,2\n", "text/csv")}
    upload_id = client.post("/csv", files=file, data={"mode": "none"}).json()["upload_id"]
    toy = made(client, "Copy", upload_id=int(upload_id))
    refused = client.delete(f"/uploads/{upload_id}")
    assert refused.json()["error"]["code"] == "predictions_depend_on_it"
    assert refused.json()["error"]["message"] == "bears.csv has 1 toy, which would be deleted with it."
    assert client.delete(f"/uploads/{upload_id}", params={"n_predictions": 1}).status_code == 200
    assert client.get(f"/toys/{toy['id']}").status_code == 404
    (line,) = client.get("/audit", params={"action": "upload.deleted"}).json()["items"]
    assert line["details"] == {"toys": 1, "predictions": 0}


def test_row_level_security_keeps_its_rows_apart(
    client: httpx.Client, app: App, tree: Path, database: dict[str, str]
) -> None:
    toy = made(client, "Owl")
    program = """
from uuid import uuid4
import sqlalchemy as sa
from core.db.tables.toys import ToyRow
from core.db.tables.users import UserRow
db.connect_configured(settings.current())
mallory = db.User(uuid4(), "Mallory")
with db.session_scope(db.WORKER, write=True) as session:
    session.add(UserRow(id=mallory.id, name=mallory.name))
count = sa.select(sa.func.count()).select_from(ToyRow).where(ToyRow.name == "Owl")
def n(user):
    with db.session_scope(user) as session:
        return session.execute(count).scalar_one()
def steal():
    try:
        with db.session_scope(mallory, write=True) as session:
            done = session.execute(sa.update(ToyRow).where(ToyRow.name == "Owl").values(status="failed"))
            return done.rowcount
    except db.NotYours:
        return "refused"
def forge():
    try:
        with db.session_scope(mallory, write=True) as session:
            task_id = session.execute(sa.text("select gen_random_uuid()")).scalar_one()
            session.add(ToyRow(user_id=access.local_user().id, name="Fake", task_id=task_id, status="waiting"))
    except db.NotYours:
        return "refused"
print(json.dumps([db.current().has_row_security, n(access.local_user()), n(mallory), steal(), forge()]))
"""
    assert told(tree, program, **database) == [True, 1, 0, 0, "refused"]
    assert client.get(f"/toys/{toy['id']}").json()["status"] == "ready"


def test_its_rows_are_handed_over_with_a_users_work(tree: Path, tmp_path: Path) -> None:
    here = {"DATA_DIR": str(tmp_path)}
    program = """
from core.access import users
from core.access.users import Identity
from core.db import migrate
from core.toys import toys
migrate.upgrade(db.connect_configured(settings.current()))
me = access.settle_local_user()
users.settle(Identity("oidc", "https://id.example", "ada", "Ada", "ada@example.org"),
             settings=settings.current(), via="session", address="")
with db.session_scope(me, write=True) as session:
    toys.make(session, name="Dog", upload_id=None)
print(json.dumps("made"))
"""
    told(tree, program, **here)
    adopted = shell(tree, "-m", "core.access", "adopt", "ada@example.org", **here)
    assert adopted.stdout == (
        "Handed over to ada@example.org: 0 uploads, 0 models, 0 predictions, "
        "0 templates, 0 batch jobs, 0 conversations, 0 edits, 0 review events, 0 trainings, 0 live apps, 0 messages, "
        "0 code requests, 1 toy, 1 task.\n"
    ), adopted.stderr


def test_the_layers_hold_with_it(tree: Path) -> None:
    (tree / "tests").mkdir()
    for name in TESTS:
        shutil.copy(PROJECT / "tests" / name, tree / "tests" / name)
    ran = shell(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert ran.returncode == 0, ran.stdout
