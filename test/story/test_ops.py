"""What an operator's machines ask: whether it lives, whether it can serve, and numbers."""
import datetime
import http.client
import os
import re
import shutil
import socket
import subprocess
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from house import Browser, House, free_port

PROMTOOL = shutil.which("promtool")


@pytest.fixture
def house(tmp_path):
    h = House(tmp_path / "house")
    h.ops = free_port()
    h.setting("ops_listen", f"127.0.0.1:{h.ops}", section="serve")
    yield h
    h.stop()


def ask(house, path, method="GET", host=None):
    c = http.client.HTTPConnection("127.0.0.1", house.ops, timeout=20)
    c.request(method, path, headers={"Host": host or f"127.0.0.1:{house.ops}"})
    r = c.getresponse()
    answer = r.status, r.read().decode()
    c.close()
    return answer


def numbers(house):
    status, text = ask(house, "/metrics")
    assert status == 200
    return {m[1]: int(m[2]) for m in re.finditer(r"^letterlock_(\S+) (-?\d+)$", text, re.M)}


def wait_for(what, patience=30):
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.1)
    return False


def test_numbers_tell_what_happened(house):
    before = house.serve() and numbers(house)
    row = house.send(house.people(2)).results[0]
    b = Browser(house)
    assert b.prove(row["link"], [row["password"]])[0] == 303
    assert wait_for(lambda: numbers(house)['http_requests_total{status="303"}'] == 1)
    after = numbers(house)
    assert after['events_total{event="proof-right"}'] - before['events_total{event="proof-right"}'] == 1
    assert after['events_total{event="delivered"}'] == 2 and after['deliveries{state="delivered"}'] == 2
    assert after['links{state="live"}'] == 2
    assert after['submissions{state="accepted"}'] == 1
    assert after["http_connections_total"] > before["http_connections_total"]
    assert after["certificate_seconds_left"] > 0
    assert not any(v for k, v in after.items() if k.startswith('ready{') and v != 1)
    text = ask(house, "/metrics")[1]
    for secret in (row["link"].rsplit("/", 1)[-1], row["email"], "@"):
        assert secret not in text


@pytest.mark.skipif(not PROMTOOL, reason="promtool is not installed")
def test_prometheus_own_judge_finds_nothing_to_say(house):
    house.serve()
    p = subprocess.run([PROMTOOL, "check", "metrics"], input=ask(house, "/metrics")[1], capture_output=True, text=True)
    assert p.returncode == 0 and not p.stdout + p.stderr


def test_ready_means_that_recipients_can_be_served(house):
    house.serve()
    status, text = ask(house, "/readyz")
    assert status == 200 and text == "database ready\nstore ready\nkeeper ready\ncertificate ready\n"
    assert ask(house, "/healthz") == (200, "alive\n")
    objects = os.path.join(house.path, "objects")
    os.rename(objects, objects + ".away")
    status, text = ask(house, "/readyz")
    assert status == 503 and "store not ready" in text
    assert ask(house, "/healthz")[0] == 200
    assert numbers(house)['ready{part="store"}'] == 0
    os.rename(objects + ".away", objects)
    assert ask(house, "/readyz")[0] == 200


def test_a_certificate_that_has_ended_is_not_ready(house):
    tls = os.path.join(house.path, "tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
                   .serial_number(1).not_valid_before(now - datetime.timedelta(days=9))
                   .not_valid_after(now - datetime.timedelta(days=1)).sign(key, hashes.SHA256()))
    with open(f"{tls}/certificate.pem", "wb") as f:
        f.write(certificate.public_bytes(serialization.Encoding.PEM))
    with open(f"{tls}/key.pem", "wb") as f:
        f.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                  serialization.NoEncryption()))
    os.chmod(f"{tls}/key.pem", 0o600)
    house.serve()
    status, text = ask(house, "/readyz")
    assert status == 503 and "certificate not ready" in text
    assert numbers(house)["certificate_seconds_left"] < 0


def test_the_public_page_knows_nothing_of_it(house):
    house.serve()
    for path in ("/metrics", "/readyz"):
        assert Browser(house).ask("GET", path)[0] == 404


def test_only_its_own_name_is_answered_and_nothing_is_posted(house):
    house.serve()
    assert ask(house, "/metrics", host=f"localhost:{house.ops}")[0] == 200
    assert ask(house, "/metrics", host="attacker.example")[0] == 421
    assert ask(house, "/other")[0] == 404
    assert ask(house, "/metrics", method="POST")[0] in (405, 411)


def test_it_can_be_at_a_socket(house, tmp_path):
    path = tmp_path / "ops"
    house.setting("ops_listen", f"unix:{path}", section="serve")
    house.serve()
    s = socket.socket(socket.AF_UNIX)
    s.connect(str(path))
    s.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    got = b""
    while piece := s.recv(4096):
        got += piece
    assert got.startswith(b"HTTP/1.1 200 ") and got.endswith(b"alive\n")


@pytest.mark.parametrize("value", ["0.0.0.0:9843", "'[::]:9843'", "'*:9843'", "192.0.2.1:9843", "9843"])
def test_it_is_never_for_other_machines(house, value):
    house.setting("ops_listen", value, section="serve")
    p = house.run("config", "check", ok=False)
    assert p.returncode != 0 and "loopback" in p.err + p.out
