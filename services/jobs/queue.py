"""The queues: each message is the number of a job, all else stands in the table of jobs."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from huey import Huey, RedisHuey
from huey.registry import Message
from huey.serializer import Serializer
from huey.storage import RedisStorage, SqliteStorage
from redis.backoff import NoBackoff
from redis.retry import Retry

from services.errors import InvalidParams, QueueUnavailable
from services.jobs.kinds import BROKER, COMPUTE
from services.settings import Settings

QUEUES = (BROKER, COMPUTE)
_ANSWER_SECONDS = 3  # Redis is asked for things that take it no time
_BUSY_SECONDS = 15

REDIS_GONE = "The job queue on Redis does not answer: start Redis, or unset REDIS_URL."
_REFUSED = "The job queue on Redis refuses the user or the password: check REDIS_URL."


class _PlainMessages(Serializer):
    """Writes messages as JSON: what is read from a queue that others can write runs nothing."""

    def _serialize(self, data):
        return json.dumps(data).encode()

    def _deserialize(self, data):
        value = json.loads(bytes(data))
        return Message(*value) if isinstance(value, list) else value


class _QueueFile(SqliteStorage):
    """A queue in a file; one that was removed is left for the file that takes its place."""

    def __init__(self, *args, **kwargs):
        self._file: tuple[int, int] | None = None
        self._removed: list[sqlite3.Connection] = []
        super().__init__(*args, **kwargs)

    @property
    def conn(self) -> sqlite3.Connection:
        """The connection to the file that now has the name."""
        if self._conn is not None and self._file != _identity(self.filename):
            # Kept open: SQLite, closing it, would remove the new file's journal by its name.
            self._removed.append(self._conn)
            self._conn = None
        return super().conn

    def _create_connection(self) -> sqlite3.Connection:
        connection = super()._create_connection()
        for statement in self.ddl:
            connection.execute(statement)
        self._file = _identity(self.filename)
        return connection


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = Path(path).stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


class JobQueue:
    """One queue of job numbers, on SQLite or on Redis.

    `work` is called with a job's number in a worker; whoever only asks for work needs none.
    Raises QueueUnavailable when its file cannot be opened.
    """

    def __init__(self, settings: Settings, name: str, work: Callable[[int], None] | None = None):
        self.name = name
        with _answering(settings):
            self.huey = _huey(settings, name)
        self._settings = settings
        self._message = self.huey.task()(_as_task(work or _not_here))

    def put(self, job_id: int) -> None:
        """Ask the workers for a job; raise QueueUnavailable."""
        with _answering(self._settings):
            self._message(job_id)

    def waiting(self) -> set[int]:
        """Return the numbers of the jobs in the queue; raise QueueUnavailable."""
        with _answering(self._settings):
            raw = self.huey.storage.enqueued_items()
        messages = [self.huey.serializer.deserialize(data) for data in raw]
        return {message.args[0] for message in messages if message.args}

    def close(self) -> None:
        """Close what is open to the queue."""
        storage = self.huey.storage
        storage.close()
        if isinstance(storage, RedisStorage):
            storage.pool.disconnect()  # which the storage leaves to the garbage collector


@contextmanager
def job_queue(settings: Settings, name: str) -> Iterator[JobQueue]:
    """Open a queue for a moment; raise QueueUnavailable."""
    queue = JobQueue(settings, name)
    try:
        yield queue
    finally:
        queue.close()


def check_queue(settings: Settings) -> None:
    """Raise QueueUnavailable when Redis is set and does not answer."""
    if settings.redis_url:
        with job_queue(settings, COMPUTE) as queue, _answering(settings):
            queue.huey.storage.conn.ping()


def _huey(settings: Settings, name: str) -> Huey:
    common = {"results": False, "serializer": _PlainMessages()}
    if settings.redis_url:
        # Its name carries the program's, as a Redis may serve others too.
        pool = _redis_pool(settings.redis_url)
        return RedisHuey(f"trading_research_{name}", connection_pool=pool, **common)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    file = settings.data_dir / f"queue-{name}.db"
    return Huey(name, storage_class=_QueueFile, filename=str(file), timeout=_BUSY_SECONDS, **common)


def _redis_pool(url: str) -> redis.ConnectionPool:
    try:
        return redis.ConnectionPool.from_url(
            url,
            socket_connect_timeout=_ANSWER_SECONDS,
            socket_timeout=_ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 1),
        )
    except ValueError as error:
        raise InvalidParams(
            "REDIS_URL is not the address of a Redis server: write redis://localhost:6379/0, or "
            "unset it.",
            field="REDIS_URL",
        ) from error


@contextmanager
def _answering(settings: Settings) -> Iterator[None]:
    """Turn what a queue's storage raises into a sentence; it never shows the address."""
    try:
        yield
    except redis.AuthenticationError as error:
        raise QueueUnavailable(_REFUSED) from error
    except redis.RedisError as error:
        raise QueueUnavailable(REDIS_GONE) from error
    except (sqlite3.Error, OSError) as error:
        raise QueueUnavailable(
            f"The job queue in {settings.data_dir} cannot be written ({error}): check the disk "
            "and your rights to the folder."
        ) from error


def _as_task(work: Callable[[int], None]) -> Callable[[int], None]:
    """Wrap the work in a function of this module: its name travels in the messages."""

    def run_job(job_id: int) -> None:
        work(job_id)

    return run_job


def _not_here(_job_id: int) -> None:
    raise RuntimeError("this process asks for jobs and does none")
