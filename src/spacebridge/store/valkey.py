"""A store on a Valkey or Redis server, which gateways on several machines may share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from spacebridge import errors

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["ValkeyStore"]

_T = TypeVar("_T")

_PREFIX = "spacebridge:"
_SECONDS = 5.0

# Lists of values, the latest first, each behind the time at which it expires. The list goes with its last one. A value
# that is there already is not added again: whoever lost the connection before the reply says everything once more.
_ADD = """
for _, entry in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  if string.sub(entry, string.find(entry, ':', 1, true) + 1) == ARGV[1] then return end
end
local now = redis.call('TIME')
local expires = now[1] * 1000 + math.floor(now[2] / 1000) + tonumber(ARGV[2])
redis.call('LPUSH', KEYS[1], string.format('%.0f', expires) .. ':' .. ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
"""
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
while true do
  local entry = redis.call('LPOP', KEYS[1])
  if not entry then return false end
  local colon = string.find(entry, ':', 1, true)
  if tonumber(string.sub(entry, 1, colon - 1)) > now then return string.sub(entry, colon + 1) end
end
"""
# The same arithmetic as in bucket.py, by the server's clock. Numbers go as text: replies cut them to integers.
_SPEND = """
local amount, capacity, rate, owed = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4] == '1'
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1e6
local kept = redis.call('HMGET', KEYS[1], 'level', 'at')
local level, at = tonumber(kept[1]) or capacity, tonumber(kept[2]) or now
level = math.min(capacity, level + math.max(0, now - at) * rate)
local needed, wait = math.min(amount, capacity), 0
if owed or level >= needed then
  level = level - amount
elseif rate > 0 then
  wait = (needed - level) / rate
else
  wait = math.huge
end
redis.call('HSET', KEYS[1], 'level', string.format('%.6f', level), 'at', string.format('%.6f', now))
if rate > 0 then redis.call('PEXPIRE', KEYS[1], math.ceil((capacity - level) / rate * 1000) + 1000) end
return string.format('%.6f', wait)
"""


class ValkeyStore:
    """Keeps things on a server.

    Args:
        url: ``redis://``, ``rediss://``, ``valkey://``, ``valkeys://`` or ``unix://``.
    """

    def __init__(self, url: str) -> None:
        try:
            from redis import asyncio as redis
            from redis.exceptions import ConnectionError as Cut
            from redis.exceptions import RedisError
        except ImportError as error:
            raise errors.MissingPart(
                "A Valkey or Redis store needs the package redis, which is not installed.",
                hint='pip install "spacebridge[valkey]"',
            ) from error
        self._failures: tuple[type[Exception], ...] = (RedisError, OSError, TimeoutError)
        self._cut: type[Exception] = Cut
        parts = urlsplit(url)
        self._where = parts.netloc.rpartition("@")[2] or parts.path
        scheme = {"valkey": "redis", "valkeys": "rediss"}.get(parts.scheme, parts.scheme)
        try:
            address = f"{scheme}{url[len(parts.scheme) :]}"
            client: Any = redis.Redis  # its options are not typed
            self._redis: Any = client.from_url(address, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS)
        except ValueError as error:
            raise errors.AddressError(f"The store's URL can't be read: {error}.") from error
        self._add: Callable[..., Awaitable[Any]] = self._redis.register_script(_ADD)
        self._take: Callable[..., Awaitable[Any]] = self._redis.register_script(_TAKE)
        self._spend: Callable[..., Awaitable[Any]] = self._redis.register_script(_SPEND)

    async def open(self) -> None:
        """See that the server answers."""
        await self._try(self._redis.ping)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def add(self, bag: str, value: bytes, *, seconds: float) -> None:
        """See :class:`Store`."""
        await self._try(lambda: self._add(keys=[f"{_PREFIX}bag:{bag}"], args=[value, _milliseconds(seconds)]))

    async def take(self, bag: str) -> bytes | None:
        """See :class:`Store`."""
        return await self._try(lambda: self._take(keys=[f"{_PREFIX}bag:{bag}"]))

    async def set(self, name: str, value: bytes, *, seconds: float) -> None:
        """See :class:`Store`."""
        await self._try(lambda: self._redis.set(f"{_PREFIX}item:{name}", value, px=_milliseconds(seconds)))

    async def get(self, name: str) -> bytes | None:
        """See :class:`Store`."""
        return await self._try(lambda: self._redis.get(f"{_PREFIX}item:{name}"))

    async def delete(self, name: str) -> bool:
        """See :class:`Store`."""
        return bool(await self._try(lambda: self._redis.delete(f"{_PREFIX}item:{name}")))

    async def spend(
        self, bucket: str, amount: float, *, capacity: float, per_second: float, owed: bool = False
    ) -> float:
        """See :class:`Store`."""
        arguments = [amount, capacity, per_second, int(owed)]
        return float(await self._try(lambda: self._spend(keys=[f"{_PREFIX}bucket:{bucket}"], args=arguments)))

    async def count(self) -> int:
        """See :class:`Store`. It walks through all bags: not for each request."""

        async def count() -> int:
            return sum([await self._redis.llen(key) async for key in self._redis.scan_iter(f"{_PREFIX}bag:*", 1000)])

        return await self._try(count)

    async def _try(self, call: Callable[[], Awaitable[_T]]) -> _T:
        try:
            try:
                return await call()
            except self._cut:
                # Perhaps only connections from before the server was started anew; none of these is used again.
                await self._redis.connection_pool.disconnect(inuse_connections=False)
                return await call()
        except self._failures as error:
            raise errors.StoreFailed(f"The store at {self._where} failed: {type(error).__name__}: {error}.") from error


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
