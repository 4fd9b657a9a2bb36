import collections

import pytest

import libasync


async def test_items_come_out_in_the_order_of_their_kind():
    kinds = {libasync.Queue: [3, 1, 2], libasync.LifoQueue: [2, 1, 3], libasync.PriorityQueue: [1, 2, 3]}
    for kind, order in kinds.items():
        queue = kind()
        for item in (3, 1, 2):
            await queue.put(item)
        assert [await queue.get() for _ in range(queue.qsize())] == order


async def test_a_full_queue_lets_putters_in_first_come_first():
    queue = libasync.Queue(1)
    await queue.put("first")
    putters = [libasync.create_task(queue.put(item)) for item in ("second", "third")]
    await libasync.sleep(0)
    assert [await queue.get() for _ in range(3)] == ["first", "second", "third"]
    await libasync.gather(*putters)


async def test_a_getter_that_is_woken_and_cancelled_at_once_wakes_the_next():
    queue = libasync.Queue()
    first, second = libasync.create_task(queue.get()), libasync.create_task(queue.get())
    await libasync.sleep(0)
    queue.put_nowait("letter")
    first.cancel()
    assert await second == "letter"
    assert first.cancelled()


async def test_join_waits_for_every_item():
    queue, done = libasync.Queue(), []

    async def work():
        while True:
            done.append(await queue.get())
            queue.task_done()

    for item in range(3):
        queue.put_nowait(item)
    worker = libasync.create_task(work())
    await queue.join()
    assert done == [0, 1, 2]
    worker.cancel()
    with pytest.raises(ValueError, match="too many times"):
        queue.task_done()


async def test_a_shutdown_wakes_everybody():
    queue = libasync.Queue()
    getter = libasync.create_task(queue.get())
    await libasync.sleep(0)
    queue.shutdown()
    with pytest.raises(libasync.QueueShutDown):
        await getter
    with pytest.raises(libasync.QueueShutDown):
        queue.put_nowait(1)


async def test_a_class_of_ones_own_keeps_its_items_as_it_likes():
    class Unique(libasync.Queue):
        def _init(self, maxsize):
            self._queue = collections.OrderedDict()

        def _put(self, item):
            self._queue[item] = True

        def _get(self):
            return self._queue.popitem(last=False)[0]

    queue = Unique()
    for item in "abca":
        await queue.put(item)
    assert queue.qsize() == 3
    assert [await queue.get() for _ in range(3)] == ["a", "b", "c"]
    assert queue.empty()


async def test_a_class_of_ones_own_may_derive_from_any_kind():
    class Loud(libasync.PriorityQueue):
        def _put(self, item):
            super()._put(item.upper())

    queue = Loud()
    queue.put_nowait("b")
    queue.put_nowait("a")
    assert await queue.get() == "A"


async def test_what_a_queue_cannot_hold_is_refused():
    queue = libasync.PriorityQueue()
    await queue.put(1)
    with pytest.raises(TypeError):
        await queue.put("text")
    with pytest.raises(TypeError):
        libasync.Queue("many")
    assert libasync.Queue(float("inf")).full() is False
