"""What Prometheus reads at ``/metrics``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from spacebridge.gateway.history import History

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prometheus_client.core import Metric

    from spacebridge.gateway.backend import Backend
    from spacebridge.gateway.models import Models
    from spacebridge.gateway.resting import RestingStore
    from spacebridge.gateway.sessions import Sessions

__all__ = ["Metrics"]

_WAITS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900)


class Metrics:
    """The numbers of one gateway."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        self._requests = Counter(
            "spacebridge_requests", "Requests, by route and status.", ("route", "status"), registry=registry
        )
        self._seconds = Histogram(
            "spacebridge_request_seconds",
            "From a request to the end of its reply.",
            ("route",),
            registry=registry,
            buckets=_WAITS,
        )
        self._first_text = Histogram(
            "spacebridge_first_text_seconds",
            "From a request to its first text.",
            ("model", "space"),
            registry=registry,
            buckets=_WAITS,
        )
        self._tokens = Counter(
            "spacebridge_tokens", "Tokens, estimated.", ("model", "space", "kind"), registry=registry
        )
        self._queue_wait = Histogram(
            "spacebridge_queue_seconds",
            "The wait in a Space's own queue.",
            ("space",),
            registry=registry,
            buckets=_WAITS,
        )
        self._errors = Counter(
            "spacebridge_errors", "Turns that failed, by kind of error.", ("model", "space", "kind"), registry=registry
        )
        self._conversations = Counter(
            "spacebridge_conversations",
            "Answers, by how the app knew what was said before.",
            ("way",),
            registry=registry,
        )
        self.history = History()
        self.open = Gauge("spacebridge_open_requests", "Requests under way.", registry=registry)

    def watch(self, models: Models, sessions: Sessions, store: RestingStore) -> None:
        """Tell of the Spaces and the store, too, as they are when somebody looks."""
        self.registry.register(_Spaces(models, sessions))
        self.registry.register(_Kept(store))

    def replied(self, route: str, status: int, seconds: float) -> None:
        """A request has its reply."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def first_text(self, model: str, space: str, seconds: float) -> None:
        """The first text of an answer went out."""
        self._first_text.labels(model, space).observe(seconds)

    def spent(self, model: str, space: str, prompt: int, completion: int) -> None:
        """Tokens of a request and of its answers."""
        self._tokens.labels(model, space, "prompt").inc(prompt)
        self._tokens.labels(model, space, "completion").inc(completion)

    def queued(self, space: str, seconds: float) -> None:
        """A turn has waited in the Space's queue."""
        self._queue_wait.labels(space).observe(seconds)

    def failed(self, model: str, space: str, error: BaseException) -> None:
        """A turn failed."""
        self._errors.labels(model, space, type(error).__name__).inc()
        self.history.failed(model, space, error)

    def conversed(self, way: str) -> None:
        """An answer was given in a conversation that knew of the past in this way."""
        self._conversations.labels(way).inc()

    def text(self) -> bytes:
        """All of them, in Prometheus' form."""
        return generate_latest(self.registry)


class _Kept:
    """How the store does."""

    def __init__(self, store: RestingStore) -> None:
        self._store = store

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        resting = "1 while the store is left alone."
        yield GaugeMetricFamily("spacebridge_store_resting", resting, value=int(self._store.resting))
        failures = "Times that the store failed, or did not answer."
        yield CounterMetricFamily("spacebridge_store_failures", failures, value=self._store.failures)


class _Spaces:
    """Numbers that are looked up when they are asked for."""

    def __init__(self, models: Models, sessions: Sessions) -> None:
        self._models = models
        self._sessions = sessions

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        state = GaugeMetricFamily(
            "spacebridge_space_state", "1 for the state that a Space is in.", labels=("space", "state")
        )
        busy = GaugeMetricFamily("spacebridge_space_turns", "Turns under way.", labels=("space",))
        waiting = GaugeMetricFamily("spacebridge_space_waiting", "Requests in the waiting line.", labels=("space",))
        live = GaugeMetricFamily(
            "spacebridge_live_conversations", "Conversations that are kept as they are.", labels=("space",)
        )
        kept = self._sessions.live()
        by_title: dict[str, list[Backend]] = {}
        for backend in self._models.backends:
            by_title.setdefault(backend.title, []).append(backend)
        for title, backends in by_title.items():  # one address may serve two models in two ways
            for each in sorted({backend.state for backend in backends}):
                state.add_metric((title, each), 1)
            busy.add_metric((title,), sum(backend.line.busy for backend in backends))
            waiting.add_metric((title,), sum(backend.line.waiting for backend in backends))
            live.add_metric((title,), sum(kept[address] for address in {backend.address for backend in backends}))
        yield state
        yield busy
        yield waiting
        yield live
