"""`s3 sign` and `s3 presign` against botocore, which makes the requests of the AWS command line, on odd requests; and
against facts from the published test suite of the AWS libraries."""
import base64
import datetime
import hashlib
import hmac
import json
import os
import random
import subprocess
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

LETTERLOCK = os.environ["LETTERLOCK"]
NOW = datetime.datetime(2015, 8, 30, 12, 36, 0)
KEY = {"access_key_id": "AKIDEXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
UNSIGNED = {"user-agent", "expect", "transfer-encoding", "x-amzn-trace-id"}


def letterlock(verb, request, folder, **context):
    path = folder / "context.json"
    path.write_text(json.dumps(dict({"credentials": KEY, "region": "us-east-1", "service": "service",
                                     "timestamp": "2015-08-30T12:36:00Z"}, **context)))
    done = subprocess.run([LETTERLOCK, "s3", verb, "--context", path], input=request, capture_output=True)
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(autouse=True)
def frozen(monkeypatch):
    class Frozen(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return NOW

        @classmethod
        def now(cls, tz=None):
            return NOW.replace(tzinfo=tz)

    monkeypatch.setattr(botocore.auth.datetime, "datetime", Frozen)
    if hasattr(botocore.auth, "get_current_datetime"):
        monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: NOW)


def signer(kind, token, service, expires=None):
    credentials = botocore.credentials.Credentials(KEY["access_key_id"], KEY["secret_access_key"], token)
    stages, arguments = {}, (credentials, service, "us-east-1")
    if expires:
        arguments += (expires,)

    class Shown(kind):  # keeps its stages
        def canonical_request(self, request):
            stages["canonical_request"] = super().canonical_request(request)
            return stages["canonical_request"]

        def string_to_sign(self, request, canonical_request):
            stages["string_to_sign"] = super().string_to_sign(request, canonical_request)
            return stages["string_to_sign"]

        def signature(self, string_to_sign, request):
            stages["signature"] = super().signature(string_to_sign, request)
            return stages["signature"]

    return Shown(*arguments), stages


def odd_requests(count):
    """Keys, queries, headers and bodies that have broken signers: the seed is fixed, so a failure can be repeated."""
    chance = random.Random(20150830)
    letters = ["a", "B", "7", "-", "_", ".", "~", " ", "+", "=", ",", "(", ")", "!", "*", "'", "@", ":", "$", "&", "%",
               "/", "//", "..", "ü", "日", "\U0001f600", ";", "#", "?", "[", "\"", "\\"]
    def text(most):
        return "".join(chance.choice(letters) for _ in range(chance.randrange(most + 1)))
    for _ in range(count):
        path = "/" + urllib.parse.quote(text(12), safe=chance.choice(["/~", "/~=,(!", "/~:@$"]))
        pairs = [urllib.parse.quote(text(4), safe="~") + (chance.choice(["=", "="]) + urllib.parse.quote(text(5), safe="~")
                 if chance.random() < .8 else "") for _ in range(chance.randrange(5))]
        pairs += chance.choice([[], ["uploads"], ["uploadId=x", "partNumber=2", "partNumber=10"], ["versionId="]])
        chance.shuffle(pairs)
        headers = {"Host": chance.choice(["example.amazonaws.com", "localhost:9000"])}
        for name in chance.sample(["X-Amz-Meta-Note", "Content-Type", "X-Amz-Acl", "User-Agent", "Range", "x-amz-meta-1",
                                   "X-Amz-Server-Side-Encryption", "Content-MD5", "Accept"], chance.randrange(6)):
            headers[name] = chance.choice(["plain", "  two   blanks inside  ", "a,b", "\"q   q\"", "", "bytes=0-9"])
        body = chance.choice([b"", b"Param1=value1", bytes(chance.randrange(256) for _ in range(chance.randrange(200)))])
        yield chance.choice(["GET", "PUT", "POST", "DELETE", "HEAD"]), path, "&".join(pairs), headers, body


def as_text(method, path, query, headers, body):
    head = "".join(f"{name}:{value}\n" for name, value in headers.items())
    return f"{method} {path}{'?' + query if query else ''} HTTP/1.1\n{head}\n".encode() + body


def as_botocore(method, path, query, headers, body):
    url = f"https://{headers['Host']}{path}{'?' + query if query else ''}"
    return botocore.awsrequest.AWSRequest(method, url, headers=dict(headers), data=body)


@pytest.mark.parametrize("service", ["s3", "ses"])
@pytest.mark.parametrize("token", [None, "IQoJb3JpZ2luX2VjEA//token+with=signs"])
def test_hundreds_of_odd_requests_are_signed_as_botocore_signs_them(tmp_path, service, token):
    kind = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
    context = {"service": service, "credentials": dict(KEY, **({"token": token} if token else {}))}
    for request in odd_requests(60):
        ours = letterlock("sign", as_text(*request), tmp_path, **context)
        theirs, stages = signer(kind, token, service)
        asked = as_botocore(*request)
        if service == "s3":
            # botocore leaves a body unhashed over https unless told otherwise; a digest is always right.
            asked.context["client_config"] = type("C", (), {"s3": {"payload_signing_enabled": True}})
        theirs.add_auth(asked)
        assert {stage: ours[stage] for stage in stages} == stages, request
        assert f"Authorization:{asked.headers['Authorization']}\n" in ours["signed_request"]


@pytest.mark.parametrize("token", [None, "IQoJb3JpZ2luX2VjEA//token+with=signs"])
def test_hundreds_of_odd_urls_are_presigned_as_botocore_presigns_them(tmp_path, token):
    for method, path, query, headers, _ in odd_requests(60):
        query = "&".join(part for part in query.split("&") if "=" in part and not part.startswith("="))
        names = [part.split("=")[0] for part in query.split("&")]
        if len(set(names)) < len(names) or any(part.endswith("=") for part in query.split("&")):
            continue  # botocore's presigner folds repeated names and drops empty values before it signs
        ours = letterlock("presign", as_text(method, path, query, {"Host": headers["Host"]}, b""), tmp_path, service="s3",
                          expiration_in_seconds=60, credentials=dict(KEY, **({"token": token} if token else {})))
        theirs, stages = signer(botocore.auth.S3SigV4QueryAuth, token, "s3", 60)
        asked = as_botocore(method, path, query, {"Host": headers["Host"]}, b"")
        theirs.add_auth(asked)
        assert {stage: ours[stage] for stage in stages} == stages, (path, query)
        target = ours["signed_request"].split(" ", 1)[1].rsplit(" HTTP/1.1", 1)[0]
        wanted = urllib.parse.urlsplit(asked.url)
        assert sorted(target.split("?", 1)[1].split("&")) == sorted(wanted.query.split("&"))


# Of the suite that the AWS libraries publish: request, context beyond the usual, what the signature is.
PUBLISHED = [
    ("sign", "GET / HTTP/1.1\nHost:example.amazonaws.com\nMy-Header1:value1\n  value2\n     value3\n", {},
     "ba17b383a53190154eb5fa66a1b836cc297cc0a3d70a5d00705980573d8ff790"),
    ("sign", "GET / HTTP/1.1\nHost:example.amazonaws.com\nMy-Header1: value1\nMy-Header2: \"a   b   c\"\n", {},
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
    ("sign", "GET / HTTP/1.1\nHost:example.amazonaws.com\nMy-Header1:value2\nMy-Header1:value2\nMy-Header1:value1\n", {},
     "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"),
    ("sign", "GET /ሴ HTTP/1.1\nHost:example.amazonaws.com\n", {},
     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
    ("sign", "GET /example space/ HTTP/1.1\nHost:example.amazonaws.com\n", {"normalize": False},
     "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
    ("sign", "GET /?Param-3=Value3&Param=Value2&%E1%88%B4=Value1 HTTP/1.1\nHost:example.amazonaws.com\n", {},
     "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"),
    ("sign", "GET / HTTP/1.1\nHost:example.amazonaws.com\n",
     {"credentials": dict(KEY, token="6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267")},
     "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"),
    ("sign", "POST / HTTP/1.1\nContent-Type:application/x-www-form-urlencoded\nHost:example.amazonaws.com\n"
     "Content-Length:13\n\nParam1=value1", {"sign_body": True},
     "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"),
    ("presign", "GET /?Param-3=Value3&Param=Value2&%E1%88%B4=Value1 HTTP/1.1\nHost:example.amazonaws.com\n",
     {"expiration_in_seconds": 3600}, "c5f1848ceec943ac2ca68ee720460c23aaae30a2300586597ada94c4a65e4787"),
    ("presign", "GET /example space/ HTTP/1.1\nHost:example.amazonaws.com\n", {},
     "df2538a2f0e3833e12597dc3955a6a4545255907051db5a7c6e22550c4ddc380"),
]


@pytest.mark.parametrize("verb, request_text, context, signature", PUBLISHED)
def test_the_published_vectors_come_out(tmp_path, verb, request_text, context, signature):
    # The suite's requests carry an X-Amz-Date of their own, which is replaced, or in a URL not signed.
    head, blank, body = request_text.partition("\n\n")
    dated = head.rstrip("\n") + "\nX-Amz-Date:20150830T123600Z\n" + (blank and "\n" + body)
    for text in (request_text, dated):
        ours = letterlock(verb, text.encode(), tmp_path, **context)
        assert ours["signature"] == signature
        assert ours["signed_request"].count("20150830T123600Z") == (2 if (text, verb) == (dated, "presign") else 1)


def test_a_token_may_be_left_out_of_what_is_signed(tmp_path):
    request = b"GET / HTTP/1.1\nHost:example.amazonaws.com\n\n"
    with_token = dict(KEY, token="token/of+a=session")
    plain = letterlock("sign", request, tmp_path)
    ours = letterlock("sign", request, tmp_path, credentials=with_token, omit_session_token=True)
    assert ours["signature"] == plain["signature"]
    assert "X-Amz-Security-Token:token/of+a=session\n" in ours["signed_request"]
    url = letterlock("presign", request, tmp_path, credentials=with_token, omit_session_token=True)["signed_request"]
    assert url.index("X-Amz-Signature=") < url.index("X-Amz-Security-Token=token%2Fof%2Ba%3Dsession")


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_the_password_for_smtp_is_the_one_that_ses_expects(region):
    # As the documentation of SES tells: a chain of MACs that ends in the name of an action, behind a version of 4.
    key = b"AWS4" + KEY["secret_access_key"].encode()
    for step in ("11111111", region, "ses", "aws4_request", "SendRawEmail"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    done = subprocess.run([LETTERLOCK, "ses", "smtp-password", "--region", region, "--secret-key-file", "-"],
                          input=KEY["secret_access_key"].encode() + b"\n", capture_output=True)
    assert done.stdout.decode().strip() == base64.b64encode(b"\x04" + key).decode(), done.stderr


@pytest.mark.parametrize("request_text, words", [
    (b"GET / HTTP/1.1\n\n", "Host"), (b"GET /\n", "HTTP/1.1"), (b"", "first line"), (b"GET x HTTP/1.1\nHost:a\n", "slash"),
    (b"GET / HTTP/1.1\nHost:a\nX: a\rb\n", "control byte"), (b"GET / HTTP/1.1\nHost:a\nX: a\0b\n", "control byte"),
    (b"GET / HTTP/1.1\n Host:a\n", "continues nothing"), (b"GET / HTTP/1.1\nHost a\n", "Name:value"),
])
def test_what_is_no_request_is_refused_in_words(tmp_path, request_text, words):
    path = tmp_path / "context.json"
    path.write_text(json.dumps({"credentials": KEY, "region": "r", "service": "s3"}))
    done = subprocess.run([LETTERLOCK, "s3", "sign", "--context", path], input=request_text, capture_output=True, text=False)
    assert done.returncode == 1 and words in done.stderr.decode()


@pytest.mark.parametrize("context, words", [
    ({"region": "r"}, "service"), ({"region": "r", "service": "s3", "expiration_in_seconds": 604801}, "604800"),
    ({"region": "r", "service": "s3", "normalise": True}, "normalise"), ({"region": "r/x", "service": "s3"}, "single words"),
])
def test_a_context_that_means_something_else_is_refused(tmp_path, context, words):
    path = tmp_path / "context.json"
    path.write_text(json.dumps(dict(context, credentials=KEY)))
    done = subprocess.run([LETTERLOCK, "s3", "presign", "--context", path], input=b"GET / HTTP/1.1\nHost:a\n\n",
                          capture_output=True)
    assert done.returncode == 1 and words in done.stderr.decode()
    assert KEY["secret_access_key"].encode() not in done.stdout + done.stderr
