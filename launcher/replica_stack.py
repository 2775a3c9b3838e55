"""Several control planes on one PostgreSQL and one inference adapter, each of which a test may take away and bring back.

Unlike `up` nothing is supervised: what a test kills stays dead until the test starts it again.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from launcher import admin, children, postgres, quick_start, stack, up
from launcher.children import ProcessSpec
from launcher.member import Member
from launcher.secret_values import SecretValues
from launcher.settings import Settings
from launcher.temporary_stack import free_numbers, free_ports


class Replica(Member):
    """One control plane. Its ports stay the same over restarts."""

    def __init__(self, settings: Settings, spec: ProcessSpec):
        super().__init__(spec, settings.logs, settings.run)
        self._argv = spec.argv
        self.base_url = settings.base_url
        self.address = (settings.host, settings.ports.http)
        self.grpc = f"{settings.host}:{settings.ports.grpc}"

    def run_from(self, jar: Path | None) -> None:
        """From its next start on; None: this checkout's."""
        self.spec = replace(self.spec, argv=self._argv if jar is None else from_jar(self._argv, jar))


class ReplicaStack:
    """Made anew below `home`, which it owns. Runs as children of this process, which must be the one to start and stop them."""

    def __init__(self, home: Path, replicas: int = 2, options: Sequence[str] = (), jar: Path | None = None):
        """`options` are added to each control plane's command line, which runs from `jar`; None: this checkout's."""
        self.settings = Settings(home=home.resolve(), ports=free_ports())
        reap(self.settings)
        shutil.rmtree(self.settings.home, ignore_errors=True)
        up.prepare(self.settings)
        self.secrets = SecretValues.of(self.settings.home)
        self.postgres = self._member(postgres.process(self.settings))
        self.engine = [self._member(stack.triton(self.settings)), self._member(stack.adapter(self.settings))]
        self.replicas = [self._replica(number, options) for number in range(1, replicas + 1)]
        self.demo_key = ""
        self._jar = jar
        for replica in self.replicas:
            replica.run_from(jar)

    @property
    def database(self) -> dict[str, Any]:
        """Where it is, and as whom; arguments of pg8000."""
        return postgres.connection(self.settings, self.secrets.database_password)

    def up(self) -> None:
        postgres.initialise(self.settings, self.secrets.database_password)
        self.postgres.restart()
        for part in self.engine:
            part.start()
        first, *others = self.replicas
        # To learn is to start, and would make this checkout's schema.
        if self._jar is None and not quick_start.is_learned(self.settings, "control-plane"):
            quick_start.learn(self.settings, stack.control_plane(self.settings, self.secrets))
        first.restart()  # alone, as it makes the schema
        for replica in others:
            replica.start()
        for member in (*self.engine, *others):
            member.wait_ready()
        self.demo_key = admin.provision(self.settings, self.secrets)

    def down(self) -> None:
        for member in (*self.replicas, *reversed(self.engine), self.postgres):
            member.end()

    def _member(self, spec: ProcessSpec) -> Member:
        return Member(spec, self.settings.logs, self.settings.run)

    def _replica(self, number: int, options: Sequence[str]) -> Replica:
        own = self.settings
        if number > 1:
            http, grpc = free_numbers(2)
            own = replace(own, ports=replace(own.ports, http=http, grpc=grpc))
        spec = stack.control_plane(own, self.secrets)
        return Replica(own, replace(spec, name=f"control-plane-{number}", argv=overridden(spec.argv, options), stop_seconds=30))


def overridden(argv: Sequence[str], options: Sequence[str]) -> list[str]:
    """With these options, which replace those of the same name: Spring takes an option that comes twice as a list."""
    names = {option.partition("=")[0] for option in options}
    return [argument for argument in argv if argument.partition("=")[0] not in names] + list(options)


def from_jar(argv: Sequence[str], jar: Path) -> list[str]:
    """Without the quick start, which is of one jar."""
    place = argv.index("-jar") + 1
    options = [option for option in argv[:place] if not option.startswith("-XX:AOTCache=")]
    return [*options, str(jar), *argv[place + 1 :]]


def reap(settings: Settings) -> None:
    """Ends what an interrupted run left behind."""
    for pid_file in settings.run.glob("*.pid"):
        children.reap(pid_file)


@contextmanager
def running(home: Path, replicas: int = 2, options: Sequence[str] = (), jar: Path | None = None) -> Iterator[ReplicaStack]:
    """A stack that is up; afterwards it is down."""
    made = ReplicaStack(home, replicas, options, jar)
    try:
        made.up()
        yield made
    finally:
        made.down()
