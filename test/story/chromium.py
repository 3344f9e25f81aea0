"""People with telephones, for stories: Debian's Chromium, driven over test/browser/driver.js. It trusts our own authority,
because its certificate stands in its database; no check is switched off. Every page that a person comes to is kept as a
picture and judged; every request is held against the origin."""
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading
import time

from PIL import Image

from house import PROGRAM

BROWSER = pathlib.Path(__file__).resolve().parent.parent / "browser"
PICTURES = pathlib.Path(PROGRAM).parent / "screenshots"
PATIENCE = 180


def missing():
    """Why there can be no browser here, or None."""
    for program in ("chromium", "node", "certutil"):
        if not shutil.which(program):
            return f"there is no {program}: tools/install-packages browser"
    if not (BROWSER / "node_modules" / "playwright-core").exists() or not (BROWSER / "node_modules" / "axe-core").exists():
        return "there is no playwright-core: test/browser/install"
    return None


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)


def trusted_home(folder, house, trusted=True):
    """Gives the house a certificate of an authority of ours, and the browser a home whose database knows it."""
    os.makedirs(folder)
    ca, ca_key, request = (os.path.join(folder, name) for name in ("ca.pem", "ca.key", "leaf.csr"))
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *new, "-days", 2, "-subj", "/CN=An authority for stories", "-keyout", ca_key, "-out", ca)
    tls = os.path.join(house.path, "tls")
    openssl("req", *new, "-subj", "/CN=localhost", "-keyout", f"{tls}/key.pem", "-out", request)
    extensions = os.path.join(folder, "extensions")
    with open(extensions, "w") as f:
        f.write("subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n")
    openssl("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-days", 2, "-extfile", extensions, "-out",
            f"{tls}/certificate.pem")
    os.chmod(f"{tls}/key.pem", 0o600)
    return trusting(os.path.join(folder, "home"), ca)


def trusting(home, ca=None):
    database = os.path.join(home, ".pki", "nssdb")
    os.makedirs(database)
    subprocess.run(["certutil", "-N", "--empty-password", "-d", f"sql:{database}"], check=True)
    if ca:
        subprocess.run(["certutil", "-A", "-d", f"sql:{database}", "-t", "C,,", "-n", "stories", "-i", ca], check=True)
    return home


class Chromium:
    def __init__(self, home, house, pictures, *arguments):
        self.pictures, self.numbers, self.people = PICTURES / pictures, itertools.count(1), itertools.count(1)
        shutil.rmtree(self.pictures, ignore_errors=True)
        self.driver = subprocess.Popen(["node", str(BROWSER / "driver.js")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       text=True, cwd=home, start_new_session=True)
        self.origin = f"https://localhost:{house.port}"
        self.call("start", home=str(home), origin=self.origin, program=shutil.which("chromium"),
                  arguments=arguments)

    def call(self, do, **order):
        number = next(self.numbers)
        watch = threading.Timer(PATIENCE, self.driver.kill)
        watch.start()
        try:
            self.driver.stdin.write(json.dumps({"id": number, "do": do, **order}) + "\n")
            self.driver.stdin.flush()
            line = self.driver.stdout.readline()
        finally:
            watch.cancel()
        assert line, f"the browser is gone: {do} {order}"
        answer = json.loads(line)
        assert answer["id"] == number and "failed" not in answer, (do, order, answer.get("failed"))
        return answer["got"]

    def person(self, story, **options):
        return Person(self, story, options)

    def close(self):
        self.driver.stdin.close()
        try:
            self.driver.wait(30)
        except subprocess.TimeoutExpired:
            self.driver.kill()


class Person:
    """Comes with a fresh profile. `with chromium.person("password") as p`: on leaving, nothing may have left the origin."""

    def __init__(self, chromium, story, options):
        self.chromium, self.story, self.steps, self.status = chromium, story, itertools.count(1), None
        self.number = next(chromium.people)
        self.problems_expected = False
        chromium.call("person", person=self.number, options=options)

    def call(self, do, **order):
        return self.chromium.call(do, person=self.number, **order)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        left = self.call("leave")
        if kind is None:
            assert not left["strange"] and left["asked"], left
            assert not [p for p in left["problems"] if not self.expected(p)], left["problems"]

    @staticmethod
    def expected(problem):
        """A refusal is told on the console too; what becomes a download ends the navigation it began as."""
        return "responded with a status of" in problem or "ERR_ABORTED" in problem

    # ── What people do ──

    def opens(self, link, step=None):
        self.status = self.call("goto", url=link)
        return self.looks(step)

    def fills(self, field, text):
        self.call("fill", name=field, **{"with": text})

    def fills_number(self, wrong=False):
        """What people type, and programs do not."""
        label = re.search(r"Type this number: (\d+)", self.text)
        self.fills(label[0], "7" if wrong else label[1])

    def presses(self, name, step=None):
        self.status = self.call("press", name=name)
        return self.looks(step)

    def keys(self, *keys):
        self.call("key", keys=keys)

    def types(self, text):
        self.call("type", text=text)

    def goes(self, key, step=None):
        """A key that leads elsewhere."""
        self.status = self.call("go", key=key)
        return self.looks(step)

    def views(self, name):
        self.status = self.call("press", name=name)
        return self.status

    def pictures(self, step, light=0.0):
        """Of what is no page of ours, and so not judged; once that share of it is white: a viewer takes its time."""
        path = self.chromium.pictures / f"{self.story}-{next(self.steps)}-{step}.png"
        end = time.monotonic() + 60
        while True:
            self.call("picture", **{"as": str(path)})
            with Image.open(path) as image:
                white = image.convert("L").histogram()[255] / (image.width * image.height)
            if white >= light:
                return
            assert time.monotonic() < end, f"{path} shows nothing"
            time.sleep(0.2)

    def saves(self, name, folder):
        """The name it would have, and the bytes."""
        path = os.path.join(folder, f"download-{self.number}-{next(self.steps)}")
        suggested = self.call("save", name=name, **{"as": path})
        with open(path, "rb") as f:
            return suggested, f.read()

    def looks(self, step=None):
        """A picture, and what is wrong with the page: nothing may be."""
        picture = self.chromium.pictures / f"{self.story}-{next(self.steps)}{'-' + step if step else ''}.png"
        seen = self.call("look", **{"as": str(picture)})
        assert not seen["wrong"], "\n".join([picture.name, *seen["wrong"]])
        self.text = seen["text"]
        return seen["text"]

    def sees(self, *texts):
        for text in texts:
            assert text in self.text, (text, self.text)

    def tree(self):
        return self.call("tree")

    def evaluate(self, code):
        return self.call("evaluate", code=code)
