"""Who sees the page: those who have shown a token; and what its answers allow a browser to do."""

import re
import time

import httpx
import pytest
from serving import TOKEN

from quota_opt.web.signing import COOKIE, LASTS_S, Signer


@pytest.fixture
def browser(server):
    with httpx.Client(base_url=server.told["address"], timeout=60) as made:
        yield made


def sign_in(browser, token=TOKEN, target="/"):
    return browser.post("/login", data={"token": token, "next": target})


def test_without_a_token_every_screen_leads_to_the_login_and_back(browser):
    answer = browser.get("/what-if/zhuji?meeting=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=%2Fwhat-if%2Fzhuji%3Fmeeting%3D1"
    shown = browser.get(answer.headers["location"])
    assert 'name="next" value="/what-if/zhuji?meeting=1"' in shown.text
    assert sign_in(browser, target="/what-if/zhuji?meeting=1").headers["location"] == "/what-if/zhuji?meeting=1"
    assert browser.get("/").status_code == 200


def test_a_file_is_taken_only_from_who_has_signed_in(browser):
    there = "/_nicegui/client/6f1c1d0e-0000-4000-8000-000000000000/upload/7"
    answer = browser.post(there, files={"file": ("a.csv", b"a")})
    assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/login")
    sign_in(browser)
    assert browser.post(there, files={"file": ("a.csv", b"a")}).status_code == 404


def test_a_wrong_token_is_refused_in_words_and_opens_nothing(browser):
    answer = sign_in(browser, "guessed")
    assert answer.status_code == 401
    assert "令牌不对" in answer.text
    assert browser.get("/").status_code == 303


@pytest.mark.parametrize(
    "target", ["https://example.org/", "//example.org/", "/\\example.org", "javascript:alert(1)", "/a\r\nb"]
)
def test_signing_in_leads_nowhere_else(browser, target):
    assert sign_in(browser, target=target).headers["location"] == "/"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(browser):
    cookie = sign_in(browser).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie


def test_a_page_loads_nothing_from_elsewhere_and_runs_no_script_of_anyone_else(browser):
    sign_in(browser)
    answer = browser.get("/")
    policy = answer.headers["content-security-policy"]
    nonce = re.search(r"'nonce-([\w-]+)'", policy)[1]
    assert "default-src 'self'" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]
    assert answer.headers["x-frame-options"] == "DENY"
    assert all(f'nonce="{nonce}"' in tag for tag in re.findall(r"<script[^>]*>", answer.text))
    assert browser.get("/").headers["content-security-policy"] != policy
    addresses = re.findall(r"""(?:src|href|url\()\s*=?\s*["']?((?:https?:)?//[^"')\s]+)""", answer.text)
    assert addresses == []


def test_other_hosts_and_other_pages_are_refused_on_the_page_too(browser):
    sign_in(browser)
    assert browser.get("/", headers={"Host": "evil.example"}).status_code == 403
    assert browser.post("/login", data={"token": TOKEN}, headers={"Origin": "http://evil.example"}).status_code == 403
    socket = {"Origin": "http://evil.example", "Connection": "Upgrade", "Upgrade": "websocket"}
    handshake = {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    answer = browser.get("/_nicegui_ws/socket.io/?EIO=4&transport=websocket", headers={**socket, **handshake})
    assert answer.status_code == 403


def test_files_beside_the_assets_cannot_be_reached(browser):
    for path in (
        "/static/../shell.py",
        "/static/%2e%2e/shell.py",
        "/static/..%2fshell.py",
        "/_nicegui/../../etc/passwd",
    ):
        answer = browser.get(path)
        assert answer.status_code in (303, 403, 404), path
        assert "import" not in answer.text


def test_a_cookie_holds_for_its_name_and_token_only(monkeypatch):
    signer = Signer({"王芳": "a-token-of-one", "other": "a-token-of-two"})
    cookie = f"{COOKIE}={signer.sign('王芳')}"
    assert signer.name_of(f"x=1; {cookie}") == "王芳"
    assert Signer({"王芳": "a-new-token"}).name_of(cookie) is None
    name, issued, mark = signer.sign("王芳").split(".")
    assert signer.name_of(f"{COOKIE}={signer.sign('other').split('.')[0]}.{issued}.{mark}") is None
    assert signer.name_of(f"{COOKIE}={name}.{int(issued) + 1}.{mark}") is None
    for wrong in (
        None,
        "",
        COOKIE,
        f"{COOKIE}=..",
        f"{COOKIE}={name}.{issued}.",
        f"{COOKIE}=é.1.2",
        f"{COOKIE}=%00.1.2",
    ):
        assert signer.name_of(wrong) is None
    later = time.time() + LASTS_S + 10
    monkeypatch.setattr(time, "time", lambda: later)
    assert signer.name_of(cookie) is None


def test_a_second_server_takes_a_free_port_where_none_is_asked_for(monkeypatch):
    from quota_opt.cli import serving as command
    from quota_opt.web.server import CannotListen, listening

    with listening("127.0.0.1", 0) as first:
        taken = first.getsockname()[1]
        monkeypatch.setattr(command, "PORT", taken)
        with command._listening("127.0.0.1", None) as second:
            assert second.getsockname()[1] != taken
        with pytest.raises(CannotListen):
            command._listening("127.0.0.1", taken)


def test_an_address_that_leads_nowhere_says_so_in_the_language_of_the_page(browser):
    sign_in(browser)
    answer = browser.get("/no/such/page")
    assert answer.status_code == 404
    assert "没有这个页面" in answer.text
    assert "There is no such page" in browser.get("/en/nowhere").text
