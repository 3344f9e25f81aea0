"""A Web Key Directory on this machine, over HTTPS."""
import hashlib
import http.server
import ssl
import threading

from authority import make_certificate

ZBASE32 = "ybndrfg8ejkmcpqxot1uwisza345h769"


class Directory:
    """Answers every question with `status`, `headers` and `body`, what stands in `paths` with that; or not before `go` is
    set."""

    def __init__(self, folder):
        make_certificate(folder / "door", "localhost")
        self.ca, self.asked, self.connections = folder / "door.pem", [], set()
        self.status, self.headers, self.body = 200, {}, b""
        self.paths = {}  # without the query: (status, body)
        self.go = threading.Event()
        self.go.set()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.connections.add(self.client_address)
                outer.asked.append(self.path)
                outer.go.wait(60)
                status, body = outer.paths.get(self.path.split("?")[0], (outer.status, outer.body))
                self.send_response(status)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def handle(self):
                try:
                    super().handle()
                except OSError:
                    pass  # whoever asked has gone

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, folder / "door.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.name = f"localhost:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def path(address):
        """The path of its key by the advanced method (draft 3.1)."""
        local, domain = address.lower().split("@")
        bits = "".join(f"{b:08b}" for b in hashlib.sha1(local.encode()).digest())
        name = "".join(ZBASE32[int(bits[i:i + 5], 2)] for i in range(0, 160, 5))
        return f"/.well-known/openpgpkey/{domain}/hu/{name}"

    @staticmethod
    def policy(domain):
        return f"/.well-known/openpgpkey/{domain}/policy"

    def publish(self, address, key):
        self.paths[self.path(address)] = (200, key)
        self.paths[self.policy(address.split("@")[1])] = (200, b"")

    def close(self):
        self.go.set()
        self.server.shutdown()
        self.server.server_close()
