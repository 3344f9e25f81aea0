"""Who listens where, whom it believes, and what it makes of requests that are not clear: alone and behind a proxy."""
import os
import re
import socket
import ssl
import stat
import time

import pytest

from front_proxy import FrontProxy, NGINX, STREAM
from house import House
from raw_requests import GET, HOST, REFUSED

needs_nginx = pytest.mark.skipif(not NGINX, reason="nginx is not installed")
needs_stream = pytest.mark.skipif(not NGINX or not os.path.exists(STREAM), reason="nginx has no stream module")


@pytest.fixture
def house(tmp_path):
    h = House(tmp_path / "house")
    h.setting("connections_per_address", 400, section="serve")
    h.socket = os.path.join(h.path, "page.sock")
    h.setting("listen", f'"127.0.0.1:{h.port} unix:{h.socket}"', section="serve")
    yield h
    h.stop()


def tls(s):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(s)


def over_tls(house):
    return tls(socket.create_connection(("127.0.0.1", house.port), 10))


def over_unix(house):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(10)
    s.connect(house.socket)
    return s


def ask(s, raw, patience=10):
    """All that comes until the other side closes, and whether it did."""
    got = b""
    s.settimeout(patience)
    try:
        s.sendall(raw)
    except OSError:
        pass  # refused before it had read it all: what it said is there all the same
    try:
        while piece := s.recv(65536):
            got += piece
        return got, True
    except (TimeoutError, socket.timeout):
        return got, False
    except OSError:
        return got, True
    finally:
        s.close()


def answers(got):
    return [int(n) for n in re.findall(rb"HTTP/1\.1 (\d{3})", got) if n != b"100"]


ROBOTS = GET + HOST + b"Connection: close\r\n\r\n"


@pytest.mark.parametrize("way", [over_tls, over_unix])
def test_what_is_not_clear_is_refused_once_and_the_connection_closes(house, way):
    house.serve()
    host = f"localhost:{house.port}".encode()
    wrong = []
    for name, status, raw in REFUSED:
        got, closed = ask(way(house), raw.replace(b"@HOST@", host))
        if answers(got) != [status] or not closed:
            wrong.append((name, status, answers(got), closed))
    assert not wrong
    assert len(REFUSED) >= 35
    assert answers(ask(way(house), ROBOTS.replace(b"@HOST@", host))[0]) == [200]


@needs_nginx
@pytest.mark.parametrize("way", ["https", "unix"])
def test_a_proxy_and_the_page_count_the_same_messages(house, tmp_path, way):
    """Through a proxy that uses its connection to the page again: had one of them read a message more than the other,
    the next innocent request would get an answer that is not its own."""
    house.serve()
    host = f"localhost:{house.port}"
    proxy = FrontProxy(tmp_path / "nginx", f"https:{house.port}" if way == "https" else f"unix:{house.socket}", host)
    wrong = []
    try:
        for name, _, raw in REFUSED if way == "https" else REFUSED[::4]:
            raw = raw.replace(b"@HOST@", b"x")
            raw = raw.replace(b"style.css HTTP/1.1\r\n", b"style.css HTTP/1.1\r\nConnection: close\r\n")
            # Some leave nginx waiting for more: then there is no answer to count.
            got, _ = ask(socket.create_connection(("127.0.0.1", proxy.port), 10), raw, patience=0.7)
            robots, _ = ask(socket.create_connection(("127.0.0.1", proxy.port), 10), ROBOTS.replace(b"@HOST@", b"x"))
            if answers(robots) != [200] or b"User-agent: *" not in robots:
                wrong.append((name, robots[:200]))
            seen = proxy.messages()
            if answers(got) and seen != len(answers(got)) + 1:
                wrong.append((name, seen, answers(got)))
    finally:
        proxy.stop()
    assert not wrong


def test_a_unix_socket_is_for_its_owner_and_group_and_speaks_no_tls(house):
    house.serve()
    assert stat.S_IMODE(os.stat(house.socket).st_mode) == 0o660
    with pytest.raises((ssl.SSLError, OSError)):
        tls(over_unix(house))
    assert b"User-agent" in ask(over_unix(house), ROBOTS.replace(b"@HOST@", f"localhost:{house.port}".encode()))[0]


def test_a_socket_left_by_a_killed_server_is_replaced(house):
    house.serve()
    house.server.kill()
    house.server.wait()
    assert os.path.exists(house.socket)
    house.serve()
    raw = ROBOTS.replace(b"@HOST@", f"localhost:{house.port}".encode())

    def answered():
        try:
            return answers(ask(over_unix(house), raw)[0]) == [200]
        except OSError:
            return False

    # For a moment the port is still that of the old one's children, who die with it.
    until = time.monotonic() + 30
    while not answered() and time.monotonic() < until:
        time.sleep(0.1)
    assert answered()


@needs_stream
def test_behind_a_stream_proxy_the_limit_is_that_of_the_true_address(house, tmp_path):
    house.setting("connections_per_address", 5, section="serve")
    house.setting("proxies", "127.0.0.1", section="serve")
    house.serve()
    proxy = FrontProxy(tmp_path / "nginx", f"stream:{house.port}", None)
    raw = ROBOTS.replace(b"@HOST@", f"localhost:{house.port}".encode())

    def through(address):
        return tls(socket.create_connection(("127.0.0.1", proxy.port), 10, source_address=(address, 0)))

    try:
        held = [through("127.0.0.2") for _ in range(5)]
        with pytest.raises((ssl.SSLError, OSError)):
            through("127.0.0.2")
        assert answers(ask(through("127.0.0.3"), raw)[0]) == [200]
        with pytest.raises((ssl.SSLError, OSError)):
            over_tls(house)  # the proxy's address, but without its word
        for s in held:
            s.close()
    finally:
        proxy.stop()


def test_nobody_who_is_not_configured_speaks_for_others(house):
    house.setting("proxies", "192.0.2.1", section="serve")
    house.serve()
    s = socket.create_connection(("127.0.0.1", house.port), 10)
    s.sendall(b"PROXY TCP4 192.0.2.7 127.0.0.1 1 443\r\n")
    with pytest.raises((ssl.SSLError, OSError)):
        tls(s)


@pytest.mark.parametrize("name, value, words", [
    ("listen", "localhost:443", "figures"),
    ("listen", "127.0.0.1", "address and port"),
    ("listen", "'::1:443'", "brackets"),
    ("listen", "unix:page.sock", "absolute"),
    ("proxies", "10.0.0.0/33", "addresses and networks"),
    ("proxies", "'*'", "addresses and networks"),
    ("socket_mode", "661", "read and write"),
])
def test_a_place_that_cannot_be_listened_at_is_refused_in_words(house, name, value, words):
    house.setting(name, value, section="serve")
    p = house.run("config", "check", ok=False)
    assert p.returncode != 0 and words in p.err + p.out
