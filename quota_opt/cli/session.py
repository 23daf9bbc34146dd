"""What one call of the command line knows about its caller: language, JSON or words, and the two streams."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import locale
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, TextIO

from quota_opt.errors import Finding, Language, Text

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from quota_opt.report.document import Document


def language_of(word: str | None) -> Language | None:
    """`zh` or `en` for a locale name such as `zh_CN.UTF-8` or `Chinese (Simplified)_China`; None for no name."""
    if not word:
        return None
    return "zh" if word.lower().startswith(("zh", "chinese")) else "en"


def default_language() -> Language:
    """QUOTA_OPT_LANG where set, else the language of the locale: Chinese for `zh*`, English for all others."""
    for variable in ("QUOTA_OPT_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if found := language_of(os.environ.get(variable)):
            return found
    with contextlib.suppress(ValueError):  # a locale name Python cannot parse
        return language_of(locale.getlocale()[0]) or "en"
    return "en"


@dataclass
class Session:
    """The global options of one call, and the only way to the terminal."""

    language: Language
    json: bool = False
    quiet: bool = False
    debug: bool = False
    command: str = "quota-opt"
    given_up: bool = False

    @classmethod
    def early(cls, argv: Sequence[str]) -> Session:
        """What can be known before parsing, so that an unreadable command line is refused in the right form."""
        words = list(argv[: argv.index("--")] if "--" in argv else argv)
        language = default_language()
        for word, following in itertools.pairwise([*words, ""]):
            asked = following if word == "--lang" else word.removeprefix("--lang=") if "=" in word else ""
            if asked in ("zh", "en"):
                language = "zh" if asked == "zh" else "en"
        return cls(language, json="--json" in words, quiet="--quiet" in words, debug="--debug" in words)

    def take(self, language: str | None, *, as_json: bool, quiet: bool, debug: bool) -> None:
        """Take global options over as parsed, before or after the verb; the later ones win."""
        if language is not None:
            self.language = "zh" if language == "zh" else "en"
        self.json |= as_json
        self.quiet |= quiet
        self.debug |= debug

    @staticmethod
    def prepare_streams() -> None:
        """Write UTF-8 whatever the console's code page is: a cp936 console must not stop a run at an odd character."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(encoding="utf-8", errors="replace")

    def text(self, text: Text) -> str:
        """The sentence in the language of this call."""
        return text.of(self.language)

    def show(self, what: RenderableType | Text) -> None:
        """Show a result for people on stdout; nothing with --json or --quiet."""
        if self.speaking:
            self._print(sys.stdout, what)

    def findings(self, findings: tuple[Finding, ...], *, wrong: bool) -> None:
        """Findings for people, three lines each: on stderr where they are what went `wrong`, else on stdout."""
        if not findings or self.json or (self.quiet and not wrong):
            return
        from quota_opt.report.text import findings_view

        self._print(sys.stderr if wrong else sys.stdout, findings_view(findings, self.language))

    @property
    def speaking(self) -> bool:
        """Whether results are shown in words."""
        return not (self.json or self.quiet)

    def answer(self, line: str) -> None:
        """One bare line on stdout, for scripts that run with --quiet; nothing with --json."""
        if not self.json:
            _write(sys.stdout, line + "\n")

    def told(self, report: Callable[[], Document], folder: Path, *, short: bool = False) -> None:
        """A small report that was written to `folder`: in words (`short`: page one), or the folder alone with --quiet.

        Nothing with --json.
        """
        if self.speaking:
            from quota_opt.report.document import brief, terminal_view

            document = report()
            self.show(terminal_view(brief(document) if short else document, self.language, folder))
        elif self.quiet:
            self.answer(str(folder))

    def complain(self, what: RenderableType | Text) -> None:
        """Tell people on stderr what went wrong; with --json the document says it instead."""
        if not self.json:
            self._print(sys.stderr, what)

    def complain_trace(self, trace: str) -> None:
        """The traceback --debug asks for; stderr is free for it even with --json."""
        _write(sys.stderr, trace)

    def document(self, content: Mapping[str, Any]) -> None:
        """Write the one JSON document of this call, where --json asks for it."""
        if self.json:
            text = json.dumps(plain(content, self.language), ensure_ascii=False, indent=2, allow_nan=False)
            _write(sys.stdout, text + "\n")

    def close(self, code: int) -> int:
        """Flush, so that a reader who left early (`| head`) ends in silence, and pass the exit code on."""
        for stream in (sys.stdout, sys.stderr):
            _write(stream, "")
        return code

    def _print(self, stream: TextIO, what: RenderableType | Text) -> None:
        sentence = what.of(self.language) if isinstance(what, Text) else None
        with _silent_when_nobody_reads(stream):
            if sentence is None:
                console(stream).print(what)
            else:
                console(stream).print(sentence, markup=False, highlight=False, soft_wrap=True)


def console(stream: TextIO) -> Console:
    """A rich console on `stream` that leaves broken pipes to the caller."""
    from rich.console import Console

    class Passing(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Passing(file=stream, highlight=False)


@contextlib.contextmanager
def _silent_when_nobody_reads(stream: TextIO) -> Any:
    try:
        yield
    except BrokenPipeError:
        # The interpreter flushes once more at exit; give that flush somewhere to go.
        with contextlib.suppress(OSError, io.UnsupportedOperation):
            sink = os.open(os.devnull, os.O_WRONLY)
            os.dup2(sink, stream.fileno())
            os.close(sink)


def _write(stream: TextIO, text: str) -> None:
    with _silent_when_nobody_reads(stream):
        stream.write(text)
        stream.flush()


def plain(value: Any, language: Language) -> Any:
    """`value` as JSON types; sentences in `language`, paths as text, numbers that JSON lacks (NaN, inf) as null."""
    result: Any
    if isinstance(value, Text):
        result = value.of(language)
    elif isinstance(value, Enum):
        result = plain(value.value, language)
    elif value is None or isinstance(value, bool | str | int):
        result = value
    elif isinstance(value, float):
        result = value if abs(value) < float("inf") else None
    elif isinstance(value, PurePath):
        result = str(value)
    elif isinstance(value, Mapping):
        result = {str(key): plain(item, language) for key, item in value.items()}
    elif hasattr(value, "_asdict"):  # a named tuple other than Text
        result = plain(value._asdict(), language)
    elif isinstance(value, list | tuple | set | frozenset):
        result = [plain(item, language) for item in value]
    elif is_dataclass(value) and not isinstance(value, type):
        result = {item.name: plain(getattr(value, item.name), language) for item in fields(value)}
    elif hasattr(value, "item"):  # a numpy scalar
        result = plain(value.item(), language)
    else:
        result = str(value)
    return result
