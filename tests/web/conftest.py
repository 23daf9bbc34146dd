"""A server for all tests of a process, and the same application without one."""

import pytest
from serving import TOKEN, serving


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server"), "--jobs", "1") as made:
        yield made


@pytest.fixture
def service(tmp_path):
    """A service whose jobs stay in the queue."""
    from quota_opt.store.store import Store
    from quota_opt.web.limits import ServerLimits
    from quota_opt.web.service import Service

    limits = ServerLimits(upload_mb=1, unpacked_mb=4, members=50, ratio=100, cells=20_000, queue=3, streams=1)
    made = Service(Store.open(tmp_path / "store.db"), limits, running=False)
    yield made
    made.stop(0)


@pytest.fixture
def page(service):
    """Callers of that service, in this process."""
    from starlette.testclient import TestClient

    from quota_opt.web.app import make_app

    app = make_app(service, {"default": TOKEN, "other": "another-token-for-tests"}, language="en")
    with TestClient(app, base_url="http://localhost", headers={"Authorization": f"Bearer {TOKEN}"}) as made:
        yield made
