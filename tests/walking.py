"""Runs a page of the documentation as a reader would: its commands and its Python, in order, in one folder.

A fence `console` holds commands (`$ quota-opt …`) with what they show; `…` on a line of its own stands for lines left
out, and `$ echo $?` for the exit code of the command before, which else must be 0. A fence with `title="NAME"` is a
file to write.
A fence `python` is run; a fence `text` right below it is what it prints.
"""

import io
import re
import shlex
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from quota_opt.cli import main

FENCE = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', flags=re.S | re.M)


@dataclass
class Step:
    """One thing done, what the page says it shows, and what it showed."""

    done: str
    told: list[str]
    shown: list[str]

    def missing(self) -> list[str]:
        """The first lines that the page promises and that did not come, in order and without gaps."""
        lines, at = [line.rstrip() for line in self.shown], 0
        for piece in pieces(self.told):
            begin = next((i for i in range(at, len(lines)) if lines[i : i + len(piece)] == piece), None)
            if begin is None:
                return piece
            at = begin + len(piece)
        return []


def pieces(lines):
    """The lines between those left out."""
    whole = "\n".join(line.rstrip() for line in lines)
    return [piece.strip("\n").split("\n") for piece in re.split(r"^…$", whole, flags=re.M) if piece.strip()]


def commands(text):
    """The commands of a fence, each with the lines below it."""
    found = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line.removeprefix("$ "), []))
        else:
            found[-1][1].append(line)
    return found


def walk(page: Path, capfd):
    """Every step of a page, in the folder that is the current one; `capfd` reads what commands write."""
    fences = list(FENCE.finditer(page.read_text(encoding="utf-8")))
    names, code = {}, 0
    for i, fence in enumerate(fences):
        kind, title, text = fence.groups()
        below = fences[i + 1] if i + 1 < len(fences) else None
        if title:
            Path(title).parent.mkdir(parents=True, exist_ok=True)
            Path(title).write_text(text, encoding="utf-8")
        elif kind == "python":
            with redirect_stdout(io.StringIO()) as out:
                exec(compile(text, f"{page.name}, block {i}", "exec"), names)
            near = (
                below
                and below[1] == "text"
                and not page.read_text(encoding="utf-8")[fence.end() : below.start()].strip()
            )
            yield Step(text, below[3].splitlines() if near else [], out.getvalue().splitlines())
        elif kind == "console":
            for command, told in commands(text):
                if command == "echo $?":
                    yield Step(command, told, [str(code)])
                    code = 0
                    continue
                assert code == 0, f"exit code {code} before: {command}"
                words = shlex.split(command)
                assert words[0] == "quota-opt", command
                capfd.readouterr()
                code = main(words[1:])
                told_out = capfd.readouterr()
                yield Step(command, told, (told_out.out + told_out.err).splitlines())
    assert code == 0, f"exit code {code} at the end"
