"""How deliveries share a relay: crowding, pace to one domain beside others."""
import socket
import threading
import time

import pytest

from house import House


class Relay:
    """Takes everything on a few connections at once and turns the others away."""

    def __init__(self, most):
        self.most, self.open, self.taken, self.turned_away = most, 0, [], 0
        self.lock, self.socket = threading.Lock(), socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            try:
                c, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(c,), daemon=True).start()

    def serve(self, c):
        with self.lock:
            full = self.open >= self.most
            self.open += not full
            self.turned_away += full
        with c:
            if full:
                c.sendall(b"421 4.7.0 too many connections\r\n")
                return
            self.talk(c)
        with self.lock:
            self.open -= 1

    def talk(self, c):
        r, to = c.makefile("rb"), None
        c.sendall(b"220 relay\r\n")
        for line in r:
            verb = line[:4].upper()
            if verb == b"EHLO":
                c.sendall(b"250-relay\r\n250 8BITMIME\r\n")
            elif verb == b"RCPT":
                to = line.split(b"<")[1].split(b">")[0].decode()
                c.sendall(b"250 ok\r\n")
            elif verb == b"DATA":
                c.sendall(b"354 go\r\n")
                while r.readline() != b".\r\n":
                    pass
                with self.lock:
                    self.taken.append((time.monotonic(), to))
                c.sendall(b"250 ok\r\n")
            elif verb == b"QUIT":
                c.sendall(b"221 bye\r\n")
                return
            else:
                c.sendall(b"250 ok\r\n")


@pytest.fixture
def relay(request):
    r = Relay(getattr(request, "param", 50))
    yield r
    r.socket.close()


@pytest.mark.parametrize("relay", [2], indirect=True)
def test_a_relay_that_turns_some_connections_away_is_used_with_the_others(relay, tmp_path):
    h = House(tmp_path / "house", transport=f"smtp://127.0.0.1:{relay.port}")
    began = time.monotonic()
    p = h.send(h.people(60))
    assert [r["status"] for r in p.results] == ["delivered"] * 60
    assert len(relay.taken) == len({to for _, to in relay.taken}) == 60
    assert relay.turned_away, "nothing was tried"
    assert time.monotonic() - began < 30, "those that were turned away held the others up"


def test_a_slow_pace_to_one_domain_holds_no_other_up(relay, tmp_path):
    h = House(tmp_path / "house", transport=f"smtp://127.0.0.1:{relay.port}")
    h.setting("per_domain_per_second", "4", section="pace")
    rows = h.people(30)
    for i, r in enumerate(rows):
        r["email"] = f"p{i}@slow.example" if i < 16 else f"p{i}@other{i}.example"
    began = time.monotonic()
    p = h.send(rows)
    assert all(r["status"] == "delivered" for r in p.results)
    slow = sorted(t for t, to in relay.taken if to.endswith("slow.example"))
    others = sorted(t for t, to in relay.taken if not to.endswith("slow.example"))
    # A busy machine makes any of them late, but none early.
    for i, t in enumerate(slow):
        assert t - began >= i * 0.25, f"message {i} was early"
    assert others[-1] < slow[-1], "the others waited for the slow domain"


def test_messages_a_second_hold_over_the_whole_transport(relay, tmp_path):
    h = House(tmp_path / "house", transport=f"smtp://127.0.0.1:{relay.port}")
    h.setting("messages_per_second", "20", section="pace")
    began = time.monotonic()
    h.send(h.people(81))
    times = sorted(t for t, _ in relay.taken)
    assert len(times) == 81
    for i, t in enumerate(times):  # eighty steps of a twentieth; without the limit it is a blink
        assert t - began >= i / 20, f"message {i} was early"
