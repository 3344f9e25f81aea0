"""A real object store for stories: Ceph's gateway, started by test/parts/s3, with boto3 as the other reader and writer."""
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

    def environment(self):
        return dict(os.environ, LETTERLOCK_TEST_S3=self.endpoint, LETTERLOCK_TEST_S3_CA=self.ca)

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)
