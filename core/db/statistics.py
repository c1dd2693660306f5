"""What SQLite's planner is told of the sizes of tables, as `ANALYZE` would write it.

Untold, it takes the rows of one user for ten and reads all of them where another index finds the one that is asked
for; told once by `ANALYZE`, it keeps what a new database looked like. So it is told what a large one looks like: one
user, many rows. Postgres keeps its own statistics. Source: sqlite.org/fileformat2.html, sqlite_stat1.
"""

from __future__ import annotations

import sqlalchemy as sa

from core.db.tables import Base

N_ROWS, N_PARTIAL = 100_000, 1_000


def tell(connection: sa.Connection) -> None:
    """Write the statistics of every index of a migrated SQLite database."""
    connection.exec_driver_sql("ANALYZE sqlite_schema")  # makes the table, looks at nothing
    connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    for name, row in Base.all().items():
        for _, index, unique, _, partial in connection.exec_driver_sql(f"PRAGMA index_list('{name}')"):
            columns = [found[2] for found in connection.exec_driver_sql(f"PRAGMA index_info('{index}')")]
            stat = _stat(
                columns, {"user_id": 1, **row.n_distinct}, unique=bool(unique), partial=bool(partial)
            )
            connection.exec_driver_sql(
                "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)", (name, index, stat)
            )
    connection.exec_driver_sql("ANALYZE sqlite_schema")  # has this connection read them


def _stat(columns: list[str], n_distinct: dict[str, int], *, unique: bool, partial: bool) -> str:
    """The number of rows, and for each prefix of the columns how many rows share a value of it."""
    n_rows = N_PARTIAL if partial else N_ROWS
    shared, numbers = float(n_rows), [n_rows]
    for column in columns:
        shared = max(1.0, shared / n_distinct.get(column, n_rows))
        numbers.append(round(shared))
    if unique:
        numbers[-1] = 1
    return " ".join(map(str, numbers))
