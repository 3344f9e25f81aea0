"""The recipient's page through the real program: other people's clients, a proxy in front, slow peers, signals."""
import concurrent.futures
import hashlib
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time

import pytest

from house import Browser, House, pdf

BIG = 3_000_000


@pytest.fixture
def house(tmp_path):
    h = House(tmp_path / "house")
    h.setting("connections_per_address", 400, section="serve")
    yield h
    h.stop()


@pytest.fixture
def served(house):
    """One person with a document of 3 MB, and the server running."""
    rows = house.people(1)
    noise = os.urandom(BIG).hex()
    frame = len(pdf(noise[:BIG - 1000])) - (BIG - 1000)
    with open(os.path.join(house.documents, rows[0]["document"]), "wb") as f:
        f.write(pdf(noise[:BIG - frame]))
    house.document = open(os.path.join(house.documents, rows[0]["document"]), "rb").read()
    house.row = house.send(rows).results[0]
    return house.serve()


def open_link(house, row=None, secrets=None):
    """A browser with a session, and the paths of the documents."""
    row = row or house.row
    b = Browser(house)
    status, headers, _ = b.prove(row["link"], secrets or [row["password"]])
    assert status == 303
    status, _, page = b.ask("GET", headers["location"])
    assert status == 200
    return b, [m.decode() for m in re.findall(rb'href="https://[^/"]+(/f/[^"]+)"', page)], page.decode()


def tls(port):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), 10))


def cookie_of(browser):
    return "; ".join(f"{k}={v}" for k, v in browser.cookies.items())


# ── Clients ──

def test_the_page_names_the_document_and_its_digest(served):
    _, paths, page = open_link(served)
    assert len(paths) == 1
    assert hashlib.sha256(served.document).hexdigest() in page and "person-00000.pdf" in page and "3.0 MB" in page


def test_curl_resumes_where_it_was_cut_off(served, tmp_path):
    b, (path,), _ = open_link(served)
    out = tmp_path / "got.pdf"
    out.write_bytes(served.document[:1_234_567])
    subprocess.run(["curl", "-sSfk", "--resolve", f"localhost:{served.port}:127.0.0.1", "-H", f"Cookie: {cookie_of(b)}",
                    "-C", "-", "-o", str(out), f"https://localhost:{served.port}{path}"], check=True)
    assert out.read_bytes() == served.document
    got = subprocess.run(["curl", "-sSk", "--resolve", f"localhost:{served.port}:127.0.0.1", "--http2", "-o", os.devnull,
                          "-w", "%{http_version} %{http_code}", f"https://localhost:{served.port}/healthz"],
                         capture_output=True, text=True, check=True)
    assert got.stdout == "1.1 200"


def test_details_are_known_in_any_usual_form(house):
    rows = house.people(2)
    for n, r in enumerate(rows):
        r.update(birth="1987-04-03", policy=f"AB-123 45{n}")
    p = house.send(rows, "--proof", "details:birth+policy")
    house.serve()
    _, paths, _ = open_link(house, p.results[0], ["3.4.1987", " ab123450 "])
    assert len(paths) == 1
    b = Browser(house)
    assert b.prove(p.results[1]["link"], ["3.4.1987", "ab123450"])[0] == 403


def test_what_was_opened_is_told(served):
    b, (path,), _ = open_link(served)
    status, _, data = b.ask("GET", path)
    assert status == 200 and data == served.document
    for _ in range(40):
        story = served.run("show", served.row["delivery"]).out
        if "opened" in story and "3000000 bytes" in story:
            break
        time.sleep(0.05)
    assert "proof-right" in story and "3000000 bytes left the house" in story


def test_a_wrong_proof_a_strange_token_and_a_revoked_link_look_the_same(served):
    wrong = Browser(served).prove(served.row["link"], ["wrong"])
    token = served.row["link"].rsplit("/", 1)[1]
    form = re.search(rb'name="form" value="([^"]+)"', Browser(served).ask("GET", served.row["link"])[2])[1].decode()
    served.run("revoke", served.row["delivery"])
    revoked = Browser(served).ask("POST", served.row["link"], {"form": form, "proof": "wrong"})
    assert revoked[0] == wrong[0] == 403 and revoked[2] == wrong[2]
    strange = served.row["link"].replace(token, "0" * 32)
    unknown, ended = (Browser(served).ask("GET", link)[2] for link in (strange, served.row["link"]))
    assert unknown.replace(b"0" * 32, token.encode()) == ended  # but for what was asked for


# ── Peers that mean no good ──

def test_two_hundred_slow_peers_do_not_keep_others_waiting(served):
    slow = []
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        slow += pool.map(lambda _: tls(served.port), range(150))
    for s in slow:
        s.sendall(b"GET / HTTP/1.1\r\nHost: l")
    slow += [socket.create_connection(("127.0.0.1", served.port), 10) for _ in range(50)]  # silent in the handshake
    begin = time.monotonic()
    for _ in range(10):
        assert Browser(served).ask("GET", "/healthz")[0] == 200
    assert time.monotonic() - begin < 5
    for s in slow:
        s.close()


def test_too_many_from_one_address_are_turned_away_and_others_are_not(house):
    house.setting("connections_per_address", 20, section="serve")
    house.serve()
    time.sleep(0.5)  # what looked whether it listens has left
    held = [socket.create_connection(("127.0.0.1", house.port), 10) for _ in range(60)]
    time.sleep(0.5)
    with pytest.raises((OSError, ssl.SSLError)):
        tls(house.port)
    other = socket.create_connection(("127.0.0.1", house.port), 10, source_address=("127.0.0.9", 0))
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    assert context.wrap_socket(other).version() == "TLSv1.3"
    for s in held:
        s.close()


# ── Signals ──

def certificate_of(port):
    with tls(port) as s:
        return hashlib.sha256(s.getpeercert(True)).hexdigest()


def test_a_new_certificate_is_served_after_a_hangup(house):
    house.serve()
    before = certificate_of(house.port)
    folder = os.path.join(house.path, "tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "2", "-subj", "/CN=localhost", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/certificate.pem"],
                   check=True, capture_output=True)
    os.chmod(f"{folder}/key.pem", 0o600)
    house.server.send_signal(signal.SIGHUP)
    for _ in range(60):
        if certificate_of(house.port) != before:
            return
        time.sleep(0.05)
    pytest.fail("the old certificate is still served")


def test_a_download_under_way_ends_before_the_server_does(served):
    b, (path,), _ = open_link(served)
    s = tls(served.port)
    s.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost:{served.port}\r\nCookie: {cookie_of(b)}\r\n\r\n".encode())
    got = s.recv(1000)
    served.server.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    while piece := s.recv(65536):
        got += piece
    assert got.split(b"\r\n\r\n", 1)[1] == served.document
    assert served.server.wait(10) == 0
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", served.port), 1)
    served.server = None


def test_tokens_are_in_no_output(served):
    token = served.row["link"].rsplit("/", 1)[1]
    Browser(served).prove(served.row["link"], ["wrong"])
    b, (path,), _ = open_link(served)
    b.ask("GET", path)
    shutil.rmtree(os.path.join(served.path, "objects"))
    assert b.ask("GET", path)[0] >= 300
    served.server.send_signal(signal.SIGTERM)
    out, err = served.server.communicate(timeout=30)
    served.server = None
    assert token.encode() not in out + err and served.row["password"].encode() not in out + err
