import signal
import subprocess
import sys
import textwrap


def interrupted(program, times=1):
    """Runs a program, sends SIGINT each time it says so, and gives what it printed and how it ended."""
    command, lines = [sys.executable, "-u", "-c", textwrap.dedent(program)], []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            lines.append(line.strip())
            if line == "now\n" and times:
                times -= 1
                process.send_signal(signal.SIGINT)
        return lines, process.wait(10)


def test_the_first_interrupt_cancels_the_main_task():
    lines, _ = interrupted("""
        import libasync

        async def main():
            print("now")
            try:
                await libasync.sleep(60)
            finally:
                await libasync.sleep(0)
                print("cleaned up")

        try:
            libasync.run(main())
        except KeyboardInterrupt:
            print("interrupted")
    """)
    assert lines == ["now", "cleaned up", "interrupted"]


def test_the_second_interrupt_raises_at_once():
    lines, _ = interrupted("""
        import libasync

        async def main():
            print("now")
            try:
                await libasync.sleep(60)
            except libasync.CancelledError:
                print("now")
            await libasync.sleep(60)

        try:
            libasync.run(main())
        except KeyboardInterrupt:
            print("interrupted")
    """, times=2)
    assert lines == ["now", "now", "interrupted"]


def test_an_interrupt_reaches_a_busy_task():
    lines, _ = interrupted("""
        import libasync

        async def main():
            print("now")
            while True:
                await libasync.sleep(0)

        try:
            libasync.run(main())
        except KeyboardInterrupt:
            print("interrupted")
    """)
    assert lines == ["now", "interrupted"]


def test_an_interrupt_ends_run_forever():
    lines, _ = interrupted("""
        import libasync

        loop = libasync.new_event_loop()
        loop.call_soon(print, "now")
        try:
            loop.run_forever()
        except KeyboardInterrupt:
            print("interrupted")
        loop.close()
    """)
    assert lines == ["now", "interrupted"]


def test_signal_handlers_of_the_loop():
    lines, code = interrupted("""
        import signal

        import libasync

        async def main():
            loop = libasync.get_running_loop()
            done = loop.create_future()
            loop.add_signal_handler(signal.SIGINT, done.set_result, "heard")
            print("now")
            print(await done)
            print(loop.remove_signal_handler(signal.SIGINT))

        libasync.run(main())
    """)
    assert (lines, code) == (["now", "heard", "True"], 0)
