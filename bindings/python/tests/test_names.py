import socket

import pytest

import libasync


async def look_up(host, port, **options):
    return await libasync.get_running_loop().getaddrinfo(host, port, **options)


async def test_answers_are_those_of_the_socket_module():
    for host, port, options in [("127.0.0.1", 80, {}), ("::1", "80", {}), (b"127.0.0.1", b"80", {}), ("127.0.0.1", "", {}),
                                ("127.0.0.1", None, {}), ("127.0.0.1", 53, {"proto": socket.IPPROTO_UDP}),
                                (None, 80, {"flags": socket.AI_PASSIVE, "family": socket.AF_INET})]:
        expected = [entry for entry in socket.getaddrinfo(host, port, **options) if entry[1] != socket.SOCK_RAW]
        assert await look_up(host, port, **options) == expected


async def test_failures_have_the_numbers_of_the_socket_module():
    for host, port, options, number in [
            ("", 80, {}, socket.EAI_NONAME), ("nosuchhost.invalid", 80, {}, socket.EAI_NONAME),
            (None, None, {}, socket.EAI_NONAME), ("127.0.0.1", "nosuchservice", {}, socket.EAI_SERVICE),
            ("127.0.0.1", 80, {"family": 77}, socket.EAI_FAMILY), ("127.0.0.1", 80, {"type": 77}, socket.EAI_SOCKTYPE)]:
        with pytest.raises(socket.gaierror) as raised:
            await look_up(host, port, **options)
        assert raised.value.errno == number


async def test_what_is_no_name_is_refused():
    with pytest.raises(TypeError, match="must be string or None"):
        await look_up(5, 80)
    with pytest.raises(OSError, match="Int or String expected"):
        await look_up("127.0.0.1", 1.5)
    with pytest.raises(UnicodeError):
        await look_up("ü" * 70, 80)


async def test_a_name_in_any_script_is_looked_up_in_its_ascii_form():
    with pytest.raises(socket.gaierror, match="xn--bcher-kva.invalid"):
        await look_up("bücher.invalid", 80)
