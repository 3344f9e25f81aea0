"""nginx in front of the page, in the ways operators use it: HTTPS again to the page, a Unix socket, or a bare stream with
the PROXY protocol."""
import os
import shutil
import signal
import socket
import subprocess
import time

from house import free_port

NGINX = shutil.which("nginx", path="/usr/sbin:" + os.environ["PATH"])
STREAM = "/usr/lib/nginx/modules/ngx_stream_module.so"


class FrontProxy:
    """`to` is where the page listens: "https:PORT", "unix:PATH", or "stream:PORT" for bytes under the PROXY protocol."""

    def __init__(self, room, to, host):
        self.port, self.room = free_port(), room
        self.access = room / "access"
        room.mkdir()
        kind, _, where = to.partition(":")
        server = self.stream(where) if kind == "stream" else self.http(kind, where, host)
        (room / "conf").write_text(f"""
{f"load_module {STREAM};" if kind == "stream" else ""}
{"user root;" if os.getuid() == 0 else ""} daemon off; pid {room}/pid; error_log {room}/error; worker_processes 1;
events {{}}
{server}
""")
        self.process = subprocess.Popen([NGINX, "-c", str(room / "conf")], stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("nginx does not begin: " + (room / "error").read_text())

    def http(self, kind, where, host):
        room = self.room
        server = f"unix:{where}" if kind == "unix" else f"127.0.0.1:{where}"
        return f"""http {{
  access_log {room}/access; client_body_temp_path {room}/b; proxy_temp_path {room}/p; fastcgi_temp_path {room}/f;
  uwsgi_temp_path {room}/u; scgi_temp_path {room}/s;
  upstream page {{ server {server}; keepalive 1; }}
  server {{
    listen 127.0.0.1:{self.port};
    location / {{
      proxy_pass {"http" if kind == "unix" else "https"}://page; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host {host}; proxy_set_header X-Forwarded-For $remote_addr; proxy_request_buffering off;
    }}
  }}
}}"""

    def stream(self, where):
        return f"""stream {{
  server {{ listen 127.0.0.1:{self.port}; proxy_pass 127.0.0.1:{where}; proxy_protocol on; }}
}}"""

    def messages(self):
        """How many requests the proxy believes to have seen since it was last asked."""
        seen = len(self.access.read_text().splitlines())
        self.access.write_text("")
        self.process.send_signal(signal.SIGUSR1)  # opens its log anew
        time.sleep(0.05)
        return seen

    def stop(self):
        self.process.terminate()
        self.process.wait()
