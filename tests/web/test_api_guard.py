"""Who may call, from where, and how much may be sent; nothing of it needs a solve."""

import io
import json
import threading
import time
import zipfile

import httpx
import pytest
from serving import TOKEN

import quota_opt as qo
from quota_opt.web.guard import Tokens
from quota_opt.web.server import host_names, is_loopback

API = "/api/v1"


def problem(answer, status, kind):
    """The problem document of an answer, which says itself in both languages."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    document = answer.json()
    assert (document["status"], document["kind"]) == (status, kind)
    assert document["message"]["zh"] and document["message"]["en"]
    return document


def zipped(**files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(name, content)
    return packed.getvalue()


def sent(page, content, path="jobs"):
    return page.post(f"{API}/{path}", files={"file": ("case.zip", content)})


SETTINGS = '[scenario]\nname = "x"\nfirst_year = 2024\nlast_year = 2024\n'
PLACES = "place,level\ncounty,county\n"


def test_answers_are_neither_kept_nor_guessed_at(page):
    for answer in (page.get(f"{API}/health"), page.get(f"{API}/nothing", headers={"Host": "evil.example"})):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", "é"])
def test_without_the_token_nothing_is_told_but_that_the_server_is_there(page, header):
    page.headers.pop("authorization")
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    for path in ("/jobs", "/limits", "/openapi.json", "/nothing"):
        answer = page.get(API + path, headers=headers)
        problem(answer, 401, "token")
        assert answer.headers["www-authenticate"] == "Bearer"
    problem(page.post(f"{API}/jobs", json={"case": "worked-example"}, headers=headers), 401, "token")
    assert page.get(f"{API}/health", headers=headers).json()["status"] == "ok"


def test_tokens_are_told_apart_and_jobs_belong_to_who_submitted_them(page):
    assert Tokens({"a": "x" * 20, "b": "y" * 20}).owner_of("bearer " + "y" * 20) == "b"
    job = page.post(f"{API}/jobs", json={"case": "worked-example"}).json()["id"]
    others = {"Authorization": "Bearer another-token-for-tests"}
    assert page.get(f"{API}/jobs", headers=others).json() == {"jobs": [], "next": None}
    for method, path in [("GET", ""), ("GET", "/events"), ("GET", "/result"), ("POST", "/cancel"), ("DELETE", "")]:
        problem(page.request(method, f"{API}/jobs/{job}{path}", headers=others), 404, "no-such-job")
    assert page.get(f"{API}/jobs/{job}").json()["state"] == "queued"


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "", "[", "a@b"]
)
def test_another_host_name_is_refused_so_that_no_page_can_rebind_it(page, host):
    problem(page.get(f"{API}/health", headers={"Host": host}), 403, "host")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8765", "127.0.0.1:1", "[::1]:8765"])
def test_the_names_of_this_machine_are_taken(page, host):
    assert page.get(f"{API}/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:9", "http://127.0.0.1", "x"])
def test_another_page_is_refused_even_with_the_token(page, origin):
    asked = {"case": "worked-example"}
    problem(page.post(f"{API}/jobs", json=asked, headers={"Origin": origin}), 403, "origin")
    answer = page.options(f"{API}/jobs", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
    assert "access-control-allow-origin" not in answer.headers


def test_the_page_of_this_server_may_ask(page):
    assert page.get(f"{API}/limits", headers={"Origin": "http://localhost"}).status_code == 200


def test_names_of_a_server_that_others_reach():
    assert host_names("192.0.2.7") >= {"192.0.2.7", "localhost"}
    assert host_names("0.0.0.0", ("Planning.Example",)) >= {"127.0.0.1", "planning.example"}
    assert [is_loopback(host) for host in ("localhost", "127.8.8.8", "[::1]", "0.0.0.0", "office")] == [
        True, True, True, False, False,
    ]  # fmt: skip


def test_a_body_that_is_too_long_is_refused_whether_it_says_so_or_not(page):
    long = b" " * (2**20 + 1)
    for content in (long, iter([long[: 2**19], long[2**19 :]])):
        answer = page.post(f"{API}/jobs", content=content, headers={"Content-Type": "application/json"})
        assert "1 MB" in problem(answer, 413, "too-large")["message"]["en"]
    answer = sent(page, long)
    problem(answer, 413, "too-large")


def test_zip_bombs_are_refused_before_they_are_unpacked(page):
    zeros = b"0," * 2**20
    assert "unpacks to" in problem(sent(page, zipped(**{"firms.csv": zeros * 4})), 413, "too-large")["detail"]
    many = {f"f{number}.csv": "" for number in range(60)}
    assert "60" in problem(sent(page, zipped(**many)), 413, "too-large")["detail"]
    cells = {"scenario.toml": SETTINGS, "firms.csv": "a,b\n" + "1,2\n" * 20_000}
    assert "cells" in problem(sent(page, zipped(**cells)), 413, "too-large")["detail"]
    wide = {"scenario.toml": SETTINGS, "firms.csv": "a," * 1_000 + "\n" * 1_000}
    assert "cells" in problem(sent(page, zipped(**wide)), 413, "too-large")["detail"]


@pytest.mark.parametrize(
    "name",
    ["../firms.csv", "/etc/firms.csv", "a/../../firms.csv", "..\\firms.csv", "C:\\firms.csv", "a/b/firms.csv",
     "C:firms.csv"],
)  # fmt: skip
def test_a_zip_cannot_write_outside_or_name_paths(page, name):
    content = zipped(**{"scenario.toml": SETTINGS, "places.csv": PLACES, name: "firm\n"})
    found = problem(sent(page, content), 422, "input")
    assert {finding["code"] for finding in found["findings"]} <= {"path-in-zip", "unknown-file"}


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"places.csv": PLACES}, "no-settings"),
        ({"scenario.toml": SETTINGS, "placces.csv": PLACES}, "unknown-file"),
        ({"scenario.toml": SETTINGS, "a/places.csv": PLACES, "b/places.csv": PLACES}, "repeated-file"),
        ({"scenario.toml": 'extends = "../../../etc"\n' + SETTINGS}, "unknown-case"),
        ({"scenario.toml": ('extends = "/tmp"\n# 诸暨\n' + SETTINGS).encode("gb18030")}, "unknown-case"),
        ({"scenario.toml": "= = ="}, "toml-syntax"),
    ],
)
def test_a_zip_that_is_no_case_says_what_is_wrong(page, files, code):
    found = problem(sent(page, zipped(**files)), 422, "input")
    assert code in {finding["code"] for finding in found["findings"]}


def test_links_passwords_and_what_is_no_zip_are_refused(page):
    link = zipfile.ZipInfo("scenario.toml")
    link.external_attr = 0o120777 << 16
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        package.writestr(link, "/etc/passwd")
    assert problem(sent(page, packed.getvalue()), 422, "input")["findings"][0]["code"] == "link-in-zip"
    locked = bytearray(zipped(**{"scenario.toml": SETTINGS}))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        locked[locked.index(mark) + (6 if mark == b"PK\x03\x04" else 8)] |= 1
    assert problem(sent(page, bytes(locked)), 422, "input")["findings"][0]["code"] == "encrypted"
    for content in (b"", b"no zip", zipped(**{"scenario.toml": SETTINGS})[:-9]):
        assert problem(sent(page, content), 422, "input")["findings"][0]["code"] == "unreadable-package"


def test_an_extended_built_in_case_may_be_sent(page):
    own = 'extends = "worked-example"\n[scenario]\ntitle = { zh = "我的", en = "mine" }\n'
    answer = sent(
        page, zipped(**{"mine/scenario.toml": own, "__MACOSX/mine/._scenario.toml": "", "mine/.DS_Store": ""})
    )
    assert answer.status_code == 202, answer.text


def hostile(tmp_path, change):
    """A workbook with one of its parts changed."""
    book = qo.new(tmp_path / "case.xlsx", "worked-example", xlsx=True)
    out = io.BytesIO()
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            new.writestr(member, change(member, old.read(member)))
    return out.getvalue()


def test_a_stray_cell_far_out_does_not_fill_the_memory(page, tmp_path):
    def far(name, content):
        row = b'<row r="390000"><c r="ZY390000"><v>1</v></c></row></sheetData>'
        return content.replace(b"</sheetData>", row) if name.endswith("sheet3.xml") else content

    assert "cells" in problem(sent(page, hostile(tmp_path, far)), 413, "too-large")["detail"]


def test_a_text_used_a_thousand_times_counts_each_time(page, tmp_path):
    def repeated(name, content):
        if name.endswith("sharedStrings.xml"):
            return content.replace(b"</sst>", b"<si><t>" + b"x" * 30_000 + b"</t></si></sst>")
        if name.endswith("sheet3.xml"):
            last = shared_texts
            rows = "".join(f'<row r="{r}"><c r="A{r}" t="s"><v>{last}</v></c></row>' for r in range(900, 1900))
            return content.replace(b"</sheetData>", rows.encode() + b"</sheetData>")
        return content

    with zipfile.ZipFile(qo.new(tmp_path / "plain.xlsx", "worked-example", xlsx=True)) as plain:
        shared_texts = plain.read("xl/sharedStrings.xml").count(b"<si>")
    assert "texts" in problem(sent(page, hostile(tmp_path, repeated)), 413, "too-large")["detail"]


@pytest.mark.parametrize(
    "cells",
    [
        '<c r="A900"><f>1</f><f>1</f><v>1</v></c>',
        '<c r="A900"><f>1</f>',
        '<c r="A900"<c r="A901"></c>',
        "<c><f>1</f><v>1</v></c>" * 200,
    ],
)
def test_cells_that_no_program_writes_are_not_read(page, tmp_path, cells):
    """Each of them makes the reader look through the whole sheet again and again."""

    def odd(name, content):
        row = f'<row r="900">{cells}</row></sheetData>'.encode()
        return content.replace(b"</sheetData>", row) if name.endswith("sheet3.xml") else content

    found = problem(sent(page, hostile(tmp_path, odd)), 422, "input")
    assert found["findings"][0]["code"] == "unreadable-package"


def test_settings_of_a_megabyte_are_refused(page):
    content = zipped(**{"scenario.toml": SETTINGS + "#" * 2**20})
    assert "scenario.toml" in problem(sent(page, content), 413, "too-large")["detail"]


def test_entities_in_a_workbook_are_refused(page, tmp_path):
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'

    def entities(name, content):
        return content.replace(b"<sst", laughs + b"<sst", 1) if name.endswith("sharedStrings.xml") else content

    assert problem(sent(page, hostile(tmp_path, entities)), 422, "input")["findings"][0]["code"] == "entities"


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"{", 400), (b"[1]", 422), (b'{"case": NaN}', 400), (b'{"case": "worked-example", "set": {"a": 1e999}}', 422),
     (b'{"case": "worked-example", "set": {"a": "\\u0000"}}', 422), (b'{"case": "worked-example", "kase": 1}', 422),
     (b'{"case": "\\ud800"}', 400), (b"[" * 100_000, 400), (b"\xff", 400), (b"", 400), (b'{"case": {}}', 422),
     (b'{"case": "worked-example", "gap": -1}', 422), (b'{"case": "worked-example", "time_limit": 1e6}', 422),
     (b'{"case": "worked-example", "profile": "../auto.toml"}', 422),
     (b'{"case": "worked-example", "variant": "../.."}', 422), (b'{"case": "../scenarios/zhuji"}', 422),
     (b'{"case": "/etc"}', 422)],
)  # fmt: skip
def test_a_body_that_is_not_right_is_a_problem_of_the_caller(page, content, status):
    answer = page.post(f"{API}/jobs", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert page.get(f"{API}/limits").json()["jobs"]["queued"] == 0


def test_other_content_types_and_unknown_places_are_problems_too(page):
    problem(page.post(f"{API}/jobs", content=b"x", headers={"Content-Type": "text/plain"}), 415, "media-type")
    problem(page.post(f"{API}/jobs", content=b"x"), 415, "media-type")
    problem(page.get(f"{API}/nothing"), 404, "not-found")
    problem(page.put(f"{API}/jobs"), 405, "method")
    problem(page.get(f"{API}/jobs/not-an-id"), 422, "request")
    problem(page.get(f"{API}/jobs", params={"limit": 0}), 422, "request")
    problem(page.get(f"{API}/jobs/{'0' * 32}"), 404, "no-such-job")


def test_a_form_takes_one_file_and_fields_that_are_known(page):
    file = zipped(**{"scenario.toml": SETTINGS, "places.csv": PLACES})
    assert page.post(f"{API}/check", files={"file": ("c.zip", file)}).json()["case"] == "x"
    problem(page.post(f"{API}/jobs", files={"file": ("c.zip", file)}, data={"gapp": "1"}), 422, "request")
    problem(page.post(f"{API}/jobs", files={"file": ("c.zip", file)}, data={"set": "{"}), 400, "malformed")
    two = [("file", ("c.zip", file)), ("file", ("d.zip", file))]
    problem(page.post(f"{API}/jobs", files=two), 400, "malformed")


def test_a_full_queue_is_said_with_when_to_try_again(page):
    asked = {"case": "worked-example", "fresh": True}
    assert [page.post(f"{API}/jobs", json=asked).status_code for _ in range(3)] == [202] * 3
    answer = page.post(f"{API}/jobs", json=asked)
    assert "3 jobs" in problem(answer, 429, "queue-full")["detail"]
    assert int(answer.headers["retry-after"]) > 0
    both = {"cases": [asked, asked]}
    problem(page.post(f"{API}/compare", json=both), 429, "queue-full")
    assert page.get(f"{API}/limits").json()["jobs"]["queued"] == 3
    waiting = page.get(f"{API}/jobs").json()["jobs"][0]["id"]
    assert page.post(f"{API}/jobs/{waiting}/cancel").json()["state"] == "cancelled"
    assert page.post(f"{API}/jobs", json=asked).status_code == 202


def test_a_comparison_names_two_plans_or_more(page):
    for asked in ({}, {"cases": [{"case": "worked-example"}]}, {"jobs": ["0" * 32]}):
        problem(page.post(f"{API}/compare", json=asked), 422, "input")


@pytest.mark.slow
def test_more_streams_than_allowed_are_refused_and_streams_end_with_the_server(tmp_path):
    import uvicorn

    from quota_opt.store.store import Store
    from quota_opt.web.app import make_app
    from quota_opt.web.limits import ServerLimits
    from quota_opt.web.service import Service

    service = Service(Store.open(tmp_path / "store.db"), ServerLimits(streams=1), running=False)
    config = uvicorn.Config(make_app(service, {"default": TOKEN}), port=0, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {TOKEN}"}) as page:
        job = page.post(f"{API}/jobs", json={"case": "worked-example"}, timeout=60).json()["id"]
        with page.stream("GET", f"{API}/jobs/{job}/events", timeout=60) as stream:
            lines = stream.iter_lines()
            assert any("queued" in line for line in lines if line.startswith("data"))
            problem(page.get(f"{API}/jobs/{job}/events"), 429, "too-many-streams")
            service.drain()
            assert list(lines)[-2:] == [": the server stops", ""]
    server.should_exit = True
    thread.join(60)
    service.stop(0)
    assert not thread.is_alive()


def test_the_description_needs_nothing_from_elsewhere(page):
    text = page.get(f"{API}/openapi.json").text
    assert "://cdn" not in text
    description = json.loads(text)
    assert description["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"] and operation["description"], (method, path)
            assert all(answer["description"] for answer in operation["responses"].values())
            assert ("security" in operation) == (path != f"{API}/health")
    for path in ("/docs", "/redoc", f"{API}/docs"):
        assert page.get(path).status_code == 404
