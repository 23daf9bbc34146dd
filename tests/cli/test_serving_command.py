"""`serve`: who may reach it and with which token, and what it says when it begins; the API itself is in tests/web."""

import json
import os
import socket
import subprocess
import sys

import httpx
import pytest


def started(folder, *options, **variables):
    """A server until its first lines are there: (process, environment of the call)."""
    surroundings = {**os.environ, **variables}
    return subprocess.Popen(
        [sys.executable, "-m", "quota_opt", "serve", "--port", "0", "--store", str(folder / "s.db"), *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=surroundings,
    )  # fmt: skip


def test_it_tells_address_and_a_new_token_once_and_ends_well(tmp_path, monkeypatch):
    monkeypatch.delenv("QUOTA_OPT_TOKEN", raising=False)
    process = started(tmp_path, "--json")
    try:
        lines = iter(process.stdout.readline, "")
        told = json.loads("".join([*(line for line in iter(lambda: next(lines), "}\n")), "}"]))
        assert told["address"].startswith("http://127.0.0.1:")
        assert len(told["token"]) >= 32
        headers = {"Authorization": f"Bearer {told['token']}"}
        assert httpx.get(f"{told['api']}/limits", headers=headers, timeout=60).status_code == 200
        assert httpx.get(f"{told['api']}/limits", timeout=60).status_code == 401
    finally:
        process.terminate()
        rest, errors = process.communicate(timeout=60)
    assert (process.returncode, rest, errors) == (0, "", "")


def test_a_token_that_was_given_is_not_printed(tmp_path):
    tokens = tmp_path / "tokens.txt"
    tokens.write_text("# who may call\nplanner the-token-of-the-planner\nscript the-token-of-the-script\n")
    process = started(tmp_path, "--token-file", str(tokens), "--lang", "zh", "--jobs", "2")
    try:
        first = [process.stdout.readline() for _ in range(5)]
        assert first[0].split()[0] == "网页"
        api = first[1].split()[1]
        assert "the-token" not in "".join(first)
        assert "令牌文件" in first[2] and first[4].split()[1] == "2"
        for token in ("the-token-of-the-planner", "the-token-of-the-script"):
            headers = {"Authorization": f"Bearer {token}"}
            assert httpx.get(f"{api}/jobs", headers=headers, timeout=60).status_code == 200
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "no token"), ("# nothing\n", "no token"), ("short\n", "16 characters"), ("a b c\n", "NAME TOKEN"),
     ("a long-enough-token-1\na long-enough-token-2\n", "each name once"), ("令牌" * 9, "ASCII")],
)  # fmt: skip
def test_a_token_file_that_is_not_right_is_refused(cli, tmp_path, content, said):
    tokens = tmp_path / "tokens.txt"
    tokens.write_text(content, encoding="utf-8")
    call = cli("serve", "--token-file", tokens, "--store", tmp_path / "s.db")
    assert call.code == 2
    assert said in call.err


def test_others_reach_it_only_with_a_token_that_was_given(cli, tmp_path, monkeypatch):
    monkeypatch.delenv("QUOTA_OPT_TOKEN", raising=False)
    call = cli("serve", "--host", "0.0.0.0", "--store", tmp_path / "s.db")
    assert call.code == 2
    assert "--token-file" in call.err and "QUOTA_OPT_TOKEN" in call.err
    assert not (tmp_path / "s.db").exists()


def test_a_port_that_is_taken_is_said(cli, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        call = cli("serve", "--port", str(taken.getsockname()[1]), "--store", tmp_path / "s.db")
    assert call.code == 2
    assert "Cannot listen" in call.err and "--port 0" in call.err


def test_without_the_extra_it_says_what_to_install(cli, tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] in ("fastapi", "uvicorn")]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.startswith("quota_opt.web")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "fastapi", None)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    call = cli("serve", "--store", tmp_path / "s.db", "--json")
    assert call.code == 2
    assert 'pip install "quota-opt[web]"' in call.document["error"]["message"]
