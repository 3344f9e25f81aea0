"""A gateway for text messages on this machine, over TLS with a certificate of its own; and the person's telephone."""
import http.server
import json
import os
import ssl
import subprocess
import threading
import time


class Gateway:
    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.ca = os.path.join(folder, "gateway.pem")
        key = os.path.join(folder, "gateway.key")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key,
                        "-out", self.ca], check=True, capture_output=True)
        self.asked, self.statuses = [], []  # (headers, body) of each request; what is answered first
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.asked.append((dict(self.headers), body))
                self.send_response(outer.statuses.pop(0) if outer.statuses else 201)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def messages(self, count, timeout=60):
        end = time.monotonic() + timeout
        while len(self.asked) < count and time.monotonic() < end:
            time.sleep(0.05)
        return [json.loads(body) for _, body in self.asked]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
