#!/usr/bin/env python3
"""Requests that no client means well, on every port: each has its clear answer, and a channel beside never notices."""

import contextlib
import hashlib
import hmac
import http.client
import json
import os
import re
import socket
import time
import unittest

import oxbow
from hls_watch import Watch

HEAD_BYTES_MAX = 16 * 1024
HEADERS_MAX = 100
CLOSE = b"Host: h\r\nConnection: close\r\n\r\n"


def address_of(url):
    host, _, port = url.partition("://")[2].partition("/")[0].rpartition(":")
    return host, int(port)


class WrongRequests(unittest.TestCase):
    """One server for all of them; a publisher and its viewer are there the whole time."""

    @classmethod
    def setUpClass(cls):
        cls.server = oxbow.Server()
        cls.addClassCleanup(cls.server.close)
        cls.made = cls.server.create_channel("calm")
        cls.publisher = oxbow.Publisher(cls.made, oxbow.test_card(), loop=-1)
        cls.addClassCleanup(cls.publisher.close)
        cls.master_key = cls.server.wait_for_recording(cls.made["id"])["masterKey"]
        cls.watch = Watch(cls.server, [cls.made["id"]])

    @classmethod
    def tearDownClass(cls):
        cls.watch.stop()
        wrong = (cls.watch.missing(), cls.watch.failures, cls.publisher.process.poll(), cls.server.process.poll())
        if wrong != ({}, [], None, None):
            raise AssertionError(f"the channel beside noticed: {wrong}")

    # --- Sending what no client library would ------------------------------------------------------------------------

    def raw(self, port, request, half_close=False):
        """All that comes back until the server closes."""
        with socket.create_connection(address_of(self.server.ready[port]), timeout=20) as connection:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(request)
                if half_close:
                    connection.shutdown(socket.SHUT_WR)
            answer = b""
            with contextlib.suppress(ConnectionResetError):
                while more := connection.recv(65536):
                    answer += more
        return answer

    def refused(self, port, request, status, says):
        """The one answer, which closes the connection: its status, and a JSON sentence that has `says`."""
        answer = self.raw(port, request)
        self.assertEqual(len(re.findall(rb"HTTP/1\.1 \d{3} ", answer)), 1, answer)
        head, _, body = answer.partition(b"\r\n\r\n")
        self.assertEqual(int(head.split()[1]), status, answer)
        message = json.loads(body)["message"]
        self.assertIn(says, message)
        self.assertIn(b"Content-Type: application/json", head)
        self.assertRegex(message, r"^[A-Za-z'].*\.$", "a sentence")

    def get_raw(self, path, extra=b""):
        """Status and body of a GET whose path is sent as it is."""
        answer = self.raw("http", b"GET " + path.encode() + b" HTTP/1.1\r\n" + extra + CLOSE)
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), head.decode(), body

    # --- The head of a request ---------------------------------------------------------------------------------------

    def test_a_request_line_of_a_megabyte_and_bombs_of_headers(self):
        for port in ("http", "api"):
            self.refused(port, b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\n" + CLOSE, 414, "The request line is longer")
            self.refused(port, b"a" * 1_000_000, 414, "The request line is longer than 16384 bytes")
            self.refused(port, b"GET / HTTP/1.1\r\nX: " + b"a" * 1_000_000 + b"\r\n" + CLOSE, 431, "The headers are longer")
            self.refused(port, b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * HEADERS_MAX + CLOSE, 431, "more than 100 headers")

    def test_the_longest_head_and_the_most_headers_are_taken(self):
        start = b"GET /channels.json HTTP/1.1\r\nX: "
        filled = start + b"a" * (HEAD_BYTES_MAX - len(start) - len(b"\r\n" + CLOSE)) + b"\r\n" + CLOSE
        self.assertTrue(self.raw("http", filled).startswith(b"HTTP/1.1 200 "))
        self.refused("http", filled.replace(b"X: ", b"X: a"), 431, "The headers are longer than 16384 bytes")
        many = b"GET /channels.json HTTP/1.1\r\n" + b"X: y\r\n" * (HEADERS_MAX - 2) + CLOSE
        self.assertTrue(self.raw("http", many).startswith(b"HTTP/1.1 200 "))

    def test_what_two_servers_could_read_in_two_ways_is_refused(self):
        for headers, says in ((b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "exclude each other"),
                              (b"Content-Length: 0\r\nContent-Length: 5\r\n", "more than one Content-Length"),
                              (b"Content-Length: 0, 0\r\n", "not a number"),
                              (b"Content-Length: +5\r\n", "not a number"),
                              (b"Content-Length: -1\r\n", "not a number"),
                              (b"Content-Length: 99999999999999999999\r\n", "not a number"),
                              (b"Content-Length : 5\r\n", "not a name, a colon and a value"),
                              (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "more than one"),
                              (b"X: a\r\n b\r\n", "folded over two lines"),
                              (b": x\r\n", "not a name, a colon and a value"),
                              (b"X: a\0b\r\n", "control characters"),
                              (b"X: a\rb\r\n", "control characters"),
                              (b"Host: other\r\n", "more than one Host")):
            for port in ("http", "api"):
                self.refused(port, b"POST /ListChannels HTTP/1.1\r\n" + headers + CLOSE + b"0\r\n\r\n", 400, says)

    def test_lines_that_end_in_other_ways_and_hosts_that_are_none(self):
        for request, says in ((b"GET / HTTP/1.1\nHost: h\n\n", "without a carriage return"),
                              (b"GET / HTTP/1.1\r\nHost: a/b@c\r\n\r\n", "not a host and a port"),
                              (b"GET / HTTP/1.1\r\n\r\n", "needs a Host header"),
                              (b"GET /\x00 HTTP/1.1\r\n" + CLOSE, "percent-encoded"),
                              ("GET /\u00e4 HTTP/1.1\r\n".encode() + CLOSE, "percent-encoded"),
                              (b"G\x01T / HTTP/1.1\r\n" + CLOSE, "method is not a token"),
                              (b"GET http://elsewhere/ HTTP/1.1\r\n" + CLOSE, "must be a path"),
                              (b"CONNECT elsewhere:443 HTTP/1.1\r\n" + CLOSE, "must be a path"),
                              (b"GET /\r\n\r\n", "not a method, a target and a version")):  # HTTP/0.9
            for port in ("http", "api"):
                self.refused(port, request, 400, says)

    def test_codings_expectations_and_versions_that_are_not_spoken(self):
        for port in ("http", "api"):
            for coding in (b"gzip, chunked", b"xchunked", b"identity"):
                self.refused(port, b"POST / HTTP/1.1\r\nTransfer-Encoding: " + coding + b"\r\n" + CLOSE, 501, "is chunked")
            self.refused(port, b"GET / HTTP/1.1\r\nExpect: a miracle\r\n" + CLOSE, 417, "100-continue")
            self.refused(port, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 505, "Only HTTP/1.1 and HTTP/1.0")

    def test_chunks_that_are_garbage(self):
        for chunk, status, says in ((b"zz\r\n", 400, "not a hexadecimal number"),
                                    (b"ffffffffffffffffff\r\n", 400, "not a hexadecimal number"),
                                    (b"-1\r\n", 400, "not a hexadecimal number"),
                                    (b"5\r\nhello!\r\n", 400, "longer than it says"),
                                    (b"5\nhello\n", 400, "without a carriage return"),
                                    (b"40001\r\n", 413, "longer than 262144 bytes"),
                                    (b"1;" + b"x" * 20_000 + b"\r\n", 400, "A line of the chunked body is longer")):
            self.refused("api", b"POST /ListChannels HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + CLOSE + chunk, status,
                         says)

    def test_other_methods_are_refused_by_the_page_and_need_a_signature_at_the_api(self):
        for method in ("DELETE", "PUT", "TRACE", "CONNECT", "PATCH", "PROPFIND", "get"):
            answer = self.server.get("/channels.json", method=method)
            self.assertEqual((answer.status, answer.json["error"], answer.headers["Allow"]),
                             (405, "MethodNotAllowed", "GET, HEAD, OPTIONS"))
            self.assertEqual(self.server.get(self.server.ready["api"] + "/ListChannels", method=method).status, 403)

    # --- Other protocols, halves and floods --------------------------------------------------------------------------

    def test_other_protocols_on_the_ports_of_http(self):
        for port in ("http", "api"):
            for greeting in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(508), b"\x03" + bytes(1536)):
                answer = self.raw(port, greeting, half_close=True)
                self.assertIn(answer[:13], (b"", b"HTTP/1.1 400 "))

    def test_other_protocols_on_the_port_of_rtmp(self):
        for greeting, says in ((b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", "speaks HTTP on the RTMP port"),
                               (b"\x16\x03\x01\x02\x00" + bytes(512), "speaks TLS on the port of plain RTMP"),
                               (b"\xff" + bytes(2000), "which is no version of RTMP")):
            self.assertEqual(self.raw("rtmp", greeting), b"")
            self.assertIn(says, self.server.log_text())

    def test_half_a_request_gets_its_answer_when_its_time_is_over(self):
        started = time.monotonic()
        self.refused("http", b"GET / HTTP/1.1\r\nHost: h\r\n", 408, "The request took too long")
        self.assertLess(time.monotonic() - started, 15)
        self.assertEqual(self.raw("http", b"GET / HT", half_close=True), b"")

    def test_a_pipelined_flood_is_answered_in_order_to_its_last_request(self):
        paths = [b"/channels.json", b"/nowhere"] * 2_000
        answer = self.raw("http", b"".join(b"HEAD " + path + b" HTTP/1.1\r\nHost: h\r\n\r\n" for path in paths)
                          + b"HEAD / HTTP/1.1\r\n" + CLOSE)
        statuses = [line.split()[1] for line in answer.splitlines() if line.startswith(b"HTTP/1.1 ")]
        self.assertEqual(statuses, [b"200", b"404"] * 2_000 + [b"200"])

    def test_a_flood_that_is_not_read_back_ends_with_its_connection(self):
        with socket.create_connection(address_of(self.server.ready["http"]), timeout=1) as connection:
            with contextlib.suppress(OSError):
                for _ in range(2_000):
                    connection.sendall(b"GET /channels.json HTTP/1.1\r\nHost: h\r\n\r\n" * 100)
        self.assertEqual(self.server.get("/channels.json").status, 200)

    # --- Paths, ranges and parameters --------------------------------------------------------------------------------

    def test_no_path_leads_out_of_the_bucket(self):
        secret = (self.server.data / "credentials").read_bytes().split()[3]
        for path in ("/../oxbow.db", "/%2e%2e/oxbow.db", "/ivs/v1/../../oxbow.db", "/ivs/v1/../../../credentials",
                     "/ivs/v1/%2e%2e/%2e%2e/%2e%2e/oxbow.db", "/ivs/v1/..%2f..%2f..%2fcredentials",
                     "/ivs/v1/%2e%2e%2f%2e%2e%2f%2e%2e%2fcredentials", "/ivs/v1/..\\..\\..\\credentials",
                     "/ivs/v1/%5c..%5c..%5ccredentials", "/ivs/v1//etc/passwd", "/ivs/v1/%2fetc%2fpasswd", "//etc/passwd",
                     "/ivs/v1/./../../../credentials", "/ivs/v1/", "/ivs/v1//", "/ivs/v1", "//", "/\\",
                     "/ivs/v1/.oxbow-tmp/x", "/.oxbow-tmp/", "/ivs/v1/" + "a/" * 4_000, "/ivs/v1/" + "a" * 8_000,
                     "/assets/../../credentials", "/seg/../../credentials"):
            status, _, body = self.get_raw(path)
            self.assertEqual((status, json.loads(body)["error"]), (404, "NotFound"), path)
            self.assertNotIn(secret, body)

    def test_nul_and_broken_escapes_are_refused(self):
        for path in ("/%00", "/ivs/v1/a%00b", "/%", "/%zz", "/%2", "/recording-started-%00.json"):
            status, _, body = self.get_raw(path)
            self.assertEqual((status, json.loads(body)["error"]), (400, "BadRequest"), path)

    def test_channel_ids_that_cannot_be_one(self):
        for name in ("", "..", "../../x", "a" * 65, "a%0d%0aX-Evil:%20y", "a%20b", "%f0%9f%8e%a5"):
            for path in (f"/recording-started-{name}.json", f"/channels/{name}/recordings.json"):
                status, head, _ = self.get_raw(path)
                self.assertEqual(status, 400, path)
                self.assertNotIn("X-Evil", head)

    def test_ranges_beyond_the_end_overflowing_reversed_and_many(self):
        folder = self.master_key.rpartition("/")[0]
        variant = self.server.get("/" + self.master_key).text.splitlines()[-1]
        path = f"/{folder}/{variant.rpartition('/')[0]}/0.ts"
        whole = self.server.get(path).body
        for value, status, body in (("bytes=0-1", 206, whole[:2]), ("bytes=-1", 206, whole[-1:]),
                                    (f"bytes={len(whole) - 1}-", 206, whole[-1:]), (f"bytes={len(whole)}-", 416, None),
                                    ("bytes=-0", 416, None), ("bytes=18446744073709551615-", 416, None),
                                    ("bytes=0-18446744073709551615", 206, whole),
                                    ("bytes=-18446744073709551615", 206, whole),
                                    ("bytes=0-99999999999999999999999", 200, whole), ("bytes=5-2", 200, whole),
                                    ("bytes=0-1,3-4", 200, whole), ("bytes=a-b", 200, whole), ("bytes=-", 200, whole),
                                    ("items=0-1", 200, whole)):
            answer = self.server.get(path, {"Range": value})
            self.assertEqual(answer.status, status, value)
            if body is None:
                self.assertEqual((answer.json["error"], answer.headers["Content-Range"]),
                                 ("RangeNotSatisfiable", f"bytes */{len(whole)}"))
            else:
                self.assertEqual(answer.body, body, value)

    def test_parameters_that_are_junk_are_named(self):
        recordings, rewind = f"/channels/{self.made['id']}/recordings.json", f"/rewind/{self.made['id']}.m3u8"
        for path, status, says in ((recordings + "?nextToken=x", 400, "nextToken"), (recordings + "?nextToken=", 400, "nextToken"),
                                   (recordings + "?nextToken=1000001", 400, "nextToken"),
                                   (recordings + "?nextToken=%zz", 400, "nextToken"),
                                   (recordings + "?from=x", 400, "from"), (recordings + "?to=", 400, "to"),
                                   (recordings + "?from=7&to=7", 400, "from"),
                                   (rewind + "?parts=x", 400, "parts"), (rewind + "?parts=", 400, "parts"),
                                   (rewind + "?start=x", 400, "start"), (rewind + "?end=", 400, "end")):
            answer = self.server.get(path)
            self.assertEqual(answer.status, status, path)
            self.assertIn(says, answer.json["message"])
        for path in (recordings + "?nextToken=1000000", recordings + "?unknown=x", rewind + "?parts=0", rewind + "?parts=1"):
            self.assertEqual(self.server.get(path).status, 200, path)

    # --- The API -----------------------------------------------------------------------------------------------------

    def api(self, body, operation="ListChannels", content_type="application/json"):
        """A call that is signed as it must be, whatever its body is. Source: AWS Signature Version 4."""
        words = (self.server.data / "credentials").read_text().split()
        key, secret = words[3], words[6]
        host = "{}:{}".format(*address_of(self.server.ready["api"]))
        date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        scope = f"{date[:8]}/us-east-1/ivs/aws4_request"
        canonical = (f"POST\n/{operation}\n\nhost:{host}\nx-amz-date:{date}\n\nhost;x-amz-date\n"
                     + hashlib.sha256(body).hexdigest())
        to_sign = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signing = f"AWS4{secret}".encode()
        for part in (*scope.split("/"), to_sign):
            signing = hmac.digest(signing, part.encode(), "sha256")
        connection = http.client.HTTPConnection(host, timeout=20)
        self.addCleanup(connection.close)
        connection.request("POST", f"/{operation}", body, {
            "Content-Type": content_type, "X-Amz-Date": date,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders=host;x-amz-date, "
                             f"Signature={signing.hex()}"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def test_bodies_that_are_no_json_object(self):
        for body in (b"{", b"[]", b"null", b"3", b'"text"', b"\xff\xfe", b"{}{}", b'{"a":1,}', b'{"a":NaN}',
                     b"[" * 10_000 + b"]" * 10_000, b'{"a":' * 10_000 + b"1" + b"}" * 10_000, b"x" * 200_000):
            status, answer = self.api(body)
            self.assertEqual((status, answer["__type"]), (400, "SerializationException"), body[:20])
            self.assertRegex(answer["message"], r"^[A-Z].*\.$")

    def test_members_of_the_wrong_kind_are_named(self):
        for operation, body, says in (("ListChannels", b'{"maxResults":"5"}', "maxResults"),
                                      ("ListChannels", b'{"maxResults":101}', "maxResults"),
                                      ("ListChannels", b'{"maxResults":1e400}', ""),
                                      ("ListChannels", b'{"nextToken":"junk"}', "nextToken"),
                                      ("CreateChannel", b'{"name":7}', "name"),
                                      ("CreateChannel", b'{"name":"a/b"}', "name"),
                                      ("CreateChannel", b'{"tags":{"":"x"}}', "tags"),
                                      ("GetChannel", b"{}", "arn"), ("GetChannel", b'{"arn":[]}', "arn"),
                                      ("oxbow/GetRecording", b'{"recordingId":"../x"}', "")):
            status, answer = self.api(body, operation)
            self.assertIn(status, (400, 404), (operation, body))
            self.assertIn(says, answer["message"])

    def test_the_largest_body_is_taken_and_the_next_byte_refused(self):
        padding = b" " * (256 * 1024 - 2)
        self.assertEqual(self.api(b"{}" + padding)[0], 200)
        self.assertEqual(self.api(b"{}" + padding + b" ")[0], 413)

    def test_any_content_type_is_read_as_json_as_amazon_does(self):
        for content_type in ("text/plain", "application/x-amz-json-1.1", "multipart/form-data", ""):
            self.assertEqual(self.api(b"{}", content_type=content_type)[0], 200)

    def test_operations_that_do_not_exist(self):
        for operation in ("", "Nonsense", "listchannels", "ListChannels/"):
            status, answer = self.api(b"{}", operation)
            self.assertEqual((status, answer["__type"]), (404, "UnknownOperationException"), operation)


if __name__ == "__main__":
    unittest.main()
