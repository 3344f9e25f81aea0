#!/usr/bin/python3
"""usage: transfer.py ENDPOINT CA BUCKET FOLDER COUNT SIZE    the same with the transfer manager of boto3, which is also
what the AWS command line moves files with; from files and into files, as it does"""
import json
import os
import re
import sys
import time

import boto3
import boto3.s3.transfer
import botocore.config

endpoint, ca, bucket, folder, count, size = sys.argv[1:]
count, size = int(count), int(size)
client = boto3.client("s3", endpoint_url=endpoint, verify=ca, region_name="default",
                      aws_access_key_id="TESTACCESSKEY0000001",
                      aws_secret_access_key="testsecretkey000000000000000000000000001",
                      config=botocore.config.Config(s3={"addressing_style": "path"}, max_pool_connections=10))
source = f"{folder}/source"
with open(source, "wb") as f:
    for _ in range(0, size, 1 << 20):
        f.write(os.urandom(min(1 << 20, size)))
    f.truncate(size)


def all_of(begin):
    started = time.monotonic()
    with boto3.s3.transfer.create_transfer_manager(client, boto3.s3.transfer.TransferConfig()) as manager:
        for future in [begin(manager, i) for i in range(count)]:
            future.result()
    return time.monotonic() - started


put = all_of(lambda m, i: m.upload(source, bucket, f"peer/{i}"))
get = all_of(lambda m, i: m.download(bucket, f"peer/{i}", f"{folder}/{i}"))
with open("/proc/self/status") as f:
    memory = int(re.search(r"VmHWM:\s*(\d+)", f.read())[1])
print(json.dumps({"put": round(put, 3), "get": round(get, 3), "memory_kb": memory}))
