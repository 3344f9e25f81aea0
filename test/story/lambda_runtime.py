"""Lambda as a function sees it: the runtime API, one event at a time, deadlines, and a machine that is started again
when its program has ended. Written from the API's description (2018-06-01), without a line of what it drives."""
import http.server
import json
import os
import queue
import re
import signal
import subprocess
import threading
import time
import uuid


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        function = self.server.function
        if self.path != "/2018-06-01/runtime/invocation/next":
            return self.reply(404)
        function.asked.set()
        while True:
            try:
                event = function.queue.get(timeout=0.1)
                break
            except queue.Empty:
                if function.closing or self.gone():
                    self.close_connection = True
                    return
        function.current = event
        event["began"] = time.monotonic()
        self.reply(200, event["body"], [
            ("Content-Type", "application/json"),
            ("Lambda-Runtime-Aws-Request-Id", event["id"]),
            ("Lambda-Runtime-Deadline-Ms", str(int((time.time() + event["timeout"]) * 1000))),
            ("Lambda-Runtime-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"),
            ("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:111122223333:function:letters")])

    def gone(self):
        """Whether who asked has died meanwhile: an event must not be given to a closed socket."""
        import select
        readable, _, _ = select.select([self.connection], [], [], 0)
        return bool(readable)

    def do_POST(self):
        function = self.server.function
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/2018-06-01/runtime/init/error":
            function.init_error = {"type": self.headers.get("Lambda-Runtime-Function-Error-Type"),
                                   "body": json.loads(body)}
            function.asked.set()
            return self.reply(202, b'{"status":"OK"}')
        m = re.fullmatch(r"/2018-06-01/runtime/invocation/([^/]+)/(response|error)", self.path)
        event = function.current
        if not m or not event or m[1] != event["id"]:
            return self.reply(404)
        event["result"] = {"ok": m[2] == "response", "body": json.loads(body),
                           "type": self.headers.get("Lambda-Runtime-Function-Error-Type"),
                           "seconds": time.monotonic() - event["began"]}
        function.current = None
        self.reply(202, b'{"status":"OK"}')
        event["done"].set()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """A program that was killed leaves its connection."""


class Function:
    """One machine of a function. invoke() answers as Lambda would: what was said, or that it ended, or took too long."""

    def __init__(self, command, environment, cwd="/", wrap=None):
        self.command, self.cwd, self.wrap = command, cwd, wrap
        self.queue, self.asked = queue.Queue(), threading.Event()
        self.current, self.init_error, self.closing, self.process = None, None, False, None
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.function = self
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.environment = dict(environment, AWS_LAMBDA_RUNTIME_API=f"127.0.0.1:{self.server.server_port}",
                                AWS_LAMBDA_FUNCTION_NAME="letters", AWS_REGION="default",
                                _HANDLER="bootstrap", TZ=":UTC")
        self.log = open(os.devnull, "w")

    def start(self):
        if self.process and self.process.poll() is None:
            return
        self.init_error = None
        self.asked.clear()
        self.process = subprocess.Popen(self.command, env=self.environment, cwd=self.cwd, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        self.said = []
        self.reader = threading.Thread(target=self.read, args=(self.process, self.said), daemon=True)
        self.reader.start()

    @staticmethod
    def read(process, said):
        for line in process.stdout:
            said.append(line.decode("utf-8", "replace"))

    def kill(self):
        if self.process:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()

    def begin(self, event, timeout=60):
        """Gives an event, and does not wait."""
        self.start()
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        entry = {"id": str(uuid.uuid4()), "body": body, "timeout": timeout, "done": threading.Event(), "result": None}
        self.queue.put(entry)
        entry["given"] = time.monotonic()
        return entry

    def finish(self, entry):
        """As Lambda: a program that ends is an error, one that is not done at its deadline is ended."""
        until = entry["given"] + entry["timeout"] + 30
        while not entry["done"].wait(0.02):
            late = "began" in entry and time.monotonic() > entry["began"] + entry["timeout"]
            if late or time.monotonic() > until:
                self.kill()
                entry["result"] = {"ok": False, "type": "Task.TimedOut", "body": {}}
                break
            if self.process.poll() is not None and not entry["done"].is_set():
                entry["result"] = {"ok": False, "type": "Runtime.ExitError", "body": {}}
                break
        if entry["result"]["type"] in ("Task.TimedOut", "Runtime.ExitError"):
            try:
                self.queue.get_nowait()
            except queue.Empty:
                pass
            self.current = None
        return entry["result"]

    def invoke(self, event, timeout=60):
        return self.finish(self.begin(event, timeout))

    def close(self):
        self.closing = True
        self.kill()
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def put_event(bucket, key, etag, name="ObjectCreated:Put"):
    """What S3 tells of an object that was put."""
    import urllib.parse
    return {"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-central-1",
        "eventTime": "2026-11-22T02:00:00.000Z", "eventName": name,
        "userIdentity": {"principalId": "AWS:AROAEXAMPLE"}, "requestParameters": {"sourceIPAddress": "192.0.2.1"},
        "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": "FMyUVURIY8"},
        "s3": {"s3SchemaVersion": "1.0", "configurationId": "lists",
               "bucket": {"name": bucket, "ownerIdentity": {"principalId": "A3NL1KOZZKExample"},
                          "arn": f"arn:aws:s3:::{bucket}"},
               "object": {"key": urllib.parse.quote_plus(key, safe="/"), "size": 1024, "eTag": etag,
                          "sequencer": "0055AED6DCD90281E5"}}}]}
