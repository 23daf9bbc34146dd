"""The rule library and the data dictionary at the terminal, and as pages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quota_opt.cli import complete
from quota_opt.cli.boundary import Usage
from quota_opt.cli.commands import refuse_existing
from quota_opt.cli.session import Session
from quota_opt.errors import Text


def rules(
    session: Session,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", help="规则 The rule to tell of; without it all are listed.", autocompletion=complete.rules
        ),
    ] = None,
    example: Annotated[
        Path | None,
        typer.Option("--example", metavar="DIR", help="示例 Write the rule's example case there.", show_default=False),
    ] = None,
) -> None:
    """规则 List the policy rules, or tell of one: formula, parameters, example, clauses."""
    import quota_opt as qo

    if name is None:
        if example is not None:
            raise Usage(Text("--example 要写明规则。", "--example needs the name of a rule."))
        titles = qo.rule_titles()
        session.document({"rules": [{"name": rule, "title": title} for rule, title in titles.items()]})
        if session.speaking:
            from quota_opt.report.pages import rules_view

            session.show(rules_view(titles, session.language))
        return
    page = qo.rule_page(name, session.language)
    if example is not None:
        from quota_opt.scenario import write_case

        refuse_existing(example)
        path = write_case(example, qo.rule_example(name))
        session.document({"rule": name, "path": path})
        session.show(
            Text(
                f"已写出示例案例 {path}\n  求解：quota-opt run {path}", f"Example: {path}\n  Next: quota-opt run {path}"
            )
        )
        return
    session.document({"rule": name, "title": qo.rule_titles()[name], "page": page})
    _show_page(session, page)


def dictionary(
    session: Session,
    table: Annotated[
        str | None,
        typer.Argument(
            metavar="TABLE",
            help="表 A table, or settings, units, factors, measures; without it how a case is written.",
            autocompletion=complete.dictionary,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="手册 Write all pages, rules too, in both languages.", show_default=False
        ),
    ] = None,
) -> None:
    """字典 Tell what a table or a setting means: headings, units, defaults."""
    import quota_opt as qo

    if out is not None:
        if table is not None:
            raise Usage(Text("--out 写出全部页面，不能同时指定表。", "--out writes all pages; leave the table out."))
        written = qo.write_handbook(out)
        session.document({"path": out, "files": written})
        session.show(Text(f"已写出 {len(written)} 页：{out}", f"Written: {len(written)} pages in {out}"))
        return
    page = qo.dictionary_page(table, session.language)
    session.document({"table": table, "page": page})
    _show_page(session, page)


def _show_page(session: Session, page: str) -> None:
    if session.speaking:
        from quota_opt.report.pages import page_view

        session.show(page_view(page))
