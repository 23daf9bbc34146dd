"""Jobs over real HTTP: submitted in every form, watched to the end, cancelled, compared; results fetched."""

import io
import json
import zipfile

import pytest
from serving import events
from small import TREE

import quota_opt as qo
from quota_opt.scenario.generate import generate_case

PLAN = {"case": "worked-example"}


@pytest.fixture(scope="module")
def done(server):
    """A solve that ended well."""
    return server.ended(server.submit(**PLAN)["id"])


@pytest.fixture(scope="module")
def hard(tmp_path_factory):
    """A case that is not solved to gap 0 within minutes, as a zip; a plan of it is found in a second."""
    folder = generate_case(tmp_path_factory.mktemp("hard") / "case", firms=300, projects=60, towns=3, years=3)
    return zip_of(folder)


def zip_of(folder):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        for path in sorted(folder.iterdir()):
            package.write(path, f"{folder.name}/{path.name}")
    return packed.getvalue()


def short(**rules):
    """A case whose one project wants more quota than its town may be given by `rules`."""
    return {
        "settings": {
            "scenario": {"name": "short", "first_year": 2024, "last_year": 2024, "resources": ["energy"]},
            "rules": rules,
        },
        "tables": {
            "places": TREE,
            "projects": [{"project": "P", "place": "N1", "energy_tce": 50, "value_added": 10, "category": "chain"}],
            "quotas": [{"place": "county", "resource": "energy", "year": "*", "amount": 100}],
        },
    }


def test_a_job_is_the_run_of_the_command_line_and_its_folder_verifies(server, done, tmp_path):
    assert (done["state"], done["ending"]["status"], done["ending"]["exit_code"]) == ("done", "OPTIMAL", 0)
    folder = server.folder(done["id"], tmp_path / "folder")
    assert qo.verify(folder).ok
    record = server.api.get(done["links"]["result"].removeprefix("/api/v1")).json()
    assert record == json.loads((folder / "run.json").read_text(encoding="utf-8"))
    plan = qo.solve("worked-example")
    assert record["objective"] == pytest.approx(plan.objective)
    assert record["address"] == done["address"]


def test_a_table_is_given_as_json_and_as_the_file(server, done):
    place = f"/jobs/{done['id']}/result/tables/awards"
    awards = qo.solve("worked-example").awards
    told = server.api.get(place).json()
    assert [row["project"] for row in told["records"]] == list(awards["project"])
    assert [row["share"] for row in told["records"]] == list(awards["share"])
    assert told["rows"] == len(awards)
    assert server.api.get(place, params={"offset": 1, "limit": 1}).json()["records"] == told["records"][1:2]
    as_file = server.api.get(place, headers={"Accept": "text/csv"})
    assert as_file.headers["content-type"].startswith("text/csv")
    assert as_file.text.removeprefix("\ufeff").splitlines()[0].split(",") == told["columns"]
    missing = server.api.get(f"/jobs/{done['id']}/result/tables/nothing")
    assert (missing.status_code, missing.json()["kind"]) == (404, "no-such-table")
    assert "awards" in missing.json()["message"]["en"]


def test_reports_are_made_when_they_are_asked_for(server, done):
    page = server.api.get(f"/jobs/{done['id']}/report.html", params={"lang": "en"})
    assert page.headers["content-type"].startswith("text/html")
    assert "sandbox" in page.headers["content-security-policy"]
    assert '<html lang="en"' in page.text
    for name in ("report.xlsx", "report.docx"):
        paper = server.api.get(f"/jobs/{done['id']}/{name}")
        assert "officedocument" in paper.headers["content-type"]
        assert zipfile.ZipFile(io.BytesIO(paper.content)).testzip() is None


def test_a_watcher_sees_every_state_until_the_end_and_may_come_back(server):
    job = server.submit(**PLAN, fresh=True)
    with server.api.stream("GET", f"/jobs/{job['id']}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        seen = list(events(stream.iter_lines()))
    assert [data["state"] for event, _, data in seen if event == "state"][-2:] == ["running", "done"]
    numbers = [number for _, number, _ in seen]
    assert numbers == sorted(set(numbers))
    with server.api.stream("GET", f"/jobs/{job['id']}/events", headers={"Last-Event-ID": str(numbers[0])}) as stream:
        again = list(events(stream.iter_lines()))
    assert [(number, data["state"]) for _, number, data in again] == [(numbers[-1], "done")]


def test_the_same_run_is_not_solved_twice_unless_it_is_asked_for(server, done):
    answer = server.api.post("/jobs", json=PLAN)
    assert answer.status_code == 200
    again = answer.json()
    assert (again["state"], again["reused"], again["attempts"]) == ("done", True, 0)
    assert again["address"] == done["address"] and again["id"] != done["id"]
    fresh = server.ended(server.submit(**PLAN, fresh=True)["id"])
    assert (fresh["reused"], fresh["attempts"]) == (False, 1)
    assert fresh["ending"]["objective"] == done["ending"]["objective"]


def test_a_repeated_request_with_the_same_key_is_the_same_job(server):
    asked = {"case": "worked-example", "gap": 0.5}
    first = server.api.post("/jobs", json=asked, headers={"Idempotency-Key": "k-1"})
    second = server.api.post("/jobs", json=asked, headers={"Idempotency-Key": "k-1"})
    assert first.json()["id"] == second.json()["id"]
    assert second.status_code == 200
    other = server.api.post("/jobs", json={**asked, "gap": 0.4}, headers={"Idempotency-Key": "k-1"})
    assert (other.status_code, other.json()["kind"]) == (422, "key-reused")


@pytest.mark.parametrize("form", ["document", "zip", "workbook"])
def test_a_case_sent_in_any_form_is_the_same_case(server, done, tmp_path, form):
    if form == "document":
        job = server.submit(case=qo.read("worked-example").as_document())
    else:
        if form == "zip":
            content = zip_of(qo.new(tmp_path / "我的案例", "worked-example"))
        else:
            content = qo.new(tmp_path / "case.xlsx", "worked-example", xlsx=True).read_bytes()
        fields = {"profile": "auto", "set": json.dumps({"scenario.discount_rate": 0.07}), "gap": "0.0001"}
        answer = server.api.post("/jobs", files={"file": ("../../etc/passwd", content)}, data=fields)
        assert answer.status_code == 202, answer.text
        job = answer.json()
    ended = server.ended(job["id"])
    assert ended["state"] == "done", ended["error"]
    if form == "document":
        assert ended["ending"]["objective"] == pytest.approx(done["ending"]["objective"])
    else:
        changed = qo.read("worked-example", overrides={"scenario.discount_rate": 0.07})
        assert ended["ending"]["objective"] == pytest.approx(qo.solve(changed).objective)
    assert qo.verify(server.folder(ended["id"], tmp_path / "folder")).ok


def test_what_needs_correcting_is_said_at_once_with_its_cells(server, tmp_path):
    book = qo.new(tmp_path / "case.xlsx", "worked-example", xlsx=True)
    from openpyxl import load_workbook

    opened = load_workbook(book)
    opened["项目"]["A5"] = "P1"
    opened["企业"]["B4"] = "nowhere"
    opened.save(book)
    answer = server.api.post("/jobs", files={"file": ("case.xlsx", book.read_bytes())})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["exit_code"] == 2
    assert {finding["at"]["cell"] for finding in problem["findings"] if finding["level"] == "error"} >= {"B4"}
    checked = server.api.post("/check", files={"file": ("case.xlsx", book.read_bytes())}).json()
    assert not checked["ok"]
    assert checked["findings"] == problem["findings"]


def test_the_language_of_the_request_is_the_language_of_the_answer(server):
    asked = {"case": "worked-example", "set": {"rules.retention.kep": 1}}
    zh = server.api.post("/jobs", json=asked, headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}).json()
    en = server.api.post("/jobs", json=asked, headers={"Accept-Language": "en-GB, zh;q=0.3"}).json()
    assert zh["message"] == en["message"]
    assert (zh["detail"], en["detail"]) == (zh["message"]["zh"], zh["message"]["en"])
    assert zh["findings"][0]["fix"] != en["findings"][0]["fix"]


def test_a_case_without_a_plan_says_which_rules_clash(server):
    stuck = short(targets={}) | {}
    stuck["tables"]["targets"] = [
        {"measure": "energy_used", "sense": ">=", "value": 500, "place": "county", "kind": "hard"}
    ]
    ended = server.ended(server.submit(case=stuck)["id"])
    assert (ended["state"], ended["has_result"]) == ("failed", False)
    assert (ended["error"]["kind"], ended["error"]["exit_code"]) == ("infeasible", 3)
    assert ended["error"]["message"]["zh"] and ended["error"]["message"]["en"]
    missing = server.api.get(f"/jobs/{ended['id']}/result")
    assert (missing.status_code, missing.json()["kind"]) == (409, "wrong-state")


@pytest.mark.slow
def test_a_cancelled_job_keeps_the_plan_it_has(server, hard, tmp_path):
    answer = server.api.post("/jobs", files={"file": ("case.zip", hard)}, data={"gap": "0"})
    job = answer.json()["id"]
    waiting = server.submit(case="worked-example", gap=0.25)["id"]
    server.until(job, lambda found: (found["progress"] or {}).get("incumbent") is not None)
    assert server.api.get(f"/jobs/{job}/result").status_code == 409
    assert server.api.delete(f"/jobs/{job}").status_code == 409
    assert server.api.post(f"/jobs/{waiting}/cancel").json()["state"] == "cancelled"
    assert server.api.post(f"/jobs/{job}/cancel").json()["cancelling"]
    ended = server.ended(job)
    assert (ended["state"], ended["ending"]["status"], ended["has_result"]) == ("cancelled", "FEASIBLE", True)
    assert qo.verify(server.folder(job, tmp_path / "folder")).ok
    assert server.api.delete(f"/jobs/{job}").status_code == 204
    assert server.api.get(f"/jobs/{job}").status_code == 404


@pytest.mark.slow
def test_cases_and_jobs_are_compared(server, done):
    looser = {"case": "worked-example", "set": {"scenario.discount_rate": 0.1}}
    answer = server.api.post("/compare", json={"cases": [PLAN, looser], "language": "en"})
    assert answer.status_code == 202, answer.text
    ended = server.ended(answer.json()["id"])
    assert ended["state"] == "done", ended["error"]
    found = server.api.get(f"/jobs/{ended['id']}/result").json()
    assert [entry["job"] for entry in found["scenarios"]] == ended["jobs"]
    [row] = [row for row in found["measures"] if row["measure"] == "objective"]
    other = qo.solve(qo.read("worked-example", overrides=looser["set"]))
    values = [row[entry["name"]] for entry in found["scenarios"]]
    assert values == pytest.approx([done["ending"]["objective"], other.objective])
    again = server.api.post("/compare", json={"jobs": [done["id"], "0" * 32]})
    assert again.status_code == 404
    assert server.api.get(f"/jobs/{ended['id']}/report.html").status_code == 409


def test_built_in_cases_profiles_and_schemas_are_listed(server):
    cases = {case["name"]: case for case in server.api.get("/cases").json()}
    assert "strict-access" in cases["zhuji"]["variants"]
    assert {profile["name"] for profile in server.api.get("/profiles").json()} >= {"auto", "exact", "quick"}
    assert server.api.get("/schema/case").json()["$schema"].startswith("https://json-schema.org/")
    assert server.api.get("/schema/nothing").status_code == 422
    assert server.api.get("/limits").json()["upload_mb"] == 50


def test_jobs_are_listed_page_by_page(server, done):
    first = server.api.get("/jobs", params={"limit": 1, "state": "done"}).json()
    assert len(first["jobs"]) == 1
    ids = [first["jobs"][0]["id"]]
    while first["next"]:
        first = server.api.get("/jobs", params={"limit": 3, "before": first["next"], "state": "done"}).json()
        ids += [job["id"] for job in first["jobs"]]
    assert len(ids) == len(set(ids)) and done["id"] in ids


def test_a_job_that_begins_and_ends_between_two_looks_was_running_too(service, monkeypatch):
    import asyncio
    import json

    from quota_opt.store.jobs import Job
    from quota_opt.web import events as stream

    jobs = service.jobs
    asked = {"kind": "solve", "state": "queued", "owner": "me", "case": "c" * 64, "address": "0" * 24}
    job = jobs.submit(Job(**asked), b"files", most=10)[0]

    async def quick(_seconds):
        if jobs.get(job.id, "me").state == "queued":
            jobs.finish(jobs.claim("s"), "failed", error={"kind": "infeasible"})

    monkeypatch.setattr(stream.asyncio, "sleep", quick)

    async def watched():
        return [each async for each in stream.job_events(service, job.id, "me", 0, "/api/v1")]

    told = [json.loads(each.split("data: ", 1)[1]) for each in asyncio.run(watched()) if "data: " in each]
    assert [each["state"] for each in told] == ["queued", "running", "failed"]
    assert told[1]["error"] is None
    assert [each["version"] for each in told] == sorted({each["version"] for each in told})
