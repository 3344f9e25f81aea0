"""The engine for S3 on a real store."""
import os
import pathlib
import re
import subprocess

import pytest

import bucket

SUITE = pathlib.Path(os.environ["LETTERLOCK"]).parent / "test/engines/store-suite-s3"


@pytest.fixture(scope="module")
def s3():
    server = bucket.Bucket()
    server.client.create_bucket(Bucket="suite")
    yield server
    server.close()


def test_the_suite_of_all_engines_holds_for_a_bucket(s3):
    done = subprocess.run([SUITE], env=s3.environment(), capture_output=True, text=True)
    assert not done.returncode and "not ok" not in done.stdout, done.stdout + done.stderr
    assert len(re.findall(r"^ok ", done.stdout, re.M)) >= 14
    assert s3.keys("suite") == []  # nothing of it is left
    assert not s3.client.list_multipart_uploads(Bucket="suite").get("Uploads")
