"""Large strings read past the parser: pieces, other replies, connections that end."""

from __future__ import annotations

import socket
import threading

import pytest
import redis

from polyloom_workers import bulk
from polyloom_workers.link import Link, _joined, pack

DATA = bytes(range(256)) * 1000


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    yield ours, theirs
    ours.close()
    theirs.close()


def sending(sock, data, *, step, close=False):
    def send():
        for at in range(0, len(data), step):
            sock.sendall(data[at : at + step])
        if close:
            sock.close()

    thread = threading.Thread(target=send)
    thread.start()
    return thread


def test_string_that_comes_in_small_pieces_is_whole_and_nothing_after_it_is_taken(pair):
    ours, theirs = pair
    thread = sending(theirs, b"$%d\r\n%s\r\n+NEXT\r\n" % (len(DATA), DATA), step=997)
    while (size := bulk.size_of(ours)) is None:
        pass  # the length itself may come in pieces; nothing is read then
    assert bulk.read_string(ours, size) == DATA
    thread.join()
    assert ours.recv(100) == b"+NEXT\r\n"


@pytest.mark.parametrize(
    "reply", [b"$-1\r\n", b"-LOADING wait\r\n", b"$5\r\nsmall\r\n", b"*1\r\n:1\r\n", b"$99999", b"$999999999999999999999"]
)
def test_any_other_reply_is_left_to_the_parser(pair, reply):
    ours, theirs = pair
    theirs.sendall(reply)
    assert bulk.size_of(ours) is None
    assert ours.recv(100) == reply


def test_connection_that_ends_within_a_string_is_an_error(pair):
    ours, theirs = pair
    thread = sending(theirs, b"$%d\r\n%s" % (len(DATA), DATA[:-1]), step=1 << 20, close=True)
    ours.recv(1, socket.MSG_PEEK)
    size = bulk.size_of(ours)
    with pytest.raises(redis.ConnectionError):
        bulk.read_string(ours, size)
    thread.join()


class Server:
    """Answers everything that one connection asks with the same bytes."""

    def __init__(self, answer):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        self._answer = answer
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        sock, _ = self._listener.accept()
        with sock:
            while b"GET" not in (asked := sock.recv(1 << 16)):
                sock.sendall(b"+OK\r\n" * asked.count(b"*"))
            sock.sendall(self._answer)
            sock.recv(1)

    def close(self):
        self._listener.close()


MIXED = b"$%d\r\n%s\r\n$2\r\nab\r\n$-1\r\n-ERR no\r\n$%d\r\n%s\r\n" % (len(DATA), DATA, len(DATA), DATA)


@pytest.mark.parametrize("plain", [True, False], ids=["plain", "as with TLS"])
def test_answers_of_every_kind_keep_their_order(plain, monkeypatch):
    server = Server(MIXED)
    link = Link(server.url)
    link.connect()
    if not plain:
        monkeypatch.setattr(link, "_plain_socket", lambda: None)
    assert link.fetch(["a", "b", "c", "d", "e"]) == [DATA, b"ab", None, None, DATA]
    link.close()
    server.close()


def test_small_neighbours_are_joined_and_large_pieces_are_not_copied():
    large = bytes(1 << 17)
    view = memoryview(bytearray(1 << 17))
    pieces = _joined([b"a", b"b", large, b"c", view, b"d", b"e"])
    assert pieces == [b"ab", large, b"c", view, b"de"]
    assert pieces[1] is large
    assert pieces[3] is view


def test_command_with_a_large_part_travels_as_it_would_in_one_piece():
    small = b"".join(pack("SET", "k", b"x" * 10, "EX", 3600))
    large = b"".join(pack("SET", "k", memoryview(b"x" * 100_000), "EX", 3600))
    assert large == small.replace(b"$10\r\n" + b"x" * 10, b"$100000\r\n" + b"x" * 100_000)
