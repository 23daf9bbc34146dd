"""Settings that came out of an analysis: tried, saved as a variant of the case, or solved and kept as a plan."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from nicegui import ui

from quota_opt.errors import Text
from quota_opt.web.page import kit
from quota_opt.web.page.acting import asked, is_there
from quota_opt.web.page.view import View


def try_link(view: View, case: str, settings: Mapping[str, Any], variant: str | None = None) -> str:
    """The What-if screen of a case with these settings changed."""
    return view.link(f"/what-if/{case}", variant=variant, set=json.dumps(settings, ensure_ascii=False))


def saving_row(view: View, job: str, settings: Mapping[str, Any], name: str) -> None:
    """Buttons that save settings, all that are changed of the case of a job's plan, or solve them.

    In meeting mode there are none; of a run that came through the API it is said why.
    """
    if view.meeting:
        return
    run = view.desk.workspace.run(view.user, job)
    if run is None or run.case is None:
        kit.note(
            view.say(
                Text(
                    "这个结果不是在本页求解的，不能存为方案。",
                    "This plan was not solved on this page, so nothing can be saved beside it.",
                )
            )
        )
        return
    key, variant = run.case, run.variant

    async def save() -> None:
        title = str(named.value or name).strip() or name
        done = await asked(
            view, view.desk.workspace.add_variant, view.user, key, title, settings, variant=variant, note=""
        )
        if done is not None and is_there(named):
            ui.notify(
                view.say(Text(f"已存为方案“{done.name}”。", f"Saved as the variant “{done.name}”.")), type="positive"
            )

    async def solve() -> None:
        title = str(named.value or name).strip() or name
        made = await asked(
            view,
            view.desk.cases.run,
            view.user,
            key,
            version=run.version,
            variant=variant,
            overrides=settings,
            label=title,
            language=view.language,
        )
        if made is not None and is_there(named):
            ui.navigate.to(view.link(f"/plan/{made.id}"))

    with kit.part("div", "qo-row qo-saving"):
        named = ui.input(label=view.say(Text("方案名称", "Name")), value=name).props("dense outlined maxlength=60")
        kit.button(view.say(Text("存为方案", "Save as variant")), on_click=save)
        kit.button(view.say(Text("求解并存档", "Solve and keep")), on_click=solve)
