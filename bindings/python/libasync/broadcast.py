"""A broadcast channel: each value that is sent reaches every receiver that has subscribed, in order."""

from . import _core, capi
from ._helpers import Error


class Broadcast:
    """Sending never waits. A receiver that falls further behind than the capacity loses the oldest values."""

    def __init__(self, capacity):
        if not isinstance(capacity, int):
            raise TypeError("capacity must be an int")
        if capacity < 1:
            raise ValueError("capacity must be >= 1")
        self._capacity = capacity
        self._channel = self._loop = None
        self._closed = False

    def send(self, value):
        """Send a value to all who have subscribed so far. Without any it is dropped."""
        if self._closed:
            raise _closed()
        if self._channel is not None:
            _core._check(capi.async_broadcast_send(self._channel, _core._value(self._loop, value)))

    def close(self):
        """Close it: receivers still get what is kept for them, and then end."""
        self._closed = True
        if self._channel is not None:
            _core._check(capi.async_broadcast_close(self._channel))

    def subscribe(self):
        """A receiver of what is sent from now on."""
        if self._channel is None:
            # The first who subscribes binds it to his loop.
            self._loop = _core.get_running_loop()
            self._channel = capi.async_broadcast_new(self._loop, self._capacity)
            if self._closed:
                _core._check(capi.async_broadcast_close(self._channel))
        return Receiver(self._channel)


class Receiver:
    """One who hears what is sent on a channel: `async for value in receiver`."""

    def __init__(self, channel):
        self._receiver = capi.async_broadcast_subscribe(channel)

    def __aiter__(self):
        return self

    async def __anext__(self):
        try:
            return await self.next()
        except Error as error:
            if error.code == capi.ASYNC_ECLOSED:
                raise StopAsyncIteration from None
            raise

    async def next(self):
        """The next value, as soon as it is sent. Raises Error once when values were lost, and when the channel is closed
        and nothing is left; its code tells which: ASYNC_ELAGGED or ASYNC_ECLOSED."""
        if self._receiver is None:
            raise _closed()
        following = capi.async_receiver_next(self._receiver)
        try:
            return await following
        except RuntimeError:
            if capi.async_future_error(following) == capi.ASYNC_ECLOSED:
                raise _closed() from None
            raise

    @property
    def missed(self):
        """How many values it has lost because it was too slow."""
        return 0 if self._receiver is None else capi.async_receiver_missed(self._receiver)

    def close(self):
        """Unsubscribe."""
        self._receiver = None


def _closed():
    return Error(capi.ASYNC_ECLOSED, "the channel is closed")
