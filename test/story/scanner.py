"""Scanners for stories: a real clamd with our own signatures, and a false one that misbehaves with documents."""
import os
import socket
import struct
import subprocess
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def eicar():
    """The harmless file that every scanner calls malware; put together here, so that no scanner finds it in the sources."""
    return b"X5O!P%@AP[4" + bytes([92]) + b"PZX54(P^)7CC)7}$EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"


class Clamd:
    """`with Clamd(folder, "StreamMaxLength 1M", age=3600) as clamd`: the socket is clamd.path."""

    def __init__(self, folder, *lines, age=None, undated=False):
        os.makedirs(folder)
        options = (["--age", str(age)] if age is not None else []) + (["--undated"] if undated else [])
        self.process = subprocess.Popen([f"{HERE}/../parts/clamd", str(folder), *options, *lines], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        said = self.process.stdout.readline().decode().split()
        assert said[:1] == ["ready"], "clamd does not start; tools/install-packages test"
        self.path = said[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate()


class FalseClamd:
    """Fit by all that is asked before; `scan(self, connection, document)` answers for each document that came in whole, and
    `begin(self, connection)`, if given, takes the connection over before the document. `documents` has what came."""

    def __init__(self, folder, scan=None, begin=None, age=3600, ping=b"PONG\0", nest=b"stream: Heuristics.Limits.Exceeded.X FOUND\0",
                 version=None):
        os.makedirs(folder, exist_ok=True)
        self.path, self.documents = os.path.join(folder, "false.sock"), []
        self.scan, self.begin, self.ping, self.nest = scan, begin, ping, nest
        date = time.strftime("%a %b %d %H:%M:%S %Y", time.gmtime(time.time() - age))
        self.version = version if version is not None else f"ClamAV 1.4.6/27000/{date}".encode() + b"\0"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(100)
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Nobody listens any more; the socket stays where it is, as of a daemon that died."""
        self.listener.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            connection.settimeout(60)
            try:
                self.converse(connection)
            except OSError:
                pass

    def take(self, connection, count):
        got = b""
        while len(got) < count:
            more = connection.recv(count - len(got))
            if not more:
                raise OSError("cut")
            got += more
        return got

    def document(self, connection):
        got = b""
        while True:
            length = struct.unpack(">I", self.take(connection, 4))[0]
            if not length:
                return got
            got += self.take(connection, length)

    def converse(self, connection):
        command = b""
        while not command.endswith(b"\0"):
            command += self.take(connection, 1)
        if command == b"zPING\0":
            return connection.sendall(self.ping)
        if command == b"zVERSION\0":
            return connection.sendall(self.version)
        assert command == b"zINSTREAM\0", command
        first = connection.recv(9, socket.MSG_PEEK | socket.MSG_WAITALL)
        if first[4:9] == b"a.tar":
            self.document(connection)
            return connection.sendall(self.nest)
        if self.begin:
            return self.begin(self, connection)
        document = self.document(connection)
        self.documents.append(document)
        self.scan(self, connection, document)


def clean(clamd, connection, document):
    connection.sendall(b"stream: OK\0")
