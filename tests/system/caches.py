"""nginx and Varnish, each in a folder of its own, as packaging/ configures them."""

import pathlib
import shutil
import socket
import subprocess
import tempfile

import oxbow

PACKAGING = pathlib.Path(__file__).resolve().parents[2] / "packaging"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def replaced(text, changes):
    for old, new in changes:
        if old not in text:
            raise AssertionError(f"the configuration has no {old!r}")
        text = text.replace(old, new)
    return text


class Cache:
    """A program in a folder of its own that answers on `port`."""

    def __init__(self, prepare):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="oxbow-cache-"))
        self.folder.chmod(0o755)
        self.port = free_port()
        self.log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(prepare(self.folder, self.port), stdout=self.log, stderr=self.log)

        def listens():
            if self.process.poll() is not None:
                raise AssertionError((self.folder / "log").read_text())
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0
        oxbow.wait_for("the cache", 20, listens)

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=20)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def nginx_command(folder, configuration):
    """In: what lies in http {}."""
    temporary = " ".join(f"{name}_temp_path {folder}/{name};"
                         for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config = folder / "nginx.conf"
    config.write_text(f"daemon off; pid {folder}/pid; error_log {folder}/error.log;\n"
                      f"events {{}}\nhttp {{ access_log off; {temporary}\n{configuration}}}\n")
    return ["/usr/sbin/nginx", "-e", folder / "error.log", "-p", folder, "-c", config]
