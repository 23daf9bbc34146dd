"""report.html: one offline file, everything escaped, drawn without scripts, the same bytes each time."""

import base64
import hashlib
import html
import io
import re
from html.parser import HTMLParser

import pytest

from quota_opt.report import draw
from quota_opt.report.content import gather
from quota_opt.report.html import render, write_html
from quota_opt.solving.status import Status

VOID = {"meta", "br", "hr", "img", "input", "link", "rect", "path", "circle"}


class Outline(HTMLParser):
    """Elements with their attributes, and the text outside scripts and styles."""

    def __init__(self):
        super().__init__()
        self.elements, self.text, self.inside = [], [], []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.inside.append(tag)

    def handle_endtag(self, tag):
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data):
        if not {"script", "style"} & set(self.inside):
            self.text.append(data)


def outline(page):
    parser = Outline()
    parser.feed(page)
    return parser


def shown(page):
    return "".join(outline(page).text)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_is_loaded_from_anywhere(pages, language):
    for tag, attributes in outline(pages[language]).elements:
        for name in ("src", "href", "xlink:href", "data", "action"):
            assert not re.match(r"(https?:)?//", attributes.get(name) or ""), (tag, attributes)
        assert tag not in ("link", "iframe", "object", "embed", "base")
    style = "".join(re.findall(r"<style>(.*?)</style>", pages[language], flags=re.S))
    assert "@import" not in style
    assert all(target.startswith('"data:') for target in re.findall(r"url\((.*?)[):]", style) if target != '"data')


def test_the_policy_allows_only_our_two_scripts(pages):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', pages["zh"]).group(1)
    allowed = set(re.findall(r"&#39;(sha256-[^&]+)&#39;", policy))
    scripts = re.findall(r"<script>(.*?)</script>", pages["zh"], flags=re.S)
    assert len(scripts) == 2
    assert {f"sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}" for s in scripts} == allowed
    assert "default-src &#39;none&#39;" in policy and "unsafe-eval" not in policy


@pytest.mark.parametrize("language", ["zh", "en"])
def test_hostile_names_come_out_as_typed_and_make_no_element(pages, hostile, language):
    page = pages[language]
    text = shown(page)
    for name in hostile:
        assert name in text
    tags = [tag for tag, _ in outline(page).elements]
    assert "img" not in tags
    assert tags.count("script") == 2 + page.count('type="application/json"')
    assert not any(name.startswith("on") for _, attributes in outline(page).elements for name in attributes)


@pytest.mark.skipif(not draw.can_draw_svg(), reason="quickjs-ng is not installed")
def test_every_figure_is_there_without_javascript(pages):
    page = pages["zh"]
    figures = re.findall(r'<figure id="fig-(\w+)"', page)
    assert figures[:2] == ["flow", "waterfall"] and len(figures) == 11
    for key in figures:
        block = re.search(rf'id="static-{key}">(.*?)</div>', page, flags=re.S).group(1)
        assert "<svg" in block and "<text" in block
        assert re.search(rf'id="live-{key}"[^>]*hidden', page)
    assert page.count('role="img" aria-label="') == len(figures)


def test_the_same_plan_gives_the_same_bytes(plan, pages, tmp_path):
    write_html(plan, tmp_path / "one.html", "zh")
    assert (tmp_path / "one.html").read_bytes() == pages["zh"].encode()


def test_the_font_inside_holds_every_character_or_the_page_says_which_it_lacks(pages):
    from fontTools.ttLib import TTFont

    page = pages["zh"]
    font = TTFont(io.BytesIO(base64.b64decode(re.search(r"font/woff2;base64,([^\"]+)", page).group(1))))
    text = shown(page)
    lacking = {c for c in text if not c.isspace() and ord(c) not in font.getBestCmap()}
    assert lacking == {"𠮷", "🚀"}
    assert "内置字体没有的字，由系统字体显示：" in text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_page_one_has_its_seven_parts_in_order(pages, language):
    page = pages[language]
    one = page[page.index('id="page-one"') : page.index("</section>")]
    parts = ['class="identity"', 'class="badges"', 'class="answer"', 'class="numbers"', 'id="fig-flow"',
             'id="fig-waterfall"', "<table", 'class="ifs"']  # fmt: skip
    where = [one.index(part) for part in parts[:6]] + [one.rindex(parts[6]), one.index(parts[7])]
    assert where == sorted(where)
    assert one[one.index('class="ifs"') :].count("<li>") == 3


def test_sections_follow_in_the_order_of_the_papers(pages):
    heads = re.findall(r'<h2 id="[\w-]+">([^<]+)</h2>', pages["zh"])
    assert heads == [
        "方案取舍", "安排表", "整治表", "未安排及理由", "镇街情况", "台账摘要", "数据问题", "核验与运行信息"
    ]  # fmt: skip


def test_synthetic_data_say_so_and_real_data_do_not(make, pages):
    assert '<span class="box">合成数据</span>' in pages["zh"] and "synthetic data" in pages["en"]
    plan = make(hostile=False)
    plan.scenario.settings.scenario.data = "real"
    assert '<span class="box">' not in render(gather(plan), "zh")


def test_a_clause_shows_the_standing_of_its_document(pages):
    assert "ZJ 四(五)〔征求意见稿〕" in pages["zh"] and "ZJ 四(五) [draft]" in pages["en"]
    assert "有效期至 2023-12-31" in pages["zh"]


def test_an_unverified_factor_is_named_on_page_one(pages):
    one = pages["zh"][: pages["zh"].index("</section>")]
    assert "等价值电力折标系数 0.285 未核实" in one


def test_badges_lead_to_their_proof(pages):
    anchors = re.findall(r'<li><a class="good" href="#(\w+)"', pages["zh"])
    assert anchors == ["proof", "rules", "ledger"]
    assert all(f'id="{anchor}"' in pages["zh"] for anchor in anchors)


def test_a_plan_stopped_by_a_limit_is_not_called_proven(make):
    plan = make(hostile=False)
    plan.status, plan.gap = Status.FEASIBLE, 0.0034
    page = render(gather(plan), "zh")
    assert "✗ 已到时限（差距 0.34%）" in page
    assert "已证明" not in page


def test_a_broken_rule_shows_red(make):
    plan = make(hostile=False)
    plan.audit[0].ok = False
    plan.audit[0].worst_excess = 3.5
    assert '<a class="bad" href="#rules">✗ 规则复核（4/5 通过）' in render(gather(plan), "zh")


def test_long_tables_are_cut_and_say_where_the_rest_is(make):
    page = render(gather(make(firms=1_000, hostile=False)), "zh")
    assert "共 666 行，此处列出数额最大的 500 行；全部见 Excel 附表“整治表”。" in page


def test_the_live_options_cannot_end_their_script(pages):
    for option in re.findall(r'data-figure="\w+">(.*?)</script>', pages["zh"], flags=re.S):
        assert "<" not in option and html.unescape(option) == option


def test_echarts_ships_with_its_licence():
    names = {path.name for path in draw.ASSETS.iterdir()}
    assert {"echarts.min.js", "LICENSE-echarts.txt", "NOTICE-echarts.txt", "LICENSE-font.txt"} <= names
    assert 'version="6.1.0"' in draw.script() or '"6.1.0"' in draw.script()
    assert "</script" not in draw.script()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_placeholder_or_missing_word_is_left(pages, language):
    text = shown(pages[language])
    assert "@@" not in text and "None" not in text and "nan" not in text.lower().split()
    assert not re.search(r"Undefined|\bText\(", text)
