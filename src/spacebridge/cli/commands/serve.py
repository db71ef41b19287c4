"""`spacebridge serve`: the gateway, in the foreground."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from spacebridge.gateway.options import Config

__all__ = ["find_file", "parse_models", "serve"]

Host = Annotated[
    str | None,
    typer.Option(
        "--host",
        metavar="HOST",
        envvar="SPACEBRIDGE_HOST",
        help="Address to listen on; another than 127.0.0.1 needs a key.",
        show_default="127.0.0.1",
    ),
]
Port = Annotated[
    int | None,
    typer.Option(
        "--port",
        min=0,
        max=65535,
        envvar="SPACEBRIDGE_PORT",
        help="Port to listen on; 0 takes a free one.",
        show_default="8000",
    ),
]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        metavar="NAME=ADDRESS",
        envvar="SPACEBRIDGE_MODELS",
        help="A model and the Space behind it. Given again for a name, the next Space is asked where the first fails. "
        "Without any, the embedded Space is served as `local`.",
    ),
]
File = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        envvar="SPACEBRIDGE_CONFIG",
        help="A TOML file; by default spacebridge.toml, if it is there. What stands here comes before it.",
    ),
]
Keys = Annotated[
    list[str] | None,
    typer.Option(
        "--key",
        metavar="KEY",
        envvar="SPACEBRIDGE_KEYS",
        help="A key that clients have to send. Better in the environment, which others can't see, or as a hash in the "
        "file: `spacebridge config key`.",
    ),
]
StoreUrl = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        envvar="SPACEBRIDGE_STORE",
        help="Where conversations are kept: memory:, sqlite:PATH, redis://… or valkey://….",
    ),
]
Expire = Annotated[
    float | None,
    typer.Option("--expire", metavar="SECONDS", envvar="SPACEBRIDGE_EXPIRE", help="For so long; a day by default."),
]
Turns = Annotated[
    int | None,
    typer.Option("--turns", min=1, envvar="SPACEBRIDGE_TURNS", help="Turns at once on each Space; 4 by default."),
]
Waiting = Annotated[
    int | None,
    typer.Option(
        "--waiting", min=0, envvar="SPACEBRIDGE_WAITING", help="Requests that may wait for each; 64 by default."
    ),
]
MaxBody = Annotated[
    int | None,
    typer.Option("--max-body", metavar="BYTES", min=1, envvar="SPACEBRIDGE_MAX_BODY", help="Of a request; 32 MiB."),
]
Origins = Annotated[
    list[str] | None,
    typer.Option(
        "--cors-origin",
        metavar="ORIGIN",
        envvar="SPACEBRIDGE_CORS_ORIGINS",
        help="Pages of this origin may call the API from a browser. Repeatable.",
    ),
]
Fetch = Annotated[
    bool | None,
    typer.Option(
        "--fetch/--no-fetch",
        envvar="SPACEBRIDGE_FETCH",
        help="Whether files that messages name by an http address are fetched, from public addresses only.",
        show_default="no-fetch",
    ),
]
Grace = Annotated[
    float | None,
    typer.Option(
        "--grace", metavar="SECONDS", min=0, envvar="SPACEBRIDGE_GRACE", help="For answers under way at a stop; 30."
    ),
]
KeepAlive = Annotated[
    float | None,
    typer.Option(
        "--keep-alive",
        metavar="SECONDS",
        min=0.1,
        envvar="SPACEBRIDGE_KEEP_ALIVE",
        help="Of silence, after which a stream says that it lives; 15.",
    ),
]
LogFormat = Annotated[
    str | None, typer.Option("--log", metavar="text|json", envvar="SPACEBRIDGE_LOG", help="Form of the log.")
]
AccessLog = Annotated[
    bool | None,
    typer.Option("--access-log/--no-access-log", envvar="SPACEBRIDGE_ACCESS_LOG", help="A line for each request."),
]
OpenMetrics = Annotated[
    bool | None,
    typer.Option(
        "--open-metrics/--closed-metrics",
        envvar="SPACEBRIDGE_OPEN_METRICS",
        help="Whether /metrics needs no key.",
        show_default="closed-metrics",
    ),
]
Live = Annotated[
    int | None,
    typer.Option("--live", min=1, envvar="SPACEBRIDGE_LIVE", help="Conversations that are also kept as they are; 64."),
]
FetchHosts = Annotated[
    list[str] | None,
    typer.Option(
        "--fetch-host", metavar="HOST", envvar="SPACEBRIDGE_FETCH_HOSTS", help="Fetch from this host only. Repeatable."
    ),
]
FetchMaxSize = Annotated[
    int | None,
    typer.Option(
        "--fetch-max-size", metavar="BYTES", min=1, envvar="SPACEBRIDGE_FETCH_MAX_SIZE", help="Of one file; 20 MiB."
    ),
]
FetchTimeout = Annotated[
    float | None,
    typer.Option(
        "--fetch-timeout", metavar="SECONDS", envvar="SPACEBRIDGE_FETCH_TIMEOUT", help="For one file; 20 by default."
    ),
]
Failures = Annotated[
    int | None,
    typer.Option(
        "--failures", min=1, envvar="SPACEBRIDGE_FAILURES", help="So many in a row make a Space rest; 3 by default."
    ),
]
Rest = Annotated[
    float | None,
    typer.Option("--rest", metavar="SECONDS", min=0, envvar="SPACEBRIDGE_REST", help="Of the first rest; 10."),
]
LongestRest = Annotated[
    float | None,
    typer.Option(
        "--longest-rest",
        metavar="SECONDS",
        min=0,
        envvar="SPACEBRIDGE_LONGEST_REST",
        help="Each is twice as long; 300.",
    ),
]
Options = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        metavar="PATH=VALUE",
        help="Any option of the file, such as models.mine.timeouts.queue=60. Repeatable; or one a line in the variable "
        "SPACEBRIDGE_OPTIONS.",
    ),
]
Telemetry = Annotated[
    bool | None,
    typer.Option(
        "--telemetry/--no-telemetry",
        envvar="SPACEBRIDGE_TELEMETRY",
        help="Send traces by OpenTelemetry, which the variables OTEL_… set up.",
        show_default="no-telemetry",
    ),
]


def serve(
    host: Host = None,
    port: Port = None,
    model: Models = None,
    config: File = None,
    key: Keys = None,
    store: StoreUrl = None,
    expire: Expire = None,
    turns: Turns = None,
    waiting: Waiting = None,
    max_body: MaxBody = None,
    cors_origin: Origins = None,
    fetch: Fetch = None,
    grace: Grace = None,
    keep_alive: KeepAlive = None,
    log: LogFormat = None,
    access_log: AccessLog = None,
    open_metrics: OpenMetrics = None,
    telemetry: Telemetry = None,
    live: Live = None,
    fetch_host: FetchHosts = None,
    fetch_max_size: FetchMaxSize = None,
    fetch_timeout: FetchTimeout = None,
    failures: Failures = None,
    rest: Rest = None,
    longest_rest: LongestRest = None,
    option: Options = None,
) -> None:
    """Put an OpenAI-compatible API in front of Spaces, until Ctrl-C.

    SIGHUP reads the file anew without disturbing answers; SIGTERM and Ctrl-C let them end first.

    \b
    Examples:
      spacebridge serve                            the embedded Space, as `local`
      spacebridge serve --model my=localhost:7860  an app of your own, as `my`
      spacebridge serve --model q=https://a.hf.space --model q=https://b.hf.space
                                                   the second if the first fails
      spacebridge serve --config spacebridge.toml --port 9000
    """  # noqa: D301 - \b keeps the lines of a help text
    overrides: dict[str, Any] = {
        "server": _given(
            host=host,
            port=port,
            max_body=max_body,
            cors_origins=cors_origin or None,
            grace=grace,
            keep_alive=keep_alive,
            log_format=log,
            access_log=access_log,
            open_metrics=open_metrics,
            telemetry=telemetry,
        ),
        "store": _given(url=store, expire=expire, live=live),
        "fetch": _given(allow=fetch, hosts=fetch_host or None, max_size=fetch_max_size, timeout=fetch_timeout),
        "breaker": _given(failures=failures, rest=rest, longest=longest_rest),
    }
    # Not typer's own: it would split the variable at every blank.
    lines = map(str.strip, os.environ.get("SPACEBRIDGE_OPTIONS", "").splitlines())
    for path, value in map(parse_option, option or filter(None, lines)):
        _set(overrides, path, value)
    models = parse_models(model or [])
    places = _given(turns=turns, waiting=waiting)
    raise typer.Exit(_serve(config, overrides, models, places, key or []))


def _serve(
    file: Path | None,
    overrides: dict[str, dict[str, Any]],
    models: dict[str, tuple[str, ...]],
    places: dict[str, Any],
    keys: list[str],
) -> int:
    from spacebridge.cli.runner import report
    from spacebridge.cli.terminal.streams import stderr, stdout
    from spacebridge.errors import MissingPart, SpacebridgeError

    try:
        try:
            from spacebridge.gateway import config as configs
            from spacebridge.gateway import server
            from spacebridge.gateway.keys import hashed
            from spacebridge.gateway.options import KeyOptions
        except ImportError as error:
            raise MissingPart(
                f"The gateway needs the package {error.name}, which is not installed.",
                hint='pip install "spacebridge[gateway]"',
            ) from error

        import msgspec

        given = {f"key {number}": KeyOptions(hash=hashed(key)) for number, key in enumerate(keys, 1)}
        path = find_file(file, configs.DEFAULT_FILE)

        def load() -> Config:
            config, warnings = configs.load(path, overrides, models=models, keys=given)
            for warning in warnings:
                stderr().write_now(f"{path or 'configuration'}: {warning}\n")
            if not config.models:
                config = msgspec.structs.replace(config, models={"local": configs.EMBEDDED})
            if places:
                changed = {name: msgspec.structs.replace(each, **places) for name, each in config.models.items()}
                config = msgspec.structs.replace(config, models=changed)
            return config

        def announce(url: str, config: Config) -> None:
            stdout().write_now(f"{url}\n")
            names = ", ".join(config.models)
            needs = "a key is needed" if config.keys else "no key is needed"
            stderr().write_now(
                f"Serving {names}; {needs}{f'; configuration: {path}' if path else ''}.\n"
                f"To chat, open {url} in a browser. In an OpenAI client: base_url={url}/v1\nCtrl-C ends it.\n"
            )

        return server.run(load, announce)
    except SpacebridgeError as error:
        return report(error)


def find_file(file: Path | None, default: str) -> Path | None:
    """The configuration that is read: the one named, else the one that is there by its usual name."""
    if file is not None:
        return file
    usual = Path(default)
    return usual if usual.is_file() else None


def parse_models(pairs: list[str]) -> dict[str, tuple[str, ...]]:
    """Models and their addresses from ``name=address``.

    Raises:
        typer.BadParameter: there is no ``=``, no name or no address.
    """
    found: dict[str, tuple[str, ...]] = {}
    for pair in pairs:
        name, equals, address = pair.partition("=")
        name, address = name.strip(), address.strip()
        if not equals or not name or not address or "://" in name:
            raise typer.BadParameter(
                f"{pair!r} is not NAME=ADDRESS, such as qwen=http://127.0.0.1:7860.", param_hint="--model"
            )
        found[name] = (*found.get(name, ()), address)
    return found


def parse_option(text: str) -> tuple[list[str], Any]:
    """A path of the file and its value, as in ``models.mine.turns=2``.

    The value is one of TOML where it is any, such as a number or ``["a", "b"]``; else it is the text as it stands.

    Raises:
        typer.BadParameter: it is none.
    """
    import tomllib

    from spacebridge.shape import is_object

    name, equals, value = text.partition("=")
    try:
        nested: Any = tomllib.loads(f"{name} = 0") if equals else {}
    except tomllib.TOMLDecodeError:
        nested = {}
    path: list[str] = []
    while is_object(nested) and nested:
        ((key, nested),) = nested.items()
        path.append(key)
    if len(path) < 2:
        raise typer.BadParameter(f"{text!r} is not PATH=VALUE, such as models.mine.turns=2.", param_hint="--option")
    try:
        return path, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return path, value


def _set(tables: dict[str, Any], path: list[str], value: Any) -> None:
    for key in path[:-1]:
        tables = tables.setdefault(key, {})
    tables[path[-1]] = value


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
