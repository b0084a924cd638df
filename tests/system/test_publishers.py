#!/usr/bin/env python3
"""Who may publish: unknown and deleted keys, a second publisher, a publisher that takes over."""

import signal
import unittest

import oxbow


class Publishers(unittest.TestCase):
    def setUp(self):
        self.server = oxbow.Server()
        self.addCleanup(self.server.close)
        self.made = self.server.create_channel("class")

    def publish(self, made=None, **options):
        publisher = oxbow.Publisher(made or self.made, oxbow.test_card(seconds=8), **options)
        self.addCleanup(publisher.close)
        return publisher

    def test_an_unknown_stream_key_is_refused_with_one_log_line_that_hides_it(self):
        publisher = self.publish(url=self.server.ready["rtmp"] + "/sk_us-east-1_abcdefghijkl_secretsecret")

        self.assertNotEqual(publisher.wait(10), 0)
        lines = [line for line in self.server.log_text().splitlines() if "refused" in line]
        self.assertEqual(len(lines), 1, lines)
        self.assertNotIn("secretsecret", self.server.log_text())

    def test_the_key_of_a_deleted_channel_is_refused(self):
        self.server.cli("channel", "delete", self.made["id"])

        self.assertNotEqual(self.publish().wait(10), 0)

    def test_a_second_publisher_is_refused_and_the_first_never_notices(self):
        first = self.publish()
        self.server.wait_for_recording(self.made["id"])

        self.assertNotEqual(self.publish().wait(10), 0)
        self.assertEqual(first.wait(), 0)

    def test_a_publisher_that_went_silent_is_taken_over_and_its_stream_goes_on(self):
        first = self.publish(loop=-1)
        before = self.server.wait_for_recording(self.made["id"])
        first.process.send_signal(signal.SIGSTOP)
        self.addCleanup(first.process.send_signal, signal.SIGCONT)

        live_list = self.server.get(before["livePlaybackUrl"]).text.splitlines()[-1]

        second = oxbow.wait_for("the takeover", 15, self.try_to_publish)

        oxbow.wait_for("what the second one sends", 15, lambda: (
            "#EXT-X-DISCONTINUITY\n" in self.server.get(live_list).text))
        after = self.server.metadata(self.made["id"])
        self.assertEqual((after["masterKey"], after["streamId"]), (before["masterKey"], before["streamId"]))
        self.assertEqual(second.process.poll(), None)
        self.assertFalse(oxbow.Playlist(self.server.get(live_list).text).ended)

    def try_to_publish(self):
        publisher = self.publish(loop=-1)
        try:
            publisher.wait(2)
        except oxbow.subprocess.TimeoutExpired:
            return publisher
        return None


if __name__ == "__main__":
    unittest.main()
