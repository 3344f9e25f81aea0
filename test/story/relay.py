"""A small SMTP server for stories that can misbehave on purpose. It is no client's model: see test/bench/sink.c for one
that is strict, and test/parts for real ones."""
import os
import socket
import socketserver
import ssl
import subprocess
import threading
import time


class Relay:
    """`with Relay(rcpt=lambda address: "550 no") as relay`. Each word of the dialogue has its reply, a text or a function of
    the command's line; None hangs up instead. `taken` has what was taken, (recipient, bytes), `connections` a count."""

    def __init__(self, port=0, certificate=None, implicit=False, offer_tls=True, wait=0, login=False, **replies):
        self.replies = {"greeting": "220 relay", "ehlo": None, "mail": "250 2.1.0 ok", "rcpt": "250 2.1.5 ok",
                        "data": "354 go", "dot": "250 2.0.0 taken", "rset": "250 ok", "quit": "221 bye",
                        "starttls": "220 go", "auth": "235 2.7.0 welcome", **replies}
        self.login, self.wait, self.implicit, self.offer_tls, self.ehlo_given = login, wait, implicit, offer_tls, "ehlo" in replies
        self.taken, self.heard, self.connections, self.lock = [], [], 0, threading.Lock()
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
        relay = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                try:
                    relay.converse(self.request)
                except OSError:
                    pass

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True
            request_queue_size = 100

            def handle_error(self, request, address):
                pass

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.url = f"smtp://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def converse(self, connection):
        connection.settimeout(120)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.lock:
            self.connections += 1
        if self.implicit:
            connection = self.context.wrap_socket(connection, server_side=True)
        lines, encrypted = connection.makefile("rb"), self.implicit
        self.say(connection, "greeting", "")
        to = ""
        while True:
            line = lines.readline(100_000).decode("utf-8", "replace").rstrip("\r\n")
            if not line:
                return
            self.heard.append(line)
            verb = line.split(" ")[0].split(":")[0].lower()
            if verb == "ehlo" and not self.ehlo_given:
                tls = "250-STARTTLS\r\n" if self.context and self.offer_tls and not encrypted else ""
                login = "250-AUTH PLAIN\r\n" if self.login and encrypted else ""
                self.send(connection, f"250-relay\r\n{tls}{login}250-8BITMIME\r\n250 ENHANCEDSTATUSCODES")
                continue
            reply = self.say(connection, verb, line)
            if verb == "quit":
                return
            if verb == "starttls" and self.context:
                connection, encrypted = self.context.wrap_socket(connection, server_side=True), True
                lines = connection.makefile("rb")
            if verb == "rcpt":
                to = line[line.find("<") + 1:line.rfind(">")]
            if verb == "data" and reply.startswith("354"):
                body = b""
                while not (body == b".\r\n" or body.endswith(b"\r\n.\r\n")):
                    more = lines.readline()
                    if not more:
                        return
                    body += more
                if str(self.say(connection, "dot", to)).startswith("250"):
                    with self.lock:
                        self.taken.append((to, body))

    def say(self, connection, word, line):
        reply = self.replies.get(word, "502 5.5.1 what?")
        if callable(reply):
            reply = reply(line)
        if reply is None:
            raise ConnectionResetError
        self.send(connection, reply)
        return reply

    def send(self, connection, text):
        if self.wait:
            time.sleep(self.wait)
        connection.sendall((text if isinstance(text, bytes) else text.encode()) + b"\r\n")


def certificate(directory, name, authority=None):
    """(certificate, key) for `name`, by an authority made before or by itself; files in `directory`."""
    base = os.path.join(str(directory), name.replace("*", "star") + ("-signed" if authority else "-own"))
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3",
           "-subj", f"/CN={name}", "-keyout", base + ".key", "-out", base + ".pem"]
    if authority:
        new += ["-CA", authority[0], "-CAkey", authority[1], "-addext", "basicConstraints=critical,CA:FALSE"]
    kind = "IP" if name.replace(".", "").isdigit() else "DNS"
    subprocess.run([*new, "-addext", f"subjectAltName={kind}:{name}"], check=True, capture_output=True)
    return base + ".pem", base + ".key"
