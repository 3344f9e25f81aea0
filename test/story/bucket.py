"""A real object store for stories: Ceph's gateway, started by test/parts/s3, with boto3 as the other reader and writer."""
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import boto3
import botocore.config
import pytest

HERE = pathlib.Path(__file__).resolve().parent
KEY, SECRET = "TESTACCESSKEY0000001", "testsecretkey000000000000000000000000001"


class Bucket:
    """The server, and one client of it."""

    def __init__(self):
        if not shutil.which("radosgw"):
            pytest.skip("radosgw is not there")
        self.folder = tempfile.mkdtemp(prefix="letterlock-s3-")
        self.process = subprocess.Popen([f"{HERE}/../parts/s3", self.folder], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        said = self.process.stdout.readline().split()
        assert said and said[0] == "ready", "the object store did not start"
        self.endpoint, self.ca = f"https://localhost:{said[2]}", f"{self.folder}/ca.pem"
        self.plain = f"http://127.0.0.1:{said[1]}"
        self.client = boto3.client("s3", endpoint_url=self.endpoint, verify=self.ca, region_name="default",
                                   aws_access_key_id=KEY, aws_secret_access_key=SECRET,
                                   config=botocore.config.Config(s3={"addressing_style": "path"}))

    def keys(self, bucket, prefix=""):
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def settle_in(self, house, name, **settings):
        """A bucket of its own for a house, closed to everyone else, and the settings that lead there."""
        self.client.create_bucket(Bucket=name)
        # Not BlockPublicAcls: Ceph 16 then denies every PUT, since it compares the ACL the wrong way round.
        self.client.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration={
            "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True})
        point_to(house, self.endpoint, self.ca, name, **settings)
        house.setting("allow_plain_reason", "it listens on this machine only", section="s3")

    def session(self):
        """Credentials that end, by the gateway's own STS."""
        def client(service):
            return boto3.client(service, endpoint_url=self.endpoint, verify=self.ca, region_name="default",
                                aws_access_key_id=KEY, aws_secret_access_key=SECRET)
        rights = [{"Effect": "Allow", "Action": action, "Resource": "*"} for action in ("sts:GetSessionToken", "s3:*")]
        client("iam").put_user_policy(UserName="test", PolicyName="sessions",
                                      PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": rights}))
        return client("sts").get_session_token(DurationSeconds=900)["Credentials"]

    def another_key(self, key, secret):
        subprocess.run(["radosgw-admin", "-c", "ceph.conf", "-n", "client.rgw.a", "key", "create", "--uid=test",
                        f"--access-key={key}", f"--secret-key={secret}"], cwd=self.folder, check=True, capture_output=True)

    def environment(self):
        return dict(os.environ, LETTERLOCK_TEST_S3=self.endpoint, LETTERLOCK_TEST_S3_CA=self.ca)

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)


def write_secret(house, name, secret=SECRET):
    path = os.path.join(house.path, name)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
        f.write(secret + "\n")
    return path


def days_ago(days):
    return (datetime.date.today() - datetime.timedelta(days)).isoformat()


def point_to(house, endpoint, ca, name, keys=None, **settings):
    """Lets a house keep its documents in a bucket. Keys: id, secret, day made; none for what else s3.login finds."""
    settings = {"region": "default", "endpoint": endpoint, "ca_file": ca, "path_style": "true", **settings}
    if keys is None:
        keys = [(KEY, SECRET, days_ago(1))]
    house.setting("store", f"s3://{name}/letters")
    for setting, value in settings.items():
        house.setting(setting, value, section="s3")
    with open(house.config, "a") as f:
        f.write("s3_keys:\n" * bool(keys))
        for i, (key, secret, day) in enumerate(keys):
            f.write(f"  - id: {key}\n    secret_file: {write_secret(house, f's3-secret-{i}', secret)}\n"
                    f"    created: {day}\n")
