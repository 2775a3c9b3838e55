"""Counts what a database was asked: `statements.py reset` forgets, `statements.py read` prints JSON. $SEEDBED_DATABASE has pg8000's arguments, as JSON."""

import json
import os
import sys
from contextlib import closing

from pg8000.native import Connection

READ = """
    SELECT query, calls, rows, total_exec_time FROM pg_stat_statements
    JOIN pg_database ON pg_database.oid = dbid
    WHERE datname = current_database() AND query NOT LIKE '%pg_stat_%'
    ORDER BY calls DESC
"""
COMMITS = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"


def main() -> None:
    with closing(Connection(**json.loads(os.environ["SEEDBED_DATABASE"]))) as connection:
        connection.run("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        if sys.argv[1] == "reset":
            connection.run("SELECT pg_stat_statements_reset()")
        rows = connection.run(READ)
        commits = connection.run(COMMITS)[0][0]
        statements = [{"statement": " ".join(query.split()), "calls": calls, "rows": count, "milliseconds": round(spent, 3)} for query, calls, count, spent in rows]
        print(json.dumps({"commits": commits, "statements": statements}))


if __name__ == "__main__":
    main()
