"""The result of a solve: whose it is and whether it is proven at the top, an index at the left, one part at a time.

The part shown and the filter stand in the address, so that a reload or a link comes back to the same view.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from nicegui import ui

from quota_opt.errors import Text
from quota_opt.report import sentences
from quota_opt.report.narrowing import Part
from quota_opt.report.words import WORDS
from quota_opt.web.desk.plans import JobState, ReadPlan
from quota_opt.web.page import kit
from quota_opt.web.page.acting import asked
from quota_opt.web.page.papers import file_name
from quota_opt.web.page.plan_filter import filter_bar, part_asked, part_query, part_words
from quota_opt.web.page.view import View
from quota_opt.web.page.why import open_why

PART = "part"
"""In the address: which part is shown."""
_BADGE_PARTS = {"proof": "proof", "rules": "rules", "ledger": "ledger"}


@dataclass
class Shown:
    """The result page of one visitor: what is open in it, and how to open something else."""

    view: View
    state: JobState
    read: ReadPlan
    part: Part
    key: str
    case: str | None
    """The key of the case behind the plan, where it is known."""
    go: Callable[..., None]
    """`go(key, part)`: open another part of the page, with another filter where one is given."""

    def say(self, text: Text | str) -> str:
        """In the language of the page."""
        return self.view.say(text)

    def link(self, key: str, part: Part | None = None) -> str:
        """The address of a part of this page."""
        chosen = self.part if part is None else part
        query = part_query(chosen)
        return self.view.link(self.view.path, **({PART: key} if key != "answer" else {}), **query)

    def anchor(self, text: str, key: str, part: Part | None = None, classes: str = "") -> ui.link:
        """A link to a part of this page, which is opened in place."""
        made = kit.anchor(text, self.link(key, part), classes)
        made.on("click.prevent", lambda: self.go(key, part))
        return made


def show_result(view: View, state: JobState, read: ReadPlan, case: str | None) -> None:
    """The plan of a job, solved from the case of that key."""
    query = ui.context.client.request.query_params
    _Page(view, state, read, case, part_asked(read.content, query), str(query.get(PART, "answer"))).draw()


class _Page:
    """The frame of the page and what is drawn anew when another part or filter is chosen."""

    def __init__(self, view: View, state: JobState, read: ReadPlan, case: str | None, part: Part, key: str) -> None:
        from quota_opt.web.page.plan_parts import PARTS

        self.parts = PARTS
        self.shown = Shown(view, state, read, part, key if key in PARTS else "answer", case, self.go)

    def draw(self) -> None:
        """All of it."""
        ui.run_javascript("window.onpopstate = () => window.location.reload()")
        _head(self.shown)
        with kit.part("div", "qo-result"):
            self.index = kit.part("nav", "qo-index")
            with kit.part("div", "qo-part"):
                self.filter = kit.part("div", "qo-filter")
                self.body = kit.part("div").props("id=part tabindex=-1")
        self._fill()

    def go(self, key: str, part: Part | None = None) -> None:
        """Open a part, with the filter as it is or another one."""
        other = key != self.shown.key
        self.shown.key = key
        if part is not None:
            self.shown.part = part
        ui.navigate.history.push(self.shown.link(key))
        if other:
            ui.run_javascript("window.scrollTo(0, 0)")
        self._fill()  # last: it removes what was clicked

    def _fill(self) -> None:
        shown = self.shown
        self.index.clear()
        with self.index:
            self.index._props["aria-label"] = shown.say(Text("结果目录", "Parts of the result"))
            for key, made in self.parts.items():
                if made.there(shown.read):
                    link = shown.anchor(shown.say(made.title), key, classes="qo-index-link")
                    if key == shown.key:
                        link.classes("qo-index-here").props("aria-current=true")
        self.filter.clear()
        with self.filter:
            filter_bar(shown.view, shown.read, shown.part, partial(shown.go, shown.key))
        self.body.clear()
        with self.body:
            if shown.key != "answer":
                kit.heading(shown.say(self.parts[shown.key].title))
                if not shown.part.whole:
                    kit.note(part_words(shown.view, shown.read.content, shown.part))
            self.parts[shown.key].show(shown)


def _head(shown: Shown) -> None:
    """Whose plan it is, what is synthetic, whether it is proven, and where to go from here."""
    view, content, state = shown.view, shown.read.content, shown.state
    title = content.title.of(view.language)
    with kit.part("div", "qo-result-head"):
        with kit.part("div"):
            kit.page_title(
                f"{title} · {shown.say(WORDS['report_title'])}", sentences.identity(content).of(view.language)
            )
            with kit.part("div", "qo-row"):
                note = sentences.data_note(content)
                if note is not None:
                    kit.words(shown.say(note), "qo-box")
                for badge in sentences.badges(content):
                    text = Text(f"{badge.text.zh}（{badge.detail.zh}）", f"{badge.text.en} ({badge.detail.en})")
                    with shown.anchor("", _BADGE_PARTS[badge.anchor], classes="qo-badge-link"):
                        kit.badge(shown.say(text), "good" if badge.ok else "bad")
        with kit.part("div", "qo-row qo-actions"):
            _ways_on(shown)
    said = _stopped_early(state)
    if said is not None:
        kit.words(shown.say(said), "qo-warn-line", "p")


def _stopped_early(state: JobState) -> Text | None:
    """What is said of a plan that is not proven because the solve did not go to its end."""
    if state.state == "cancelled":
        return Text("求解已取消，这是取消时最好的方案。", "The solve was cancelled; this is the best plan by then.")
    if state.kind == "limit":
        return Text(
            "已到时限，这是到时最好的方案；离最优至多差多少见“凭据”。",
            "A limit came first; this is the best plan by then. How far from the best it may be: see Certificate.",
        )
    return None


def _ways_on(shown: Shown) -> None:
    view, state = shown.view, shown.state
    case = shown.case
    if case is not None:
        kit.anchor(shown.say(WORDS["what_if"]), what_if_link(shown), "qo-link-button")
    kit.anchor(shown.say(Text("对比…", "Compare …")), view.link("/compare", jobs=state.id), "qo-link-button")
    kit.anchor(shown.say(Text("取舍曲线", "Trade-offs")), view.link(f"/front/{state.id}"), "qo-link-button")
    kit.anchor(shown.say(Text("成果", "Papers")), view.link(f"/papers/{state.id}"), "qo-link-button")
    kit.button(shown.say(Text("导出 Word", "Word report")), on_click=lambda: _word(shown))
    kit.button(shown.say(Text("为什么……？", "Why …?")), on_click=lambda: open_why(view, state.id))


def what_if_link(shown: Shown, changes: Mapping[str, object] | None = None) -> str:
    """The address of what-if with the settings of this plan, and `changes` of them."""
    settings = {**shown.state.overrides, **(changes or {})}
    asked = {"variant": shown.state.variant, "set": json.dumps(settings, ensure_ascii=False) if settings else None}
    return shown.view.link(f"/what-if/{shown.case}", **asked)


async def _word(shown: Shown) -> None:
    """The Word report with what the office wrote on it last; it is edited on the screen of papers."""
    view, job = shown.view, shown.state.id
    client = ui.context.client
    made = await asked(
        view,
        lambda: view.desk.papers.write(
            view.user, job, "report.docx", view.language, view.desk.papers.paper(view.user, job)
        ),
    )
    if made is not None and client.has_socket_connection:
        title = shown.read.content.title.of(view.language)
        ui.download.content(made, file_name(title, Text("方案.docx", "report.docx"), view.language))
