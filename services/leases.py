"""Rights that one process holds at a time: to serve a queue alone, to be known as living."""

import hashlib
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from db.models import Lease
from db.session import Database
from services.processes import is_gone

SECONDS = 15  # how long a lease holds; its owner renews it several times meanwhile
_WORKER = "worker:"


class Leases:
    """The leases of one database, as `owner` (a name of services.processes) sees them."""

    def __init__(self, database: Database, owner: str):
        self._database = database
        self.owner = owner

    def take(self, name: str) -> bool:
        """Take or renew a lease; False while another living owner holds it."""
        try:
            with self._database.writing() as session:
                query = select(Lease).where(Lease.name == name).with_for_update()
                lease = session.scalar(query)
                if lease is None:
                    lease = Lease(name=name, owner=self.owner, expires_at=_until())
                    session.add(lease)
                elif lease.owner == self.owner or _is_over(lease):
                    lease.owner, lease.expires_at = self.owner, _until()
                return lease.owner == self.owner
        except IntegrityError:
            return False  # another process took it in this moment

    def leave(self, *names: str) -> None:
        """Give leases back, so that nobody has to wait for their end."""
        mine = delete(Lease).where(Lease.name.in_(names), Lease.owner == self.owner)
        with self._database.writing() as session:
            session.execute(mine)

    def show_life(self) -> None:
        """Renew the lease that says that this worker lives; forget those of workers that do not."""
        self.take(self.life)
        with self._database.writing() as session:
            for lease in session.scalars(select(Lease).where(Lease.name.startswith(_WORKER))):
                if _is_over(lease):
                    session.delete(lease)

    @property
    def life(self) -> str:
        """The name of the lease that says that this worker lives."""
        return _WORKER + hashlib.sha256(self.owner.encode()).hexdigest()[:32]


def has_living_worker(database: Database) -> bool:
    """Tell whether any worker lives."""
    with database.reading() as session:
        leases = session.scalars(select(Lease).where(Lease.name.startswith(_WORKER)))
        return any(not _is_over(lease) for lease in leases)


def _is_over(lease: Lease) -> bool:
    return lease.expires_at < datetime.now(UTC) or is_gone(lease.owner) is True


def _until():
    return datetime.now(UTC) + timedelta(seconds=SECONDS)
