"""How people name a repository: as ``owner/name``, or as an address of the browser or of git."""

import re
from urllib.parse import urlsplit

from gitstars.errors import UserMistake

#: What GitHub allows in the name of an owner and of a repository.
NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
#: The login of a person or an organisation, and the address of its page.
OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,99})")
OWNER_PAGE = re.compile(r"(?:https?://)?(?:www\.)?(?P<host>[\w.:-]+)/(?P<owner>[^/?#]+)/?")
#: ``git@github.com:owner/name.git``
SCP_LIKE = re.compile(r"[\w.-]+@(?P<host>[\w.-]+):(?P<path>[^/].*)")
PUBLIC_HOST = "github.com"


def read_repository(text: str, host: str = PUBLIC_HOST) -> str:
    """``owner/name`` of an address of a repository at ``host``, whatever page of it the address
    shows; any other text as it is, without the white space around it.

    Raises UserMistake for an address of another server, and for one that names no repository.
    """
    text = text.strip()
    found = SCP_LIKE.fullmatch(text)
    if found is not None:
        return _read_path(text, found["host"], found["path"], host)
    is_bare = text.lower().startswith((f"{host}/", f"www.{host}/"))
    if "://" not in text and not is_bare:
        return text
    try:
        parts = urlsplit(f"https://{text}" if is_bare else text)
        found_host = parts.hostname or ""
    except ValueError as error:
        raise UserMistake(f"{text!r} is no address of a repository") from error
    if parts.scheme not in ("http", "https", "ssh", "git", "git+ssh", "git+https"):
        raise UserMistake(f"{text!r} is no address of a repository")
    return _read_path(text, found_host, parts.path, host)


def read_followed(text: str, host: str = PUBLIC_HOST) -> str:
    """``owner/name``, or an owner, of a name or an address. Raises UserMistake."""
    text = text.strip()
    if OWNER.fullmatch(text):
        return text
    page = OWNER_PAGE.fullmatch(text)
    if page is not None and page["host"].lower() == host and OWNER.fullmatch(page["owner"]):
        return page["owner"]
    name = read_repository(text, host)
    if not is_name(name):
        raise UserMistake(
            f"{text!r} names no repository and no owner; give it as owner/name, or as owner"
        )
    return name


def is_name(text: str) -> bool:
    """Whether it is an ``owner/name`` that GitHub could have."""
    return bool(NAME.fullmatch(text)) and not set(text.split("/")) & {".", ".."}


def web_host(api_url: str) -> str:
    """The host of the pages that belong to an API: ``github.com`` unless it is a server of one's
    own (``https://HOST/api/v3``).
    """
    parts = urlsplit(api_url)
    is_own = parts.path.rstrip("/").endswith("/api/v3") and parts.hostname
    return (parts.hostname or PUBLIC_HOST).lower() if is_own else PUBLIC_HOST


def web_root(api_url: str) -> str:
    """The address of the pages that belong to an API, without a slash at its end:
    ``https://github.com`` for ``https://api.github.com``, ``https://HOST`` for
    ``https://HOST/api/v3``.
    """
    parts = urlsplit(api_url)
    host = parts.netloc.removeprefix("api.")
    return f"{parts.scheme}://{host}{parts.path.rstrip('/').removesuffix('/api/v3')}"


def _read_path(text: str, found_host: str, path: str, host: str) -> str:
    if found_host.lower().removeprefix("www.") != host:
        raise UserMistake(f"{text!r} is an address of {found_host or 'no server'}, not of {host}")
    owner_and_name = "/".join(path.strip("/").split("/")[:2]).removesuffix(".git")
    if not is_name(owner_and_name):
        raise UserMistake(f"{text!r} names no repository; give it as owner/name")
    return owner_and_name
