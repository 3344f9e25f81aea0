"""A Letterlock installation in a temporary directory, for stories: init, lists, documents, outbox, server."""
import csv
import email
import email.policy
import os
import re
import signal
import socket
import ssl
import subprocess
import time
import urllib.parse
import http.client

PROGRAM = os.path.abspath(os.environ.get("LETTERLOCK", "build/letterlock"))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def pdf(text, more=b""):
    """A small real PDF whose bytes differ with its text; `more` is carried in a stream that no page shows."""
    body = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
               b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
               b"<</Length %d>>stream\n%s\nendstream" % (len(body), body),
               b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    if more:
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(more), more))
    out, offsets = b"%PDF-1.4\n", []
    for n, o in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (n, o)
    xref = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % o for o in offsets)
    return out + b"trailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, xref)


def pdf_of(size):
    """One of exactly so many bytes, most of them text."""
    text = max(0, size - len(pdf("")))
    while len(pdf("x" * text)) > size:  # the figures that tell lengths grow as well
        text -= 1
    whole = pdf("x" * text)
    return whole.replace(b"trailer", b" " * (size - len(whole)) + b"trailer")


class House:
    def __init__(self, path, transport="maildir", domain="example.com", port=None, program=PROGRAM):
        self.path, self.program = str(path), str(program)
        self.port = port or free_port()
        self.domain = domain
        self.documents = os.path.join(self.path, "documents")
        self.server = None
        self.run("init", self.path, "--domain", domain, "--transport", transport,
                 "--base-url", f"https://localhost:{self.port}", cwd="/")
        os.makedirs(self.documents, exist_ok=True)
        self.setting("listen", f"127.0.0.1:{self.port}", section="serve")
        if not os.path.exists(os.path.join(os.path.dirname(self.program), "letterlock-inspector")):
            # The program as it is shipped, for faults and kills: those stories are not about what is in documents.
            self.setting("allow_any_reason", "a story about something else", section="check")

    def run(self, *args, ok=True, cwd=None, stdin=None, timeout=120, env=None):
        p = subprocess.run([self.program, *map(str, args)], cwd=cwd or self.path, input=stdin, timeout=timeout,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
        p.out, p.err = p.stdout.decode("utf-8", "replace"), p.stderr.decode("utf-8", "replace")
        if ok:
            assert p.returncode == 0, f"{args}: exit {p.returncode}\n{p.out}\n{p.err}"
        return p

    def spawn(self, *args, **kw):
        return subprocess.Popen([self.program, *map(str, args)], cwd=self.path, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **kw)

    @property
    def config(self):
        return os.path.join(self.path, "letterlock.yaml")

    def setting(self, name, value, section=None):
        """Sets one line of the configuration: `name: value`, below `section:` or at the top."""
        with open(self.config) as f:
            lines = f.read().split("\n")
        indent = "  " if section else ""
        new = f"{indent}{name}: {value}"
        start = 0
        if section:
            heads = [i for i, l in enumerate(lines) if re.match(rf"{section}:\s*(#.*)?$", l)]
            if not heads:
                lines += [f"{section}:", new]
                start = None
            else:
                start = heads[0] + 1
        if start is not None:
            for i in range(start, len(lines)):
                if section and lines[i] and not lines[i].startswith((" ", "#")):
                    lines.insert(i, new)
                    break
                if re.match(rf"{indent}#? ?{name}:", lines[i]):
                    lines[i] = new
                    break
            else:
                lines.append(new)
        with open(self.config, "w") as f:
            f.write("\n".join(lines) + "\n")

    def write_list(self, rows, name="list.csv", **dialect):
        path = os.path.join(self.path, name)
        fields = list(dict.fromkeys(k for r in rows for k in r))
        with open(path, "w", newline="") as f:
            w = csv.DictWriter(f, fields, **dialect)
            w.writeheader()
            w.writerows(rows)
        return path

    def people(self, count, prefix="person"):
        """A list of `count` people, each with a PDF of their own."""
        rows = []
        for i in range(count):
            name = f"{prefix}-{i:05d}.pdf"
            with open(os.path.join(self.documents, name), "wb") as f:
                f.write(pdf(f"{prefix} {i}"))
            rows.append({"email": f"{prefix}{i}@example.net", "name": f"{prefix.title()} {i}", "document": name})
        return rows

    def send(self, rows, *args, ok=True, **kw):
        path = self.write_list(rows)
        results = os.path.join(self.path, "results.csv")
        p = self.run("send", path, "--documents", self.documents, "--results", results, *args, ok=ok, **kw)
        p.results = self.results(results)
        return p

    def results(self, path=None):
        path = path or os.path.join(self.path, "results.csv")
        if not os.path.exists(path):
            return None
        with open(path, newline="") as f:
            return list(csv.DictReader(f))

    def outbox(self):
        found = []
        for base, _, files in os.walk(os.path.join(self.path)):
            if os.path.basename(base) == "new":
                for name in sorted(files):
                    with open(os.path.join(base, name), "rb") as f:
                        found.append(email.message_from_bytes(f.read(), policy=email.policy.default))
        return found

    def age_objects(self, seconds):
        """As if they had been stored that long ago: sweep leaves young ones alone, they may be of a run under way."""
        for base, _, files in os.walk(os.path.join(self.path, "objects")):
            for name in files:
                os.utime(os.path.join(base, name), (time.time() - seconds,) * 2)

    def serve(self, *args):
        self.server = self.spawn("serve", *args)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                assert self.server.poll() is None, self.server.communicate()
                time.sleep(0.05)
        raise AssertionError("serve does not listen")

    def child(self, name, seconds=30):
        """The pid of a process of the server: ll-front, ll-courier, …; it may still be starting."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for pid in filter(str.isdigit, os.listdir("/proc")):
                try:
                    with open(f"/proc/{pid}/stat") as f:
                        stat = f.read()
                except OSError:
                    continue
                if f"({name})" in stat and int(stat.rsplit(")", 1)[1].split()[1]) == self.server.pid:
                    return int(pid)
            time.sleep(0.05)
        raise AssertionError(f"there is no {name}")

    def stop(self):
        if self.server:
            self.server.send_signal(signal.SIGTERM)
            out, err = self.server.communicate(timeout=30)
            code, self.server = self.server.returncode, None
            assert code == 0, (code, out, err)


def sure(page):
    """What a person fills into a second form: its own field, and the number that stands there to be typed."""
    page = page if isinstance(page, str) else page.decode()
    return {"sure": re.search(r'name="sure" value="([^"]+)"', page)[1],
            "number": re.search(r'<label for="number">[^<]*?(\d+)</label>', page)[1]}


class Browser:
    """What a recipient's browser does: keeps cookies, posts forms, follows nothing by itself."""

    def __init__(self, house):
        self.house, self.cookies = house, {}
        self.context = ssl.create_default_context()
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE

    def ask(self, method, url, form=None, headers=None):
        parts = urllib.parse.urlsplit(url)
        path = parts.path + ("?" + parts.query if parts.query else "")
        c = http.client.HTTPSConnection("127.0.0.1", self.house.port, context=self.context, timeout=30)
        h = {"Host": f"localhost:{self.house.port}", **(headers or {})}
        if self.cookies:
            h["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form)
            h["Content-Type"] = "application/x-www-form-urlencoded"
            if "Origin" not in h:  # what browsers say of a page that says no-referrer
                h["Origin"] = "null" if "Sec-Fetch-Site" not in h else f"https://localhost:{self.house.port}"
                h.setdefault("Sec-Fetch-Site", "same-origin")
        c.request(method, path, body, h)
        r = c.getresponse()
        data = r.read()
        for k, v in r.getheaders():
            if k.lower() == "set-cookie":
                name, value = v.split(";")[0].split("=", 1)
                self.cookies[name] = value
        c.close()
        return r.status, dict((k.lower(), v) for k, v in r.getheaders()), data

    def prove(self, url, secrets):
        """Opens the page, fills its form with the secrets in order, posts it."""
        status, _, page = self.ask("GET", url)
        assert status == 200, (status, page[:300])
        inputs = re.findall(rb"<input\b[^>]*>", page)
        form, secrets = {}, list(secrets)
        for i in inputs:
            name = re.search(rb'name="([^"]*)"', i)
            if not name:
                continue
            value = re.search(rb'value="([^"]*)"', i)
            if re.search(rb'type="hidden"', i):
                form[name[1].decode()] = value[1].decode() if value else ""
            else:
                form[name[1].decode()] = secrets.pop(0)
        return self.ask("POST", url, form)
