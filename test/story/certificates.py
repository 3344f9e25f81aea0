"""An authority and certificates for mail, made by openssl: good ones, and each kind that must be refused."""
import os
import subprocess

USES = {"rsa": "keyEncipherment,digitalSignature", "ec": "keyAgreement,digitalSignature"}
KEYS = {"rsa": ["rsa:2048"], "weak": ["rsa:1024"], "ec": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        "p384": ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], "brainpool": ["ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"],
        "ed25519": ["ed25519"]}


def openssl(*args, **more):
    return subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True, timeout=60, **more).stdout


class Authority:
    def __init__(self, folder, name="Example Authority", extended=None):
        self.folder, self.name = folder, name
        os.makedirs(folder, exist_ok=True)
        self.certificate, self.key = folder / "ca.pem", folder / "ca.key"
        more = ["-addext", "extendedKeyUsage=" + extended] if extended else []
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.key,
                "-out", self.certificate, "-days", 3650, "-subj", f"/CN={name}",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign", *more)

    def issue(self, name, kind="rsa", address="maria@example.com", uses=None, extended="emailProtection", days=365,
              digest="sha256", more=""):
        """The paths of NAME.pem and NAME.key."""
        certificate, key, request = (self.folder / f"{name}.{end}" for end in ("pem", "key", "csr"))
        openssl("req", "-newkey", *KEYS[kind], "-nodes", "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        key.chmod(0o600)
        uses = uses or USES["rsa" if kind in ("rsa", "weak") else "ec"]
        lines = [f"keyUsage=critical,{uses}"]
        lines += [f"subjectAltName=email:{address}"] if address else []
        lines += [f"extendedKeyUsage={extended}"] if extended else []
        (self.folder / f"{name}.ext").write_text("\n".join(lines) + "\n" + more)
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
                "-days", days, "-" + digest, "-extfile", self.folder / f"{name}.ext", "-out", certificate)
        return certificate, key


def self_made(folder, name, address="maria@example.com", digest="sha256"):
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", 365, "-" + digest,
            "-subj", f"/CN={name}", "-addext", f"subjectAltName=email:{address}", "-addext", "keyUsage=keyEncipherment,digitalSignature",
            "-addext", "extendedKeyUsage=emailProtection")
    key.chmod(0o600)
    return certificate, key
