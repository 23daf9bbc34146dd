"""Drawing without a browser: an ECharts option becomes SVG inside QuickJS, SVG becomes PNG by resvg with our own font.

Both libraries come as wheels for the usual machines. Where one is missing the report keeps its live charts and tables,
and `drawing_note` says what could not be drawn and why. The same option gives the same bytes in every process.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from quota_opt.errors import Text
from quota_opt.report.values import Figure

FAMILY = "Quota Opt Sans"
ASSETS = Path(str(files("quota_opt.report"))) / "assets"
_STACK = 8 * 1024 * 1024

# What ECharts looks for in a browser and QuickJS lacks; timers never fire because animation is off.
_STUBS = """
var window = undefined, self = globalThis, global = globalThis;
globalThis.setTimeout = function () { return 0; };
globalThis.clearTimeout = function () {};
globalThis.setInterval = function () { return 0; };
globalThis.clearInterval = function () {};
globalThis.console = { log: function () {}, warn: function () {}, error: function () {}, info: function () {} };
"""

# A joined string longer than QuickJS's ropes cannot cross to Python, a freshly stringified one can.
_DRAW = """
function drawFigure(width, height, option) {
  var chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: width, height: height });
  option.animation = false;
  chart.setOption(option);
  var svg = chart.renderToSVGString();
  chart.dispose();
  return JSON.stringify(svg);
}
"""


@cache
def script() -> str:
    """The ECharts program, also placed into the html report."""
    return (ASSETS / "echarts.min.js").read_text(encoding="utf-8")


def font_file() -> Path:
    """Our font, for resvg and for the embedded subset."""
    return ASSETS / "QuotaOptSans-Regular.otf"


def can_draw_svg() -> bool:
    """Whether the JavaScript engine is installed."""
    return find_spec("quickjs") is not None


def can_draw_png() -> bool:
    """Whether both the JavaScript engine and the rasteriser are installed."""
    return find_spec("resvg_py") is not None and can_draw_svg()


def drawing_note() -> Text | None:
    """What is missing here and how to get it; None where everything can be drawn."""
    if can_draw_png():
        return None
    if can_draw_svg():
        return Text(
            "本机未安装 resvg-py，Excel 中的流向图未画出；安装 resvg-py 后重新输出即可。",
            "resvg-py is not installed here, so the workbook lacks the flow figure; install it and write again.",
        )
    return Text(
        "本机未安装 quickjs-ng，没有静态图：网页中的图在启用 JavaScript 时仍可显示，图后附有数据表。",
        "quickjs-ng is not installed here, so there are no static figures: the page draws them where JavaScript is "
        "on, and each has its table.",
    )


def draw_svg(figures: Sequence[Figure]) -> list[str | None]:
    """One SVG per figure, None for each where the JavaScript engine is missing.

    A fresh context per call, and ids renamed per figure: so several fit into one page and bytes do not depend on what
    was drawn before.
    """
    if not figures or not can_draw_svg():
        return [None] * len(figures)
    import quickjs

    context = quickjs.Context()
    context.set_max_stack_size(_STACK)
    context.eval(_STUBS)
    context.eval(script())
    context.eval(_DRAW)
    drawn: list[str | None] = []
    for number, figure in enumerate(figures):
        width, height = figure.size
        option = json.dumps(with_font(figure.option), ensure_ascii=True, allow_nan=False)
        answer = context.eval(f"drawFigure({width}, {height}, JSON.parse({json.dumps(option)}))")
        drawn.append(_own_ids(json.loads(answer), f"f{number}"))
    return drawn


def draw_png(svg: str, zoom: float = 2.0) -> bytes | None:
    """The picture of an SVG on white, with our font only; None where the rasteriser is missing."""
    if not can_draw_png():
        return None
    import resvg_py

    picture = resvg_py.svg_to_bytes(
        svg_string=svg,
        background="#ffffff",
        zoom=zoom,
        skip_system_fonts=True,
        font_files=[str(font_file())],
        font_family=FAMILY,
        sans_serif_family=FAMILY,
    )
    return bytes(picture)


def with_font(option: dict[str, Any]) -> dict[str, Any]:
    """The option with our font first, and the system's behind it for characters ours lacks."""
    style = {"fontFamily": f"{FAMILY}, Noto Sans CJK SC, Microsoft YaHei, PingFang SC, sans-serif"}
    return {**option, "textStyle": {**style, **option.get("textStyle", {})}}


def _own_ids(svg: str, prefix: str) -> str:
    names = dict.fromkeys(re.findall(r"\bzr\d+-[A-Za-z]+-?\d*\b", svg))
    renamed = {name: f"{prefix}-{number}" for number, name in enumerate(names)}
    return re.sub(r"\bzr\d+-[A-Za-z]+-?\d*\b", lambda found: renamed[found.group(0)], svg)
