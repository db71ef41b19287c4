"""Traces by OpenTelemetry: a span for each request to a model, where the configuration wants them.

Where they go is told by OpenTelemetry's own variables, such as OTEL_EXPORTER_OTLP_ENDPOINT. What was said is not in
them. The names of attributes are those of its conventions for generative AI.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from spacebridge import errors
from spacebridge.version import __version__

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

__all__ = ["Telemetry"]

_ATTRIBUTES = {
    "model": "gen_ai.request.model",
    "prompt_tokens": "gen_ai.usage.input_tokens",
    "completion_tokens": "gen_ai.usage.output_tokens",
    "first_text": "gen_ai.server.time_to_first_token",
    "space": "server.address",
    "error": "error.type",
    "key": "enduser.id",
    "conversation": "spacebridge.conversation",
    "stream": "spacebridge.stream",
}


class Telemetry:
    """Makes spans, or nothing at all.

    Args:
        wanted: whether spans are made.
    """

    def __init__(self, *, wanted: bool) -> None:
        self._provider: Any = None
        self._tracer: Any = None
        if not wanted:
            return
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError as error:
            raise errors.MissingPart(
                "Traces need the packages of OpenTelemetry, which are not installed.",
                hint='pip install "spacebridge[otel]"',
            ) from error
        resource = Resource.create({"service.name": "spacebridge", "service.version": __version__})
        self._provider = TracerProvider(resource=resource)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("spacebridge", __version__)

    @contextlib.contextmanager
    def span(self, route: str, headers: Mapping[str, str], told: Mapping[str, Any]) -> Generator[None]:
        """A span around a request, within the client's own trace if it told one.

        Args:
            route: what is asked.
            headers: of the request.
            told: what is known of the request at its end.
        """
        if self._tracer is None:
            yield
            return
        from opentelemetry.trace import SpanKind, StatusCode
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        context = TraceContextTextMapPropagator().extract(headers)
        span = self._tracer.start_span(f"POST {route}", context=context, kind=SpanKind.SERVER)
        try:
            yield
        finally:
            span.set_attribute("gen_ai.system", "gradio")
            span.set_attribute("http.route", route)
            for name, attribute in _ATTRIBUTES.items():
                if name in told:
                    span.set_attribute(attribute, told[name])
            if "error" in told:
                span.set_status(StatusCode.ERROR, str(told["error"]))
            span.end()

    def close(self) -> None:
        """Send what has not been sent yet."""
        if self._provider is not None:
            self._provider.shutdown()
