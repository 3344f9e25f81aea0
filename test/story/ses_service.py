#!/usr/bin/python3
"""The API of SES as far as mail needs it, over TLS, for stories. Each signature is computed again by botocore, which knows
nothing of this project, from the request as it came over the wire. It enforces what real accounts do (sandbox, sender,
rate, quota, pause, clock), does what real ones do on their bad days when it is told to, and writes Date and Message-ID anew
as SES does. With an upstream (aws-ses-v2-local) that one takes the messages and names them.

    ses_service.py DIR UPSTREAM_PORT      serves until standard input ends, and prints its port; keeps what it takes in
                                          DIR/taken
"""
import base64
import calendar
import email
import email.policy
import email.utils
import hmac
import http.client
import http.server
import json
import os
import pathlib
import re
import ssl
import sys
import threading
import time
import urllib.parse

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

KEY, SECRET, REGION = "TESTACCESSKEY0000001", "testsecretkey000000000000000000000000001", "eu-central-1"
BORNE_S = 300


class Judge(SigV4Auth):
    """botocore's signer, made to sign exactly the headers that the request says are signed."""

    def __init__(self, credentials, region, names):
        super().__init__(credentials, "ses", region)
        self.names = names

    def headers_to_sign(self, request):
        chosen = http.client.HTTPMessage()
        for name in self.names:
            chosen[name] = request.headers[name]
        return chosen

    def _modify_request_before_signing(self, request):
        pass


def judge(here, method, path, headers, body):
    """None, or the refusal: status, exception, words."""
    said = headers.get("Authorization", "")
    if not said.startswith("AWS4-HMAC-SHA256 "):
        return 403, "MissingAuthenticationTokenException", "Missing Authentication Token"
    try:
        fields = dict(part.strip().split("=", 1) for part in said[17:].split(","))
        key, date, region, service, tail = fields["Credential"].split("/")
        names, signature = fields["SignedHeaders"].split(";"), fields["Signature"]
        stamp = headers["X-Amz-Date"]
        at = calendar.timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))
    except (KeyError, ValueError, TypeError):
        return 403, "IncompleteSignatureException", "Authorization header is malformed"
    if key not in here.keys:
        return 403, "UnrecognizedClientException", "The security token included in the request is invalid."
    if (region, service, tail) != (REGION, "ses", "aws4_request") or not stamp.startswith(date):
        return 403, "InvalidSignatureException", "Credential should be scoped to a valid region and to the service 'ses'."
    if abs(at - time.time() - here.clock) > BORNE_S:
        return 403, "InvalidSignatureException", f"Signature expired: {stamp} is now earlier than the time of the server"
    if "host" not in names or "x-amz-date" not in names or names != sorted(names) or not all(n in headers for n in names):
        return 403, "InvalidSignatureException", "what must be signed is not"
    request = AWSRequest(method, f"https://{headers['Host']}{path}", data=body)
    for name in names:
        request.headers[name] = headers[name]
    request.context["timestamp"] = stamp
    judge_ = Judge(Credentials(key, here.keys[key]), REGION, names)
    want = judge_.signature(judge_.string_to_sign(request, judge_.canonical_request(request)), request)
    if not hmac.compare_digest(want, signature):
        return 403, "InvalidSignatureException", "The request signature we calculated does not match yours."
    return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def date_time_string(self, timestamp=None):
        return email.utils.formatdate(time.time() + self.server.house.clock, usegmt=True)

    def say(self, status, what, name=None, **fields):
        body = what if isinstance(what, bytes) else json.dumps(what).encode()
        self.send_response(status)
        if name:
            self.send_header("x-amzn-ErrorType", f"{name}:http://internal.amazon.com/coral/com.amazon.coral.service/")
        for field, value in fields.items():
            self.send_header(field, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, name, words):
        self.say(status, {"message": words}, name)

    def hang_up(self):
        self.close_connection = True
        self.connection.close()

    def do(self):
        here = self.server.house
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with here.lock:
            here.connections.add(self.client_address)
            here.asked.append((self.command, self.path))
            fault = next((f for f in here.faults if f[0] in f"{self.command} {self.path}" and f[2]), None)
            if fault:
                fault[2] -= 1
        fault = fault and fault[1]
        refusal = judge(here, self.command, self.path, self.headers, body)
        if refusal:
            return self.refuse(*refusal)
        if fault == "lost before":
            return self.hang_up()
        if isinstance(fault, tuple) and len(fault) == 3:
            return self.refuse(*fault)
        if fault == "elsewhere":
            return self.say(307, b"", Location="https://localhost:1/")
        if fault == "gateway":
            return self.say(502, b"<html>bad gateway</html>")
        if self.path == "/v2/email/outbound-emails" and self.command == "POST":
            return self.mail(here, json.loads(body), body, fault)
        if self.command != "GET":
            return self.refuse(404, "UnknownOperationException", "no")
        if self.path == "/v2/email/account":
            return self.say(200, here.account_now())
        return self.look(here)

    do_GET = do_POST = do

    def look(self, here):
        what, _, name = self.path.removeprefix("/v2/email/").partition("/")
        name = urllib.parse.unquote(name)
        if what == "identities" and name in here.identities:
            return self.say(200, here.identities[name])
        if what == "configuration-sets" and name.endswith("/event-destinations"):
            events = here.configuration_sets.get(name.removesuffix("/event-destinations"))
            if events is not None:
                return self.say(200, {"EventDestinations": [
                    {"Name": "all", "Enabled": True, "MatchingEventTypes": events}]})
        self.refuse(404, "NotFoundException", f"{what} {name} does not exist.")

    def mail(self, here, asked, body, fault):
        raw = base64.b64decode(asked["Content"]["Raw"]["Data"], validate=True)
        to = asked["Destination"]["ToAddresses"]
        refusal = here.may_send(asked, raw, to)
        if refusal:
            return self.refuse(*refusal)
        name, status, said = here.upstream_takes(body) if here.upstream else (here.new_name(), 200, None)
        if status != 200:
            return self.say(status, said)
        with here.lock:
            here.taken.append({"id": name, "raw": raw, "to": to, "asked": asked, "at": time.monotonic()})
        if here.kept:
            (here.kept / name).write_bytes(raw)
        if here.wait:
            time.sleep(here.wait)
        if fault == "lost after":
            return self.hang_up()
        if fault == "half":
            self.send_response(200)
            self.send_header("Content-Length", "80")
            self.end_headers()
            self.wfile.write(b'{"MessageId":')
            self.wfile.flush()
            return self.hang_up()
        if fault == "garbage":
            return self.say(200, b"<html>welcome to the hotel</html>")
        self.say(200, {"MessageId": name})
        if fault == "closes after":
            self.hang_up()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, address):
        pass


class Ses:
    """`clock`: seconds its clock is ahead. `wait`: seconds an answer takes. `account`: as GetAccount tells it."""

    def __init__(self, room, upstream=None, **account):
        from authority import make_certificate
        room = pathlib.Path(room)
        room.mkdir(exist_ok=True)
        make_certificate(room / "door", "localhost")
        self.ca, self.upstream, self.lock = str(room / "door.pem"), upstream, threading.RLock()
        self.keys = {KEY: SECRET}
        self.clock, self.wait, self.number = 0, 0, 0
        self.account = {"production": True, "sending": True, "rate": 10000, "day": 50000, "sent": 0,
                        "enforcement": "HEALTHY", **account}
        self.verified = {"example.com"}
        self.identities = {"example.com": {"IdentityType": "DOMAIN", "VerifiedForSendingStatus": True}}
        self.configuration_sets = {}
        self.taken, self.asked, self.faults, self.connections = [], [], [], set()
        self.kept = None  # a folder: each message as it was given
        self.slots = []  # of recipients, in the last second
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.house = self
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(room / "door.pem", room / "door.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.endpoint = f"https://localhost:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def fault(self, where, what, times=1):
        self.faults.append([where, what, times])

    def account_now(self):
        a = self.account
        return {"DedicatedIpAutoWarmupEnabled": False, "EnforcementStatus": a["enforcement"],
                "ProductionAccessEnabled": a["production"], "SendingEnabled": a["sending"],
                "SendQuota": {"Max24HourSend": a["day"], "MaxSendRate": a["rate"], "SentLast24Hours": a["sent"]},
                "SuppressionAttributes": {"SuppressedReasons": []}}

    def new_name(self):
        with self.lock:
            self.number += 1
            return f"0107019a{self.number:08x}-7f3c2b1e-4d5a-4c6b-8e9f-0a1b2c3d4e5f-000000"

    def is_verified(self, address):
        return address in self.verified or address.rpartition("@")[2] in self.verified

    def may_send(self, asked, raw, to):
        a, message = self.account, email.message_from_bytes(raw, policy=email.policy.SMTP)
        if not a["sending"]:
            return 400, "SendingPausedException", "Email sending is paused for your account"
        if not all(address.isascii() for address in to):
            return 400, "BadRequestException", "Local address contains control or whitespace"
        if len(message.get_all("DKIM-Signature", [])) > 1:
            return 400, "BadRequestException", "Duplicate header 'DKIM-Signature'"
        name = asked.get("ConfigurationSetName")
        if name and name not in self.configuration_sets:
            return 404, "NotFoundException", f"Configuration set <{name}> does not exist."
        unverified = [x for x in [asked["FromEmailAddress"], *([] if a["production"] else to)] if not self.is_verified(x)]
        if unverified:
            return (400, "MessageRejected", "Email address is not verified. The following identities failed the check in "
                    f"region {REGION.upper()}: {', '.join(unverified)}")
        with self.lock:
            if a["sent"] + len(to) > a["day"]:
                return 429, "TooManyRequestsException", "Daily message quota exceeded."
            now = time.monotonic()
            self.slots = [s for s in self.slots if now - s < 1] + [now] * len(to)
            if len(self.slots) > a["rate"] + 1:  # a little beyond, as SES lets it
                del self.slots[-len(to):]
                return 429, "TooManyRequestsException", "Maximum sending rate exceeded."
            a["sent"] += len(to)
        return None

    def upstream_takes(self, body):
        c = http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=30)
        c.request("POST", "/v2/email/outbound-emails", body,
                  {"Content-Type": "application/json", "Authorization": "AWS believed"})
        answer = c.getresponse()
        said = json.loads(answer.read())
        return said.get("MessageId"), answer.status, said

    def arrived(self, taken):
        """The bytes that a recipient of SES gets: its own Date and Message-ID, the rest as it was."""
        head, _, body = taken["raw"].partition(b"\r\n\r\n")
        lines = re.split(rb"\r\n(?![ \t])", head)
        kept = [l for l in lines if not re.match(rb"(?i)(date|message-id):", l)]
        assert len(kept) == len(lines) - 2
        kept += [b"Date: Mon, 23 Nov 2026 00:00:00 +0000", b"Message-ID: <%s@%s.amazonses.com>" % (
            taken["id"].encode(), REGION.encode())]
        return b"\r\n".join(kept) + b"\r\n\r\n" + body

    def count(self, where):
        return sum(where in f"{method} {path}" for method, path in self.asked)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def write_secret(house, name, secret=SECRET):
    path = os.path.join(house.path, name)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
        f.write(secret + "\n")
    return path


def point_to(house, ses, keys=((KEY, SECRET),), **settings):
    """Lets a house mail through it."""
    house.setting("kind", "ses", section="transport")
    for name, value in {"region": REGION, "endpoint": ses.endpoint, "ca_file": ses.ca, **settings}.items():
        house.setting(name, value, section="ses")
    if not keys:
        return
    house.setting("login", "keys", section="ses")
    today = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400))
    with open(house.config, "a") as f:
        f.write("ses_keys:\n")
        for i, (key, secret) in enumerate(keys):
            f.write(f"  - id: {key}\n    secret_file: {write_secret(house, f'ses-secret-{i}', secret)}\n"
                    f"    created: {today}\n")


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    service = Ses(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 and int(sys.argv[2]) else None)
    service.kept = pathlib.Path(sys.argv[1]) / "taken"
    service.kept.mkdir()
    print("ready", service.port, flush=True)
    sys.stdin.read()
