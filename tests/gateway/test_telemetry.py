"""Traces by OpenTelemetry, sent to a collector that decodes them with OpenTelemetry's own messages."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.doubles.http import Exchange, HttpDouble
from tests.gateway.served import gateway_running

pytestmark = pytest.mark.servers


class Collector(HttpDouble):
    """Takes spans."""

    def __init__(self) -> None:
        super().__init__()
        self.spans: list[Any] = []

    async def handle(self, exchange: Exchange) -> None:
        body = exchange.request.body
        if exchange.request.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        message = ExportTraceServiceRequest.FromString(body)
        for resource in message.resource_spans:
            for scope in resource.scope_spans:
                self.spans += scope.spans
        await exchange.reply(200, b"", {"content-type": "application/x-protobuf"})


def attributes(span: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes}


async def test_each_answer_is_a_span_in_the_clients_trace(rule_app: Callable[[str], str]):
    address = await asyncio.to_thread(rule_app, "interface")
    collector = Collector()
    await collector.start()
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100", "PYTHONWARNINGS": "ignore"}
    trace = "0af7651916cd43dd8448eb211c80319c"
    try:
        async with gateway_running("--model", f"m={address}", "--telemetry", env=env) as served:
            async with served.client(default_headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"}) as client:
                await client.chat.completions.create(
                    model="m", messages=[{"role": "user", "content": "my private words"}]
                )
            async with asyncio.timeout(30):
                while not collector.spans:
                    await asyncio.sleep(0.05)
    finally:
        await collector.aclose()
    (span,) = collector.spans
    told = attributes(span)
    assert span.name == "POST /v1/chat/completions"
    assert span.trace_id.hex() == trace
    assert span.parent_span_id.hex() == "b7ad6b7169203331"
    assert told["gen_ai.request.model"] == "m"
    assert told["gen_ai.usage.output_tokens"] > 0
    assert told["spacebridge.conversation"] == "new"
    assert "private" not in str(told)
