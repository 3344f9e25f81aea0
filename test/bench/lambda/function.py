"""A function as one writes it first: reads the list, zips each document, stores it, mails a presigned link.

usage: function.py ENDPOINT CA SMTP_PORT, with AWS_LAMBDA_RUNTIME_API"""
import csv
import email.message
import http.client
import io
import json
import os
import smtplib
import sys
import zipfile

import boto3
import botocore.config

KEY, SECRET = "TESTACCESSKEY0000001", "testsecretkey000000000000000000000000001"
s3 = boto3.client("s3", endpoint_url=sys.argv[1], verify=sys.argv[2], region_name="default", aws_access_key_id=KEY,
                  aws_secret_access_key=SECRET, config=botocore.config.Config(s3={"addressing_style": "path"}))


def handle(event):
    bucket, key = event["bucket"], event["list"]
    rows = csv.DictReader(io.StringIO(s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()))
    with smtplib.SMTP("127.0.0.1", int(sys.argv[3])) as relay:
        for row in rows:
            whole = io.BytesIO()
            document = s3.get_object(Bucket=bucket, Key=f"lists/{row['document']}")["Body"].read()
            with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as z:
                z.writestr(row["document"], document)
            s3.put_object(Bucket=bucket, Key=f"zips/{row['document']}.zip", Body=whole.getvalue())
            url = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": f"zips/{row['document']}.zip"}, 604800)
            mail = email.message.EmailMessage()
            mail["From"], mail["To"], mail["Subject"] = "documents@example.com", row["email"], "Your document"
            mail["Message-ID"] = f"<{os.urandom(8).hex()}@example.com>"
            mail.set_content(url)
            relay.send_message(mail)
    return {"sent": True}


api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    answer = api.getresponse()
    request_id, event = answer.headers["Lambda-Runtime-Aws-Request-Id"], json.load(answer)
    api.request("POST", f"/2018-06-01/runtime/invocation/{request_id}/response", json.dumps(handle(event)))
    api.getresponse().read()
