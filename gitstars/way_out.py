"""The way out of the machine to GitHub: which proxy and which certificates the environment names,
and what is used in the end, in words.

Pure: ``config`` hands the variables in.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gitstars.settings import GithubConfig
from gitstars.settings.rules import is_loopback

PROXY_KEY, CA_KEY = "github.proxy", "github.ca_file"
#: Variables that name certificates, the strongest first.
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class WayOut:
    """How GitHub is reached, each as the end of a sentence; without credentials."""

    proxy: str
    certificates: str


def describe(github: GithubConfig) -> WayOut:
    """The proxy and the certificates that calls to GitHub use."""
    proxy = urlsplit(github.proxy_url)
    host = proxy.netloc.rpartition("@")[2]
    return WayOut(
        f"through the proxy {proxy.scheme}://{host}" if host else "directly, without a proxy",
        f"the certificates in {github.ca_file}"
        if github.ca_file
        else "the certificates that come with gitstars",
    )


def resolve(values: dict[str, Any], origins: dict[str, str], variables: Mapping[str, str]) -> None:
    """Where no proxy and no certificates are set in ``values`` (by key), take those that the
    environment's ``variables`` name, and say so in ``origins``.
    """
    for key, found in (
        (PROXY_KEY, find_proxy(variables, values["github.api_url"])),
        (CA_KEY, find_certificates(variables)),
    ):
        if not values[key] and found is not None:
            values[key], name = found
            origins[key] = f"environment variable {name}"


def find_proxy(variables: Mapping[str, str], url: str) -> tuple[str, str] | None:
    """The proxy that ``variables`` name for ``url``, as an address, and the variable's name; None:
    there is none. A loopback address never needs one.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host) or _is_exempt(
        variables, host, parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    ):
        return None
    for name in (f"{parts.scheme}_proxy", f"{parts.scheme}_proxy".upper()):
        if address := variables.get(name):
            return (address if "://" in address else f"http://{address}"), name
    return None


def find_certificates(variables: Mapping[str, str]) -> tuple[str, str] | None:
    """The file that ``variables`` name, and the variable's name; None: there is none."""
    return next(((variables[name], name) for name in CA_VARIABLES if variables.get(name)), None)


def _is_exempt(variables: Mapping[str, str], host: str, port: int) -> bool:
    """Whether ``NO_PROXY`` names the host: a name or the end of one (with or without a dot before
    it), an address, a network (``10.0.0.0/8``), each with a port or without one, or ``*``.
    """
    named = variables.get("no_proxy") or variables.get("NO_PROXY") or ""
    entries = re.split(r"[,\s]+", named.strip().lower())
    return any(entry == "*" or _covers(entry, host.lower(), port) for entry in entries)


def _covers(entry: str, host: str, port: int) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        pass
    name, colon, its_port = entry.rpartition(":")
    if colon and its_port.isdigit():
        if int(its_port) != port:
            return False
        entry = name
    entry = entry.removeprefix("*").lstrip(".").strip("[]")
    return bool(entry) and (host == entry or host.endswith(f".{entry}"))
