"""What TLS the page's listener offers, held against a written snapshot, with openssl's own client as the judge
(THREATS B-58, R-02)."""
import re
import subprocess

import pytest

from house import House, free_port

GROUPS = ["X25519", "P-256", "P-384"]
SUITES_13 = ["TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"]
SUITES_12 = ["ECDHE-{}-AES256-GCM-SHA384", "ECDHE-{}-AES128-GCM-SHA256", "ECDHE-{}-CHACHA20-POLY1305"]
ALL_GROUPS = GROUPS + ["X448", "P-521", "ffdhe2048", "ffdhe3072"]
# The client's own standards are lowered, so that what is refused was refused by us.
LOW = "@SECLEVEL=0"


class Door:
    def __init__(self, house, ports):
        self.house, self.ports = house, ports

    def ask(self, *options, port=None, said=b"", wait=20):
        command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port or self.ports[0]}", "-servername", "localhost",
                   *options]
        done = subprocess.run(command, input=said, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=wait)
        return done.stdout.decode("utf-8", "replace")

    def met(self, *options, **more):
        """What was agreed on: (protocol, suite), or None."""
        found = re.search(r"^(?:New|Reused), (TLSv[\d.]+|SSLv3), Cipher is (\S+)$", self.ask(*options, **more), re.M)
        return found and found[2] != "(NONE)" and (found[1], found[2])

    def taken(self, *options, names, how):
        """Of many names those that are taken, in our order: what is chosen is left out the next time."""
        left, taken = list(names), []
        while left:
            met = self.met(*options, *how(left))
            if not met:
                break
            assert met[1] in left, met
            left.remove(met[1])
            taken.append(met[1])
        return taken


@pytest.fixture(scope="module", params=["ECDSA", "RSA"])
def door(request, tmp_path_factory):
    house = House(tmp_path_factory.mktemp("tls") / "house")
    ports = [house.port, free_port()]
    house.setting("listen", " ".join(f"127.0.0.1:{p}" for p in ports), section="serve")
    if request.param == "RSA":
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj", "/CN=localhost",
                        "-keyout", "key.pem", "-out", "certificate.pem"], cwd=f"{house.path}/tls", check=True,
                       stderr=subprocess.DEVNULL)
    house.serve()
    found = Door(house, ports)
    found.kind = request.param
    yield found
    house.stop()


def known_suites(*options):
    listed = subprocess.run(["openssl", "ciphers", "-s", *options, f"ALL:COMPLEMENTOFALL:{LOW}"], check=True,
                            capture_output=True, text=True).stdout
    return [name for name in listed.strip().split(":") if not name.startswith("TLS_")]


def test_only_1_2_and_1_3_are_spoken(door):
    spoken = {v: bool(door.met(f"-{v}", "-cipher", f"ALL:{LOW}")) for v in ["tls1", "tls1_1", "tls1_2", "tls1_3"]}
    assert spoken == {"tls1": False, "tls1_1": False, "tls1_2": True, "tls1_3": True}
    assert door.met()[0] == "TLSv1.3"


def test_the_suites_of_1_2_are_the_snapshot(door):
    every = known_suites("-tls1_2")
    assert len(every) > 20 and "AES128-SHA" in every, every
    taken = door.taken("-tls1_2", names=every, how=lambda left: ["-cipher", ":".join([*left, LOW])])
    assert taken == [suite.format(door.kind) for suite in SUITES_12]


def test_the_suites_of_1_3_are_the_snapshot(door):
    every = [*reversed(SUITES_13), "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"]
    how = lambda left: ["-ciphersuites", ":".join(left)]
    # Who has no machinery for AES says so by naming the other first, and gets it.
    assert door.taken("-tls1_3", names=every, how=how) == SUITES_13
    assert door.met("-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384")[1] == SUITES_13[1]


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_the_groups_are_the_snapshot(door, version):
    cipher = [] if version == "-tls1_3" else ["-cipher", f"ECDHE:{LOW}"]
    # In 1.2 the certificate's own curve has to be among those that are named; ours are preferred to it.
    also = ":P-256" if door.kind == "ECDSA" and version == "-tls1_2" else ""
    names = {"prime256v1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
    taken = set()
    for group in ALL_GROUPS:
        said = door.ask(version, *cipher, "-groups", group + also)
        taken |= {names.get(key, key) for key in re.findall(r"(?:Server|Peer) Temp Key: (?:ECDH, )?([^,]+),", said)}
    # The server's order of groups decides, so beside P-256 nothing that comes after it is seen.
    assert taken == set(GROUPS) - ({"P-384"} if also else set())


def test_nothing_is_compressed_renegotiated_or_sent_early(door):
    said = door.ask("-tls1_2", "-comp", said=b"R\n")
    assert "Compression: NONE" in said
    assert "Secure Renegotiation IS supported" in said  # RFC 5746: the word for it, so that nobody can be spliced in
    assert "RENEGOTIATING" in said and "no renegotiation" in said.lower(), said[-600:]
    assert "Extended master secret: yes" in said
    late = door.ask("-tls1_3", said=b"GET /healthz HTTP/1.1\r\n\r\n")
    assert "Early data was not sent" in late and "New Session Ticket" not in late
    assert not re.search(r"Max Early Data: [1-9]", late)


def test_no_session_is_resumed_here_or_at_another_listener(door, tmp_path):
    for version in ("-tls1_2", "-tls1_3"):
        kept = tmp_path / f"session{version}"
        said = door.ask(version, "-sess_out", str(kept), said=b"GET /healthz HTTP/1.1\r\n\r\n")
        assert re.search("^New, ", said, re.M) and "session ticket:" not in said.lower()
        if not kept.exists():
            continue  # nothing was given that could be kept
        for port in door.ports:
            again = door.ask(version, "-sess_in", str(kept), port=port)
            assert re.search("^New, ", again, re.M) and not re.search("^Reused, ", again, re.M)


def test_who_speaks_only_other_protocols_is_refused(door):
    assert "ALPN protocol: http/1.1" in door.ask("-alpn", "h2,http/1.1")
    for other in ("h2", "smtp", "ftp,imap", "acme-tls/1"):
        assert not door.met("-alpn", other), other
    assert door.met()  # and who names none is not
