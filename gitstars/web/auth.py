"""Who may call the admin API: the key and where it is kept, and whether the request was meant
for this server.
"""

import hmac
import os
import secrets
import stat
from pathlib import Path
from urllib.parse import urlsplit

from bottle import request

from gitstars.config import AdminConfig
from gitstars.errors import ConfigInvalid, UserMistake
from gitstars.redaction import register_secret
from gitstars.settings.rules import LEAST_KEY_LENGTH, is_loopback
from gitstars.web.answers import refusal

#: Characters of a key that we make: 256 bits.
KEY_BYTES = 32
#: Hold no data, so they need no key: the dashboard's files, and the description of the API.
PUBLIC = ("/", "/favicon.ico", "/openapi.json")
PUBLIC_FOLDER = "/static/"
#: Routes that tell who starred begin so, or end with ``/stargazers``.
NAMED = ("/users/", "/export/stars", "/export/users")


def find_key(settings: AdminConfig, file: Path) -> str:
    """The configured key; on loopback, where none is configured, the one in ``file``, made when
    there is none.

    Raises UserMistake.
    """
    key = settings.api_key
    if not is_loopback(settings.host) and len(key) < LEAST_KEY_LENGTH:
        raise ConfigInvalid(
            f"admin.api_key must have at least {LEAST_KEY_LENGTH} characters because "
            f"{settings.host} is not loopback"
        )
    key = key or _read_key(file) or _make_key(file)
    register_secret(key)
    register_secret(settings.read_key)
    return key


class Gate:
    """Lets requests through that bring a key."""

    def __init__(self, key: str, is_local: bool, read_key: str = "") -> None:
        """``is_local``: the server listens on loopback, so requests for other hosts come from
        pages that play tricks with names. ``read_key`` only looks (empty: there is none).
        """
        self._key = key.encode()
        self._read_key = read_key.encode()
        self._is_local = is_local

    def check(self) -> None:
        """Raises the refusal that fits the request in hand."""
        if self._is_local:
            refuse_foreign_host()
        host = request.get_header("Host", "")
        origin = request.get_header("Origin")
        if origin is not None and urlsplit(origin).netloc != host:
            raise refusal(403, "foreign_origin", "pages of other servers may not call this one")
        if request.path in PUBLIC or request.path.startswith(PUBLIC_FOLDER):
            return
        kind, _, given = request.get_header("Authorization", "").partition(" ")
        if not given:
            raise refusal(
                401,
                "key_missing",
                "send the admin key as a bearer token in the header Authorization",
                WWW_Authenticate='Bearer realm="gitstars"',
            )
        sent = given.strip().encode("latin-1", errors="replace")
        is_key = hmac.compare_digest(sent, self._key)
        is_read_key = hmac.compare_digest(sent, self._read_key) and bool(self._read_key)
        if kind.lower() == "bearer" and is_read_key and not is_key:
            refuse_more_than_looking()
        elif kind.lower() != "bearer" or not is_key:
            challenge = 'Bearer realm="gitstars", error="invalid_token"'
            raise refusal(
                401,
                "key_wrong",
                "this is not the admin key of this server",
                WWW_Authenticate=challenge,
            )


def refuse_more_than_looking() -> None:
    """For a caller with the key that only looks: raises the refusal where the request would change
    something, or tell who starred.
    """
    path = request.path
    tells_names = path.startswith(NAMED) or path.endswith("/stargazers")
    if request.method != "GET" or tells_names:
        raise refusal(
            403,
            "key_only_looks",
            "this key only looks, and not at who starred: that takes the admin key",
        )


def refuse_foreign_host() -> None:
    """For a server on loopback: a request for another host comes from a page that plays tricks
    with names. Raises the refusal.
    """
    if not is_loopback(_name_of(request.get_header("Host", ""))):
        raise refusal(
            403,
            "foreign_host",
            "this server is called by the names of this machine only: 127.0.0.1 or localhost",
        )


def _name_of(host: str) -> str:
    """The host without its port; of ``[::1]:80`` the address."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _read_key(file: Path) -> str:
    """The key in ``file``; empty when there is none that only this user can know."""
    try:
        with file.open(encoding="ascii") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            key = stream.read(1000).strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return (
        key
        if len(key) >= LEAST_KEY_LENGTH and key.isprintable() and not stat.S_IMODE(mode) & 0o077
        else ""
    )


def _make_key(file: Path) -> str:
    """A new key in ``file``, readable for this user alone from its first moment."""
    key = secrets.token_urlsafe(KEY_BYTES)
    fresh = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(
            os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii"
        ) as stream:
            stream.write(key + "\n")
        fresh.replace(file)
    except OSError as error:
        raise UserMistake(
            f"the admin key cannot be kept in {file}: {error.strerror}; set ADMIN_API_KEY or "
            "admin.api_key"
        ) from error
    return key
