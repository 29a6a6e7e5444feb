"""Serves the dashboard with gunicorn, from a program instead of a command line."""

import logging
import os
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dash import Dash
from gunicorn.app.base import BaseApplication

from dashboard.app import create_app
from services.errors import UserError
from services.logs import configure_logging
from services.settings import Settings
from services.warm_up import warm_up
from strategies.registry import STRATEGIES, load_strategy

THREADS = 8
_MEMORY = Path("/dev/shm")  # a heartbeat file in memory never waits for a disk


class DashboardServer(BaseApplication):
    """Gunicorn with one worker process of several threads.

    One process, because SQLite takes one writer at a time and what the process remembers of
    recent runs is then found by every request; threads, because requests wait for the database
    and for compiled code that runs beside other threads.
    """

    def __init__(self, settings: Settings, make_app: Callable[[Settings], Dash] = create_app):
        self._settings = settings
        self._make_app = make_app
        super().__init__()

    def load_config(self) -> None:
        """Tell gunicorn its settings."""
        options: dict[str, Any] = {
            "bind": address_of(self._settings),
            "worker_class": "gthread",
            "workers": 1,
            "threads": THREADS,
            "timeout": 120,
            "graceful_timeout": 10,
            "keepalive": 30,
            "preload_app": False,
            "control_socket_disable": True,
            "worker_tmp_dir": str(_MEMORY if _usable(_MEMORY) else tempfile.gettempdir()),
            "loglevel": "warning",
            "proc_name": "dashboard",
            "post_worker_init": self._on_worker,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Build the app, in the worker."""
        configure_logging(self._settings, logging.INFO)
        return self._make_app(self._settings).server

    def _on_worker(self, worker: Any) -> None:
        """Do what else the first users would wait for, then say where to look."""
        worker.wsgi.test_client().get("/_dash-layout")
        warm_up(load_strategy(name) for name in STRATEGIES)
        if worker.age == 1:  # not again for a worker that takes the place of a dead one
            sys.stdout.write(f"Dashboard: http://{address_of(self._settings)}\n")
            sys.stdout.flush()


def address_of(settings: Settings) -> str:
    """Return HOST:PORT as an address is written; an IPv6 host in brackets."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{host}:{settings.port}"


def check_address(settings: Settings) -> None:
    """Raise UserError when HOST and PORT cannot be listened on."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((settings.host, settings.port))
        except OSError as error:
            raise UserError(
                f"Cannot listen on {address_of(settings)} ({error.strerror}): stop what uses it, "
                f"or choose another with PORT=8051 (HOST for the address)."
            ) from error


def _usable(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK)
