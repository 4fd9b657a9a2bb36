"""A capacity limiter, trio's: so many may do something at a time, and that number can be changed while they do it."""

from . import _core, capi


class CapacityLimiter:
    """So many tokens that the tasks of one loop borrow."""

    def __init__(self, total_tokens):
        self._total = _checked(total_tokens)
        self._limiter = None

    def __repr__(self):
        return f"<{type(self).__name__} at {id(self):#x} borrowed:{self.borrowed_tokens}/{self.total_tokens}>"

    async def __aenter__(self):
        await self.acquire()

    async def __aexit__(self, kind, error, trace):
        self.release()

    async def acquire(self):
        """Borrow a token, as soon as one is available and nobody stands before."""
        if self._limiter is None:
            # The first who borrows binds it to his loop.
            self._limiter = capi.async_limiter_new(_core.get_running_loop(), self._total)
        return await capi.async_limiter_acquire(self._limiter)

    def release(self):
        """Give a token back; the first in line is woken if that makes one available."""
        if not self.borrowed_tokens:
            raise RuntimeError("CapacityLimiter released too many times")
        _core._check(capi.async_limiter_release(self._limiter))

    @property
    def total_tokens(self):
        """How many there are. More of them wake those in line; fewer take none away from those who have one."""
        return self._total

    @total_tokens.setter
    def total_tokens(self, tokens):
        self._total = _checked(tokens)
        if self._limiter is not None:
            _core._check(capi.async_limiter_set_tokens(self._limiter, tokens))

    @property
    def borrowed_tokens(self):
        return 0 if self._limiter is None else capi.async_limiter_borrowed(self._limiter)

    @property
    def available_tokens(self):
        """How many are left: negative while more are out than there now are."""
        return self._total - self.borrowed_tokens

    @property
    def tasks_waiting(self):
        """How many stand in line."""
        return 0 if self._limiter is None else capi.async_limiter_waiting(self._limiter)


def _checked(tokens):
    if not isinstance(tokens, int):
        raise TypeError("total_tokens must be an int")
    if tokens < 0:
        raise ValueError("total_tokens must be >= 0")
    return tokens
