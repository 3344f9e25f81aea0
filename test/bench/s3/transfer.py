#!/usr/bin/python3
"""usage: transfer.py put|get ENDPOINT CA BUCKET FOLDER COUNT    the same with the transfer manager of boto3, which is also
what the AWS command line moves files with"""
import sys
import time

import boto3
import boto3.s3.transfer
import botocore.config

way, endpoint, ca, bucket, folder, count = sys.argv[1:]
client = boto3.client("s3", endpoint_url=endpoint, verify=ca, region_name="default",
                      aws_access_key_id="TESTACCESSKEY0000001",
                      aws_secret_access_key="testsecretkey000000000000000000000000001",
                      config=botocore.config.Config(s3={"addressing_style": "path"}, max_pool_connections=10))


def begin(manager, i):
    if way == "put":
        return manager.upload(f"{folder}/source/{i}", bucket, f"peer/{i}")
    return manager.download(bucket, f"peer/{i}", f"{folder}/out/{i}")


started = time.monotonic()
with boto3.s3.transfer.create_transfer_manager(client, boto3.s3.transfer.TransferConfig()) as manager:
    for future in [begin(manager, i) for i in range(int(count))]:
        future.result()
print(f"{time.monotonic() - started:.3f}")
