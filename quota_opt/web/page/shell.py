"""What surrounds every screen: the bar, the way between screens, the language, and the style."""

from __future__ import annotations

import functools
import inspect
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nicegui import app as pages
from nicegui import run, ui

from quota_opt.errors import Language, QuotaOptError, Text
from quota_opt.report.draw import font_file
from quota_opt.web.guard import LOCAL_USER
from quota_opt.web.page import kit
from quota_opt.web.page.login import add_login
from quota_opt.web.page.plain import broke, missing
from quota_opt.web.page.screens import SCREENS, Screen
from quota_opt.web.page.view import ENGLISH, MEETING, View

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

TITLE = Text("用能指标统筹", "Quota planning")
STATIC = "/static"
BLUE, GREEN, VERMILLION = "#004f7c", "#00604a", "#a33a00"
"""As in page.css; each stands out on white."""
RECONNECT_S = 30.0
"""How long a page that lost its connection may come back as it was."""
_LANGUAGES: dict[Language, str] = {"zh": "zh-CN", "en": "en-US"}


def install(app: FastAPI) -> None:
    """Put the page into an application; its Guard gives each request its desk and its user."""
    _register()
    add_login(app)
    ui.run_with(
        app,
        title=TITLE.zh,
        language="zh-CN",
        favicon=Path(__file__).with_name("favicon.svg"),
        reconnect_timeout=RECONNECT_S,
        tailwind=False,
        show_welcome_message=False,
        on_air=None,
    )


@functools.cache
def _register() -> None:
    """Make the pages known; once in a process, as NiceGUI keeps them for all applications."""
    pages.colors(primary=BLUE, positive=GREEN, negative=VERMILLION)
    pages.add_exception_handler(404, missing)
    pages.add_exception_handler(Exception, broke)
    pages.add_static_file(local_file=font_file(), url_path=f"{STATIC}/font.otf")
    pages.add_static_files(STATIC, Path(__file__).parent / "static", follow_symlink=False)
    for screen in SCREENS:
        _page(screen, "zh")
        _page(screen, "en")


def _page(screen: Screen, language: Language) -> None:
    prefix = ENGLISH if language == "en" else ""
    path = f"{prefix}{screen.path}"
    parameters = [part[1:-1] for part in screen.path.split("/") if part.startswith("{")]

    async def build(request: Request, **values: str) -> None:
        view = View(
            request.scope["state"]["desk"],
            request.scope["state"]["owner"],
            language,
            meeting=request.query_params.get(MEETING) == "1",
            path=screen.path.format(**values),
        )
        await _draw(screen, view, values)

    plain = inspect.Parameter.POSITIONAL_OR_KEYWORD
    shown = [inspect.Parameter("request", plain), *(inspect.Parameter(name, plain) for name in parameters)]
    build.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [each.replace(annotation=_request() if each.name == "request" else str) for each in shown]
    )
    title = f"{screen.title.of(language)} · {TITLE.of(language)}"
    ui.page(path, title=title, language=_LANGUAGES[language], response_timeout=30)(build)  # type: ignore[arg-type]


def _request() -> type:
    from fastapi import Request

    return Request


async def _draw(screen: Screen, view: View, values: dict[str, str]) -> None:
    ui.add_head_html(f'<link rel="stylesheet" href="{STATIC}/page.css">')
    if view.meeting:
        ui.query("body").classes("meeting")
    ui.query(".nicegui-content").classes("qo-content")
    standing = await run.io_bound(view.desk.standing, view.user, values.get("case"), values.get("job"))
    _bar(screen, view, standing or (None, None))
    with kit.part("div", "qo-main").props("id=main tabindex=-1"):  # NiceGUI has the main landmark
        try:
            drawn = screen.show(view, **values)
            if drawn is not None:
                await drawn
        except QuotaOptError as error:
            kit.trouble_box(view, error)


def _bar(screen: Screen, view: View, standing: tuple[str | None, str | None]) -> None:
    """The bar; `standing` is the case and the plan in hand."""
    other: Language = "en" if view.language == "zh" else "zh"
    case, job = standing
    with kit.part("header", "qo-bar"):
        kit.anchor(view.say(Text("跳到正文", "Skip to content")), "#main", "qo-skip")
        kit.anchor(view.say(TITLE), view.link("/"), "qo-brand")
        with kit.part("nav", "qo-nav").props(f'aria-label="{view.say(Text("页面", "Screens"))}"'):
            for each in SCREENS:
                if each.numbered:
                    _tab(each, view, case, job, current=each.key == screen.key)
        with kit.part("div", "qo-tools"):
            mode = Text("退出演示", "Leave meeting mode") if view.meeting else Text("会上演示", "Meeting mode")
            kit.anchor(view.say(mode), replace(view, meeting=not view.meeting).link(view.path), "qo-tool")
            words = "English" if other == "en" else "中文"
            kit.anchor(words, replace(view, language=other).link(view.path), "qo-tool").props(
                f"lang={_LANGUAGES[other]} hreflang={_LANGUAGES[other]}"
            )
            name = view.user if view.user != LOCAL_USER else view.say(Text("本机", "this computer"))
            kit.words(name, "qo-user")


def _tab(screen: Screen, view: View, case: str | None, job: str | None, *, current: bool) -> None:
    """A link to a screen for the case and plan in hand; without one it is a word that leads nowhere."""
    known = {"case": case, "job": job}
    needed = [name for name in known if f"{{{name}}}" in screen.path]
    words = f"{screen.numbered} {view.say(screen.title)}"
    if any(known[name] is None for name in needed):
        kit.words(words, "qo-tab qo-off").props("role=link aria-disabled=true")
        return
    link = view.link(screen.path.format(**{name: known[name] for name in needed}))
    tab = kit.anchor(words, link, "qo-tab")
    if current:
        tab.classes("qo-here").props("aria-current=page")
