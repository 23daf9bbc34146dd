"""The screen of a comparison: plans side by side, the difference first; which projects are in whatever is chosen."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from functools import partial
from typing import Any

from nicegui import ui
from nicegui.element import Element

from quota_opt.errors import QuotaOptError, Text
from quota_opt.report.document import Section
from quota_opt.report.words import WORDS
from quota_opt.store.jobs import SOLVE, Job
from quota_opt.store.workspace_values import PageRun, SavedVariant
from quota_opt.web.desk.asking import Answer
from quota_opt.web.desk.labels import path_words
from quota_opt.web.desk.states import moment_words, state_words
from quota_opt.web.page import figures, kit
from quota_opt.web.page.acting import asked, is_there
from quota_opt.web.page.following import Following
from quota_opt.web.page.rows import rows
from quota_opt.web.page.threads import in_thread
from quota_opt.web.page.view import View
from quota_opt.web.page.why import open_why

MOST = 6
"""Plans side by side on a screen."""
MOST_FIGURES = 2
LISTED = 40
TAKEN_APART = 15
"""Rows of each table where two plans are taken apart."""
GROUPS = {
    "some": Text("看方案而定", "In some plans"),
    "all": Text("都入选", "In all plans"),
    "none": Text("都落选", "In no plan"),
}


async def show(view: View) -> None:
    """The comparison of the plans in the address; without any, which plans there are to compare."""
    given = str(ui.context.client.request.query_params.get("jobs", ""))
    jobs = [job for job in dict.fromkeys(given.split(",")) if job][:MOST]
    runs = await in_thread(view.desk.workspace.runs, view.user)
    solves = [run for run in runs if run.kind == SOLVE and (run.has_plan or not run.ended)]
    kit.page_title(view.say(Text("对比", "Compare")))
    if len(jobs) < 2:
        await _choose(view, solves, jobs)
        return
    chosen = [next((run for run in runs if run.job == job), None) for job in jobs]
    labels = await in_thread(_labels, view, chosen)
    with kit.part("div", "qo-row qo-chosen"):
        baseline = view.say(WORDS["baseline"])
        for number, label in enumerate(labels):
            words = view.say(Text("（作基准）", " (the baseline)")) if number == 0 and label != baseline else ""
            kit.badge(f"{label}{words}", "plain")
        kit.anchor(view.say(Text("换一组…", "Choose others …")), view.link("/compare", jobs=jobs[0]), "qo-link-button")
    await _Comparison(view, jobs, labels, plain=_named_by_case(chosen)).begin()


class _Choice:
    """The runs and saved variants to choose from; the first chosen is the baseline."""

    def __init__(self, view: View, chosen: Sequence[str]) -> None:
        self.view = view
        self.jobs: list[str] = list(chosen)
        self.variants: dict[str, SavedVariant] = {}

    @property
    def count(self) -> int:
        """How many are chosen."""
        return len(self.jobs) + len(self.variants)

    def toggle(self, job: str, event: Any) -> None:
        """Choose a run, or leave it."""
        self.jobs = [each for each in self.jobs if each != job] + ([job] if event.value else [])
        self._tell()

    def toggle_variant(self, variant: SavedVariant, event: Any) -> None:
        """Choose a saved variant, or leave it."""
        if event.value:
            self.variants[variant.name] = variant
        else:
            self.variants.pop(variant.name, None)
        self._tell()

    def draw(self) -> None:
        """The sentence and the button above the list."""
        self.line = kit.answer("")
        self.button = kit.button(self.view.say(Text("对比", "Compare")), on_click=self.go, main=True)
        self._tell()

    def _tell(self) -> None:
        count = self.count
        said = Text(f"已选 {count} 个方案，第一个作基准。", f"{count} chosen; the first is the baseline.")
        if count < 2:
            said = Text(
                "选 2 至 6 个求解结果或已存的方案，先选的作基准。",
                "Choose 2 to 6 plans or variants, the baseline first.",
            )
        elif count > MOST:
            said = Text(f"最多 {MOST} 个，现在选了 {count} 个。", f"{MOST} at most; {count} are chosen.")
        self.line.set_text(self.view.say(said))
        self.button.set_enabled(2 <= count <= MOST)

    async def go(self) -> None:
        """Solve the variants that have no plan yet, and open the comparison."""
        made = list(self.jobs)
        for variant in self.variants.values():
            job = await asked(
                self.view,
                self.view.desk.cases.run,
                self.view.user,
                variant.case,
                variant=variant.variant,
                overrides=variant.overrides,
                label=variant.name,
                language=self.view.language,
            )
            if job is None:
                return
            made.append(job.id)
        if is_there(self.line):
            ui.navigate.to(self.view.link("/compare", jobs=",".join(made)))


async def _choose(view: View, runs: Sequence[PageRun], chosen: Sequence[str]) -> None:
    cases = list(dict.fromkeys(run.case for run in runs if run.case is not None))
    case, last = await in_thread(view.desk.standing, view.user, None, None)
    chosen = chosen or ([last] if last is not None else [])
    first = [case] if case is not None else []
    variants = [v for key in dict.fromkeys([*first, *cases]) for v in await in_thread(_variants, view, key)]
    if len(runs) + len(variants) < 2:
        kit.answer(view.say(Text("还没有两个可比的结果。", "There are not two plans to compare yet.")))
        kit.words(
            view.say(
                Text(
                    "先在“案例”页打开一个案例求解，再在“试算”页改一项政策后求解，就可以在这里对比。",
                    "Solve a case, change a setting under What-if and solve that: then both can be compared here.",
                )
            ),
            "",
            "p",
        )
        kit.anchor(view.say(Text("去案例页", "To the cases")), view.link("/"), "qo-link-button")
        return
    choice = _Choice(view, [job for job in chosen if any(run.job == job for run in runs)])
    choice.draw()
    with kit.card(view.say(Text("求解结果", "Plans"))), kit.part("ul", "qo-choices"):
        shown = runs[:LISTED]
        for run, label in zip(shown, await in_thread(_labels, view, shown, apart=False), strict=True):
            _run_line(view, choice, run, label)
    if variants:
        words = Text("已存的方案（还没有求解的会先求解）", "Saved variants (solved first where need be)")
        with kit.card(view.say(words)), kit.part("ul", "qo-choices"):
            for variant in variants[:LISTED]:
                with kit.part("li"):
                    ui.checkbox(variant.name, on_change=partial(choice.toggle_variant, variant))
                    kit.note(f"{_changes(view, variant.overrides)} · {view.say(moment_words(variant.created))}")


def _variants(view: View, key: str) -> list[SavedVariant]:
    try:
        return view.desk.workspace.variants(view.user, key)
    except QuotaOptError:
        return []


def _run_line(view: View, choice: _Choice, run: PageRun, label: str) -> None:
    state, tone = state_words(run)
    with kit.part("li").props(f"data-job={run.job}"):
        ui.checkbox(label, value=run.job in choice.jobs, on_change=partial(choice.toggle, run.job))
        kit.badge(view.say(state), tone)
        number = view.say(Text(f"编号 {run.number}", f"no. {run.number}"))
        kit.note(f"{run.title} · {number} · {view.say(moment_words(run.submitted))}")


def _labels(view: View, runs: Sequence[PageRun | None], *, apart: bool = True) -> list[str]:
    """What people call each run: the name it was given, else its variant and what was changed."""
    made: list[str] = []
    for run in runs:
        if run is None:
            made.append(view.say(Text("不在了的结果", "a plan that is gone")))
            continue
        name = run.label or view.say(_variant_title(view, run))
        changed = "" if run.label or not run.overrides else f"（{_changes(view, run.overrides)}）"
        made.append(f"{name}{changed}")
    if apart and len({run.title for run in runs if run is not None}) > 1:
        made = [f"{run.title}·{label}" if run is not None else label for run, label in zip(runs, made, strict=True)]
    if not apart:
        return made
    return [
        label if made.count(label) == 1 else f"{label} #{run.number if run is not None else ''}"
        for run, label in zip(runs, made, strict=True)
    ]


def _named_by_case(runs: Sequence[PageRun | None]) -> bool:
    """Whether the variants of one case tell the runs apart, so that they have names in both languages."""
    known = [(run.case, run.variant) for run in runs if run is not None and not run.label and not run.overrides]
    return len(set(known)) == len(runs) and len({case for case, _ in known}) == 1


def _variant_title(view: View, run: PageRun) -> Text:
    """What the case calls the variant of a run."""
    if run.variant is None:
        return WORDS["baseline"]
    title: Text | None = None
    if run.case is not None:
        with contextlib.suppress(QuotaOptError):
            known = view.desk.cases.read(view.user, run.case, run.version).settings.variants
            title = known[run.variant].title if run.variant in known else None
    return title or Text(run.variant, run.variant)


def _changes(view: View, overrides: Any) -> str:
    if not overrides:
        return view.say(Text("没有改动", "nothing changed"))
    shown = [f"{view.say(path_words(path))} = {_brief(value)}" for path, value in list(overrides.items())[:2]]
    more = len(overrides) - len(shown)
    rest = [view.say(Text(f"等 {len(overrides)} 项", f"{more} more"))] if more > 0 else []
    return view.say(Text("；", "; ")).join([*shown, *rest])


def _brief(value: Any) -> str:
    return str(value) if isinstance(value, int | float | str) else "…"


class _Comparison:
    """The comparison of some jobs, from asking for it to what it came to."""

    def __init__(self, view: View, jobs: list[str], labels: list[str], *, plain: bool) -> None:
        self.view, self.jobs, self.labels, self.plain = view, jobs, labels, plain

    async def begin(self) -> None:
        """Ask for it; the same question has its answer in the store."""
        self.frame = kit.part("div")
        labels = () if self.plain else self.labels
        job = await asked(self.view, self.view.desk.asking.compare, self.view.user, self.jobs, labels)
        if job is not None and is_there(self.frame):
            what = Text("对比（先等各方案求解完）", "Comparing (once all plans are there)")
            await Following(self.view, self.frame, job, self.draw, what=what).begin()

    async def draw(self, job: Job) -> None:
        """What differs, then who is in whatever is chosen, then the charts, regret, all the rest."""
        view = self.view
        answer = await asked(view, view.desk.asking.answer, view.user, job.id)
        if answer is None or not is_there(self.frame):
            return
        document = answer.document
        first, *others = document.sections
        with self.frame:
            for entry in answer.values["without_plan"]:
                kit.badge(
                    view.say(Text("有方案没有结果：", "one has no plan: ")) + view.say(Text(**entry["reason"])), "warn"
                )
            if document.data_note is not None:
                kit.words(view.say(document.data_note), "qo-box", "p")
            for place, sentence in enumerate(first.sentences):
                if place == 0:
                    kit.answer(view.say(sentence))
                else:
                    kit.words(view.say(sentence), "", "p")
            with kit.card(view.say(Text("成效指标：值与差", "Measures, and how they differ"))):
                for table in first.tables:
                    rows(view, table)
            self._decisions(answer)
            drawn = [draw(view.language) for section in document.sections for draw in section.figures][:MOST_FIGURES]
            if drawn:
                with kit.part("div", "qo-columns" if len(drawn) > 1 else ""):
                    for shown in drawn:
                        with kit.card():
                            figures.figure(view, shown)
            regret = [section for section in others if section.title == WORDS["regret"]]
            for section in regret:
                with kit.card(view.say(Text("选错了会后悔多少", "Regret: what choosing wrongly costs"))):
                    for table in section.tables:
                        rows(view, table, most=LISTED)
            self._pair(answer)
            self._rest([section for section in others if section not in regret])

    def _decisions(self, answer: Answer) -> None:
        view = self.view
        found = [row for row in answer.values["decisions"] if row["kind"] == "project"]
        group = {"all": "all", "none": "none"}
        groups = {name: [row for row in found if group.get(row["group"], "some") == name] for name in GROUPS}
        names = [entry["name"] for entry in answer.values["scenarios"]]
        counted = [f"{view.say(GROUPS[name])} {len(groups[name])}" for name in ("all", "some", "none")]
        counts = view.say(Text("，", ", ")).join(counted)
        with kit.card(view.say(Text(f"项目：{counts}", f"Projects: {counts}"))):
            kit.note(view.say(Text("点项目看为什么。", "Click a project to see why.")))
            for name, listed in groups.items():
                if not listed:
                    continue
                kit.heading(f"{view.say(GROUPS[name])} {len(listed)}", 3)
                with kit.part("div", "qo-chips"):
                    for row in listed:
                        self._project(row, names, answer)

    def _project(self, row: dict[str, Any], names: Sequence[str], answer: Answer) -> None:
        """A project as a button: why it is out where it is out, else why it is in."""
        view = self.view
        standing = [entry["job"] for entry in answer.values["scenarios"]]
        titles = [view.say(Text(**entry["title"])) for entry in answer.values["scenarios"]]
        out = [number for number, name in enumerate(names) if not row.get(name)]
        chosen = standing[out[0]] if out else standing[0]
        where = (
            ""
            if not out or len(out) == len(names)
            else view.say(Text("不在：", "not in: ")) + view.say(Text("、", ", ")).join(titles[k] for k in out)
        )
        made = kit.button(
            f"{row['id']} {row['name'] or ''}".strip(),
            classes="qo-chip",
            on_click=partial(open_why, view, chosen, ("project", row["id"])),
        )
        if where:
            made.tooltip(where)
            with made:
                kit.words(where, "qo-chip-note")

    def _pair(self, answer: Answer) -> None:
        """Two plans taken apart: what differs in inputs, rules and decisions, and what each difference is worth."""
        view = self.view
        standing = {entry["job"]: self.labels[self.jobs.index(entry["job"])] for entry in answer.values["scenarios"]}
        others = dict(list(standing.items())[1:])

        async def begin() -> None:
            baseline = next(iter(standing))
            job = await asked(view, view.desk.asking.diff, view.user, baseline, str(against.value))
            if job is not None and is_there(frame):
                what = Text("逐项求解每处差异值多少", "Solving what each difference is worth")
                await Following(view, frame, job, partial(_draw_difference, view, frame), what=what).begin()

        with kit.card(view.say(Text("两方案差异：输入 → 规则 → 决策 → 各占多少", "Two plans taken apart"))):
            with kit.part("div", "qo-row"):
                kit.words(view.say(Text(f"“{self.labels[0]}”与", f"{self.labels[0]} and")))
                against = ui.select(others, value=next(iter(others))).props("dense outlined options-dense")
                against.props(f'aria-label="{view.say(Text("与哪个方案比", "against which plan"))}"')
                kit.button(view.say(Text("拆开差异", "Take the difference apart")), on_click=begin)
            frame = kit.part("div")

    def _rest(self, others: Sequence[Section]) -> None:
        view = self.view
        with kit.part("details", "qo-details qo-card"):
            kit.words(
                view.say(Text("谁承担、全部指标、区域与类别、运行信息", "Who pays, all measures, places, runs")),
                "",
                "summary",
            )
            for section in others:
                _section(view, section)


def _section(view: View, section: Section, most: int = LISTED) -> None:
    """A section with its figures, and its tables as far as they have rows."""
    kit.heading(view.say(section.title))
    for sentence in section.sentences:
        kit.words(view.say(sentence), "", "p")
    for draw in section.figures:
        figures.figure(view, draw(view.language))
    for table in section.tables:
        if table.rows:
            kit.heading(view.say(table.title), 3)
            rows(view, table, most=most)


async def _draw_difference(view: View, frame: Element, job: Job) -> None:
    answer = await asked(view, view.desk.asking.answer, view.user, job.id)
    if answer is not None and is_there(frame):
        with frame:
            for section in answer.document.sections:
                _section(view, section, TAKEN_APART)
