"""A base backup of a running PostgreSQL by its low-level API: what pg_basebackup does, for a server that has only its own three programs.

https://www.postgresql.org/docs/17/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP
"""

import shutil
from pathlib import Path

import pg8000.native

# Of the running server alone, or rebuilt by the next one.
LEFT_OUT = ("postmaster.pid", "postmaster.opts", "pg_wal", "pg_replslot", "pg_dynshmem", "pg_notify", "pg_serial", "pg_snapshots", "pg_stat_tmp", "pg_subtrans")


def take(sql: pg8000.native.Connection, data: Path, target: Path) -> None:
    """Copies the cluster in `data` to `target`, from where a server can start. Writers go on meanwhile."""
    # The log of the time of the copy must not be recycled before it is copied too.
    sql.run("ALTER SYSTEM SET wal_keep_size = '1GB'")
    sql.run("SELECT pg_reload_conf()")
    sql.run("SELECT pg_backup_start('seedbed', true)")
    shutil.copytree(data, target, ignore=lambda folder, names: [name for name in names if Path(folder) == data and name in LEFT_OUT], copy_function=copy_if_there)
    [[label]] = sql.run("SELECT labelfile FROM pg_backup_stop(false)")
    for name in LEFT_OUT[2:]:
        (target / name).mkdir(mode=0o700)
    (target / "backup_label").write_text(label)
    shutil.copytree(data / "pg_wal", target / "pg_wal", dirs_exist_ok=True, copy_function=copy_if_there)
    target.chmod(0o700)


def copy_if_there(source: str, target: str) -> None:
    """A running server removes files; what it removed, its log makes whole."""
    try:
        shutil.copy2(source, target)
    except FileNotFoundError:
        pass
