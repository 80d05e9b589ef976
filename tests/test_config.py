"""Where settings come from, which are refused and in which words, and that struct, example file
and page of documentation agree.
"""

import json
import os
import re
import string
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import tomli
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gitstars.config import admin_key_path, data_folder, load, mask
from gitstars.errors import ConfigInvalid
from gitstars.settings import AdminConfig, Config, DatabaseConfig
from gitstars.settings.catalogue import Setting, catalogue

ROOT = Path(__file__).parent.parent

Load = Callable[..., Config]


@pytest.fixture
def read(tmp_path: Path) -> Load:
    """``read(toml, flags, environ, dotenv=…, is_local=…)`` in a folder that holds just that."""

    def call(
        toml: str | bytes | None = None,
        flags: Mapping[str, Any] | None = None,
        environ: Mapping[str, str] | None = None,
        dotenv: str | None = None,
        is_local: bool = False,
    ) -> Config:
        if toml is not None:
            (tmp_path / "config.toml").write_bytes(toml.encode() if isinstance(toml, str) else toml)
        if dotenv is not None:
            (tmp_path / ".env").write_text(dotenv)
        return load(None, flags, is_local=is_local, environ=environ or {}, folder=tmp_path).config

    return call


def test_without_any_configuration_the_database_is_embedded_in_the_data_folder(
    read: Load, private_surroundings: Path
) -> None:
    config = read()

    assert config.database.url == f"surrealkv://{private_surroundings / 'stars.db'}"
    assert config.github.requests_per_hour == 4000
    assert data_folder() == private_surroundings
    assert admin_key_path() == private_surroundings / "admin.key"


LAYERS: list[dict[str, Any]] = [
    {"toml": "[health]\nport = 1001"},
    {"dotenv": "HEALTH_PORT=1002"},
    {"environ": {"HEALTH_PORT": "1003"}},
    {"flags": {"health.port": "1004"}},
]
ORIGINS = [
    "default",
    "config.toml",
    ".env: HEALTH_PORT",
    "environment variable HEALTH_PORT",
    "--health-port",
]


@pytest.mark.parametrize("height", range(5))
def test_a_higher_layer_wins_and_is_named_as_the_origin(
    height: int, read: Load, tmp_path: Path
) -> None:
    layers: dict[str, Any] = {
        name: value for layer in LAYERS[:height] for name, value in layer.items()
    }

    config = read(**layers)

    origins = load(
        None, layers.get("flags"), environ=layers.get("environ", {}), folder=tmp_path
    ).origins
    assert config.health.port == [8080, 1001, 1002, 1003, 1004][height]
    assert origins["health.port"] == ORIGINS[height]
    assert origins["admin.port"] == "default"


@pytest.mark.parametrize(
    "setting", [setting for setting in catalogue() if setting.env], ids=lambda setting: setting.env
)
def test_every_variable_sets_its_setting(setting: Setting, read: Load) -> None:
    text, value = _another_value(setting)
    partner = {"DB_USER": "DB_PASS", "DB_PASS": "DB_USER"}.get(setting.env)

    config = read(None, None, {setting.env: text} | ({partner: "x"} if partner else {}))

    section, _, name = setting.key.partition(".")
    assert getattr(getattr(config, section), name) == value


def _another_value(setting: Setting) -> tuple[str, Any]:
    if isinstance(setting.default, str):
        text = {
            "database.url": "ws://db:8000",
            "database.proxy": "http://proxy:3128",
            "log.level": "debug",
            "admin.read_key": "another-long-key",
        }.get(setting.key, "another")
        return text, text
    number = setting.default + 2
    return str(number), number


def test_the_variables_are_the_documented_ones() -> None:
    variables = {setting.env for setting in catalogue()} - {""}

    assert " ".join(sorted(variables)) == (
        "ADMIN_API_KEY ADMIN_PORT ADMIN_READ_KEY DB_CONNECTION_TIMEOUT DB_DATABASE DB_NAMESPACE "
        "DB_PASS DB_POOL_MAX_SIZE DB_POOL_MIN_IDLE DB_PROXY"
        " DB_URL DB_USER HEALTH_PORT LOG_LEVEL PUBLIC_PORT"
    )


def test_an_empty_variable_counts_as_none(read: Load) -> None:
    assert read("[health]\nport = 1001", None, {"HEALTH_PORT": ""}).health.port == 1001


def test_a_dollar_sign_in_dotenv_is_just_a_dollar_sign(read: Load) -> None:
    config = read(dotenv="DB_URL=ws://db\nDB_USER=joe\nDB_PASS='a$HOME${x}'\nUNRELATED=1\n")

    assert config.database.password == "a$HOME${x}"


def test_local_is_the_server_next_door_and_wins_over_the_environment(read: Load) -> None:
    database = read(
        "[database]\nurl = 'mem://'", None, {"DB_USER": "joe", "DB_PASS": "x"}, is_local=True
    ).database

    assert (database.url, database.user, database.password) == (
        "ws://localhost:8000",
        "root",
        "root",
    )


def test_flags_win_over_local(read: Load) -> None:
    assert read(None, {"database.password": "secret"}, is_local=True).database.password == "secret"


def test_local_and_an_address_exclude_each_other(read: Load) -> None:
    with pytest.raises(ConfigInvalid, match="--local and --db-url exclude each other"):
        read(None, {"database.url": "mem://"}, is_local=True)


@pytest.mark.parametrize(
    "url",
    [
        "ws://h",
        "wss://h:1/rpc",
        "http://10.0.0.1:8000",
        "https://[::1]:8000",
        "mem://",
        "surrealkv:///a/b",
    ],
)
def test_addresses_of_databases_are_taken_as_they_are(url: str, read: Load) -> None:
    assert read(None, {"database.url": url}).database.url == url


def test_a_relative_path_in_the_file_starts_at_the_files_folder(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "stars.toml").write_text("[database]\nurl = 'surrealkv://stars.db'")

    config = load(Path("etc/stars.toml"), environ={}, folder=tmp_path).config

    assert config.database.url == f"surrealkv://{tmp_path}/etc/stars.db"


def test_a_relative_path_from_elsewhere_starts_at_the_current_folder(
    tmp_path: Path, read: Load
) -> None:
    assert (
        read(None, {"database.url": "surrealkv://stars.db"}).database.url
        == f"surrealkv://{tmp_path}/stars.db"
    )


def test_addresses_of_github_lose_their_last_slash(read: Load) -> None:
    github = read(
        "[github]\napi_url = 'https://ghe.example/api/v3/'\ngraphql_url = "
        "'https://ghe.example/api/graphql'"
    ).github

    assert github.api_url == "https://ghe.example/api/v3"


REFUSED = [
    ("[github]\npage_size = 250", "github.page_size must be 1-100, got 250"),
    (
        "[github]\npage_size = '50'",
        'github.page_size must be 1-100, a whole number without quotes, got "50"',
    ),
    ("[github]\npage_size = 5.5", "github.page_size must be 1-100, got 5.5"),
    ("[github]\npage_size = true", "github.page_size must be 1-100, got true"),
    (
        "[github]\nread_timeout_seconds = nan",
        "github.read_timeout_seconds must be 0.1-600, got NaN",
    ),
    (
        "[github]\nread_timeout_seconds = inf",
        "github.read_timeout_seconds must be 0.1-600, got Infinity",
    ),
    ("[github]\npage_sise = 5", "github.page_sise is unknown; did you mean page_size?"),
    ("[githup]\n", "[githup] is unknown; did you mean github?"),
    ("url = 'mem://'", "[url] is unknown"),
    ("log = 'debug'", 'log must be a section, [log], got "debug"'),
    ("[log]\nlevel = 'loud'", 'log.level must be debug, error, info or warning, got "loud"'),
    ("[collect]\nprivate = 1", "collect.private must be true or false, got 1"),
    (
        "[discover]\ninclude = ['watched']",
        "discover.include must be a list of collaborating, owned or starred",
    ),
    (
        "[discover]\ninclude = []",
        "discover.include must be a list of collaborating, owned or starred, got []",
    ),
    ("[database]\nurl = 'localhost:8000'", "database.url must begin with ws://, wss://"),
    ("[database]\nurl = 'file:///x'", "database.url must begin with ws://"),
    ("[database]\nurl = 'ws://'", "database.url must be an address"),
    ("[database]\nurl = 'ws://h:99999'", "database.url must be an address"),
    ("[database]\nurl = 'surrealkv://'", "database.url must be surrealkv://PATH or mem://"),
    ("[database]\nurl = 'mem://x'", "database.url must be surrealkv://PATH or mem://"),
    ("[database]\nurl = 'ws://joe:sesame@h'", "database.url must not hold a user or a password"),
    (
        "[database]\nurl = 'ws://h'\nuser = 'joe'",
        "database.password must be set when database.user is",
    ),
    (
        "[database]\nurl = 'ws://h'\npassword = 'sesame'",
        "database.user must be set when database.password is",
    ),
    ("[database]\npassword = ['sesame']", "database.password must be a text, got 10 characters"),
    (
        "[database]\npool_max_size = 1",
        "database.pool_min_idle must not be above database.pool_max_size (1), got 2",
    ),
    (
        "[collect]\nlease_seconds = 60",
        "collect.heartbeat_seconds must be at most half of collect.lease_seconds (60), got 300.0",
    ),
    (
        "[workers]\ninitial = 5\nmaximum = 4",
        "workers.initial must not be above workers.maximum (4), got 5",
    ),
    ("[health]\nport = 8081", "health.port must differ from admin.port, got 8081"),
    (
        "[github]\napi_url = 'https://ghe.example/api/v3'",
        "github.graphql_url must be on the host of github.api_url",
    ),
    (
        "[github]\napi_url = 'http://ghe.example'\ngraphql_url = 'http://ghe.example'",
        "github.api_url must be https:// off loopback",
    ),
    (
        "[github]\napi_url = 'ftp://ghe.example'",
        "github.api_url must be an address that begins with https:// or http://",
    ),
    (
        "[admin]\nhost = '0.0.0.0'",
        (
            "admin.api_key must have at least 16 characters because admin.host (0.0.0.0) is not "
            "loopback"
        ),
    ),
    ("[admin]\nhost = '::'\napi_key = 'sesame'", "admin.api_key must have at least 16 characters"),
    ("[admin]\napi_key = 'sesame\\nX: y'", "admin.api_key must be printable ASCII"),
    ("[github", "is not valid TOML"),
    ("[log]\nlevel = 'info'\nlevel = 'info'", "is not valid TOML"),
    (b"\xff\xfe", "is no text in UTF-8; save it as UTF-8"),
]


@pytest.mark.parametrize(("toml", "sentence"), REFUSED)
def test_what_is_wrong_in_the_file_is_one_sentence_with_file_key_and_value(
    toml: str | bytes, sentence: str, read: Load
) -> None:
    with pytest.raises(ConfigInvalid) as refusal:
        read(toml)

    assert str(refusal.value).startswith(f"config.toml: {sentence}")
    assert "\n" not in str(refusal.value)
    assert "sesame" not in str(refusal.value)
    assert refusal.value.exit_code == 2


@pytest.mark.parametrize(
    ("layer", "source"),
    [
        ({"flags": {"health.port": "http"}}, "--health-port"),
        ({"environ": {"HEALTH_PORT": "http"}}, "environment variable HEALTH_PORT"),
        ({"dotenv": "HEALTH_PORT=http"}, ".env: HEALTH_PORT"),
    ],
)
def test_the_sentence_names_flag_variable_or_dotenv(
    layer: dict[str, Any], source: str, read: Load
) -> None:
    with pytest.raises(
        ConfigInvalid, match=re.escape(f'{source}: health.port must be 0-65535, got "http"')
    ):
        read(**layer)


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_a_file_that_cannot_be_read_is_one_sentence(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match=re.escape(f"{Path(name)}: cannot be read: ")):
        load(Path(name), environ={}, folder=tmp_path)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
def test_on_loopback_no_admin_key_is_needed(host: str, read: Load) -> None:
    assert read(f"[admin]\nhost = '{host}'").admin.host == host


def test_an_admin_server_that_is_off_needs_no_key(read: Load) -> None:
    assert read("[admin]\nhost = '0.0.0.0'\nport = 0").admin.port == 0


def test_secrets_are_left_out_of_what_a_section_looks_like() -> None:
    sections = (
        DatabaseConfig(password="sesame"),
        AdminConfig(api_key="sesame"),
        Config(admin=AdminConfig(api_key="sesame")),
    )

    assert "sesame" not in repr(sections)
    assert "namespace='gitstars'" in repr(sections)


def test_credentials_inside_of_addresses_are_masked() -> None:
    assert mask("ws://joe:sesame@h") == '"ws://***@h"'
    assert mask("sesame", is_secret=True) == "***"
    assert mask("", is_secret=True) == '""'


@given(
    st.dictionaries(
        st.sampled_from([setting.key for setting in catalogue()]),
        st.one_of(
            st.integers(),
            st.floats(),
            st.booleans(),
            st.text(string.printable),
            st.lists(st.integers()),
            st.just({}),
        ),
        max_size=4,
    )
)
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_is_given_is_either_taken_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, given_flags: dict[str, Any]
) -> None:
    folder = tmp_path_factory.getbasetemp()

    try:
        config = load(None, given_flags, environ={}, folder=folder).config
    except ConfigInvalid as refusal:
        assert "\n" not in str(refusal)  # noqa: PT017
    else:
        assert all(_is_in_range(config, setting) for setting in catalogue())


def _is_in_range(config: Config, setting: Setting) -> bool:
    section, _, name = setting.key.partition(".")
    value = getattr(getattr(config, section), name)
    bounds = re.fullmatch(r"([\d.]+)-([\d.]+)", setting.expected)
    return bounds is None or float(bounds[1]) <= value <= float(bounds[2])


def test_the_example_file_names_every_key_with_its_default() -> None:
    example = (ROOT / "config.example.toml").read_text()

    uncommented = tomli.loads(re.sub(r"(?m)^#(?=\w+ = )", "", example))

    assert tomli.loads(example) == {section: {} for section in uncommented}
    flat = {
        f"{section}.{name}": value
        for section, table in uncommented.items()
        for name, value in table.items()
    }
    assert flat == {setting.key: json.loads(json.dumps(setting.default)) for setting in catalogue()}


def test_the_example_file_tells_every_range() -> None:
    example = (ROOT / "config.example.toml").read_text()

    for setting in catalogue():
        if not setting.expected.startswith("a text"):
            comment = re.search(
                (
                    rf"((?:^# .*\n)+)#{setting.key.partition('.')[2]} = "
                    rf"{re.escape(mask(setting.default))}$"
                ),
                example,
                re.M,
            )
            assert comment is not None, setting.key
            assert setting.expected in " ".join(comment[1].replace("\n# ", " ").split()), (
                setting.key
            )


def test_a_byte_order_mark_is_no_mistake(read: Load) -> None:
    assert read("\ufeff[health]\nport = 1003").health.port == 1003
    assert read(dotenv="\ufeffHEALTH_PORT=1004\n").health.port == 1004


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (
            '[health]\nport = "8080"',
            'health.port must be 0-65535, a whole number without quotes, got "8080"',
        ),
        ("[database]\nurl = 5", "database.url must be a text in quotes, got 5"),
        ('[health]\nport = "many"', 'health.port must be 0-65535, got "many"'),
        ('[collect]\nprivate = "true"', "true or false without quotes"),
    ],
)
def test_a_value_of_the_wrong_type_says_what_its_quotes_have_to_do_with_it(
    read: Load, toml: str, said: str
) -> None:
    with pytest.raises(ConfigInvalid, match=re.escape(said)):
        read(toml)


@pytest.mark.parametrize("level", ["INFO", "Info", "info"])
def test_a_word_among_some_is_taken_in_any_case(read: Load, level: str) -> None:
    assert read(environ={"LOG_LEVEL": level}).log.level == "info"
    assert read(f"[log]\nlevel = '{level}'").log.level == "info"


@pytest.mark.parametrize(
    ("line", "number"),
    [("ADMIN_API_KEY='unclosed\nHEALTH_PORT=1\n", 1), ("A=1\nfoo bar = baz qux\n", 2)],
)
def test_a_line_of_dotenv_that_cannot_be_read_is_refused(
    read: Load, line: str, number: int
) -> None:
    with pytest.raises(ConfigInvalid, match=rf"^\.env: line {number} cannot be read; a line is"):
        read(dotenv=line)


def make_link(path: Path) -> None:
    path.symlink_to("/nowhere/at/all")


@pytest.mark.parametrize("name", ["config.toml", ".env"])
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (Path.mkdir, "is a folder and no file"),
        (make_link, "is a link to nothing"),
        (os.mkfifo, "is a pipe or a device and no file"),
    ],
)
def test_what_bears_the_name_of_a_file_and_is_none_is_refused(
    tmp_path: Path, name: str, make: Callable[[Path], object], said: str
) -> None:
    make(tmp_path / name)

    with pytest.raises(ConfigInvalid, match=f"^{re.escape(name)}: {said}"):
        load(environ={}, folder=tmp_path)


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    # An unknown user id has no entry with a home either.
    monkeypatch.setattr("os.path.expanduser", lambda path: path)

    with pytest.raises(ConfigInvalid, match="this user has no home folder: set HOME or XDG_DATA"):
        data_folder()


def test_a_current_folder_that_is_gone_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    with pytest.raises(ConfigInvalid, match="the current folder is gone; change to another one"):
        load(environ={})
