"""Which proxy and which certificates are used for GitHub: the settings, else the environment."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gitstars.config import Config, LoadedConfig, load, mask
from gitstars.errors import ConfigInvalid
from gitstars.settings import GithubConfig
from gitstars.way_out import describe

PROXY = "http://proxy.example:3128"
ENTERPRISE = """[github]
api_url = "https://git.corp.example/api/v3"
graphql_url = "https://git.corp.example/api/graphql"
"""

Read = Callable[..., LoadedConfig]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """``read(toml, **variables)``: the configuration in a folder that holds just that file."""

    def call(toml: str = "", **variables: str) -> LoadedConfig:
        (tmp_path / "config.toml").write_text(toml)
        return load(None, environ=variables, folder=tmp_path)

    return call


@pytest.mark.parametrize(
    ("variables", "proxy"),
    [
        ({}, ""),
        ({"HTTPS_PROXY": PROXY}, PROXY),
        ({"https_proxy": PROXY}, PROXY),
        ({"https_proxy": PROXY, "HTTPS_PROXY": "http://other:1"}, PROXY),
        ({"HTTPS_PROXY": "proxy.example:3128"}, PROXY),
        ({"HTTPS_PROXY": ""}, ""),
        ({"HTTP_PROXY": PROXY}, ""),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "*"}, ""),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "localhost, api.github.com"}, ""),
        ({"HTTPS_PROXY": PROXY, "no_proxy": "github.com"}, ""),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": ".github.com"}, ""),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "*.github.com"}, ""),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "API.GitHub.com"}, ""),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "hub.com,example.com,10.0.0.0/8,,"}, PROXY),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": "api.github.com:8443"}, PROXY),
    ],
)
def test_the_environment_names_the_proxy_of_github(
    variables: Mapping[str, str], proxy: str, read: Read
) -> None:
    assert read(**variables).config.github.proxy_url == proxy


@pytest.mark.parametrize(
    ("address", "exempt", "is_exempt"),
    [
        ("https://10.1.2.3/api/v3", "10.0.0.0/8", True),
        ("https://10.1.2.3/api/v3", "10.1.2.3", True),
        ("https://10.1.2.3:8443/api/v3", "10.1.2.3:8443", True),
        ("https://11.1.2.3/api/v3", "10.0.0.0/8", False),
        ("https://[2001:db8::1]/api/v3", "2001:db8::/32", True),
        ("https://git.corp.example/api/v3", "corp.example", True),
        ("https://git.corp.example:8443/api/v3", "corp.example:8443", True),
        ("https://git.corp.example/api/v3", "other.example", False),
        ("https://127.0.0.1:9999", "", True),
        ("http://localhost:9999", "", True),
    ],
)
def test_who_needs_no_proxy_is_named_by_name_address_network_and_port(
    address: str, exempt: str, is_exempt: bool, read: Read
) -> None:
    toml = f"[github]\napi_url = '{address}'\ngraphql_url = '{address}'"

    github = read(toml, HTTPS_PROXY=PROXY, HTTP_PROXY=PROXY, NO_PROXY=exempt).config.github

    assert github.proxy_url == ("" if is_exempt else PROXY)


def test_a_setting_goes_before_the_environment(read: Read) -> None:
    named = read("[github]\nproxy = 'https://mine.example'", HTTPS_PROXY=PROXY, NO_PROXY="*")
    direct = read("[github]\nproxy = 'direct'", HTTPS_PROXY=PROXY)

    assert named.config.github.proxy_url == "https://mine.example"
    assert direct.config.github.proxy_url == ""


def test_where_the_proxy_came_from_is_told(read: Read) -> None:
    loaded = read(HTTPS_PROXY=PROXY)

    assert loaded.origins["github.proxy"] == "environment variable HTTPS_PROXY"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("socks5://proxy:1080", "must be an address that begins with http:// or https://"),
        ("http://", "must be an address that begins with http:// or https://"),
        ("http://proxy:port", "must be an address such as http://HOST:PORT"),
        ("http://pro xy", "must not hold spaces"),
    ],
)
def test_a_proxy_that_is_no_address_is_one_sentence(value: str, problem: str, read: Read) -> None:
    with pytest.raises(ConfigInvalid) as in_file:
        read(f"[github]\nproxy = '{value}'")
    with pytest.raises(ConfigInvalid) as in_environment:
        read(https_proxy=value)

    assert f"config.toml: github.proxy {problem}, or direct, got" in str(in_file.value)
    assert f"environment variable https_proxy: github.proxy {problem}" in str(in_environment.value)


def test_the_password_of_a_proxy_is_never_shown(read: Read) -> None:
    address = "http://joe:ses@me@proxy.example:3128"
    config: Config = read("", HTTPS_PROXY=address).config
    with pytest.raises(ConfigInvalid) as refused:
        read("", HTTPS_PROXY="socks5://joe:ses@me@proxy.example")

    shown = (
        repr(config),
        mask(config.github.proxy),
        str(describe(config.github)),
        str(refused.value),
    )

    assert config.github.proxy_url == address
    for text in shown:
        assert "ses" not in re.sub("addresses", "", text)
        assert "proxy.example" in text


# Certificates


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "corp.pem"
    path.write_text("-----BEGIN CERTIFICATE-----")
    return path


def test_the_environment_names_the_certificates(bundle: Path, tmp_path: Path, read: Read) -> None:
    other = tmp_path / "other.pem"
    other.write_text("")

    assert read().config.github.ca_file == ""
    assert read(SSL_CERT_FILE=str(bundle)).config.github.ca_file == str(bundle)
    both = read(REQUESTS_CA_BUNDLE=str(bundle), SSL_CERT_FILE=str(other))
    assert both.config.github.ca_file == str(bundle)
    assert both.origins["github.ca_file"] == "environment variable REQUESTS_CA_BUNDLE"
    mine = read("[github]\nca_file = 'other.pem'", SSL_CERT_FILE=str(bundle))
    assert mine.config.github.ca_file == str(other)


@pytest.mark.parametrize(
    ("toml", "variables", "label"),
    [
        ("[github]\nca_file = 'nowhere.pem'", {}, "config.toml"),
        ("", {"SSL_CERT_FILE": "nowhere.pem"}, "environment variable SSL_CERT_FILE"),
    ],
)
def test_certificates_that_are_not_there_are_one_sentence(
    toml: str, variables: Mapping[str, str], label: str, read: Read
) -> None:
    with pytest.raises(ConfigInvalid) as refused:
        read(toml, **variables)

    assert str(refused.value) == (
        f"{label}: github.ca_file must be a file of certificates that can be read, "
        'got "nowhere.pem"'
    )


def test_what_is_used_is_said_in_words(bundle: Path, read: Read) -> None:
    usual = describe(GithubConfig())
    special = describe(read(ENTERPRISE, HTTPS_PROXY=PROXY, SSL_CERT_FILE=str(bundle)).config.github)

    assert (usual.proxy, usual.certificates) == (
        "directly, without a proxy",
        "the certificates that come with gitstars",
    )
    assert special.proxy == f"through the proxy {PROXY}"
    assert special.certificates == f"the certificates in {bundle}"
