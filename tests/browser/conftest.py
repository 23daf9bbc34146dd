"""A server whose page asks for no token, for all browser tests of a process."""

import pytest
from browsing import visit
from serving import serving


@pytest.fixture(scope="session")
def told(tmp_path_factory):
    """What the server says of itself: `address`, `api`, `token` …"""
    with serving(tmp_path_factory.mktemp("site"), "--jobs", "1", QUOTA_OPT_TOKEN="") as made:
        yield made.told


@pytest.fixture(scope="session")
def site(told):
    """Where the page is."""
    return told["address"]


@pytest.fixture
def window(chromium, site):
    """A window of one person at that server."""
    made = visit(chromium, site)
    yield made
    made.close()
