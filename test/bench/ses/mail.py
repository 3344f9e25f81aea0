#!/usr/bin/python3
"""usage: mail.py ENDPOINT CA CONNECTIONS MESSAGES BYTES      what bench-ses does, by boto3's client for sesv2"""
import json
import sys
import threading
import time

import boto3
import botocore.config

endpoint, ca, connections, messages, size = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
client = boto3.client("sesv2", endpoint_url=endpoint, verify=ca, region_name="eu-central-1",
                      config=botocore.config.Config(max_pool_connections=connections, retries={"max_attempts": 0}))
text = b"From: sender@example.com\r\nTo: to@example.net\r\nSubject: bench\r\n\r\n"
text += (b"x" * 70 + b"\r\n") * ((size - len(text)) // 72 + 1)


def send(count):
    for _ in range(count):
        assert client.send_email(FromEmailAddress="sender@example.com", Destination={"ToAddresses": ["to@example.net"]},
                                 Content={"Raw": {"Data": text}})["MessageId"]


threads = [threading.Thread(target=send, args=(messages // connections,)) for _ in range(connections)]
began, computed = time.monotonic(), time.process_time()
for t in threads:
    t.start()
for t in threads:
    t.join()
sent = messages // connections * connections
print(json.dumps({"rate": sent / (time.monotonic() - began), "computing_ms": 1000 * (time.process_time() - computed) / sent}))
