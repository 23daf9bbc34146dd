"""The cookie of the page: who has shown a token, without keeping anything; it outlives a restart of the server."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

COOKIE = "quota_opt"
LASTS_S = 30 * 24 * 3600
"""After this a token is asked for again."""


class Signer:
    """Makes and reads cookies signed with the tokens: a token that is withdrawn ends its cookies."""

    def __init__(self, tokens: Mapping[str, str]) -> None:
        self._keys = {
            name: hashlib.sha256(b"page\0" + token.encode("utf-8", "surrogatepass")).digest()
            for name, token in tokens.items()
        }

    def sign(self, name: str) -> str:
        """The value of the cookie of `name`, who has shown its token."""
        return _value(self._keys[name], name, int(time.time()))

    def name_of(self, header: str | None) -> str | None:
        """Who sends a Cookie header; None where it carries no cookie of ours that still holds."""
        try:
            jar: SimpleCookie = SimpleCookie(header or "")
        except CookieError:
            return None
        if COOKIE not in jar:
            return None
        encoded, _, rest = jar[COOKIE].value.partition(".")
        issued = rest.partition(".")[0]
        try:
            name = base64.urlsafe_b64decode(encoded.encode("ascii")).decode("utf-8")
        except (ValueError, binascii.Error):
            return None
        if name not in self._keys or not issued.isdecimal() or time.time() - int(issued[:12]) > LASTS_S:
            return None
        expected = _value(self._keys[name], name, int(issued[:12]))
        given = jar[COOKIE].value.encode("utf-8", "surrogatepass")
        return name if hmac.compare_digest(given, expected.encode("ascii")) else None


def _value(key: bytes, name: str, issued: int) -> str:
    encoded = base64.urlsafe_b64encode(name.encode("utf-8")).decode("ascii")
    mark = hmac.new(key, f"{name}.{issued}".encode(), hashlib.sha256).hexdigest()
    return f"{encoded}.{issued}.{mark}"
