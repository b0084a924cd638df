"""What must hold of every finished recording, read from its bucket."""

import json
import pathlib

from hls_checker import check_finished
from hls_playlist import Playlist
from oxbow import frames as count_frames


def rendition_playlists(prefix_folder):
    metadata = json.loads((prefix_folder / "events/recording-started.json").read_text())
    hls = prefix_folder / metadata["media"]["hls"]["path"]
    for rendition in metadata["media"]["hls"]["renditions"]:
        yield (hls / rendition["path"], Playlist((hls / rendition["path"] / rendition["playlist"]).read_text()),
               Playlist((hls / rendition["path"] / rendition["byte_range_playlist"]).read_text()))


def check_recording(test, prefix_folder, frames=None, event="recording-ended", stream="v:0"):
    """The rules of HLS, objects listed once and whole, sums equal to the millisecond, ffprobe content."""
    prefix_folder = pathlib.Path(prefix_folder)
    ended = json.loads((prefix_folder / f"events/{event}.json").read_text())
    for folder, standard, byte_range in rendition_playlists(prefix_folder):
        sizes = {file.name: file.stat().st_size for file in folder.glob("*.ts")}
        for playlist in (standard, byte_range):
            test.assertEqual([str(fault) for fault in check_finished(str(folder), playlist.text, sizes)], [])
            test.assertEqual({entry["uri"] for entry in playlist.entries}, set(sizes))
            test.assertEqual(ended["media"]["hls"]["duration_ms"], playlist.total_ms)
        test.assertIsNotNone(standard.tag("EXT-X-TWITCH-TOTAL-SECS"))
    for name in (ended["media"]["hls"]["playlist"], ended["media"]["hls"]["byte_range_playlist"]):
        found = count_frames(prefix_folder / "media/hls" / name, stream)
        if frames is not None:
            test.assertEqual(found, frames)
