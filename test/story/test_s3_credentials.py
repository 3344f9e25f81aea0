"""Where credentials for a bucket come from: as the SDKs of AWS find them, from servers that behave as AWS's do."""
import datetime
import http.server
import json
import os
import signal
import ssl
import threading
import time
import urllib.parse

import pytest

import bucket
from authority import make_certificate
from faulty_bucket import FaultyBucket
from house import Browser, House


class Giver(http.server.ThreadingHTTPServer):
    """The metadata of an instance, the endpoint of a container, and STS, by their paths."""
    daemon_threads = True

    def __init__(self, room=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked, self.scheme, self.numbered = [], "http", 0
        if room:
            make_certificate(room, "localhost")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(room.with_suffix(".pem"), room.with_suffix(".key"))
            self.socket = context.wrap_socket(self.socket, server_side=True)
            self.scheme = "https"
        self.url = f"{self.scheme}://localhost:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()


def end():
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def session(name):
    return json.dumps({"Code": "Success", "AccessKeyId": name, "SecretAccessKey": "canary-secret",
                       "Token": "canary-token", "Expiration": end()})


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.server.asked.append((self.command, self.path))
        if self.path == "/latest/api/token":
            return "imds-token" if self.command == "PUT" and self.headers["X-aws-ec2-metadata-token-ttl-seconds"] else None
        if self.path.startswith("/latest/meta-data/iam/security-credentials/"):
            if self.headers["X-aws-ec2-metadata-token"] != "imds-token":
                return None
            return session("INSTANCE") if self.path.endswith("/the-role") else "the-role"
        if self.path == "/container" and self.server.numbered:
            self.server.numbered += 1
            return session(f"SESSION{self.server.numbered - 1}")
        if self.path == "/container":
            return session("CONTAINER") if self.headers["Authorization"] == "let me in" else None
        form = dict(urllib.parse.parse_qsl(body))
        assert form["Action"] == "AssumeRoleWithWebIdentity" and form["RoleArn"] == "arn:aws:iam::1:role/a+b"
        return ('<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
                "<AssumeRoleWithWebIdentityResult><Audience>x</Audience><Credentials><SessionToken>canary-token</SessionToken>"
                f"<SecretAccessKey>canary-secret</SecretAccessKey><Expiration>{end()}</Expiration>"
                "<AccessKeyId>WEB</AccessKeyId></Credentials></AssumeRoleWithWebIdentityResult>"
                "</AssumeRoleWithWebIdentityResponse>") if form["WebIdentityToken"] == "who&I=am" else None

    def do(self):
        said = self.answer()
        self.send_response(200 if said else 401)
        self.send_header("Content-Length", str(len(said or "")))
        self.end_headers()
        self.wfile.write((said or "").encode())

    do_GET = do_PUT = do_POST = do


@pytest.fixture
def house(tmp_path):
    h = House(tmp_path / "house")
    h.bucket, h.plain, h.sts = FaultyBucket(tmp_path / "bucket"), Giver(), Giver(tmp_path / "sts")
    bucket.point_to(h, h.bucket.endpoint, h.bucket.ca, "faulty", keys=[])
    yield h
    h.bucket.close()
    h.plain.close()
    h.sts.close()


def private(path, text):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
        f.write(text)
    return str(path)


def signer(house, ok=True, **variables):
    """Who signed, with these variables and nothing else that leads anywhere."""
    del house.bucket.asked[:]
    quiet = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    p = house.run("store", "list", ok=ok, env={**quiet, "HOME": house.path, "AWS_EC2_METADATA_DISABLED": "true", **variables})
    assert "canary" not in p.out + p.err
    return {a[3] for a in house.bucket.asked} if ok else p


def test_each_source_gives_its_credentials(house, tmp_path):
    token = private(tmp_path / "token", "who&I=am\n")
    shared = private(tmp_path / "credentials", "[default]\naws_access_key_id = SHARED # mine\n"
                     "aws_secret_access_key = canary-secret\n[other]\naws_access_key_id=OTHER\n"
                     "aws_secret_access_key=canary-secret\n")
    instance = {"AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": house.plain.url}
    container = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": house.plain.url + "/container",
                 "AWS_CONTAINER_AUTHORIZATION_TOKEN": "let me in"}
    profile = {"AWS_SHARED_CREDENTIALS_FILE": shared}
    web = {"AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": "arn:aws:iam::1:role/a+b",
           "AWS_ENDPOINT_URL_STS": house.sts.url, "AWS_CA_BUNDLE": str(tmp_path / "sts.pem")}
    environment = {"AWS_ACCESS_KEY_ID": "ENVIRONMENT", "AWS_SECRET_ACCESS_KEY": "canary-secret"}
    assert signer(house, **instance) == {"INSTANCE"}
    assert signer(house, **instance, **container) == {"CONTAINER"}
    assert signer(house, **container, AWS_SECRET_ACCESS_KEY="half a pair", AWS_SESSION_TOKEN="x") == {"CONTAINER"}
    assert signer(house, **instance, **container, **profile) == {"SHARED"}
    assert signer(house, **profile, AWS_PROFILE="other") == {"OTHER"}
    assert signer(house, **instance, **container, **profile, **web) == {"WEB"}
    assert signer(house, **instance, **container, **profile, **web, **environment) == {"ENVIRONMENT"}
    assert ("GET", "/latest/api/token") not in house.plain.asked  # IMDSv2, never its first version


def test_a_session_that_ends_in_mid_upload_is_followed_by_another(house):
    """The parts of one upload are signed by two sessions; neither the upload nor a part is begun again for it."""
    house.plain.numbered = 1
    content = os.urandom(12 << 20)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    environment.update(HOME=house.path, AWS_EC2_METADATA_DISABLED="true",
                       AWS_CONTAINER_CREDENTIALS_FULL_URI=house.plain.url + "/container")
    house.bucket.fault("PUT", (400, "ExpiredToken"), query="partNumber=3")
    name = house.run("store", "put", "-", stdin=content, env=environment).out.strip()
    assert not house.bucket.faults[-1][3] and house.bucket.count("POST", "uploads") == 1
    signers = [signer for _, _, query, signer in house.bucket.asked if "partNumber" in query or "uploadId" in query]
    assert signers[0] == "SESSION1" and signers[-1] == "SESSION2" and house.plain.numbered == 3
    assert house.run("store", "get", name, env=environment).stdout == content


def test_what_cannot_be_used_is_said_and_nothing_is_asked_unsigned(house, tmp_path):
    p = signer(house, ok=False)
    assert p.returncode == 19 and "no credentials are there" in p.err
    shared = private(tmp_path / "credentials", "[default]\naws_access_key_id = A\naws_access_key_id = B\n")
    p = signer(house, ok=False, AWS_SHARED_CREDENTIALS_FILE=shared)
    assert p.returncode == 19 and "cannot be read" in p.err
    os.chmod(shared, 0o644)
    assert signer(house, ok=False, AWS_SHARED_CREDENTIALS_FILE=shared).returncode == 19
    process = private(tmp_path / "config", "[default]\ncredential_process = /bin/true\n")
    p = signer(house, ok=False, AWS_CONFIG_FILE=process)
    assert p.returncode == 48 and "not supported" in p.err
    p = signer(house, ok=False, AWS_CONTAINER_CREDENTIALS_FULL_URI="http://192.0.2.1/container")
    assert p.returncode == 34 and "http:// to another machine" in p.err
    assert house.bucket.asked == []


def test_the_age_of_a_key_that_nobody_told_is_asked_for(house):
    keys = {"AWS_ACCESS_KEY_ID": "ENVIRONMENT", "AWS_SECRET_ACCESS_KEY": "canary-secret", **os.environ}
    assert "nobody knows how old it is" in house.run("config", "check", ok=False, env=keys).out
    house.setting("key_created", bucket.days_ago(95), section="s3")
    p = house.run("store", "list", ok=False, env=keys)
    assert p.returncode == 19 and "too old to sign" in p.err


def test_a_bucket_that_nobody_signs_for_stops_no_mail_of_ours(tmp_path):
    """The steward says that it cannot remove what was deleted, once, and goes on; the command does and says the same."""
    house = House(tmp_path / "house")
    house.setting("tries", 1, section="link")
    house.setting("to", "desk@example.com", section="notices")
    row = house.send(house.people(1)).results[0]
    bucket.point_to(house, "https://127.0.0.1:9", "/etc/ssl/certs/ca-certificates.crt", "old",
                    keys=[("OLD", "canary-secret", bucket.days_ago(95))])
    house.serve()
    Browser(house).prove(row["link"], ["wrong"])
    end = time.monotonic() + 60
    while not any(m["To"] == "desk@example.com" for m in house.outbox()) and time.monotonic() < end:
        time.sleep(0.2)
    assert any(m["To"] == "desk@example.com" for m in house.outbox())
    house.server.send_signal(signal.SIGTERM)
    said = house.server.communicate(timeout=60)[1].decode()
    assert house.server.returncode == 0, said
    assert said.count("cannot be removed from the store") == 1 and "too old to sign with" in said and "canary" not in said
    p = house.run("sweep", "--json", ok=False)
    assert json.loads(p.out.splitlines()[0])["submissions_expired"] == 0
    assert p.returncode != 0 and "too old to sign with" in p.out + p.err
