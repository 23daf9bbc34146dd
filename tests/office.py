"""LibreOffice for tests: papers to PDF, with free fonts in the place of those that official papers name."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

SOFFICE = shutil.which("soffice")
PDFTOTEXT = shutil.which("pdftotext")
_FONTS = {
    "仿宋_GB2312": "AR PL UMing CN",
    "宋体": "AR PL UMing CN",
    "楷体_GB2312": "AR PL UKai CN",
    "黑体": "Noto Sans CJK SC",
    "等线": "Noto Sans CJK SC",
    "方正小标宋简体": "Noto Serif CJK SC",
}
LONGEST_S = 180


def lacking() -> str:
    """What is missing here to look at papers; "" where all is there."""
    if SOFFICE is None or PDFTOTEXT is None:
        return "LibreOffice or pdftotext is not installed"
    known = subprocess.run(["fc-list", ":", "family"], capture_output=True, text=True, check=False).stdout
    gone = sorted({name for name in _FONTS.values() if name not in known})
    return f"fonts are not installed: {', '.join(gone)}" if gone else ""


def converted(files: list[Path], folder: Path, form: str = "pdf") -> dict[str, Path]:
    """The files in another form, all by one start of LibreOffice; by stem."""
    aliases = "".join(
        f'<match target="pattern"><test name="family"><string>{name}</string></test>'
        f'<edit name="family" mode="assign" binding="same"><string>{free}</string></edit></match>'
        for name, free in _FONTS.items()
    )
    fonts = folder / "fonts.conf"
    fonts.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f'<include ignore_missing="yes">/etc/fonts/fonts.conf</include>{aliases}</fontconfig>',
        encoding="utf-8",
    )
    # Formulas are computed anew on opening, whatever values the file carries.
    settings = folder / "profile" / "user" / "registrymodifications.xcu"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">'
        '<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">'
        "<value>0</value></prop></item></oor:items>",
        encoding="utf-8",
    )
    out = folder / f"as-{form}"
    subprocess.run(
        [str(SOFFICE), f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to", form,
         "--outdir", str(out), *map(str, files)],
        env={**os.environ, "FONTCONFIG_FILE": str(fonts)}, capture_output=True, check=True, timeout=LONGEST_S,
    )  # fmt: skip
    return {file.stem: out / f"{file.stem}.{form}" for file in files}


def text_of(pdf: Path, *options: str) -> list[str]:
    """The text of each page."""
    told = subprocess.run([str(PDFTOTEXT), *options, str(pdf), "-"], capture_output=True, check=True).stdout
    return told.decode("utf-8").removesuffix("\f").split("\f")


def lines_of(pdf: Path, page: int) -> list[tuple[float, float, str]]:
    """The lines of a page: where each begins and ends across, in points, and its text without blanks."""
    (told,) = text_of(pdf, "-bbox", "-f", str(page), "-l", str(page))
    lines: dict[int, list[tuple[float, float, str]]] = {}
    for left, top, right, text in re.findall(r'xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)".*?>(.*?)<', told):
        lines.setdefault(round(float(top) / 3), []).append((float(left), float(right), text))
    return [(min(w[0] for w in line), max(w[1] for w in line), "".join(w[2] for w in line)) for line in lines.values()]
