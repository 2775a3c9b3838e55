"""Counts what a database was asked: `statements.py reset` forgets, `statements.py read` prints JSON. The connection string is in $SEEDBED_DATABASE."""

import json
import os
import sys

import psycopg

READ = """
    SELECT query, calls, rows, total_exec_time FROM pg_stat_statements
    JOIN pg_database ON pg_database.oid = dbid
    WHERE datname = current_database() AND query NOT LIKE '%pg_stat_%'
    ORDER BY calls DESC
"""
COMMITS = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"


def main() -> None:
    with psycopg.connect(os.environ["SEEDBED_DATABASE"], autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        if sys.argv[1] == "reset":
            connection.execute("SELECT pg_stat_statements_reset()")
        rows = connection.execute(READ).fetchall()
        (commits,) = connection.execute(COMMITS).fetchone() or (0,)
        statements = [{"statement": " ".join(query.split()), "calls": calls, "rows": count, "milliseconds": round(spent, 3)} for query, calls, count, spent in rows]
        print(json.dumps({"commits": commits, "statements": statements}))


if __name__ == "__main__":
    main()
