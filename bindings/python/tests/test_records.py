import contextlib
import socket
import struct

import pytest

import libasync


def name_bytes(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


class NameServer:
    """Answers each question with what it was given for the name and the type, on a port of its own."""

    def __init__(self, records):
        self.records, self.asked = records, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind(("127.0.0.1", 0))

    def address(self):
        return "{}:{}".format(*self.socket.getsockname())

    async def serve(self):
        loop = libasync.get_running_loop()
        while True:
            question, sender = await loop.sock_recvfrom(self.socket, 512)
            await loop.sock_sendto(self.socket, self.answer(question), sender)

    def answer(self, question):
        name, at = [], 12
        while question[at]:
            name.append(question[at + 1:at + 1 + question[at]].decode())
            at += 1 + question[at]
        number, = struct.unpack_from("!H", question, at + 1)
        self.asked.append((".".join(name), number))
        found = self.records.get((".".join(name).lower(), number))
        answers = b"".join(struct.pack("!HHHIH", 0xC00C, number, 1, 300, len(data)) + data for data in found or ())
        flags = 0x8180 if found is not None else 0x8183
        return question[:2] + struct.pack("!HHHHH", flags, 1, len(found or ()), 0, 0) + question[12:at + 5] + answers


@contextlib.asynccontextmanager
async def asking(records):
    server = NameServer(records)
    serving = libasync.create_task(server.serve())
    libasync.get_running_loop().set_dns_servers(server.address())
    try:
        yield server
    finally:
        serving.cancel()
        server.socket.close()


async def query(name, type):
    return await libasync.get_running_loop().dns_query(name, type)


async def test_records_have_what_their_type_has():
    soa = name_bytes("ns.example.test") + name_bytes("root.example.test") + struct.pack("!5I", 7, 3600, 600, 86400, 60)
    async with asking({
        ("example.test", 1): [bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])],
        ("example.test", 15): [struct.pack("!H", 10) + name_bytes("mail.example.test")],
        ("example.test", 16): [b"\x03one\x03two"],
        ("example.test", 6): [soa],
        ("_x._tcp.example.test", 33): [struct.pack("!3H", 1, 2, 3) + name_bytes("x.example.test")],
        ("example.test", 257): [b"\x80\x05issueca.test"],
        ("example.test", 99): [b"as it came"],
    }):
        first, second = await query("example.test", "A")
        assert (first.name, first.type, first.ttl, first.host) == ("example.test", "A", 300, "192.0.2.1")
        assert second.host == "192.0.2.2"
        mail, = await query("example.test", "mx")
        assert (mail.priority, mail.host) == (10, "mail.example.test")
        text, = await query("example.test", "TXT")
        assert text.strings == (b"one", b"two")
        zone, = await query("example.test", "SOA")
        assert (zone.host, zone.mailbox, zone.serial, zone.minimum) == ("ns.example.test", "root.example.test", 7, 60)
        service, = await query("_x._tcp.example.test", "SRV")
        assert (service.priority, service.weight, service.port, service.host) == (1, 2, 3, "x.example.test")
        authority, = await query("example.test", "CAA")
        assert (authority.flags, authority.tag, authority.value) == (128, "issue", "ca.test")
        other, = await query("example.test", 99)
        assert (other.type, other.data) == (99, b"as it came")
        assert "host='mail.example.test'" in repr(mail)


async def test_what_is_not_there_and_what_cannot_be_asked_is_told():
    async with asking({("empty.test", 1): []}) as server:
        for name in ("nobody.test", "empty.test"):
            with pytest.raises(socket.gaierror, match=name) as raised:
                await query(name, "A")
            assert raised.value.errno == socket.EAI_NONAME
        assert ("empty.test", 1) in server.asked
        with pytest.raises(ValueError, match="no such type of record: 'NONSENSE'"):
            await query("example.test", "NONSENSE")
    with pytest.raises(ValueError, match="no addresses of name servers: 'nonsense'"):
        libasync.get_running_loop().set_dns_servers("nonsense")


async def test_a_query_is_cancelled_and_limited():
    async with asking({}) as server:
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        silent.bind(("127.0.0.1", 0))
        libasync.get_running_loop().set_dns_servers(["{}:{}".format(*silent.getsockname())])
        with pytest.raises(libasync.TimeoutError):
            await libasync.wait_for(query("example.test", "A"), 0.05)
        libasync.get_running_loop().set_dns_servers([server.address()])
        with pytest.raises(socket.gaierror):
            await query("example.test", "A")
        silent.close()


async def test_addresses_have_names_and_numbers():
    loop = libasync.get_running_loop()
    numeric = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
    assert await loop.getnameinfo(("127.0.0.1", 80), numeric) == ("127.0.0.1", "80")
    assert await loop.getnameinfo(("::1", 22, 0, 0), numeric) == ("::1", "22")
    assert await loop.getnameinfo(("127.0.0.1", 22), socket.NI_NUMERICHOST) \
        == socket.getnameinfo(("127.0.0.1", 22), socket.NI_NUMERICHOST)
    flags = socket.NI_NUMERICHOST | socket.NI_DGRAM
    assert await loop.getnameinfo(("127.0.0.1", 514), flags) == socket.getnameinfo(("127.0.0.1", 514), flags)
    pointer = name_bytes("host.example.test")
    async with asking({("7.2.0.192.in-addr.arpa", 12): [pointer]}):
        assert await loop.getnameinfo(("192.0.2.7", 9), socket.NI_NUMERICSERV) == ("host.example.test", "9")
        assert await loop.getnameinfo(("192.0.2.8", 9), socket.NI_NUMERICSERV) == ("192.0.2.8", "9")
        with pytest.raises(socket.gaierror):
            await loop.getnameinfo(("192.0.2.8", 9), socket.NI_NAMEREQD)
    with pytest.raises(socket.gaierror):
        await loop.getnameinfo(("a name", 80))
    with pytest.raises(TypeError, match="must be a tuple"):
        await loop.getnameinfo("127.0.0.1")


async def test_connections_by_name_ask_there_too():
    async def echo(reader, writer):
        writer.write(await reader.read(100))
        writer.close()

    async with asking({("here.test", 1): [bytes([127, 0, 0, 1])], ("here.test", 28): []}):
        async with await libasync.start_server(echo, "127.0.0.1", 0) as server:
            reader, writer = await libasync.open_connection("here.test", server.sockets[0].getsockname()[1])
            writer.write(b"hello")
            assert await reader.read(100) == b"hello"
            writer.close()
