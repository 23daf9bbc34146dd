"""The pages about clusters: their commands work in the order they stand there, and what else they show is in order."""

import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from quota_opt.solving.pipes import environment

pytest.importorskip("distributed")
ROOT = Path(__file__).parents[2]
PAGES = {language: ROOT / "docs" / language / "cluster.md" for language in ("zh", "en")}


def fences(language, kind):
    return re.findall(rf"```{kind}\n(.*?)```", PAGES[language].read_text(encoding="utf-8"), flags=re.S)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
def test_the_commands_of_the_page_lead_to_a_cluster_of_two_workers_and_results(tmp_path):
    (grid,) = fences("en", "toml")
    (tmp_path / "grid.toml").write_text(grid, encoding="utf-8")
    port, running = free_port(), []
    programs = {"dask": [sys.executable, "-P", "-m", "dask"], "quota-opt": [sys.executable, "-P", "-m", "quota_opt"]}
    try:
        for line in "".join(fences("en", "console")).splitlines():
            words = shlex.split(line.removeprefix("$ ").replace("8786", port))
            command = [*programs[words[0]], *words[1:]]
            if words[0] == "dask":
                more = ["--dashboard-address", "127.0.0.1:0"]  # another cluster may be up beside this one
                quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
                running.append(subprocess.Popen([*command, *more], cwd=tmp_path, env=environment(), **quiet))
            else:
                done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, check=False)
                assert done.returncode == 0, (line, done.stderr.decode())
    finally:
        for process in reversed(running):
            process.terminate()
        ends = [process.wait(60) for process in reversed(running)]
    assert len(ends) == 2
    assert (tmp_path / "results" / "by-two" / "run.json").is_file()
    runs = pd.read_csv(tmp_path / "results" / "grid" / "runs.csv")
    assert runs["status"].tolist() == ["OPTIMAL"] * 4


def test_both_languages_show_the_same_commands_and_files():
    for kind in ("sh", "console", "toml", "yaml", "dockerfile"):
        assert fences("zh", kind) == fences("en", kind)
        assert fences("en", kind), kind


@pytest.mark.parametrize("language", PAGES)
def test_the_manifests_and_the_script_are_well_formed(language):
    import yaml

    manifests = [document for block in fences(language, "yaml") for document in yaml.safe_load_all(block)]
    assert [document["kind"] for document in manifests] == ["Service", "Deployment", "Deployment"]
    service, scheduler, worker = manifests
    assert service["spec"]["selector"] == scheduler["spec"]["template"]["metadata"]["labels"]
    assert f"tcp://{service['metadata']['name']}:8786" in worker["spec"]["template"]["spec"]["containers"][0]["command"]
    for script in fences(language, "python"):
        compile(script, PAGES[language].name, "exec")


def test_every_option_shown_is_one_that_dask_has():
    from click.testing import CliRunner
    from distributed.cli.dask_scheduler import main as scheduler
    from distributed.cli.dask_worker import main as worker

    known = {"scheduler": scheduler, "worker": worker}
    for line in "".join([*fences("en", "sh"), *fences("en", "console")]).splitlines():
        words = shlex.split(line.removeprefix("$ "))
        if words[:1] == ["dask"]:
            said = CliRunner().invoke(known[words[1]], ["--help"]).output
            for word in words:
                assert not word.startswith("--") or word in said, (line, word)
