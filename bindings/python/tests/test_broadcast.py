import pytest

import libasync
from libasync import capi


async def listen(receiver):
    return [value async for value in receiver]


async def test_each_value_reaches_every_receiver():
    news, things = libasync.Broadcast(8), [object(), "sun", None]
    listeners = [libasync.create_task(listen(news.subscribe())) for _ in range(2)]
    await libasync.sleep(0)
    for thing in things:
        news.send(thing)
    news.close()
    for heard in await libasync.gather(*listeners):
        assert len(heard) == 3 and all(one is other for one, other in zip(heard, things))


async def test_a_receiver_hears_what_is_sent_from_then_on():
    news = libasync.Broadcast(8)
    news.send("dropped")
    receiver = news.subscribe()
    news.send("heard")
    assert await receiver.next() == "heard"


async def test_who_is_too_slow_is_told_once():
    news = libasync.Broadcast(2)
    receiver = news.subscribe()
    for number in range(5):
        news.send(number)
    with pytest.raises(libasync.Error, match="missed 3 values") as raised:
        await receiver.next()
    assert raised.value.code == capi.ASYNC_ELAGGED
    assert [await receiver.next(), await receiver.next()] == [3, 4]
    assert receiver.missed == 3


async def test_a_receive_that_is_cancelled_loses_nothing():
    news = libasync.Broadcast(2)
    receiver = news.subscribe()
    with pytest.raises(libasync.TimeoutError):
        await libasync.wait_for(receiver.next(), 0.01)
    news.send(1)
    assert await receiver.next() == 1


async def test_a_channel_that_is_closed():
    news = libasync.Broadcast(2)
    receiver = news.subscribe()
    news.close()
    with pytest.raises(libasync.Error) as raised:
        await receiver.next()
    assert raised.value.code == capi.ASYNC_ECLOSED
    with pytest.raises(libasync.Error, match="the channel is closed"):
        news.send(1)
    assert await listen(news.subscribe()) == []
    receiver.close()
    assert await listen(receiver) == []


def test_what_a_channel_refuses():
    with pytest.raises(ValueError):
        libasync.Broadcast(0)
    with pytest.raises(RuntimeError, match="no running event loop"):
        libasync.Broadcast(1).subscribe()
