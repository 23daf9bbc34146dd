"""The workspace: own cases in versions, each user's own, undone and brought back, with what was done written down."""

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

import quota_opt as qo
from quota_opt.store import workspace as module
from quota_opt.store.jobs import Job, Jobs
from quota_opt.store.schema import Run
from quota_opt.store.workspace import Workspace
from quota_opt.store.workspace_tables import OwnCase
from quota_opt.store.workspace_values import ACTIONS, BuiltIn, Changed, NoSuchCase, WorkspaceFull


@pytest.fixture
def workspace(store):
    return Workspace(store)


@pytest.fixture(scope="session")
def files(case):
    return dict(case.files)


@pytest.fixture(scope="session")
def faulty(files):
    """The same with a project in a town that is not there."""
    return {**files, "projects.csv": files["projects.csv"].replace(b",N1,", b",N9,", 1)}


@pytest.fixture(scope="session")
def fewer(files):
    """The same without its last project."""
    lines = files["projects.csv"].rstrip().splitlines(keepends=True)
    return {**files, "projects.csv": b"".join(lines[:-1])}


def test_a_case_is_kept_byte_for_byte_with_what_is_seen_of_it(workspace, files):
    made = workspace.add_case("li", files, title="  第12周\n", source="第12周.xlsx")
    assert workspace.cases("li") == [made]
    assert workspace.case("li", made.key) == made
    assert workspace.files("li", made.key) == files
    assert (made.title, made.version, made.errors, made.firms, made.projects) == ("第12周", 1, 0, 3, 4)
    assert made.data == "synthetic" and made.sound


def test_a_case_with_faults_is_kept_to_be_mended(workspace, faulty, files):
    made = workspace.add_case("li", faulty, title="有错", source="a.zip")
    assert made.errors == 1 and not made.sound
    mended = workspace.save("li", made.key, files, based_on=1, note="改了镇名")
    assert (mended.version, mended.errors) == (2, 0)
    assert [(v.number, v.errors, v.note) for v in workspace.versions("li", made.key)] == [
        (2, 0, "改了镇名"),
        (1, 1, ""),
    ]


def test_what_is_another_users_is_not_there(workspace, files):
    made = workspace.add_case("li", files, title="甲", source="a")
    for ask in (
        lambda: workspace.case("wang", made.key),
        lambda: workspace.files("wang", made.key),
        lambda: workspace.files("wang", made.key, 1),
        lambda: workspace.versions("wang", made.key),
        lambda: workspace.save("wang", made.key, files, based_on=1),
        lambda: workspace.copy("wang", made.key, "乙"),
        lambda: workspace.rename("wang", made.key, "乙"),
        lambda: workspace.remove("wang", made.key),
        lambda: workspace.bring_back("wang", made.key),
        lambda: workspace.restore("wang", made.key, 1),
        lambda: workspace.add_variant("wang", made.key, "乙", {}),
        lambda: workspace.note_run("wang", made.key, 1, "0"),
        lambda: workspace.case("li", "no-such-case"),
    ):
        with pytest.raises(NoSuchCase, match="no such case"):
            ask()
    assert workspace.cases("wang") == []
    assert workspace.case("li", made.key) == made


def test_two_who_save_do_not_overwrite_one_another(workspace, files, fewer, faulty):
    made = workspace.add_case("li", files, title="甲", source="a")
    workspace.save("li", made.key, fewer, based_on=1, note="去掉一个项目")
    with pytest.raises(Changed) as refused:
        workspace.save("li", made.key, faulty, based_on=1)
    assert (refused.value.newer.number, refused.value.newer.note) == (2, "去掉一个项目")
    assert pickle.loads(pickle.dumps(refused.value)).newer == refused.value.newer
    assert workspace.files("li", made.key) == fewer
    assert workspace.save("li", made.key, faulty, based_on=2).version == 3


def test_of_many_who_save_at_once_one_comes_through_and_the_others_are_told(workspace, files):
    made = workspace.add_case("li", files, title="甲", source="a")

    def save(number):
        mine = {**files, "projects.csv": files["projects.csv"] + b"\n" * number}
        try:
            return workspace.save("li", made.key, mine, based_on=1, note=f"{number}")
        except Changed as refused:
            return refused

    with ThreadPoolExecutor(6) as threads:
        ended = list(threads.map(save, range(1, 7)))
    [won] = [each for each in ended if not isinstance(each, Changed)]
    assert won.version == 2
    assert {each.newer.note for each in ended if isinstance(each, Changed)} == {
        workspace.versions("li", made.key)[0].note
    }


def test_saving_what_is_there_already_makes_no_version(workspace, files):
    made = workspace.add_case("li", files, title="甲", source="a")
    assert workspace.save("li", made.key, files, based_on=1).version == 1


def test_undoing_loses_nothing(workspace, files, fewer):
    made = workspace.add_case("li", files, title="甲", source="a")
    workspace.save("li", made.key, fewer, based_on=1)
    assert workspace.restore("li", made.key, 1).version == 3
    assert workspace.files("li", made.key) == files
    assert workspace.files("li", made.key, 2) == fewer
    with pytest.raises(NoSuchCase):
        workspace.restore("li", made.key, 9)


def test_built_in_cases_are_read_and_copied_never_changed(workspace, files):
    entry = workspace.case("li", "worked-example")
    assert (entry.builtin, entry.firms, entry.projects, entry.errors) == (True, 3, 4, 0)
    assert entry.named("en") != entry.named("zh") == entry.title
    assert workspace.files("li", "worked-example") == files
    assert "zhuji" in [each.key for each in workspace.builtins()]
    for change in (
        lambda: workspace.save("li", "worked-example", files, based_on=1),
        lambda: workspace.rename("li", "worked-example", "乙"),
        lambda: workspace.remove("li", "worked-example"),
    ):
        with pytest.raises(BuiltIn, match="make a copy"):
            change()
    own = workspace.copy("li", "worked-example", "我的算例")
    assert (own.builtin, own.title, own.source, own.firms) == (False, "我的算例", entry.title, 3)
    assert workspace.files("li", own.key) == files


def test_a_removed_case_can_be_brought_back_until_it_is_cleared_away(workspace, store, files):
    kept = workspace.add_case("li", files, title="甲", source="a")
    gone = workspace.add_case("li", {**files, "targets.csv": b"measure,sense,value\n"}, title="乙", source="b")
    workspace.remove("li", gone.key)
    assert [each.key for each in workspace.cases("li")] == [kept.key]
    assert [each.title for each in workspace.removed("li")] == ["乙"]
    assert workspace.bring_back("li", gone.key).version == 1
    workspace.remove("li", gone.key)
    store.gc()
    assert [each.key for each in workspace.removed("li")] == [gone.key]
    with store.session(writing=True) as session:
        before = datetime.now(UTC) - timedelta(days=31)
        session.execute(update(OwnCase).where(OwnCase.key == gone.key).values(removed=before))
    assert store.gc().files == 1
    assert workspace.removed("li") == []
    assert workspace.files("li", kept.key) == files


def test_clearing_the_store_leaves_the_files_of_every_version(workspace, store, files, fewer):
    made = workspace.add_case("li", files, title="甲", source="a")
    workspace.save("li", made.key, fewer, based_on=1)
    assert store.gc(older_than=timedelta(0)).files == 0
    assert workspace.files("li", made.key, 1) == files
    assert workspace.files("li", made.key, 2) == fewer


def test_a_user_keeps_so_many_cases_and_so_much_and_no_more(workspace, files, monkeypatch):
    monkeypatch.setattr(module, "MOST_CASES", 2)
    first = workspace.add_case("li", files, title="甲", source="a")
    workspace.add_case("li", files, title="乙", source="a")
    with pytest.raises(WorkspaceFull, match="2 cases already"):
        workspace.add_case("li", files, title="丙", source="a")
    workspace.add_case("wang", files, title="丙", source="a")
    monkeypatch.setattr(module, "MOST_MB", 0)
    with pytest.raises(WorkspaceFull, match="0 MB are kept at most"):
        workspace.save("li", first.key, {**files, "projects.csv": b"x" * 3_000_000}, based_on=1)
    assert workspace.case("li", first.key).version == 1
    assert workspace.files("li", first.key) == files


def test_the_oldest_versions_go_beyond_so_many(workspace, files, monkeypatch):
    monkeypatch.setattr(module, "KEPT_VERSIONS", 3)
    made = workspace.add_case("li", files, title="甲", source="a")
    for number in range(1, 6):
        more = files["projects.csv"] + b"\n" * number
        workspace.save("li", made.key, {**files, "projects.csv": more}, based_on=number)
    assert [version.number for version in workspace.versions("li", made.key)] == [6, 5, 4]


def test_the_state_of_screens_survives_and_is_each_users_own(workspace, store):
    workspace.keep("li", "what-if/zhuji", {"rules.admission.limits.0.value": 0.49, "名": [1, None]})
    workspace.keep("li", "what-if/zhuji", {"a": 1})
    assert Workspace(store).kept("li", "what-if/zhuji") == {"a": 1}
    assert workspace.kept("wang", "what-if/zhuji") is None
    with pytest.raises(WorkspaceFull, match="too large"):
        workspace.keep("li", "what-if/zhuji", {"a": "x" * 2_000_000})


def test_variants_are_saved_with_what_they_change(workspace):
    limit = "rules.admission.limits.0.value"
    workspace.add_variant("li", "zhuji", "收紧", {limit: 0.5})
    saved = workspace.add_variant("li", "zhuji", "收紧", {limit: 0.49}, variant="strict", measures={"jobs_net": 19.6})
    workspace.add_variant("li", "cixi", "别处", {})
    assert workspace.variants("li", "zhuji") == [saved]
    assert saved.overrides == {limit: 0.49}
    assert workspace.variants("wang", "zhuji") == []
    workspace.remove_variant("li", "zhuji", "收紧")
    assert workspace.variants("li", "zhuji") == []


def queued(store, owner, **more):
    asked = {"kind": "solve", "state": "queued", "owner": owner, "case_name": "small", **more}
    return Jobs(store).submit(Job(**asked), most=100)[0].id


def test_the_history_tells_where_a_run_came_from_and_those_of_the_api_too(workspace, store):
    mine, api = queued(store, "li", variant="v", overrides={"a": 1}), queued(store, "li")
    queued(store, "wang")
    queued(store, "li", kind="compare")
    workspace.note_run("li", "worked-example", 1, mine, "先试一下")
    newest, oldest = workspace.runs("li")
    assert (newest.job, newest.case, newest.title) == (api, None, "small")
    assert (oldest.job, oldest.case, oldest.label, oldest.variant) == (mine, "worked-example", "先试一下", "v")
    assert oldest.title == workspace.case("li", "worked-example").title and not oldest.ended
    Jobs(store).cancel(mine)
    [seen] = workspace.runs("li", "worked-example")
    assert seen.ended and seen.state == "cancelled" and seen.error["kind"] == "cancelled"
    assert workspace.run("wang", mine) is None and workspace.run("li", mine) == seen


def finished(store, owner, address):
    job = queued(store, owner, address=address)
    jobs = Jobs(store)
    claimed = jobs.claim("s")
    assert claimed.id == job
    assert jobs.finish(claimed, "done", result=address)
    return job


def test_clearing_leaves_runs_that_the_history_or_a_young_job_leads_to(workspace, store, like):
    names = ("page", "young", "old", "bare")
    addresses = {name: store.add(like(address=f"{i}" * 24)) for i, name in enumerate(names)}
    jobs = {name: finished(store, "li", addresses[name]) for name in names[:3]}
    workspace.note_run("li", "worked-example", 1, jobs["page"])
    long_ago = datetime.now(UTC) - timedelta(days=100)
    with store.session(writing=True) as session:
        session.execute(update(Run).values(created=long_ago))
        session.execute(update(Job).where(Job.id != jobs["young"]).values(finished=long_ago))
    assert store.gc(older_than=timedelta(days=30)).runs == 2
    assert set(store.runs()["address"]) == {addresses["page"], addresses["young"]}


def test_the_audit_log_tells_who_did_what_and_finds_it_again(workspace, files):
    made = workspace.add_case("li", files, title="第12周", source="week.xlsx")
    workspace.rename("li", made.key, "第13周")
    workspace.remove("li", made.key)
    workspace.bring_back("li", made.key)
    workspace.log("wang", "login-refused", "10.0.0.7", {"reason": "100%"})
    told = workspace.audit()
    assert [(entry.user, entry.action) for entry in told][::-1] == [
        ("li", "upload"), ("li", "rename"), ("li", "remove"), ("li", "bring-back"), ("wang", "login-refused"),
    ]  # fmt: skip
    assert [entry.action for entry in workspace.audit("li", search="week")] == ["upload"]
    assert [entry.user for entry in workspace.audit(search="100%")] == ["wang"]
    assert workspace.audit(search="100_") == []
    assert [entry.action for entry in workspace.audit(action="remove")] == ["remove"]
    moment = told[2].moment
    assert len(workspace.audit(since=moment)) == 3 and len(workspace.audit(until=moment)) == 2
    assert len(workspace.audit(limit=1)) == 1
    assert {entry.action for entry in told} <= set(ACTIONS)


def test_a_process_that_never_heard_of_the_workspace_clears_none_of_its_files(tmp_path, files):
    """What nothing refers to is known from the tables that are imported."""
    place = str(tmp_path / "store.db")
    with qo.Store.open(place) as store:
        made = Workspace(store).add_case("li", files, title="甲", source="a")
    code = "import sys, quota_opt as qo\nwith qo.Store.open(sys.argv[1]) as s: print(s.gc().files)"
    ran = subprocess.run([sys.executable, "-c", code, place], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "0"
    with qo.Store.open(place) as store:
        assert Workspace(store).files("li", made.key) == files
