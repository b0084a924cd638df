"""A proxy before an S3 server that has the faults of a bad day."""

import http.client
import http.server
import socket
import ssl
import struct
import threading


class FaultyProxy:
    """Passes requests on as they are, signatures and all; by TLS where it has a certificate. `fault` says what goes wrong, of those requests that
    `concerns(method, path)` is true of, the next `times` times: "503", "reset" (in the middle of the answer, or of what is
    sent), "short" (an answer with less than it says), "part" (a range that is not the one asked for)."""

    def __init__(self, endpoint, certificate=None):
        self.upstream = endpoint.removeprefix("http://")
        self.fault, self.times, self.concerns = None, 0, lambda method, path: True
        self.seen = []  # (method, path) of all
        self.lock = threading.Lock()
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def handle_any(self):
                proxy.handle(self)

            do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = handle_any

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.certificate, certificate.key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.endpoint = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def break_next(self, fault, times, concerns=lambda method, path: True):
        with self.lock:
            self.fault, self.times, self.concerns = fault, times, concerns

    def next_fault(self, method, path):
        with self.lock:
            self.seen.append((method, path))
            if self.times == 0 or not self.concerns(method, path):
                return None
            self.times -= 1
            return self.fault

    def handle(self, request):
        fault = self.next_fault(request.command, request.path)
        length = int(request.headers.get("content-length", 0))
        if fault == "reset" and request.command == "PUT":
            request.rfile.read(length // 2)
            return reset(request)
        body = request.rfile.read(length)
        if fault == "503":
            text = b"<Error><Code>SlowDown</Code><Message>not so fast</Message></Error>"
            return send(request, 503, [("Content-Type", "application/xml")], text, len(text))
        upstream = http.client.HTTPConnection(self.upstream, timeout=30)
        try:
            upstream.putrequest(request.command, request.path, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.items():
                if name.lower() != "connection":
                    upstream.putheader(name, value)
            upstream.endheaders(body)
            answer = upstream.getresponse()
            content = answer.read()
        except OSError:
            return reset(request)
        finally:
            upstream.close()
        kept = [(name, value) for name, value in answer.getheaders()
                if name.lower() not in ("connection", "transfer-encoding", "content-length", "keep-alive")]
        size = int(answer.getheader("content-length") or 0) if request.command == "HEAD" else len(content)
        if fault == "reset":
            send(request, answer.status, kept, content[:len(content) // 2], size)
            return reset(request)
        if fault == "short":
            send(request, answer.status, kept, content[:len(content) // 2], size)
            request.close_connection = True
            return None
        if fault == "part":  # what it says fits what it sends, and not what was asked for
            content = content[:-1]
            kept = [(name, "bytes 0-0/1" if name.lower() == "content-range" else value) for name, value in kept]
            size = len(content)
        return send(request, answer.status, kept, content, size)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def send(request, status, headers, body, size):
    request.send_response_only(status)
    for name, value in headers:
        request.send_header(name, value)
    request.send_header("Content-Length", str(size))
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(body)
        request.wfile.flush()


def reset(request):
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.close_connection = True
    request.connection.close()
