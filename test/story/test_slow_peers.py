"""Peers that give or take a byte now and then are left at their deadlines, and an honest one is served all the while
(THREATS B-11)."""
import re
import socket
import ssl
import time
import urllib.parse
import urllib.request

import pytest

from house import Browser, House, free_port, pdf_of

SIZE = 20_000_000  # more than fits into the buffers of two kernels


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    h = House(tmp_path_factory.mktemp("slow") / "house")
    for name in ("handshake_timeout", "request_timeout", "answer_timeout"):
        h.setting(name, "2s", section="serve")
    h.ops = free_port()
    h.setting("ops_listen", f"127.0.0.1:{h.ops}", section="serve")
    rows = h.people(1)
    with open(f"{h.documents}/{rows[0]['document']}", "wb") as f:
        f.write(pdf_of(SIZE))
    h.row = h.send(rows).results[0]
    h.serve()
    yield h
    h.stop()


def connections(house):
    with urllib.request.urlopen(f"http://127.0.0.1:{house.ops}/metrics", timeout=30) as answer:
        return int(re.search(r"^letterlock_http_connections (\d+)$", answer.read().decode(), re.M)[1])


def plain(house):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.settimeout(20)
    s.connect(("127.0.0.1", house.port))
    return s


def secure(house, said):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    s = context.wrap_socket(plain(house), server_hostname="localhost")
    s.sendall(said.encode())
    return s


def in_the_handshake(house, path, cookies):
    s = plain(house)
    s.sendall(b"\x16\x03\x01\x02")  # a ClientHello of some 500 bytes, which never come
    return s


def in_the_head(house, path, cookies):
    return secure(house, f"GET /healthz HTTP/1.1\r\nHost: localhost:{house.port}\r\nX-Long: ")


def in_the_body(house, path, cookies):
    return secure(house, f"POST {urllib.parse.urlsplit(house.row['link']).path} HTTP/1.1\r\nHost: localhost:{house.port}\r\n"
                         "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\n")


def while_reading(house, path, cookies):
    return secure(house, f"GET {path} HTTP/1.1\r\nHost: localhost:{house.port}\r\nCookie: {cookies}\r\n\r\n")


def a_byte(s, reads):
    """Who was closed cannot go on, and need not."""
    try:
        s.settimeout(5)
        s.recv(1) if reads else s.sendall(b"x")
    except OSError:
        pass


def opened(house):
    b = Browser(house)
    status, headers, page = b.prove(house.row["link"], [house.row["password"]])
    assert status == 303, page[:300]
    page = b.ask("GET", headers["location"])[2].decode()
    path = urllib.parse.urlsplit(re.search(r'href="([^"]*/f/[^"]+)"', page)[1]).path
    return path, "; ".join(f"{k}={v}" for k, v in b.cookies.items())


@pytest.mark.parametrize("how", [in_the_handshake, in_the_head, in_the_body, while_reading])
def test_who_is_slow_is_left_and_who_is_not_is_served(house, how):
    what = opened(house)
    slow = [how(house, *what) for _ in range(8)]
    try:
        until = time.monotonic() + 60
        while connections(house):
            assert time.monotonic() < until, f"{connections(house)} connections are still held"
            assert Browser(house).ask("GET", house.row["link"])[0] == 200
            for s in slow:
                a_byte(s, how is while_reading)
            time.sleep(0.2)
    finally:
        for s in slow:
            s.close()


def test_who_was_left_in_mid_download_gets_the_rest(house):
    path, cookies = opened(house)
    s = while_reading(house, path, cookies)
    until = time.monotonic() + 60
    while connections(house):
        assert time.monotonic() < until
        time.sleep(0.1)
    got = b""
    try:
        while more := s.recv(1 << 16):
            got += more
    except OSError:
        pass
    s.close()
    body = got.split(b"\r\n\r\n", 1)[1]
    assert 0 < len(body) < SIZE
    b = Browser(house)
    b.cookies = dict(c.split("=", 1) for c in cookies.split("; "))
    status, headers, rest = b.ask("GET", f"https://localhost:{house.port}{path}", headers={"Range": f"bytes={len(body)}-"})
    assert status == 206 and body + rest == pdf_of(SIZE)
