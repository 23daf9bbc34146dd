"""The screen of papers: what leaves the office, what the office writes on it, and whether the plan behind it holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import partial

from nicegui import ui

from quota_opt.errors import Language, QuotaOptError, Text
from quota_opt.report import sentences, tables
from quota_opt.report.paper import Paper
from quota_opt.report.reporters import ONE_PAGE
from quota_opt.report.words import WORDS
from quota_opt.web.desk.plans import JobState, ReadPlan
from quota_opt.web.page import kit
from quota_opt.web.page.acting import in_thread
from quota_opt.web.page.plan_proof import outcome, pairs
from quota_opt.web.page.rows import rows
from quota_opt.web.page.view import View

ALL = "zip"
_LONGEST = 60
"""Characters of a heading or unit; longer ones would not fit their line."""
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class _Offer:
    """A paper that can be taken away: its file, what it is called, and what it is good for."""

    file: str
    button: Text
    about: Text
    media: str
    saved_as: Text


_OFFERS = (
    _Offer(
        "report.docx",
        Text("Word 方案", "Word report"),
        Text(
            "公文格式：结论、取舍、安排、整治、条款，附件有全部项目和理由。可在 Word 中继续修改。",
            "In official form: answer, trade-offs, awards, firms, clauses; appendices with every project and its "
            "reason. To be edited in Word.",
        ),
        _WORD,
        Text("方案.docx", "report.docx"),
    ),
    _Offer(
        ONE_PAGE,
        Text("Word 一页纸", "Word, one page"),
        Text("只有结论，一张 A4，给没有时间的人。", "The answer alone on one A4 page, for who has no time."),
        _WORD,
        Text("一页纸.docx", "one-page.docx"),
    ),
    _Offer(
        "report.xlsx",
        Text("Excel 附表", "Excel workbook"),
        Text(
            "全部表格和原生图表，可筛选；台账借贷是活公式。",
            "Every table and native charts, with filters; the ledger adds up in live formulas.",
        ),
        _EXCEL,
        Text("附表.xlsx", "report.xlsx"),
    ),
    _Offer(
        "report.html",
        Text("网页报告", "Web report"),
        Text(
            "一个文件，不联网也能打开；第一页打印出来正好一张 A4。",
            "One file that opens offline; its first page prints on one A4.",
        ),
        "text/html",
        Text("报告.html", "report.html"),
    ),
    _Offer(
        ALL,
        Text("全部打包", "Everything, zipped"),
        Text(
            "以上各件和输入、结果表，已封存；审计人员解压后用 quota-opt verify 核验，不用求解器。",
            "All of these with inputs and tables, sealed; an auditor unpacks it and runs quota-opt verify, no solver.",
        ),
        "application/zip",
        Text("成果.zip", "papers.zip"),
    ),
)


async def show(view: View, job: str) -> None:
    """The papers of one plan."""
    state = await in_thread(view.desk.plans.state, view.user, job)
    if not state.planned:
        kit.page_title(view.say(Text("成果", "Papers")))
        what = (
            Text("求解还没有结束，有了方案才能导出。", "The solve has not ended; papers come with the plan.")
            if not state.ended
            else Text("这次求解没有方案，不能导出。", "This solve has no plan, so there are no papers.")
        )
        kit.answer(view.say(what))
        kit.anchor(view.say(Text("看求解情况", "See the solve")), view.link(f"/plan/{job}"), "qo-link-button")
        return
    read = await in_thread(view.desk.plans.read, view.user, job)
    said = await in_thread(view.desk.papers.kept, view.user, job)
    _Page(view, state, read, said).draw()


class _Page:
    """The screen with what the visitor has written on it."""

    def __init__(self, view: View, state: JobState, read: ReadPlan, said: dict[str, str | bool]) -> None:
        self.view, self.state, self.read, self.said = view, state, read, said
        self.buttons: list[ui.button] = []

    def draw(self) -> None:
        view, content = self.view, self.read.content
        kit.page_title(
            f"{view.say(Text('成果', 'Papers'))} · {view.say(content.title)}", view.say(sentences.identity(content))
        )
        note = sentences.data_note(content)
        if note is not None:
            kit.words(view.say(note), "qo-box", "p")
        kit.answer(view.say(_ready(self.read)), live=False)
        with kit.part("div", "qo-side"):
            with kit.part("div"), kit.card(view.say(Text("导出", "Take away"))):
                self._offers()
            with kit.part("div"):
                self._office()
        self._proof()

    def _offers(self) -> None:
        self.told = kit.words("", "qo-note", "p").props("role=status aria-live=polite")
        with kit.part("ul", "qo-papers"):
            for number, offer in enumerate(_OFFERS):
                with kit.part("li", "qo-paper"):
                    name = self.view.say(offer.button)
                    button = kit.button(name, on_click=partial(self._take, offer), main=number == 0)
                    self.buttons.append(button)
                    kit.words(self.view.say(offer.about), "qo-paper-about")

    def _office(self) -> None:
        view, said = self.view, self.said
        with kit.card(view.say(Text("写在文件上的内容", "What is written on it"))):
            self.heading = _line(view, Text("抬头（主送机关）", "Addressed to"), str(said.get("heading", "")))
            self.unit = _line(view, Text("单位（落款）", "Issued by"), str(said.get("unit", "")))
            issued = str(said.get("issued", date.today().isoformat()))
            self.issued = _line(view, Text("签署日期", "Date"), issued).props("type=date stack-label")
            label = view.say(Text("隐去企业名称", "Leave out the names of firms"))
            self.answers = ui.checkbox(
                view.say(Text("附上已问过的对比、取舍和入选办法", "With the comparison, front and ways in asked for")),
                value=bool(said.get("answers", True)),
            )
            self.hide = ui.checkbox(label, value=bool(said.get("hide_firms", False)))
            kit.note(
                view.say(
                    Text(
                        "隐去后企业以编号代替，不附问答；压缩包里只有各件文书，不放写有企业名称的输入和结果表。",
                        "Firms are then numbered and answers left out; the package holds the papers alone, as "
                        "inputs and tables name every firm.",
                    )
                )
            )

    async def _take(self, offer: _Offer) -> None:
        """Make a paper and hand it over."""
        view, job = self.view, self.state.id
        paper = self._paper()
        for button in self.buttons:
            button.set_enabled(False)
        name = view.say(offer.button)
        self.told.set_text(view.say(Text(f"正在写“{name}”……", f"Writing “{name}” …")))
        client = ui.context.client
        done = ""
        try:
            said = {**_said(paper), "answers": bool(self.answers.value)}
            await in_thread(view.desk.papers.keep, view.user, job, said)
            if self.answers.value and not paper.hide_firms:
                paper = await in_thread(view.desk.papers.with_answers, view.user, job, paper)
            if offer.file == ALL:
                made = await in_thread(view.desk.papers.package, view.user, job, view.language, paper)
            else:
                made = await in_thread(view.desk.papers.write, view.user, job, offer.file, view.language, paper)
            if not client.has_socket_connection:
                return
            file = file_name(self.read.content.title.of(view.language), offer.saved_as, view.language)
            ui.download.content(made, file, offer.media)
            done = view.say(Text(f"已导出：{file}", f"Taken away: {file}"))
        except QuotaOptError as error:
            view.trouble(error)
        if client.has_socket_connection:
            self.told.set_text(done)
            for button in self.buttons:
                button.set_enabled(True)

    def _paper(self) -> Paper:
        return Paper(
            heading=str(self.heading.value or "").strip()[:_LONGEST],
            unit=str(self.unit.value or "").strip()[:_LONGEST],
            issued=_day(str(self.issued.value or "")),
            hide_firms=bool(self.hide.value),
        )

    def _proof(self) -> None:
        view, content = self.view, self.read.content
        with kit.card(view.say(Text("核验", "Checks"))):
            with kit.part("div", "qo-row"):
                for badge in sentences.badges(content):
                    detail = view.say(Text(f"（{badge.detail.zh}）", f" ({badge.detail.en})"))
                    kit.badge(f"{view.say(badge.text)}{detail}", "good" if badge.ok else "bad")
            with kit.part("div", "qo-row"):
                again = kit.button(view.say(Text("重新核验", "Check again")))
                kit.button(view.say(Text("打印本页", "Print this page")), on_click=lambda: ui.run_javascript("print()"))
            told = kit.part("div").props("role=status aria-live=polite")

            async def check() -> None:
                again.set_enabled(False)
                told.clear()
                with told:
                    kit.words(view.say(Text("正在核验……", "Checking …")), "", "p")
                client = ui.context.client
                try:
                    found = await in_thread(view.desk.plans.verify, view.user, self.state.id)
                except QuotaOptError as error:
                    view.trouble(error)
                    return
                if client.has_socket_connection:
                    again.set_enabled(True)
                    told.clear()
                    with told:
                        outcome(view, found)

            again.on_click(check)
            rows(view, tables.rules(content).only("rule", "clause", "state", "headline", "ok"))
            kit.heading(view.say(WORDS["inputs_table"]), 3)
            pairs(list(content.hashes.items()))


def _ready(read: ReadPlan) -> Text:
    content = read.content
    held, count = sum(line.ok for line in content.rules), len(content.rules)
    proven = (
        Text("方案已证明最优", "The plan is proven optimal")
        if content.proven
        else Text("方案可行，尚未证明最优", "The plan is feasible, not proven optimal")
    )
    drafts = sum(not document.standing.in_force for document in content.documents)
    draft = Text("；所依据的文件有未正式印发的，文中已注明", "; some documents are not issued yet, as the papers say")
    more = draft if drafts else Text("", "")
    return Text(
        f"{proven.zh}，{count} 项规则复核 {held} 项通过，可以导出{more.zh}。",
        f"{proven.en}, {held} of {count} rules hold: the papers can leave{more.en}.",
    )


def _line(view: View, label: Text, value: str) -> ui.input:
    return ui.input(view.say(label), value=value).props(f"outlined dense maxlength={_LONGEST}").classes("qo-line")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _said(paper: Paper) -> dict[str, str | bool]:
    issued = "" if paper.issued is None else paper.issued.isoformat()
    return {"heading": paper.heading, "unit": paper.unit, "issued": issued, "hide_firms": paper.hide_firms}


def file_name(title: str, ending: Text, language: Language) -> str:
    """The name a paper is saved under: the case and what it is, without what file systems refuse."""
    safe = re.sub(r'[\\/:*?"<>|\x00-\x1f]+', " ", title).strip(" .")[:60].strip()
    return f"{safe or 'quota-opt'}-{ending.of(language)}"
