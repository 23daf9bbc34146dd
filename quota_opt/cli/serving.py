"""The command that serves the page and the API."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import sys
import webbrowser
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from quota_opt.cli.boundary import Usage
from quota_opt.cli.session import Session
from quota_opt.errors import EngineUnavailable, Text

TOKEN = "QUOTA_OPT_TOKEN"
SHORTEST = 16
"""Characters a token must have."""
PORT = 8765
OWNER = "default"
"""Name of a token that has none; who works at the page where none is asked for."""


def serve(
    session: Session,
    *,
    host: Annotated[str, typer.Option(help="地址 Where to listen; other machines reach 0.0.0.0.")] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="端口 Default 8765, a free one where it is taken; 0: any."),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(metavar="URL", help="运行库 A file or postgresql://…; default as `store`.", show_default=False),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=256, help="同时求解 Jobs at once; default: processors less one.")
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="令牌 One token a line, `NAME TOKEN` or TOKEN.", show_default=False),
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="主机名 Another name of this server; repeat for more.")
    ] = None,
    max_upload: Annotated[int, typer.Option(min=1, max=4096, help="上传上限 MB of one request.")] = 50,
    time_limit: Annotated[float, typer.Option(min=1, help="时限 Seconds of one solve at most.")] = 600.0,
    memory_limit: Annotated[int, typer.Option(min=200, help="内存上限 MB of the process of one solve.")] = 4096,
    queue: Annotated[int, typer.Option(min=1, help="队列 Jobs that may wait.")] = 100,
    show: Annotated[bool, typer.Option("--open/--no-open", help="打开浏览器 Open the page in the browser.")] = True,
) -> None:
    """网页 Serve the planner's page and the HTTP API: work is kept in the run store and outlives the server.

    Ctrl-C stops it; what is running goes back to the queue and is taken up at the next start.
    """
    own = os.environ.get(TOKEN) if token_file is None else None
    tokens = _read_tokens(token_file) if token_file is not None else _given(own) if own else {}
    with _needing_web():
        import_module("quota_opt.web.page.shell")
        from quota_opt.web.limits import ServerLimits
        from quota_opt.web.runner import default_workers
        from quota_opt.web.server import host_names, is_loopback
        from quota_opt.web.server import serve as serve_app
    if not tokens and not is_loopback(host):
        raise Usage(
            Text(
                f"{host} 可被其他机器访问：请用 --token-file 或环境变量 {TOKEN} 写明令牌。",
                f"Other machines can reach {host}: name a token with --token-file or the variable {TOKEN}.",
            )
        )
    made = {} if tokens else {OWNER: secrets.token_urlsafe(32)}
    from quota_opt.store.store import Store

    limits = ServerLimits(
        upload_mb=max_upload,
        unpacked_mb=max(256, 4 * max_upload),
        time_s=time_limit,
        memory_mb=memory_limit,
        queue=queue,
        workers=jobs or default_workers(),
    )
    with contextlib.closing(_listening(host, port)) as listener, Store.open(store) as opened:
        shown = f"[{host.strip('[]')}]" if ":" in host else host
        address = f"http://{shown}:{listener.getsockname()[1]}"

        def ready() -> None:
            _tell(session, address, made.get(OWNER), opened.place, limits.workers)
            if show and sys.stdout.isatty():
                webbrowser.open(f"{address}/en/" if session.language == "en" else f"{address}/")

        serve_app(
            opened,
            listener,
            tokens or made,
            limits,
            hosts=host_names(host, tuple(allow_host or ())),
            language=session.language,
            ready=ready,
            visitor=OWNER if made else None,
        )


def _listening(host: str, port: int | None) -> socket.socket:
    """A socket at the port asked for; where none was, at ours or at a free one. Raises CannotListen."""
    from quota_opt.web.server import CannotListen, listening

    if port is not None:
        return listening(host, port)
    try:
        return listening(host, PORT)
    except CannotListen:
        return listening(host, 0)


def _tell(session: Session, address: str, token: str | None, place: str, workers: int) -> None:
    api = f"{address}/api/v1"
    session.document(
        {
            "address": address,
            "page": f"{address}/",
            "api": api,
            "token": token,
            "store": place,
            "jobs": workers,
            "pid": os.getpid(),
        }
    )
    if session.quiet:
        session.answer(f"{api} {token}" if token else api)
    session.show(
        Text(
            f"网页      {address}/\n接口地址  {api}\n"
            f"令牌      {token or '见所给的令牌文件或环境变量'}\n运行库    {place}\n"
            f"同时求解  {workers}\n按 Ctrl-C 停止；未完成的任务下次启动时继续。",
            f"Page      {address}/en/\nAPI       {api}\nToken     {token or 'as given'}\nRun store {place}\n"
            f"Jobs      {workers} at once\n"
            "Ctrl-C stops it; what is not finished goes on at the next start.",
        )
    )


@contextlib.contextmanager
def _needing_web() -> Iterator[None]:
    """Say how to get what is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in ("fastapi", "nicegui", "uvicorn", "starlette", "multipart", "anyio"):
            raise
        raise EngineUnavailable(
            Text(
                '网页服务要先安装附加组件：pip install "quota-opt[web]"',
                'Serving needs an extra: pip install "quota-opt[web]"',
            )
        ) from None


def _read_tokens(path: Path) -> dict[str, str]:
    """The tokens of a file by name. Raises Usage where there is none, or one that can be guessed."""
    tokens: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        name, token = (words[0], words[-1]) if len(words) > 1 else (OWNER, words[0])
        if len(words) > 2 or name in tokens:
            raise Usage(
                Text(f"{path}：每行写“名称 令牌”，名称不能重复。", f"{path}: a line is NAME TOKEN, each name once.")
            )
        tokens |= _given(token, name)
    if not tokens:
        raise Usage(Text(f"{path} 中没有令牌。", f"{path} holds no token."))
    return tokens


def _given(token: str, name: str = OWNER) -> dict[str, str]:
    if len(token.strip()) < SHORTEST or not token.strip().isascii():
        raise Usage(
            Text(
                f"令牌太短或含非 ASCII 字符，至少 {SHORTEST} 个字符。",
                f"A token has at least {SHORTEST} characters, ASCII only.",
            )
        )
    return {name: token.strip()}
