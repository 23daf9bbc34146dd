"""Serving: the socket, the signals, and an orderly end."""

from __future__ import annotations

import contextlib
import ipaddress
import platform
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import psutil
import uvicorn

from quota_opt.errors import Language, QuotaOptError, Text
from quota_opt.store.store import Store
from quota_opt.web.app import make_app
from quota_opt.web.desk.desk import Desk
from quota_opt.web.guard import LOCAL_HOSTS
from quota_opt.web.limits import ServerLimits
from quota_opt.web.service import Service

LAST_REQUESTS_S = 10
"""How long requests in hand may take once the server is told to stop."""
GRACE_S = 5.0
"""How long jobs may take to end after that, before they go back to the queue."""

WS_BYTES = 4 * 2**20
"""Of one message from a page; files come as uploads."""


class CannotListen(QuotaOptError):
    """The address cannot be listened on."""

    exit_code = 2


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens at `host` and `port` (0: any free one). Raises CannotListen."""
    plain = host.strip("[]")
    made: socket.socket | None = None
    try:
        family = socket.AF_INET6 if ":" in plain else socket.AF_INET
        made = socket.socket(family, socket.SOCK_STREAM)
        if platform.system() != "Windows":  # where it would let two servers share a port
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((plain, port))
        made.listen(128)
    except (OSError, OverflowError) as error:
        if made is not None:
            made.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise CannotListen(
            Text(
                f"无法在 {host}:{port} 上监听：{reason}\n  怎么改：换一个端口，或用 --port 0 任选空闲端口。",
                f"Cannot listen on {host}:{port}: {reason}\n  Fix: use another port; --port 0 takes a free one.",
            )
        ) from error
    return made


def host_names(host: str, more: tuple[str, ...] = ()) -> frozenset[str]:
    """Names and addresses under which a server bound to `host` may be asked for."""
    names = {*LOCAL_HOSTS, host.strip("[]").lower(), *(name.strip("[]").lower() for name in more)}
    if host.strip("[]") in ("0.0.0.0", "::"):
        names |= {platform.node().lower(), socket.getfqdn().lower()}
        names |= {
            address.address.partition("%")[0].lower()
            for found in psutil.net_if_addrs().values()
            for address in found
            if address.family in (socket.AF_INET, socket.AF_INET6)
        }
    return frozenset(names - {""})


def serve(
    store: Store,
    listener: socket.socket,
    tokens: Mapping[str, str],
    limits: ServerLimits,
    *,
    hosts: frozenset[str],
    language: Language,
    ready: Callable[[], None],
    visitor: str | None = None,
) -> None:
    """Answer requests until a signal comes; `ready` is called when jobs are taken over and the server begins.

    `visitor` is who works at the page where no token is asked for, see `web.app.make_app`.

    A SIGTERM or Ctrl-C lets requests in hand end, and jobs that run for `GRACE_S`; others go back to the queue.
    """
    service = Service(store, limits)
    desk = Desk(service)
    app = make_app(service, tokens, hosts=hosts, language=language, desk=desk, visitor=visitor)
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws_max_size=WS_BYTES,
            timeout_graceful_shutdown=LAST_REQUESTS_S,
        ),
        service,
    )
    service.start()
    desk.start()
    try:
        ready()
        server.run(sockets=[listener])
    finally:
        desk.stop()
        service.stop(GRACE_S)


class _Server(uvicorn.Server):
    """A server that ends its event streams when it is told to stop, and lets its caller end the rest."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle the signals while serving; they are not raised again afterwards."""
        kinds = [signal.SIGINT, signal.SIGTERM, *([signal.SIGBREAK] if hasattr(signal, "SIGBREAK") else [])]
        before: dict[Any, Any] = {kind: signal.signal(kind, self.handle_exit) for kind in kinds}
        try:
            yield
        finally:
            for kind, handler in before.items():
                signal.signal(kind, handler)

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Stop taking requests and jobs."""
        self._service.drain()
        super().handle_exit(sig, frame)
