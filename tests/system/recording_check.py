"""What must hold of every finished recording, read from its bucket."""

import json
import pathlib

from oxbow import Playlist, frames as count_frames


def rendition_playlists(prefix_folder):
    metadata = json.loads((prefix_folder / "events/recording-started.json").read_text())
    hls = prefix_folder / metadata["media"]["hls"]["path"]
    for rendition in metadata["media"]["hls"]["renditions"]:
        yield (hls / rendition["path"], Playlist((hls / rendition["path"] / rendition["playlist"]).read_text()),
               Playlist((hls / rendition["path"] / rendition["byte_range_playlist"]).read_text()))


def check_recording(test, prefix_folder, frames=None, event="recording-ended", stream="v:0"):
    """Objects listed once and whole, sums equal to the millisecond, ranges that cover, ffprobe content."""
    prefix_folder = pathlib.Path(prefix_folder)
    ended = json.loads((prefix_folder / f"events/{event}.json").read_text())
    for folder, standard, byte_range in rendition_playlists(prefix_folder):
        test.assertTrue(standard.ended and byte_range.ended)

        objects = sorted(file.name for file in folder.glob("*.ts"))
        test.assertEqual(sorted(entry["uri"] for entry in standard.entries), objects)

        total_ms = round(float(standard.tag("EXT-X-TWITCH-TOTAL-SECS")) * 1000)
        test.assertEqual(standard.total_ms, total_ms)
        test.assertEqual(byte_range.total_ms, total_ms)
        test.assertEqual(ended["media"]["hls"]["duration_ms"], total_ms)

        covered = {}
        for entry in byte_range.entries:
            offset, length = entry["range"]
            test.assertEqual(offset, covered.get(entry["uri"], 0), "ranges of a chunk are contiguous")
            covered[entry["uri"]] = offset + length
        sizes = {file.name: file.stat().st_size for file in folder.glob("*.ts")}
        test.assertEqual(covered, sizes)

        for playlist in (standard, byte_range):
            target = int(playlist.tag("EXT-X-TARGETDURATION"))
            test.assertLessEqual(max(round(entry["ms"] / 1000) for entry in playlist.entries), target)
    for name in (ended["media"]["hls"]["playlist"], ended["media"]["hls"]["byte_range_playlist"]):
        found = count_frames(prefix_folder / "media/hls" / name, stream)
        if frames is not None:
            test.assertEqual(found, frames)
