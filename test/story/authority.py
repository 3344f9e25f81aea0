"""pebble, the small authority that Let's Encrypt tests clients with, and its own DNS, in which every name is this
machine."""
import datetime
import json
import os
import shutil
import socket
import subprocess
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from house import free_port

PEBBLE, RESOLVER = shutil.which("pebble"), shutil.which("pebble-challtestsrv")


def make_certificate(path, name):
    """Self-made, for the authority's own door: `path`.pem, which is to be trusted, and `path`.key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
                   .serial_number(1).not_valid_before(now - datetime.timedelta(days=1))
                   .not_valid_after(now + datetime.timedelta(days=9))
                   .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
                   .add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256()))
    path.with_suffix(".pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    path.with_suffix(".key").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))


def wait_for_port(port):
    for _ in range(400):
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the authority does not begin")


class Authority:
    """Looks at `http` and `tls` for challenges; refuses so many good nonces in a hundred, as clients must stand."""

    def __init__(self, room, http=1, tls=1, lives_s=7776000, nonces_refused=30):
        room.mkdir()
        make_certificate(room / "door", "localhost")
        self.port, management, dns, control = free_port(), free_port(), free_port(), free_port()
        self.directory, self.ca = f"https://localhost:{self.port}/dir", room / "door.pem"
        (room / "pebble.json").write_text(json.dumps({"pebble": {
            "listenAddress": f"127.0.0.1:{self.port}", "managementListenAddress": f"127.0.0.1:{management}",
            "certificate": str(room / "door.pem"), "privateKey": str(room / "door.key"), "httpPort": http,
            "tlsPort": tls, "ocspResponderURL": "", "externalAccountBindingRequired": False,
            "certificateValidityPeriod": lives_s}}))
        quiet = {"stdout": open(room / "log", "wb"), "stderr": subprocess.STDOUT}
        self.processes = [
            subprocess.Popen([RESOLVER, "-defaultIPv6", "", "-defaultIPv4", "127.0.0.1", "-dns01", f"127.0.0.1:{dns}",
                              "-management", f"127.0.0.1:{control}", "-http01", "", "-https01", "", "-tlsalpn01", ""],
                             **quiet),
            subprocess.Popen([PEBBLE, "-config", str(room / "pebble.json"), "-dnsserver", f"127.0.0.1:{dns}"],
                             env={**os.environ, "PEBBLE_VA_NOSLEEP": "1",
                                  "PEBBLE_WFE_NONCEREJECT": str(nonces_refused)}, **quiet)]
        wait_for_port(self.port)

    def stop(self):
        for p in self.processes:
            p.terminate()
            p.wait()
