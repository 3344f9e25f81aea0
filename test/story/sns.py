"""Amazon SNS as an endpoint sees it, written from its developer guide and from nothing of ours: topics that sign what they
say with openssl, and the server that gives out the certificate and hears who confirms.

The authority, its intermediate (which Amazon's file lacks, as here), the certificate of sns.amazonaws.com and the one of
the server are made by openssl for each run."""
import base64
import datetime
import http.server
import json
import os
import ssl
import subprocess
import threading
import uuid

TOPIC = "arn:aws:sns:eu-central-1:111122223333:letters"
FILE = "SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
CERT_URL = "https://sns.eu-central-1.amazonaws.com/" + FILE
SIGNED = {"Notification": ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
          "SubscriptionConfirmation": ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]}
SIGNED["UnsubscribeConfirmation"] = SIGNED["SubscriptionConfirmation"]


def openssl(*args, data=None, days_ago=0):
    then = ["faketime", "-f", f"-{days_ago}d"] if days_ago else []
    return subprocess.run([*then, "openssl", *map(str, args)], input=data, check=True, capture_output=True).stdout


def timestamp(seconds_ago=0):
    at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=seconds_ago)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


class Sns:
    def __init__(self, folder):
        self.folder = str(folder)
        os.makedirs(self.folder, exist_ok=True)
        self.ca = self.at("root.pem")
        self.key, self.certificate = self.at("sns.key"), None
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=Root of the test", "-keyout",
                self.at("root.key"), "-out", self.ca)
        self.issue("issuer", "/CN=Intermediate of the test", "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign", "root")
        self.issue("sns", "/CN=sns.amazonaws.com", self.for_service("sns.amazonaws.com"), "issuer")
        self.issue("server", "/CN=localhost", "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth", "root")
        self.files = {"/" + FILE: self.read("sns.pem"),
                      "/test.cer": openssl("x509", "-in", self.at("issuer.pem"), "-outform", "DER")}
        self.asked, self.statuses, self.redirect, self.busy = [], [], None, set()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                status = outer.statuses.pop(0) if outer.statuses else None
                body = outer.files.get(self.path)
                if self.path in outer.busy:
                    status = 503
                if status is None:
                    status = 302 if outer.redirect else 200 if body or self.path.startswith("/?Action=") else 404
                self.send_response(status)
                if outer.redirect:
                    self.send_header("Location", outer.redirect)
                body = body if body and status == 200 else b"<Answer/>"
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.at("server.pem"), self.at("server.key"))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.endpoint = f"https://localhost:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def at(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.at(name), "rb") as f:
            return f.read()

    @staticmethod
    def for_service(name):
        return (f"subjectAltName=DNS:{name}\nextendedKeyUsage=serverAuth\nkeyUsage=critical,digitalSignature,keyEncipherment\n"
                "authorityInfoAccess=caIssuers;URI:http://crt.r2m01.amazontrust.com/test.cer")

    def issue(self, name, subject, extensions, by, days=20, bits=2048, days_ago=0):
        with open(self.at(name + ".ext"), "w") as f:
            f.write(extensions + "\n")
        openssl("req", "-newkey", f"rsa:{bits}", "-nodes", "-subj", subject, "-keyout", self.at(name + ".key"), "-out",
                self.at(name + ".csr"))
        openssl("x509", "-req", "-in", self.at(name + ".csr"), "-CA", self.at(by + ".pem"), "-CAkey", self.at(by + ".key"),
                "-CAcreateserial", "-days", days, "-sha256", "-extfile", self.at(name + ".ext"), "-out",
                self.at(name + ".pem"), days_ago=days_ago)

    def offer(self, file, name):
        """Gives out the certificate `name`.pem under another name of a file."""
        self.files["/" + file] = self.read(name + ".pem")
        return "https://sns.eu-central-1.amazonaws.com/" + file

    def sign(self, message, version="2", key="sns"):
        names = SIGNED.get(message.get("Type"), SIGNED["Notification"])
        text = "".join(f"{n}\n{message[n]}\n" for n in names if n in message)
        digest = "-sha256" if version == "2" else "-sha1"
        message["SignatureVersion"] = version
        message["Signature"] = base64.b64encode(
            openssl("dgst", digest, "-sign", self.at(key + ".key"), data=text.encode())).decode()
        return message

    def notification(self, body, topic=TOPIC, seconds_ago=0, subject=None, version="2", cert_url=CERT_URL, key="sns", **more):
        message = {"Type": "Notification", "MessageId": str(uuid.uuid4()), "TopicArn": topic,
                   "Message": body if isinstance(body, str) else json.dumps(body), "Timestamp": timestamp(seconds_ago),
                   "UnsubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=x"}
        if subject:
            message["Subject"] = subject
        message.update(more)
        self.sign(message, version, key)
        message["SigningCertURL"] = cert_url
        return message

    def confirmation(self, token="0123abcd" * 20, topic=TOPIC, kind="SubscriptionConfirmation",
                     url="http://169.254.169.254/latest/meta-data/", **more):
        message = {"Type": kind, "MessageId": str(uuid.uuid4()), "Token": token, "TopicArn": topic,
                   "Message": "You have chosen to subscribe to the topic.", "SubscribeURL": url, "Timestamp": timestamp()}
        message.update(more)
        self.sign(message)
        message["SigningCertURL"] = CERT_URL
        return message

    def close(self):
        self.server.shutdown()
        self.server.server_close()


# ── What SES says ──

def mail(message_id, to, seconds_ago=120):
    return {"timestamp": timestamp(seconds_ago), "messageId": message_id, "source": "documents@example.com",
            "sourceArn": "arn:aws:ses:eu-central-1:111122223333:identity/example.com", "sendingAccountId": "111122223333",
            "destination": [to], "headersTruncated": False, "headers": [{"name": "From", "value": "documents@example.com"}],
            "commonHeaders": {"to": [to], "subject": "Your documents"}, "tags": {"ses:operation": ["SendRawEmail"]}}


def bounce(message_id, to, kind="Permanent", sub="General", form="eventType", **more):
    return {form: "Bounce", "mail": mail(message_id, to, **more),
            "bounce": {"feedbackId": "0100-feedback", "bounceType": kind, "bounceSubType": sub, "timestamp": timestamp(),
                       "reportingMTA": "dsn; mx.example.net", "remoteMtaIp": "192.0.2.25",
                       "bouncedRecipients": [{"emailAddress": to, "action": "failed", "status": "5.1.1",
                                              "diagnosticCode": "smtp; 550 5.1.1 user unknown"}]}}


def complaint(message_id, to, feedback="abuse", form="eventType"):
    return {form: "Complaint", "mail": mail(message_id, to),
            "complaint": {"feedbackId": "0100-feedback", "timestamp": timestamp(), "complaintSubType": None,
                          "complaintFeedbackType": feedback, "userAgent": "ExampleCorp/1.0",
                          "complainedRecipients": [{"emailAddress": to}]}}


def delivery(message_id, to, form="eventType"):
    return {form: "Delivery", "mail": mail(message_id, to),
            "delivery": {"timestamp": timestamp(), "processingTimeMillis": 546, "recipients": [to],
                         "smtpResponse": "250 2.6.0 Message received", "reportingMTA": "mta.example.com"}}


def delay(message_id, to):
    return {"eventType": "DeliveryDelay", "mail": mail(message_id, to),
            "deliveryDelay": {"timestamp": timestamp(), "delayType": "MailboxFull", "expirationTime": timestamp(-3600),
                              "delayedRecipients": [{"emailAddress": to, "status": "4.2.2",
                                                     "diagnosticCode": "smtp; 452 4.2.2 mailbox full"}]}}


def reject(message_id, to):
    return {"eventType": "Reject", "mail": mail(message_id, to), "reject": {"reason": "Bad content"}}
