"""One Postgres database for the tests of a process, emptied in between: a new one would cost each several times that.

Emptying is right only where a test has changed nothing but rows. So the catalogues are looked at, too: what a test
has done to tables, rights, rules, functions or roles' settings makes the database be dropped and made anew.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import psycopg

from tests.servers.postgres import Cluster
from tests.servers.waiting import wait_for

TEMPLATE = "model_desk_template"
# What a test may have changed of a database besides its rows: each of a catalogue's rows bears the number of the
# transaction that wrote it. ANALYZE and VACUUM write in place, so they leave no trace here, and need not.
CATALOGUES = {
    "pg_class": "oid", "pg_attribute": "attrelid", "pg_attrdef": "adrelid", "pg_constraint": "conrelid",
    "pg_index": "indexrelid", "pg_policy": "oid", "pg_trigger": "oid", "pg_proc": "oid", "pg_type": "oid",
    "pg_namespace": "oid", "pg_default_acl": "oid", "pg_extension": "oid", "pg_event_trigger": "oid",
    "pg_description": "objoid", "pg_db_role_setting": "setdatabase",
}  # fmt: skip
FIRST_OF_OURS = 16384  # objects with smaller numbers are Postgres's own, but for the schema `public`
SHAPE = " UNION ALL ".join(
    f"SELECT '{name}', count(*), sum(hashtext({key} || ':' || xmin::text)) FROM {name} WHERE {key} >= {FIRST_OF_OURS}"
    for name, key in CATALOGUES.items()
) + (
    " UNION ALL SELECT 'public', 1, hashtext(xmin::text) FROM pg_namespace WHERE nspname = 'public'"
    " UNION ALL SELECT version_num, 1, 0 FROM public.alembic_version"
)
OURS = f"oid >= {FIRST_OF_OURS} AND relnamespace::regnamespace::text IN ('public', 'auth')"
OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
MANY_BYTES = 4_000_000  # dead rows of a test that made very many would slow the next ones down


class Lent:
    """One database, equal to the template whenever a test gets it: emptied, or made anew where rows are not all.

    Emptying takes a fifth of what dropping and creating does.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.name = ""
        self._kept: psycopg.Connection[Any] | None = None  # a new one would cost several times what it is for

    def fresh(self) -> str:
        """The name of the database, which is as a new one; whoever is still connected is sent away."""
        if not self.name or not self._emptied():
            if self.name:
                self.close()
                self._cluster.drop(self.name)
            self._create()
        return self.name

    def close(self) -> None:
        """Keep no connection."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _create(self) -> None:
        self.name = f"test_{uuid4().hex}"
        self._cluster.create(self.name, template=TEMPLATE)
        connection = self._connected()
        self._shape = self._look(connection)
        self._tables = set(self._relations(connection, "r"))
        self._sequences = self._relations(connection, "S")

    def _emptied(self) -> bool:
        """Whether every row that tests have written could be removed, and no more than rows had changed."""
        try:
            try:
                return self._empty(self._connected())
            except psycopg.OperationalError:  # a test has sent the kept connection away
                self.close()
                return self._empty(self._connected())
        except (psycopg.Error, TimeoutError):  # it is gone, or so changed that rows can't be removed
            return False

    def _empty(self, connection: psycopg.Connection[Any]) -> bool:
        send_away = f"SELECT pg_terminate_backend(pid) {OTHERS}".encode()
        wait_for(lambda: not connection.execute(send_away).fetchall(), every_s=0.002)
        kept = self._relations(connection, "r")
        emptying = [
            f"DELETE FROM {table}" if table in self._tables else f"DROP TABLE {table}"
            for table, n_bytes in kept.items()
            if table not in self._tables or (n_bytes and table != "alembic_version")
        ]
        emptying += [f"SELECT setval('{sequence}', 1, false)" for sequence in self._sequences]
        connection.execute(";".join(emptying).encode())  # one message, and one transaction
        return self._look(connection) == self._shape and sum(kept.values()) < MANY_BYTES

    @staticmethod
    def _relations(connection: psycopg.Connection[Any], kind: str) -> dict[str, int]:
        """The relations of this kind and their sizes in bytes: none where no row was ever written."""
        found = connection.execute(
            "SELECT oid::regclass::text, CASE pg_relation_size(oid) WHEN 0 THEN 0 ELSE pg_table_size(oid) END"
            f" FROM pg_class WHERE relkind = '{kind}' AND {OURS}"
        )
        return dict(found.fetchall())

    @staticmethod
    def _look(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
        return connection.execute(SHAPE.encode()).fetchall()

    def _connected(self) -> psycopg.Connection[Any]:
        if self._kept is None:
            self._kept = psycopg.connect(self._cluster.address(self.name), autocommit=True)
            self._kept.execute("SET session_replication_role = replica")  # no trigger, no foreign key
        return self._kept
