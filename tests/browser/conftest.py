"""A server whose page asks for no token, for all browser tests of a process."""

import pytest
from browsing import visit
from serving import serving


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("site"), "--jobs", "1", QUOTA_OPT_TOKEN="") as made:
        yield made


@pytest.fixture(scope="session")
def site(server):
    return server.told["address"]


@pytest.fixture
def window(chromium, site):
    """A window of one person at that server."""
    made = visit(chromium, site)
    yield made
    made.close()
