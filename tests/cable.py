"""A cable to a PostgreSQL server that can be cut and mended."""

import contextlib
import socket
import threading

from sqlalchemy.engine import URL


class Cable:
    """Carries connections from a port of its own to the server of a URL, until it is cut."""

    def __init__(self, target: URL):
        host = target.query.get("host") or target.host or "127.0.0.1"
        port = target.port or 5432
        is_file = host.startswith("/")
        self._family = socket.AF_UNIX if is_file else socket.AF_INET
        self._address = f"{host}/.s.PGSQL.{port}" if is_file else (host, port)
        self._ends: list[socket.socket] = []
        self._whole = True
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = target.set(
            host="127.0.0.1", port=self._door.getsockname()[1], query={}
        ).render_as_string(hide_password=False)
        threading.Thread(target=self._serve, daemon=True).start()

    def cut(self) -> None:
        """Break what is connected and let nobody connect."""
        self._whole = False
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._ends.clear()

    def mend(self) -> None:
        """Let everybody connect again."""
        self._whole = True

    def _serve(self) -> None:
        while True:
            near, _ = self._door.accept()
            if not self._whole:
                near.close()
                continue
            far = socket.socket(self._family)
            far.connect(self._address)
            self._ends += [near, far]
            for source, goal in ((near, far), (far, near)):
                threading.Thread(target=_carry, args=(source, goal), daemon=True).start()


def _carry(source: socket.socket, goal: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            goal.sendall(data)
    for end in (source, goal):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
