"""Certificates from an authority (ACME), against pebble: both challenges, renewal, refusals in words."""
import json
import os
import shutil
import socket
import ssl
import stat
import time

import pytest
from cryptography import x509

from authority import PEBBLE, RESOLVER, Authority
from house import House, free_port

pytestmark = pytest.mark.skipif(not PEBBLE or not RESOLVER, reason="pebble is not installed")
NAME = "letters.example.com"


@pytest.fixture
def house(tmp_path):
    h = House(tmp_path / "house")
    h.setting("base_url", f"https://{NAME}")
    h.authorities = []
    yield h
    h.stop()
    for authority in h.authorities:
        authority.stop()


def with_authority(house, room, **how):
    authority = Authority(room, **how)
    house.authorities.append(authority)
    for name, value in (("acme_directory", authority.directory), ("acme_ca_file", authority.ca), ("acme_agreed", "true"),
                        ("acme_contact", "postmaster@example.com")):
        house.setting(name, value, section="serve")
    return authority


def served(port):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with context.wrap_socket(socket.create_connection(("127.0.0.1", port), 10), server_hostname=NAME) as s:
        return x509.load_der_x509_certificate(s.getpeercert(True))


def issued(port, patience=60):
    """The first certificate that is served and not self-made."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        c = served(port)
        if c.issuer != c.subject and "Pebble" in c.issuer.rfc4514_string():
            return c
        time.sleep(0.2)
    raise AssertionError("no certificate came")


def names_of(certificate):
    return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)


def mode(*path):
    return stat.S_IMODE(os.stat(os.path.join(*path)).st_mode)


def test_a_certificate_comes_over_the_port_that_is_served_anyway(house, tmp_path):
    with_authority(house, tmp_path / "authority", tls=house.port)
    house.serve()
    certificate = issued(house.port)
    assert names_of(certificate) == [NAME]
    tls = os.path.join(house.path, "tls")
    assert mode(tls, "key.pem") == 0o600 and mode(tls, "acme", "account.pem") == 0o600 and mode(tls, "acme") == 0o700
    assert os.listdir(os.path.join(tls, "acme")) == ["account.pem"]  # what was shown is gone
    status = json.loads(house.run("status", "--json").stdout)
    assert status["certificate"]["ends_at"] and not status["certificate"]["alarm"]
    # It is served to others only by the usual protocol, and an authority finds nothing any more.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["acme-tls/1"])
    with pytest.raises((ssl.SSLError, OSError)):
        context.wrap_socket(socket.create_connection(("127.0.0.1", house.port), 10), server_hostname=NAME)


def test_a_certificate_comes_over_plain_http_which_answers_nothing_else(house, tmp_path):
    port = free_port()
    house.setting("acme_challenge", "http-01", section="serve")
    house.setting("acme_listen", f"127.0.0.1:{port}", section="serve")
    with_authority(house, tmp_path / "authority", http=port)
    house.serve()
    assert names_of(issued(house.port)) == [NAME]
    for path in ("/", "/robots.txt", "/.well-known/acme-challenge/", "/.well-known/acme-challenge/../account.pem",
                 "/.well-known/acme-challenge/challenge.txt"):
        s = socket.create_connection(("127.0.0.1", port), 10)
        s.sendall(f"GET {path} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
        assert s.recv(4096).startswith(b"HTTP/1.1 404 "), path
        s.close()


def test_a_certificate_is_renewed_past_two_thirds_of_its_life_and_not_before(house, tmp_path):
    tls = os.path.join(house.path, "tls")
    shutil.copytree(tls, tmp_path / "tls")
    with_authority(house, tmp_path / "authority", tls=house.port)
    house.serve()
    first = issued(house.port).serial_number
    house.stop()
    house.serve()
    time.sleep(2)
    assert served(house.port).serial_number == first
    house.stop()
    shutil.copytree(tmp_path / "tls", tls, dirs_exist_ok=True)
    with_authority(house, tmp_path / "another", tls=house.port, lives_s=6)
    house.serve()
    second = issued(house.port).serial_number
    house.stop()
    time.sleep(5)
    house.serve()
    until = time.monotonic() + 60
    while served(house.port).serial_number == second and time.monotonic() < until:
        time.sleep(0.2)
    assert served(house.port).serial_number not in (first, second)


def test_a_proof_that_is_not_found_is_told_and_the_old_certificate_stays(house, tmp_path):
    with_authority(house, tmp_path / "authority", tls=free_port())
    house.serve()
    before = served(house.port)
    lines = []
    for line in house.server.stderr:
        lines.append(line.decode())
        if "certificate" in lines[-1] and "tried again" in lines[-1]:
            break
    assert "did not find the proof" in lines[-1] and NAME in lines[-1]
    assert served(house.port) == before


@pytest.mark.parametrize("name, value, words", [("acme_agreed", "false", "terms"),
                                                ("acme_directory", "http://localhost/dir", "https")])
def test_no_authority_is_asked_without_agreement_or_in_plain(house, name, value, words):
    house.setting("acme_directory", "https://localhost/dir", section="serve")
    house.setting("acme_agreed", "true", section="serve")
    house.setting(name, value, section="serve")
    p = house.run("config", "check", ok=False)
    assert p.returncode != 0 and words in p.out + p.err
