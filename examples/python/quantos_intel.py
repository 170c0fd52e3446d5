"""The Intel Bus of QuantOS for programs in Python: the same Redis keys, the same bytes.

    publisher = IntelPublisher()                  # redis://127.0.0.1:6379, or QUANTOS_REDIS_URL
    publisher.publish("intel:fed_bias", {"bias": "dovish"}, source_system="fed-watch", confidence=0.8)
    IntelReader().read("intel:spy_trend")         # {"value": "bullish", "source_system": ..., ...} or None

Fail-silent: a Redis that is away, full or slow never raises. `publish` says False and `read` says None, after half a
second at most; why is told to the logger "quantos_intel" once a minute. Needs the package redis (Debian: python3-redis);
the async forms need version 4.2 of it or newer. A password comes from QUANTOS_REDIS_PASSWORD, a user from QUANTOS_REDIS_USER.
"""

import json
import logging
import os
import time

import redis

TTL_SECONDS = 300
BYTES_MAX = 65_536
TIMEOUT_SECONDS = 0.5
LOG_EVERY_SECONDS = 60.0

_log = logging.getLogger("quantos_intel")
_logged_at = float("-inf")


def _fail(what, error):
    """Tells why, once a minute; never with what was sent."""
    global _logged_at
    now = time.monotonic()
    if now - _logged_at >= LOG_EVERY_SECONDS:
        _logged_at = now
        _log.warning("intel bus: %s failed (%s)", what, type(error).__name__)


def _options():
    return {
        "username": os.environ.get("QUANTOS_REDIS_USER"),
        "password": os.environ.get("QUANTOS_REDIS_PASSWORD"),
        "socket_timeout": TIMEOUT_SECONDS,
        "socket_connect_timeout": TIMEOUT_SECONDS,
    }


def _address(url):
    return url or os.environ.get("QUANTOS_REDIS_URL") or "redis://127.0.0.1:6379"


def _dump(value, source_system, confidence):
    if not 0 <= confidence <= 1:
        raise ValueError("confidence is a number from 0 to 1")
    payload = {
        "value": value,
        "source_system": source_system,
        "timestamp": time.time(),
        "confidence": float(confidence),
    }
    # NaN and Infinity are no JSON: whoever reads them elsewhere would refuse the whole value.
    text = json.dumps(payload, allow_nan=False)
    if len(text) > BYTES_MAX:
        raise ValueError("a value of the bus has at most 65,536 bytes")
    return text


def _load(data):
    """The payload, or None: missing, no payload, or older than it may be. Redis drops keys by itself, if they have an end."""
    if data is None or len(data) > BYTES_MAX:
        return None
    payload = json.loads(data)
    if not isinstance(payload, dict) or not isinstance(payload.get("timestamp"), (int, float)):
        return None
    if time.time() - payload["timestamp"] >= TTL_SECONDS:
        return None
    return payload


class _Client:
    def __init__(self, url=None):
        self._url = _address(url)
        self._sync = None
        self._async = None

    def _redis(self):
        if self._sync is None:
            self._sync = redis.Redis.from_url(self._url, **_options())
        return self._sync

    def _aredis(self):
        if self._async is None:
            import redis.asyncio

            self._async = redis.asyncio.Redis.from_url(self._url, **_options())
        return self._async

    def close(self):
        if self._sync is not None:
            self._sync.close()
            self._sync = None

    async def close_async(self):
        if self._async is not None:
            await self._async.close()
            self._async = None


class IntelPublisher(_Client):
    """Writes values; they live for 300 seconds."""

    def publish(self, key, value, source_system, confidence=1.0, ttl_seconds=TTL_SECONDS):
        """True where the value stands in Redis. Never raises."""
        try:
            return bool(self._redis().set(key, _dump(value, source_system, confidence), ex=ttl_seconds))
        except Exception as error:  # noqa: BLE001 (fail-silent)
            _fail("publishing", error)
            return False

    async def publish_async(self, key, value, source_system, confidence=1.0, ttl_seconds=TTL_SECONDS):
        """As publish, for asyncio."""
        try:
            return bool(await self._aredis().set(key, _dump(value, source_system, confidence), ex=ttl_seconds))
        except Exception as error:  # noqa: BLE001 (fail-silent)
            _fail("publishing", error)
            return False


class IntelReader(_Client):
    """Reads values: {"value", "source_system", "timestamp", "confidence"}, or None."""

    def read(self, key):
        """None where nothing valid stands there. Never raises."""
        try:
            return _load(self._redis().getrange(key, 0, BYTES_MAX) or None)
        except Exception as error:  # noqa: BLE001 (fail-silent)
            _fail("reading", error)
            return None

    async def read_async(self, key):
        """As read, for asyncio."""
        try:
            return _load(await self._aredis().getrange(key, 0, BYTES_MAX) or None)
        except Exception as error:  # noqa: BLE001 (fail-silent)
            _fail("reading", error)
            return None
