#!/usr/bin/env python3
"""nginx and Varnish in front, as packaging/ configures them: many viewers of one thing are one request to us."""

import collections
import concurrent.futures
import http.server
import re
import socketserver
import threading
import unittest
import urllib.parse
import urllib.request

import oxbow
from caches import PACKAGING, Cache, nginx_command, replaced

VIEWERS = 50


class Counter:
    """Stands between the cache and Oxbow, hands everything on, and counts what was asked."""

    def __init__(self, origin):
        asked = self.asked = collections.Counter()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                asked[self.path] += 1
                headers = {key: value for key, value in self.headers.items() if key.lower() != "connection"}
                try:
                    answer = urllib.request.urlopen(urllib.request.Request(origin + self.path, headers=headers), timeout=30)
                except urllib.error.HTTPError as error:
                    answer = error
                self.send_response_only(answer.status)
                if answer.headers["Content-Type"] == "text/event-stream":
                    self.send_header("Content-Type", "text/event-stream")
                    self.send_header("Connection", "close")
                    self.end_headers()
                    self.wfile.write(answer.read1())
                    answer.read1()  # stays open until more comes
                    return
                body = answer.read()
                for key, value in answer.headers.items():
                    if key.lower() not in ("connection", "content-length"):
                        self.send_header(key, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Threads(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True
            request_queue_size = 256

        self.server = Threads(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def nginx(origin_port):
    def prepare(folder, port):
        ours = replaced((PACKAGING / "nginx/oxbow.conf").read_text(), [
            ("listen 80;", f"listen 127.0.0.1:{port};"), ("127.0.0.1:8080;", f"127.0.0.1:{origin_port};"),
            ("/var/cache/nginx/oxbow", f"{folder}/cache")])
        return nginx_command(folder, ours)
    return Cache(prepare)


def varnish(origin_port):
    def prepare(folder, port):
        config = folder / "oxbow.vcl"
        config.write_text(replaced((PACKAGING / "varnish/oxbow.vcl").read_text(),
                                   [('.port = "8080"', f'.port = "{origin_port}"')]))
        config.chmod(0o644)
        return ["/usr/sbin/varnishd", "-F", "-j", "none", "-n", folder / "work", "-a", f"127.0.0.1:{port}",
                "-f", config, "-s", "malloc,64m"]
    return Cache(prepare)


class Caches(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = oxbow.Server('[recording]\nreconnect_window_seconds = 0\n'
                                  '[edge]\ntrusted_proxies = ["127.0.0.1"]\n')
        cls.addClassCleanup(cls.server.close)
        cls.live = cls.server.create_channel("live")
        cls.publisher = oxbow.Publisher(cls.live, oxbow.test_card(seconds=6, size="320x180"), loop=-1)
        cls.addClassCleanup(cls.publisher.close)
        cls.server.wait_for_recording(cls.live["id"])
        cls.counter = Counter(cls.server.ready["http"])
        cls.addClassCleanup(cls.counter.close)

    def in_front(self, make):
        cache = make(self.counter.port)
        self.addCleanup(cache.close)
        self.counter.asked.clear()
        return f"http://127.0.0.1:{cache.port}"

    def get(self, url, headers=None):
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=30) as answer:
            return answer.read()

    def viewers_get(self, url):
        with concurrent.futures.ThreadPoolExecutor(VIEWERS) as viewers:
            return list(viewers.map(self.get, [url] * VIEWERS))

    def playlist(self, base):
        master = f"{base}/api/video/v1/us-east-1.000000000000.channel.{self.live['id']}.m3u8"
        line = next(line for line in self.get(master).decode().splitlines() if line and not line.startswith("#"))
        return urllib.parse.urljoin(master, line)

    def check(self, make):
        base = self.in_front(make)
        playlist = self.playlist(base)
        text = self.get(playlist).decode()
        segment = urllib.parse.urljoin(playlist, [line for line in text.splitlines() if line and line[0] != "#"][-1])
        next_one = int(re.search(r"MEDIA-SEQUENCE:(\d+)", text)[1]) + text.count("#EXTINF:")
        held = f"{playlist}?_HLS_msn={next_one}"

        segments = self.viewers_get(segment)
        reloads = self.viewers_get(held)
        without_parts = self.get(f"{playlist}?parts=0&_HLS_msn={next_one}")

        self.assertEqual(len(set(segments)), 1)
        self.assertEqual(segments[0], self.get(segment.replace(base, self.server.ready["http"])))
        self.assertEqual(len(set(reloads)), 1)
        last = reloads[0].decode()
        self.assertGreater(int(re.search(r"MEDIA-SEQUENCE:(\d+)", last)[1]) + last.count("#EXTINF:"), next_one)
        self.assertNotEqual(without_parts, reloads[0])
        self.assertNotIn(b"#EXT-X-PART:", without_parts)
        self.assertEqual(self.counter.asked[segment.replace(base, "")], 1)
        self.assertEqual(self.counter.asked[held.replace(base, "")], 1)
        self.check_what_is_one_viewers(base)

    def check_what_is_one_viewers(self, base):
        with_token = f"/recording-started-{self.live['id']}.json?token=x"

        for _ in range(2):
            self.get(base + with_token)
        with urllib.request.urlopen(base + "/events", timeout=5) as events:
            first = events.readline()

        self.assertEqual(self.counter.asked[with_token], 2)
        self.assertEqual(first, b"retry: 2000\n")

    def test_nginx_asks_once_for_what_fifty_viewers_want(self):
        self.check(nginx)

    def test_varnish_asks_once_for_what_fifty_viewers_want(self):
        self.check(varnish)


if __name__ == "__main__":
    unittest.main()
