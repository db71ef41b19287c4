"""The configuration, and how its mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacebridge import errors
from spacebridge.gateway.config import Config, InvalidConfig, default_store, is_loopback, load, read
from spacebridge.gateway.keys import Keys, hashed, is_hash, new_key

HASH = hashed("sb-one")
GOOD = f"""
[server]
port = 9000
cors_origins = ["https://chat.example.org"]

[store]
url = "memory:"

[models.qwen]
addresses = ["http://127.0.0.1:7860", "local"]
turns = 2
settings = {{ temperature = 0.2 }}
[models.qwen.timeouts]
queue = 60

[models.small]
address = "local"

[keys.ada]
hash = "{HASH}"
models = ["qwen", "small*"]
requests_per_minute = 10
"""


def told(text: str, **options: object) -> list[str]:
    return [str(mistake) for mistake in read(text, **options)[1]]  # type: ignore[arg-type]


def test_a_good_file():
    config, mistakes = read(GOOD)
    assert mistakes == []
    assert config.server.port == 9000
    assert config.server.host == "127.0.0.1"
    assert config.models["qwen"].addresses == ("http://127.0.0.1:7860", "local")
    assert config.models["qwen"].timeouts.queue == 60
    assert config.models["qwen"].settings == {"temperature": 0.2}
    assert config.models["small"].addresses == ("local",)
    assert config.keys["ada"].requests_per_minute == 10


def test_an_empty_file_is_the_defaults():
    assert read("") == (Config(), [])


def test_flags_and_variables_come_before_the_file():
    config, mistakes = read(GOOD, {"server": {"port": 1}, "store": {}}, models={"qwen": ("local",), "new": ("a.b:1",)})
    assert mistakes == []
    assert config.server.port == 1
    assert config.server.cors_origins == ("https://chat.example.org",)
    assert config.models["qwen"].addresses == ("local",)
    assert config.models["qwen"].turns == 2
    assert config.models["new"].addresses == ("a.b:1",)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("[server]\nport = 80 80\n", ["line 2: this is no TOML: Expected newline or end of document after a statement"]),
        ("x = \n", ["line 1: this is no TOML: Invalid value"]),
        ("[servr]\nport = 1\n", ["line 1: servr: there is no such table. Did you mean server?"]),
        ("zzz = 1\n", ["line 1: zzz: there is no such table. Known: server, store, fetch, breaker, models, keys."]),
        ("server = 1\n", ["line 1: server: this must be a table."]),
        ("models = [1]\n", ["line 1: models: this must be a table of tables: [models.NAME]."]),
        ("\n[server]\nprot = 1\n", ["line 3: server.prot: there is no such option. Did you mean port?"]),
        ('[server]\nport = "80"\n', ["line 2: server.port: expected a whole number, got a text."]),
        ("[server]\nport = 99999\n", ["line 2: server.port: 99999 is no port; at most 65535."]),
        ("[server]\nmax_body = 0\n", ["line 2: server.max_body: 0 is too little; at least 1."]),
        ("[server]\nkeep_alive = 0\n", ["line 2: server.keep_alive: 0 is too little; it must be more than 0."]),
        ("[server]\ngrace = -1\n", ["line 2: server.grace: -1 is too little; at least 0."]),
        ('[server]\nlog_format = "xml"\n', ["line 2: server.log_format: invalid enum value 'xml'."]),
        (
            '[server]\nhost = "0.0.0.0"\n',
            ["line 2: server.host: 0.0.0.0 can be reached by others, so there must be a key: `spacebridge config key NAME` makes one."],
        ),
        ('[server]\ncors_origins = ["x"]\n', ["line 2: server.cors_origins: 'x' is no origin, such as https://chat.example.org."]),
        ("[models.a]\n", ['line 1: models.a: a model needs at least one address: addresses = ["http://127.0.0.1:7860"].']),
        (
            '[models.a]\naddresses = [\n "ftp://x",\n "http://",\n]\n',
            [
                "line 2: models.a.addresses.0: address 1 must begin with http:// or https://.",
                "line 2: models.a.addresses.1: address 2 is no URL of a Space.",
            ],
        ),
        ("[models.a]\naddresses = [1]\n", ["line 2: models.a.addresses: expected a text, got a whole number (item [0])."]),
        ('[models.a]\naddress = "local"\n[models.a.timeouts]\nqueu = 1\n', ["line 4: models.a.timeouts.queu: there is no such option. Did you mean queue?"]),
        ('[models.a]\naddress = "local"\n[models.a.timeouts]\nqueue = "x"\n', ["line 4: models.a.timeouts.queue: expected a number, got a text."]),
        ('[models.a]\naddresses = ["local", "local"]\n', ["line 2: warning: models.a.addresses: an address stands there twice."]),
        ("[keys.ada]\n", ["line 1: keys.ada: the option hash is missing."]),
        ('[keys.ada]\nhash = "secret"\n', ["line 2: keys.ada.hash: this is no hash of a key; `spacebridge config key NAME` makes one."]),
        (f'[keys.ada]\nhash = "{HASH}"\nmodels = ["x"]\n', ["line 3: warning: keys.ada.models: there is no model 'x'. Known: none."]),
        ('[store]\nurl = "mysql://u:secret@h"\n', ["line 2: store.url: A store can't be at mysql. Examples: memory:, sqlite:/var/lib/spacebridge/gateway.sqlite3, redis://127.0.0.1:6379/0."]),
    ],
)  # fmt: skip
def test_mistakes_are_told_by_line(text: str, expected: list[str]):
    assert told(text) == expected


def test_all_mistakes_are_told_in_the_order_of_lines():
    text = "[server]\nport = -1\nhots = 1\n\n[models.a]\nadress = 1\n"
    assert [line.partition(":")[0] for line in told(text)] == ["line 2", "line 3", "line 5", "line 6"]


def test_two_keys_must_not_be_the_same():
    lines = told(f'[keys.a]\nhash = "{HASH}"\n[keys.b]\nhash = "{HASH}"\n')
    assert lines == [
        "line 2: keys.a.hash: this is the key of b, too.",
        "line 4: keys.b.hash: this is the key of a, too.",
    ]


def test_variables_that_are_missing_are_warned_of(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SOME_TOKEN", raising=False)
    monkeypatch.setenv("SOME_LOGIN", "ada")
    text = '[models.a]\naddress = "local"\ntoken_env = "SOME_TOKEN"\nauth_env = "SOME_LOGIN"\n'
    assert told(text) == [
        "line 3: warning: models.a.token_env: the environment has no variable SOME_TOKEN.",
        "line 4: models.a.auth_env: the variable SOME_LOGIN does not hold USER:PASSWORD.",
    ]


def test_loading_a_file(tmp_path: Path):
    path = tmp_path / "spacebridge.toml"
    with pytest.raises(errors.FileRefused, match="can't be read"):
        load(path, {}, models={})
    path.write_bytes(b"\xff")
    with pytest.raises(errors.FileRefused, match="UTF-8"):
        load(path, {}, models={})
    path.write_text("[server]\nport = -1\n")
    with pytest.raises(InvalidConfig) as caught:
        load(path, {}, models={})
    assert f"{path} can't be used:\n  line 2: server.port" in str(caught.value)
    assert caught.value.mistakes[0].line == 2
    path.write_text(GOOD)
    assert load(path, {}, models={})[0] == read(GOOD)[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.1.2.3"])
def test_loopback(host: str):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org", ""])
def test_no_loopback(host: str):
    assert not is_loopback(host)


def test_the_default_store_is_a_file_of_the_user(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_STATE_HOME", "/somewhere")
    assert default_store() == "sqlite:/somewhere/spacebridge/gateway.sqlite3"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/homes/ada")
    assert default_store() == "sqlite:/homes/ada/.local/state/spacebridge/gateway.sqlite3"


def test_keys():
    config, _ = read(GOOD)
    keys = Keys(config.keys)
    assert keys.needed
    ada = keys.client("sb-one", "10.0.0.1")
    assert ada is not None
    assert (ada.name, ada.scope) == ("ada", "key:ada")
    assert [name for name in ("qwen", "qwen2", "small", "smaller", "other") if ada.may_use(name)] == [
        "qwen", "small", "smaller",
    ]  # fmt: skip
    for wrong in (None, "", "sb-two", HASH, "sb-onx"):
        assert keys.client(wrong, "10.0.0.1") is None
    anybody = Keys({}).client(None, "127.0.0.1")
    assert anybody is not None
    assert anybody.scope == "address:127.0.0.1"
    assert anybody.may_use("anything")


def test_new_keys_are_random_and_kept_as_hashes():
    one, other = new_key(), new_key()
    assert one != other
    assert len(one) > 40
    assert is_hash(hashed(one))
    assert one not in hashed(one)
