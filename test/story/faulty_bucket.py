"""A bucket that does what real ones do on their bad days, when it is told to. It believes every signature: Ceph judges
those (bucket.py)."""
import base64
import datetime
import email.utils
import hashlib
import http.server
import re
import select
import ssl
import threading
import time
import urllib.parse
from xml.sax.saxutils import escape

from authority import make_certificate


def error(code):
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>no</Message></Error>'.encode()


BLOCKED = ("<PublicAccessBlockConfiguration>" + "".join(f"<{name}>true</{name}>" for name in [
    "BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]) +
           "</PublicAccessBlockConfiguration>").encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def date_time_string(self, timestamp=None):
        return email.utils.formatdate(time.time() + self.server.house.clock, usegmt=True)

    def say(self, status, body=b"", **fields):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def say_less(self, status, body, fields):
        """A head that promises more than comes."""
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:len(body) // 2])
        self.hang_up()

    def say_first(self):
        """Answers of which nobody asked for any (RFC 9110 15.2)."""
        self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
                         b"HTTP/1.1 103 Early Hints\r\nETag: \"no\"\r\nLink: </x>\r\n\r\n")

    def hang_up(self):
        self.close_connection = True
        self.connection.close()

    def fault_of(self, kind):
        with self.server.house.lock:
            for f in self.server.house.faults:
                if f[0] == self.command and f[1] in self.path.partition("?")[2] and f[3] and kind(f[2]):
                    f[3] -= 1
                    return f
        return None

    def stand_still(self):
        """Neither reads nor writes until the other side has gone."""
        gone = select.poll()
        gone.register(self.connection, select.POLLRDHUP | select.POLLHUP | select.POLLERR)
        gone.poll(120_000)
        with self.server.house.lock:
            self.server.house.left_alone += 1
        self.hang_up()

    def do(self):
        here = self.server.house
        path, _, query = self.path.partition("?")
        self.key = urllib.parse.unquote(path).removeprefix("/faulty").lstrip("/")
        self.query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        length = int(self.headers.get("Content-Length") or 0)
        stops = self.fault_of(lambda what: what == "stops reading")
        assert "Expect" not in self.headers
        self.body = self.rfile.read(length // 3 if stops else length)
        if stops:
            return self.stand_still()
        signer = re.search(r"Credential=([^/]+)/", self.headers.get("Authorization", urllib.parse.unquote(query)))
        with here.lock:
            here.asked.append((self.command, self.key, query, signer and signer[1]))
        fault = self.fault_of(lambda what: what != "stops reading")
        if not signer:
            return self.say(403, error("AccessDenied"))
        if signer[1] in here.unknown_keys:
            return self.say(403, error("InvalidAccessKeyId"))
        signed = re.match(r"(\d{8}T\d{6})Z", self.headers.get("x-amz-date", ""))
        if signed:
            at = datetime.datetime.strptime(signed[1] + "+0000", "%Y%m%dT%H%M%S%z").timestamp()
            if abs(at - time.time() - here.clock) > 900:
                return self.say(403, error("RequestTimeTooSkewed"))
        if fault and fault[2] == "lost before":
            return self.hang_up()
        if fault and fault[2] == "silent before":
            return self.stand_still()
        if fault and fault[2] == "held":
            self.wait_for_others(here)
        if fault and fault[2] == "interim":
            self.say_first()
        if fault and isinstance(fault[2], tuple):
            if fault[2][0] // 100 == 3:
                return self.say(fault[2][0], error(fault[2][1]), Location=here.elsewhere + self.path)
            return self.say(fault[2][0], error(fault[2][1]) if fault[2][0] != 200 else b"  \n" + error(fault[2][1]))
        self.fault = fault[2] if fault else None
        with here.lock:
            answer = getattr(self, "answer_" + self.command)(here)
        if self.fault == "lost after":
            return self.hang_up()
        if self.fault == "silent after":
            return self.stand_still()
        if self.fault == "half an answer":
            return self.say_less(*answer)
        if self.fault == "half a document":
            answer = answer[0], answer[1][:len(answer[1]) // 2], answer[2]
        self.say(answer[0], answer[1], **answer[2])

    def wait_for_others(self, here):
        """Answers nothing until so many others have their objects."""
        until = time.monotonic() + 60
        while len(here.objects) < here.others and time.monotonic() < until:
            time.sleep(0.01)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do

    def answer_HEAD(self, here):
        whole = here.objects.get(self.key)
        return (404, b"", {}) if whole is None else (200, whole, {"ETag": here.etag(whole)})

    def answer_GET(self, here):
        if "uploads" in self.query or "list-type" in self.query:
            return 200, here.list("uploads" in self.query), {}
        if not self.key:
            if "publicAccessBlock" in self.query:
                return 200, BLOCKED, {}
            return 404, error("NoSuchBucketPolicy"), {}
        whole = here.objects.get(self.key)
        if whole is None:
            return 404, error("NoSuchKey"), {}
        if self.headers.get("If-Match") not in (None, here.etag(whole)):
            return 412, error("PreconditionFailed"), {}
        if self.fault == "replaced":
            here.objects[self.key] = whole[:-1] + b"x"
        first, last = map(int, re.match(r"bytes=(\d+)-(\d+)", self.headers["Range"]).groups())
        part = whole[first:last + 1]
        fields = {"ETag": here.etag(whole), "Content_Range": f"bytes {first}-{first + len(part) - 1}/{len(whole)}"}
        if self.fault == "shorter":
            return 206, part[:-1], fields
        if self.fault in ("cut", "stops writing"):
            self.send_response(206)
            for name, value in {**fields, "Content_Length": len(part)}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(part[:len(part) // 2])
            self.wfile.flush()
            self.fault = "lost after" if self.fault == "cut" else "silent after"
        return 206, part, fields

    def answer_PUT(self, here):
        assert base64.b64decode(self.headers["Content-MD5"]) == hashlib.md5(self.body).digest()
        if "partNumber" in self.query:
            here.uploads[self.query["uploadId"]]["parts"][int(self.query["partNumber"])] = self.body
        else:
            assert self.headers["x-amz-server-side-encryption"] == "AES256"
            if here.conditional and self.headers.get("If-None-Match") == "*" and self.key in here.objects:
                return 412, error("PreconditionFailed"), {}
            here.objects[self.key] = self.body
        stored = self.body[:-1] if self.fault == "another etag" else self.body
        return 200, b"", {} if self.fault == "no etag" else {"ETag": here.etag(stored)}

    def answer_POST(self, here):
        if "uploads" in self.query:
            assert self.headers["x-amz-server-side-encryption"] == "AES256"
            name = f"upload-{len(here.asked)}"
            here.uploads[name] = {"key": self.key, "parts": {}}
            return 200, f"<InitiateMultipartUploadResult><UploadId>{name}</UploadId></InitiateMultipartUploadResult>".encode(), {}
        upload = here.uploads.pop(self.query["uploadId"], None)
        if upload is None:
            return 404, error("NoSuchUpload"), {}
        given = re.findall(rb"<PartNumber>(\d+)</PartNumber><ETag>([^<]*)</ETag>", self.body)
        assert [int(n) for n, _ in given] == sorted(upload["parts"])
        assert all(here.etag(upload["parts"][int(n)]) == e.decode().replace("&quot;", '"') for n, e in given)
        here.objects[self.key] = b"".join(upload["parts"][n] for n in sorted(upload["parts"]))
        return 200, b"<CompleteMultipartUploadResult><ETag>&quot;x-2&quot;</ETag></CompleteMultipartUploadResult>", {}

    def answer_DELETE(self, here):
        if "uploadId" in self.query:
            here.uploads.pop(self.query["uploadId"], None)
        else:
            here.objects.pop(self.key, None)
        return 204, b"", {}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, address):
        pass


class FaultyBucket:
    """`clock`: seconds its clock is ahead. `age`: seconds since whatever it holds was written. `conditional`: whether it
    honours If-None-Match."""

    def __init__(self, room):
        room.mkdir()
        make_certificate(room / "door", "localhost")
        self.ca, self.lock = str(room / "door.pem"), threading.RLock()
        self.objects, self.uploads, self.asked, self.faults, self.unknown_keys = {}, {}, [], [], set()
        self.clock, self.age, self.others, self.left_alone = 0, 0, 0, 0
        self.elsewhere = "https://localhost:1"
        self.conditional = True
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.house = self
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(room / "door.pem", room / "door.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.endpoint = f"https://localhost:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def fault(self, method, what, query="", times=1):
        self.faults.append([method, query, what, times])

    def count(self, method, query=""):
        return sum(1 for m, _, q, _ in self.asked if m == method and query in q)

    def etag(self, body):
        return f'"{hashlib.md5(body).hexdigest()}"'

    def list(self, uploads):
        at = datetime.datetime.fromtimestamp(time.time() - self.age, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        if uploads:
            rows = "".join(f"<Upload><Key>{escape(u['key'])}</Key><UploadId>{n}</UploadId><Initiated>{at}</Initiated></Upload>"
                           for n, u in self.uploads.items())
            return f"<ListMultipartUploadsResult>{rows}<IsTruncated>false</IsTruncated></ListMultipartUploadsResult>".encode()
        rows = "".join(f"<Contents><Key>{escape(k)}</Key><LastModified>{at}</LastModified><Size>{len(v)}</Size></Contents>"
                       for k, v in self.objects.items())
        return f"<ListBucketResult>{rows}<IsTruncated>false</IsTruncated></ListBucketResult>".encode()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
