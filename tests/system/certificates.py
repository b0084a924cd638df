"""Certificates that vouch for themselves, as files that the server under test reads."""

import pathlib
import subprocess
import tempfile


class Certificate:
    """One pair in a folder of its own, renewed in place as certbot does."""

    def __init__(self, name="localhost"):
        self.folder = tempfile.TemporaryDirectory(prefix="oxbow-certificate-")
        self.certificate = pathlib.Path(self.folder.name) / "fullchain.pem"
        self.key = pathlib.Path(self.folder.name) / "privkey.pem"
        self.renew(name)

    def renew(self, name, days=30):
        certificate, key = self.certificate.with_suffix(".new"), self.key.with_suffix(".new")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", key, "-out", certificate, "-days", str(days), "-subj", f"/CN={name}",
                        "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1"], check=True, capture_output=True)
        key.replace(self.key)
        certificate.replace(self.certificate)

    def config(self):
        """The sections that a server with TLS on free ports has."""
        lines = ["[rtmp]", 'listen_tls = "127.0.0.1:0"', "[edge]", 'listen_tls = "127.0.0.1:0"', "[tls]", f'certificate = "{self.certificate}"',
                 f'key = "{self.key}"']
        return "\n".join(lines) + "\n"

    def close(self):
        self.folder.cleanup()
