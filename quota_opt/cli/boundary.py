"""Where every exception of a command ends: as a message, an exit code and, with --json, a document."""

from __future__ import annotations

import logging
import os
import platform
import re
import sys
import tempfile
import traceback
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import typer

from quota_opt.cli.session import Session
from quota_opt.errors import Finding, InfeasibleScenario, InputError, Level, QuotaOptError, Text

_KINDS = {
    "InputError": "input",
    "InfeasibleScenario": "infeasible",
    "UnboundedScenario": "unbounded",
    "NoPlanFound": "no-plan-found",
    "EngineUnavailable": "engine-unavailable",
    "EngineFailed": "engine-failed",
    "VerificationFailed": "verification-failed",
    "OutputExists": "output-exists",
    "StoreUnavailable": "store-unavailable",
}

# Typer carries its own copy of click since 0.2x and the real one before: the class is found through a public name.
_USAGE: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


class Boundary:
    """Runs a command; whatever it raises becomes `code`, and is told in the caller's language."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.code = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None:
            return False
        if isinstance(error, SystemExit):
            self.code = error.code if isinstance(error.code, int) else 1
            return True
        self.code = tell(self.session, error)
        if self.session.debug and not isinstance(error, _USAGE | Usage):
            self.session.complain_trace("".join(traceback.format_exception(error)))
        return True


def tell(session: Session, error: BaseException) -> int:
    """Say what `error` means to a planner, and return the exit code it stands for."""
    if isinstance(error, _USAGE | Usage):
        return _usage(session, error)
    if isinstance(error, QuotaOptError):
        return _told(session, error)
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        text = Text("已中断，没有写出任何结果。", "Interrupted; nothing was written.")
        return _fail(session, "interrupted", text, 4)
    if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError | NotADirectoryError):
        name, reason = error.filename or "", error.strerror or str(error)
        text = Text(
            f"无法读写 {name}：{reason}\n  怎么改：检查路径和权限，或换一个文件夹。",
            f"Cannot read or write {name}: {reason}\n  Fix: check the path and the permissions, or use another folder.",
        )
        return _fail(session, "file", text, 2)
    return _internal(session, error)


def error_document(kind: str, message: str, code: int) -> dict[str, Any]:
    """The `error` object of a JSON document."""
    return {"kind": kind, "message": message, "exit_code": code}


def findings_document(session: Session, findings: tuple[Finding, ...]) -> list[dict[str, Any]]:
    """Findings as JSON objects, texts in the language of the call."""
    return [finding.as_dict(session.language) for finding in findings]


def input_message(findings: tuple[Finding, ...]) -> Text:
    """How many errors the input has, without repeating them."""
    count = sum(finding.level is Level.ERROR for finding in findings)
    return Text(
        f"输入有 {count} 处错误，改正后再运行。",
        f"The input has {count} error{'' if count == 1 else 's'} to correct first.",
    )


def _told(session: Session, error: QuotaOptError) -> int:
    kind = next((_KINDS[base.__name__] for base in type(error).__mro__ if base.__name__ in _KINDS), "error")
    if isinstance(error, InputError):
        message = input_message(error.findings)
        session.findings(error.findings, wrong=True)
        session.complain(message)
        session.document(
            {
                "error": error_document(kind, session.text(message), error.exit_code),
                "findings": findings_document(session, error.findings),
            }
        )
        return error.exit_code
    session.complain(error.text)
    document: dict[str, Any] = {
        "error": error_document(kind, error.of(session.language), error.exit_code),
        "findings": [],
    }
    if isinstance(error, InfeasibleScenario):
        document["conflicts"] = list(error.conflicts)
        session.complain(
            Text(
                "  哪些条款相互矛盾、最少改什么：quota-opt explain CASE --infeasible（--set 照写）",
                "  Which clauses clash, and the least that mends it: quota-opt explain CASE --infeasible, same --set",
            )
        )
    session.document(document)
    return error.exit_code


class Usage(QuotaOptError):
    """The command line itself is not right; `text` says how, in both languages."""

    exit_code = 2


def _usage(session: Session, error: BaseException) -> int:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else session.command
    said = error.text if isinstance(error, Usage) else _parser_words(error)
    text = Text(
        f"命令写法有误：{said.zh}\n  写法见：{command} --help",
        f"The command line is not right: {said.en}\n  See: {command} --help",
    )
    return _fail(session, "usage", text, 2)


# What the parser says in English, by pattern, and the same in Chinese.
_PARSER = (
    (r"No such command '(.+?)'\.(?: Did you mean '?(.+?)'?\?)?", "没有名为“{0}”的命令。", "是否应为“{1}”？"),
    (
        r"No such option:? '?(-[\w-]+)'?\.?(?: (?:\(Possible options: |Did you mean )(.+?)[)?])?$",
        "没有选项 {0}。",
        "是否应为 {1}？",
    ),
    (r"Missing (?:argument|option|parameter) '?(.+?)'?\.", "缺少 {0}。", ""),
    (r"Got unexpected extra argument(?:s|\(s\))? \((.+)\)", "多出了参数 {0}。", ""),
    (r"Option '?(\S+?)'? requires an argument", "选项 {0} 后面要写值。", ""),
    (r"Invalid value for '?([^':]+)'?: (.*)", "{0} 的值无效（{1}）。", ""),
)


def _parser_words(error: BaseException) -> Text:
    said = str(error.format_message() if hasattr(error, "format_message") else error)
    for pattern, words, suggestion in _PARSER:
        if match := re.match(pattern, said, flags=re.S):
            groups = [group or "" for group in match.groups()]
            more = suggestion.format(*groups) if suggestion and groups[-1] else ""
            return Text(words.format(*groups) + more, said)
    return Text(said, said)


def _fail(session: Session, kind: str, text: Text, code: int) -> int:
    session.complain(text)
    session.document({"error": error_document(kind, session.text(text), code), "findings": []})
    return code


def _internal(session: Session, error: BaseException) -> int:
    log = _write_log(error)
    kept = Text(f"详情在 {log}，反馈时请附上这个文件（其中没有企业数据）。", f"Details are in {log}; send that file.")
    none = Text(
        "日志也无法写入，请加 --debug 再运行一次。", "The log cannot be written either; run again with --debug."
    )
    last = kept if log else none
    name = type(error).__name__
    text = Text(
        f"程序内部错误（{name}），不是输入的问题。{last.zh}", f"Internal error ({name}), not the input's. {last.en}"
    )
    session.complain(text)
    document = error_document("internal", session.text(text), 1) | {"log": log}
    session.document({"error": document, "findings": []})
    return 1


def log_folder() -> Path:
    """Where the log of an internal error goes: the user's own state folder."""
    if os.name == "nt":
        base = os.environ.get("LOCALAPPDATA")
        return Path(base) / "quota-opt" if base else Path(tempfile.gettempdir()) / "quota-opt"
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "quota-opt"


def _write_log(error: BaseException) -> Path | None:
    from quota_opt.cli.version import version

    # Frames and line numbers only: the message of a library may quote cells of the planner's tables.
    trace = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
    cause = error.__cause__ or error.__context__
    origin = f"caused by {type(cause).__name__}\n" if cause is not None else ""
    head = f"quota-opt {version()}, Python {platform.python_version()}, {platform.platform()}\n"
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    for folder in (log_folder(), Path(tempfile.gettempdir()) / "quota-opt"):
        path = folder / f"error-{stamp}-{os.getpid()}.log"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{head}{type(error).__name__}\n{origin}{trace}", encoding="utf-8")
        except OSError:
            continue
        return path
    return None


def log_to_stderr() -> None:
    """With --debug the package's own log goes to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    logger = logging.getLogger("quota_opt")
    if not any(isinstance(known, logging.StreamHandler) for known in logger.handlers):
        logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
