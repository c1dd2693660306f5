"""Row-level security: with its `where` left out, no statement of a user's transaction reaches another's rows.

All on a Postgres that looks like Supabase's; the login of pages may become `authenticated` and nothing else.
"""

from __future__ import annotations

import json
import re
import threading
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import db, queue
from core.access import audit, credential_lookup
from core.db import migrate, row_level_security, row_rules
from core.db.tables import Base
from core.db.tables.audit_events import AuditEventRow
from core.db.tables.models import ModelRow
from core.db.tables.predictions import PredictionRow
from core.db.tables.tasks import TaskRow
from core.db.tables.uploads import UploadRow
from core.db.types import now_plus
from tests import rows
from tests.faults import steps
from tests.principals import ELSEWHERE, as_role, columns, owned, refused, touched
from tests.servers.postgres import PAGES, Cluster
from tests.servers.waiting import PATIENCE_S
from tests.together import together

pytestmark = pytest.mark.postgres

TABLES = sorted(Base.metadata.tables)
FOR_ALL = {"installation", "workers"}  # whose it is, and liveness, are everybody's to read
FOR_USERS = {"prompt_templates"}  # written by one, used by all
USERS = Base.metadata.tables["users"]
OWNED = sorted(set(TABLES) - FOR_ALL)


@pytest.fixture
def database(postgres_database: db.Database) -> db.Database:
    """With row-level security."""
    assert postgres_database.has_row_security
    return postgres_database


def keys(name: str, row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[column.name] for column in Base.metadata.tables[name].primary_key)


@pytest.mark.parametrize("name", sorted(set(OWNED) - FOR_USERS))
def test_of_each_table_a_user_reads_their_own_rows_alone(
    database: db.Database, user: db.User, stranger: db.User, name: str
) -> None:
    mine, theirs = owned(name, user), owned(name, stranger)
    table = Base.metadata.tables[name]
    with db.session_scope(user) as session:
        found = {tuple(row) for row in session.execute(sa.select(*table.primary_key))}
        n = session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
    assert keys(name, theirs) not in found
    assert keys(name, mine) in found
    assert n == len(found)


@pytest.mark.parametrize("name", TABLES)
def test_no_statement_changes_another_users_row(
    database: db.Database, user: db.User, stranger: db.User, name: str
) -> None:
    owned(name, user)
    theirs = owned(name, stranger)
    before = touched(name, theirs)
    table = Base.metadata.tables[name]
    for column in table.columns:
        refused(user, sa.update(table).values({column: sa.literal_column(f'"{column.name}"')}))
    refused(user, sa.delete(table))
    refused(user, sa.text(f"truncate {name} cascade"))
    assert before is not None
    assert touched(name, theirs) == before


@pytest.mark.parametrize("name", TABLES)
def test_nothing_is_added_in_another_users_name(
    database: db.Database, user: db.User, stranger: db.User, name: str
) -> None:
    table = Base.metadata.tables[name]
    row = rows.made(table, owner=stranger.id)
    assert refused(user, sa.insert(table).values(row))


@pytest.mark.parametrize("name", sorted(set(OWNED) - {"users"}))
def test_what_a_user_may_add_for_another_they_may_add_for_themselves(
    database: db.Database, user: db.User, name: str
) -> None:
    """Else the test before would pass for a table that refuses everything."""
    table = Base.metadata.tables[name]
    may = "insert" in row_level_security.rules()[name].may
    assert refused(user, sa.insert(table).values(rows.made(table, owner=user.id))) is not may


@pytest.mark.parametrize("name", sorted(set(OWNED) - {"users"}))
def test_nothing_is_given_away(database: db.Database, user: db.User, stranger: db.User, name: str) -> None:
    mine = owned(name, user)
    before = touched(name, mine)
    table = Base.metadata.tables[name]
    assert refused(user, sa.update(table).values(_theirs(table, stranger)))
    assert touched(name, mine) == before


def _theirs(table: sa.Table, person: db.User) -> dict[str, UUID]:
    """What would make a row of this table the person's: its owner, or what it is a part of."""
    for name in ("user_id", "author_id"):
        if name in table.columns:
            return {name: person.id}
    name = next(name for name in ("batch_job_id", "training_job_id") if name in table.columns)
    (key,) = table.columns[name].foreign_keys
    return {name: rows.add(key.column.table, owner=person.id)["id"]}


@pytest.mark.parametrize(
    "values",
    [{"id": ELSEWHERE}, {"role": "admin"}, {"is_local": True}, {"blocked_at": None}, {"issuer": "x"}],
    ids=columns,
)
def test_nobody_becomes_somebody_else_or_more_by_changing_themselves(
    database: db.Database, user: db.User, stranger: db.User, values: dict[str, Any]
) -> None:
    with db.session_scope(db.WORKER, write=True) as session:
        session.execute(sa.text("update users set blocked_at = now() where id = :id"), {"id": user.id})
    for role in ("analyst", "admin"):
        assert refused(as_role(user, role), sa.update(USERS).values(values).where(USERS.c.id == user.id))


@pytest.mark.parametrize(
    "values", [{"role": "admin"}, {"is_local": True}, {"blocked_at": now_plus()}], ids=columns
)
def test_whoever_signs_in_for_the_first_time_is_an_analyst(
    database: db.Database, values: dict[str, Any]
) -> None:
    newcomer = db.User(uuid4(), "Grace")
    assert refused(newcomer, sa.insert(USERS).values(id=newcomer.id, name="Grace", **values))
    assert not refused(newcomer, sa.insert(USERS).values(id=newcomer.id, name="Grace", role="analyst"))


def test_an_admin_changes_what_others_may_do_and_not_who_they_are(
    database: db.Database, user: db.User, stranger: db.User
) -> None:
    admin, theirs = as_role(user, "admin"), USERS.c.id == stranger.id
    assert not refused(admin, sa.update(USERS).where(theirs).values(role="reviewer", blocked_at=now_plus()))
    for values in ({"name": "x"}, {"email": "ada@example.org"}):
        assert refused(admin, sa.update(USERS).where(theirs).values(values))
    before = touched("users", {"id": stranger.id})
    refused(user, sa.update(USERS).values(role="admin"))
    refused(user, sa.update(USERS).values(name="x"))
    assert touched("users", {"id": stranger.id}) == before


REFERENCES = [
    (table.name, key.parent.name)
    for table in Base.metadata.sorted_tables
    for key in sorted(table.foreign_keys, key=lambda key: key.parent.name)
    if "user_id" in table.columns and "user_id" in key.column.table.columns
]


@pytest.mark.parametrize(("name", "column"), REFERENCES)
def test_nothing_builds_on_what_is_another_users(
    database: db.Database, user: db.User, stranger: db.User, name: str, column: str
) -> None:
    table = Base.metadata.tables[name]
    (key,) = table.columns[column].foreign_keys
    theirs = rows.add(key.column.table, owner=stranger.id)[key.column.name]
    assert refused(user, sa.insert(table).values(rows.made(table, owner=user.id, **{column: theirs})))
    rows.add(table, owner=user.id)
    assert refused(user, sa.update(table).values({column: theirs}))


@pytest.mark.parametrize(
    ("row", "values"),
    [
        (UploadRow, {"storage_key": "uploads/user_00000000-0000-0000-0000-000000000000/theirs.csv"}),
        (PredictionRow, {"output_key": "results/theirs/1.csv"}),
        (ModelRow, {"artifact_key": "models/theirs/1.skops"}),
    ],
)
def test_no_file_is_claimed_by_writing_its_key(
    database: db.Database, user: db.User, row: type[Base], values: dict[str, str]
) -> None:
    table = Base.metadata.tables[row.__tablename__]
    assert refused(user, sa.insert(table).values(rows.made(table, owner=user.id, **values)))
    rows.add(table, owner=user.id)
    assert refused(user, sa.update(table).values(values))


@pytest.mark.parametrize(
    "change",
    [
        "update tasks set state = 'RUNNING'",
        "update tasks set state = 'SUCCEEDED', finished_at = now()",
        "update tasks set state = 'CANCELLED'",
        "update tasks set lease_until = now() + interval '1 day'",
        "update tasks set attempt = attempt + 1",
        "update tasks set payload = '{}'",
        "update tasks set checkpoint = '{}'",
        "update tasks set cancel_requested = true",
        "update workers set beat_at = now()",
        "delete from tasks",
        "delete from workers",
    ],
)
def test_of_the_queue_a_user_writes_nothing_but_a_new_task_its_place_and_its_cancel(
    database: db.Database, user: db.User, change: str
) -> None:
    owned("tasks", user)
    assert refused(user, sa.text(change))


@pytest.mark.parametrize(
    "values",
    [
        {"state": "RUNNING"},
        {"state": "SUCCEEDED", "result": {"output_key": "results/theirs/1.csv"}},
        {"attempt": 5},
        {"lease_owner": ELSEWHERE},
        {"checkpoint": {}},
    ],
    ids=columns,
)
def test_a_user_adds_no_task_that_looks_worked_on(
    database: db.Database, user: db.User, values: dict[str, Any]
) -> None:
    table = Base.metadata.tables["tasks"]
    assert refused(user, sa.insert(table).values(rows.made(table, owner=user.id, **values)))


def test_a_running_task_of_a_live_worker_is_cancelled_by_that_worker_alone(
    database: db.Database, user: db.User
) -> None:
    steps.make_tables()
    with db.session_scope(user, write=True) as session:
        task_id = steps.enqueue(session, user=user)
    with db.session_scope(db.WORKER, write=True) as session:
        queue.claim_one(session, task_id=task_id, worker_id=uuid4(), lease_s=60)
    by_force = "update tasks set state = 'CANCELLED', cancel_requested = true, lease_owner = null, lease_until = null"
    assert refused(user, sa.text(by_force))
    with db.session_scope(user, write=True) as session:
        assert queue.cancel(session, task_id=task_id).state is queue.TaskState.RUNNING
        assert session.execute(sa.select(TaskRow.cancel_requested)).scalar_one()


def test_a_running_task_whose_lease_was_given_in_the_future_is_cancelled_at_once(
    database: db.Database, user: db.User
) -> None:
    """The clock was set back: its worker, if it lives, hears of it by its next beat."""
    steps.make_tables()
    with db.session_scope(user, write=True) as session:
        task_id = steps.enqueue(session, user=user)
    with db.session_scope(db.WORKER, write=True) as session:
        queue.claim_one(session, task_id=task_id, worker_id=uuid4(), lease_s=60)
        ahead = {"timed_at": now_plus(7_200), "lease_until": now_plus(7_260)}
        session.execute(sa.update(TaskRow).values(ahead))
    with db.session_scope(user, write=True) as session:
        assert queue.cancel(session, task_id=task_id).state is queue.TaskState.CANCELLED


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("uploads", "update uploads set n_rows = 7"),
        ("uploads", "delete from uploads"),
        ("ai_models", "update ai_models set status = 'failed'"),
        ("ai_models", "delete from ai_models"),
        ("predictions", "update predictions set status = 'CANCELLED'"),
        ("predictions", "delete from predictions"),
        ("tasks", "update tasks set priority = -10"),
    ],
)
def test_an_admin_reads_everybodys_work_and_changes_none(
    database: db.Database, user: db.User, stranger: db.User, name: str, change: str
) -> None:
    theirs = owned(name, stranger)
    before = touched(name, theirs)
    with db.session_scope(as_role(user, "admin"), write=True) as session:
        found = session.execute(sa.select(Base.metadata.tables[name].c.id)).scalars().all()
        assert theirs["id"] in found
        session.execute(sa.text(change))
    assert touched(name, theirs) == before


@pytest.mark.parametrize("role", ["analyst", "reviewer"])
@pytest.mark.parametrize("name", ["uploads", "ai_models", "predictions", "tasks"])
def test_nobody_but_an_admin_reads_anothers_work(
    database: db.Database, user: db.User, stranger: db.User, name: str, role: str
) -> None:
    owned(name, stranger)
    with db.session_scope(as_role(user, role)) as session:
        assert session.execute(sa.select(Base.metadata.tables[name].c.id)).all() == []


def test_the_audit_trail_is_only_added_to_and_read_by_admins(
    database: db.Database, user: db.User, stranger: db.User
) -> None:
    theirs = owned("audit_events", stranger)
    with db.session_scope(user) as session:
        assert session.execute(sa.select(AuditEventRow.id)).all() == []
    with db.session_scope(as_role(user, "admin")) as session:
        assert session.execute(sa.select(AuditEventRow.id)).scalars().all() == [theirs["id"]]
    for change in (
        "update audit_events set actor = 'x'",
        "delete from audit_events",
        "truncate audit_events",
    ):
        for who in (as_role(user, "admin"), db.WORKER, db.NOBODY):
            assert refused(who, sa.text(change)), (who, change)


def test_a_refusal_of_nobody_known_is_noted_in_nobodys_name_alone(
    database: db.Database, user: db.User
) -> None:
    with db.session_scope(db.NOBODY, write=True) as session:
        audit.note(session, "sign_in.failed", address="127.0.0.1")
    table = Base.metadata.tables["audit_events"]
    assert refused(db.NOBODY, sa.insert(table).values(rows.made(table, owner=user.id)))


def test_before_it_is_known_who_asks_a_hash_finds_its_session_and_its_token_and_nothing_else(
    database: db.Database, user: db.User
) -> None:
    held = {
        credential_lookup.session_by_hash: rows.add(Base.metadata.tables["sessions"], owner=user.id),
        credential_lookup.token_by_hash: rows.add(
            Base.metadata.tables["api_tokens"], owner=user.id, scopes=["read"]
        ),
    }
    for find, row in held.items():
        found = find(row["secret_hash"])
        assert found is not None
        assert (found.id, found.user_id, found.name, found.expires_at) == (
            row["id"], user.id, user.name, row["expires_at"]
        )  # fmt: skip
        assert found.scopes == row.get("scopes")
        assert find("0" * 64) is None
    with database.engine.connect() as connection:
        definers = connection.execute(
            sa.text(
                "select proname from pg_proc where prosecdef and pronamespace in "
                "('public'::regnamespace, 'model_desk'::regnamespace) order by proname"
            )
        )
        assert definers.scalars().all() == [
            *("conversations_with_finding", "conversations_with_words", "like_an_approved_one"),
            *("session_by_hash", "token_by_hash"),
        ]


@pytest.mark.parametrize("name", TABLES)
def test_supabases_http_api_shows_even_a_users_own_rows_to_nobody(
    database: db.Database, user: db.User, name: str
) -> None:
    """PostgREST sets the same role and claims, but it is not the app."""
    owned(name, user)
    claims = json.dumps({"sub": str(user.id), "role": "authenticated"})
    with database.users.connect() as connection:
        connection.execute(sa.text("set local role authenticated"))
        connection.execute(
            sa.text("select set_config('request.jwt.claims', :claims, true)"), {"claims": claims}
        )
        assert connection.execute(sa.text("select auth.uid()")).scalar_one() == user.id
        found = connection.execute(sa.select(sa.func.count()).select_from(Base.metadata.tables[name]))
        assert found.scalar_one() == 0


def test_nobody_sees_how_deep_the_queue_is_and_who_works_and_no_row_of_anybody(
    database: db.Database, user: db.User
) -> None:
    for name in OWNED:
        owned(name, user)
    with db.session_scope(db.WORKER, write=True) as session:
        queue.workers.beat(session, worker_id=uuid4(), pools={queue.Pool.SCORING: 1}, is_embedded=False)
    with db.session_scope(db.NOBODY) as session:
        for name in OWNED:
            n = session.execute(
                sa.select(sa.func.count()).select_from(Base.metadata.tables[name])
            ).scalar_one()
            assert n == 0, name
        assert queue.backlog(session).n_queued > 0
        assert len(queue.workers.alive(session)) == 1


def test_the_view_of_tasks_tells_neither_whose_a_task_is_nor_what_for(
    database: db.Database, user: db.User
) -> None:
    with database.engine.connect() as connection:
        inspector = sa.inspect(connection)
        columns = {column["name"] for column in inspector.get_columns("open_tasks", schema=row_rules.SCHEMA)}
    place = {"priority", "turn", "magnitude", "seq"}
    times = {"run_at", "timed_at", "created_at", "lease_until"}
    assert columns == {"kind", "state", "lease_owner"} | place | times


def test_a_handler_runs_in_the_workers_role_whoever_started_it(database: db.Database, user: db.User) -> None:
    with db.session_scope(db.WORKER) as session:
        assert _who(session) == ("service_role", None)
    with db.session_scope(user) as session:
        assert _who(session) == ("authenticated", user.id)
    with db.session_scope(db.NOBODY) as session:
        assert _who(session) == ("authenticated", None)


def _who(session: Session) -> tuple[str, UUID | None]:
    role, user_id = session.execute(sa.text("select current_user, auth.uid()")).one()
    return role, user_id


@pytest.mark.parametrize("role", ["service_role", "desk_owner", "postgres", "anon"])
def test_a_users_transaction_becomes_nothing_else(database: db.Database, user: db.User, role: str) -> None:
    assert refused(user, sa.text(f"reset role; set role {role}"))


def test_a_forgotten_role_is_refused_and_no_leak(database: db.Database, user: db.User) -> None:
    for name in OWNED:
        owned(name, user)
        with database.users.connect() as connection, pytest.raises(sa.exc.ProgrammingError) as raised:
            connection.execute(sa.select(Base.metadata.tables[name]))
        assert isinstance(raised.value.orig, psycopg.errors.InsufficientPrivilege), name


def test_many_users_at_once_never_see_each_other(database: db.Database, user: db.User) -> None:
    people = [user] + [_person(f"Person {n}") for n in range(7)]
    for person in people:
        owned("uploads", person)

    def look(person: db.User) -> set[UUID]:
        found: set[UUID] = set()
        for _ in range(60):
            with db.session_scope(person) as session:
                found |= set(session.execute(sa.select(UploadRow.user_id)).scalars())
        return found

    assert together([partial(look, person) for person in people]) == [{person.id} for person in people]


def _person(name: str) -> db.User:
    row = rows.add(Base.metadata.tables["users"], owner=uuid4(), name=name)
    return db.User(id=row["id"], name=name)


def test_role_and_claims_are_set_in_the_round_trip_that_begins_the_transaction(
    database: db.Database, user: db.User, tmp_path: Path
) -> None:
    with db.session_scope(user) as session:
        driver = session.connection().connection.driver_connection
    assert driver is not None
    with (tmp_path / "trace").open("wb") as traced:
        driver.pgconn.trace(traced.fileno())
        with db.session_scope(user) as session:
            session.execute(sa.text("select 1"))
        driver.pgconn.untrace()
    lines = (tmp_path / "trace").read_text("utf-8").splitlines()
    sent = [line.split("\t")[3:] for line in lines if "\tF\t" in line]
    queries = [message for message in sent if message[0].startswith(("Query", "Sync"))]
    begins = [message for message in queries if '"BEGIN; SELECT set_config' in str(message)]
    assert len(begins) == 1
    assert str(user.id) in str(begins[0])
    assert len(queries) == 3, queries  # begin, select 1, end


def test_every_policy_asks_who_it_is_once_a_statement_and_not_once_a_row(database: db.Database) -> None:
    with database.engine.connect() as connection:
        policies = connection.execute(
            sa.text(
                "select tablename, policyname, qual, with_check from pg_policies where schemaname = 'public'"
            )
        ).all()
    assert len(policies) > len(TABLES)
    for table, policy, *conditions in policies:
        for condition in filter(None, conditions):
            bare = re.sub(r"SELECT (auth\.uid\(\)|current_setting\([^)]*\)) AS \w+", "", condition)
            assert "auth.uid()" not in bare, f"{policy} on {table}"
            assert "current_setting(" not in bare, f"{policy} on {table}"


def test_every_table_has_row_level_security_and_is_closed_to_who_has_not_signed_in(
    database: db.Database,
) -> None:
    with database.engine.connect() as connection:
        tables = connection.execute(
            sa.text(
                "select relname, relrowsecurity, has_table_privilege('anon', oid, 'select, insert, update, delete')"
                " from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
            )
        ).all()
    assert {name for name, _, _ in tables} == {*TABLES, "alembic_version"}
    for name, is_secured, is_open in tables:
        assert (is_secured, is_open) == (True, False), name


@pytest.mark.parametrize("name", [name for name in OWNED if "user_id" in Base.metadata.tables[name].columns])
def test_the_condition_on_the_user_is_answered_by_an_index(name: str) -> None:
    table = Base.metadata.tables[name]
    first = {column.name for index in table.indexes for column in list(index.columns)[:1]}
    assert "user_id" in first | {next(iter(table.primary_key)).name}


def test_a_table_without_rules_stops_the_migration() -> None:
    new = sa.Table("nobody_has_thought_of_it", Base.metadata, sa.Column("id", sa.Integer, primary_key=True))
    try:
        with pytest.raises(row_level_security.RulesMissing, match="nobody_has_thought_of_it"):
            row_level_security.digest()
    finally:
        Base.metadata.remove(new)


def test_the_rules_change_only_together_with_a_revision() -> None:
    noted = [found for revision in migrate.revisions() if (found := getattr(revision, "RULES_DIGEST", None))]
    assert noted[-1] == row_level_security.digest(), (
        "the rules in core/db/tables changed: add a revision that notes their digest, "
        "or, before its release, correct the newest one's"
    )


def test_a_plain_postgres_that_becomes_supabases_gets_the_rules_by_the_next_upgrade(
    postgres: Cluster,
) -> None:
    name = f"plain_{uuid4().hex}"
    database = db.connect(postgres.create(name, like_supabase=False))
    migrate.upgrade(database)
    assert not database.has_row_security
    person = _person("Ada")
    postgres.make_like_supabase(name)
    migrate.upgrade(database)
    assert database.has_row_security
    with db.session_scope(person) as session:
        assert _who(session) == ("authenticated", person.id)
    database.dispose()
    postgres.drop(name)


def test_a_login_without_rights_may_start_on_a_database_that_is_up_to_date(
    database: db.Database, postgres: Cluster
) -> None:
    name = str(database.engine.url.database)
    narrow = db.connect(postgres.url(name, login=PAGES))
    migrate.upgrade(narrow)
    assert migrate.revision(narrow) == migrate.head()
    with pytest.raises(db.RoleMissing, match="service_role"), db.session_scope(db.WORKER) as session:
        session.execute(sa.select(TaskRow))
    narrow.dispose()


def test_a_login_without_rights_that_would_have_to_migrate_is_told_so(postgres: Cluster) -> None:
    name = f"behind_{uuid4().hex}"
    postgres.create(name)
    narrow = db.connect(postgres.url(name, login=PAGES))
    with pytest.raises(db.RoleMissing, match=r"desk_pages.*may not change tables"):
        migrate.upgrade(narrow)
    narrow.dispose()
    postgres.drop(name)


def test_several_that_upgrade_at_once_apply_the_rules_once(postgres: Cluster) -> None:
    name = f"twice_{uuid4().hex}"
    url = postgres.create(name)
    database = db.connect(url)
    threads = [threading.Thread(target=migrate.upgrade, args=[database]) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert database.has_row_security
    assert migrate.revision(database) == migrate.head()
    database.dispose()
    postgres.drop(name)
