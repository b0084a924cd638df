"""Recordings as Amazon IVS lays them out."""

import json
import shutil

import oxbow

# As Amazon IVS writes it: renditions in any order, and other recordings than ours have no member of ours.
RENDITIONS = [{"path": "160p30", "playlist": "playlist.m3u8", "byte_range_playlist": "byte-range-variant.m3u8",
               "resolution_width": 284, "resolution_height": 160},
              {"path": "360p30", "playlist": "playlist.m3u8", "byte_range_playlist": "byte-range-variant.m3u8",
               "resolution_width": 640, "resolution_height": 360}]


def write_amazon_recording(bucket, prefix, channel_id, media, multivariant="master.m3u8", ended=True, byte_ranges=True):
    """A recording in the layout of Amazon IVS around the media folder of one of ours. In: whether the metadata names the
    byte-range playlists: that of some failed ones does not."""
    target = bucket / prefix
    playlists = {each.name: each.read_text() for each in media.glob("*.m3u8")}
    first = oxbow.Playlist(playlists["byte-range-variant.m3u8"]).entries[0]["pdt"]
    for rendition in RENDITIONS:
        place = target / "media/hls" / rendition["path"]
        place.mkdir(parents=True)
        for chunk in media.glob("*.ts"):
            shutil.copy(chunk, place / chunk.name)
        (place / "playlist.m3u8").write_text(playlists["playlist.m3u8"])
        # A finished one is of type VOD there.
        (place / "byte-range-variant.m3u8").write_text(
            playlists["byte-range-variant.m3u8"].replace("TYPE:EVENT", "TYPE:VOD"))
    for name, playlist in ((multivariant, "playlist.m3u8"), ("byte-range-multivariant.m3u8", "byte-range-variant.m3u8")):
        lines = ["#EXTM3U", '#EXT-X-SESSION-DATA:DATA-ID="net.live-video.content.id",VALUE="x"']
        for rendition in RENDITIONS:
            group = rendition["path"]
            lines += [f'#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="{group}",NAME="{group[:-2]}",AUTOSELECT=YES,DEFAULT=YES',
                      f'#EXT-X-STREAM-INF:PROGRAM-ID=1,BANDWIDTH=630000,CODECS="avc1.4D401F,mp4a.40.2",'
                      f'RESOLUTION=640x360,VIDEO="{group}"', f"{group}/{playlist}"]
        (target / "media/hls" / name).write_text("\n".join(lines))
    total_ms = oxbow.Playlist(playlists["playlist.m3u8"]).total_ms
    started = {"version": "v1", "recording_started_at": first[:19] + "Z",
               "channel_arn": f"arn:aws:ivs:us-east-1:123456789012:channel/{channel_id}",
               "recording_status": "RECORDING_STARTED",
               "media": {"hls": {"path": "media/hls", "playlist": multivariant,
                                 "byte_range_playlist": "byte-range-multivariant.m3u8", "renditions": RENDITIONS},
                         "thumbnails": {"path": "media/thumbnails"}}}
    if not byte_ranges:
        started = without_byte_ranges(started)
    (target / "events").mkdir()
    (target / "events/ivs-check").touch()
    (target / "events/recording-started.json").write_text(json.dumps(started, separators=(",", ":")))
    if ended:
        started["recording_ended_at"] = first[:19] + "Z"
        started["recording_status"] = "RECORDING_ENDED"
        started["media"]["hls"]["duration_ms"] = total_ms
        (target / "events/recording-ended.json").write_text(json.dumps(started, separators=(",", ":")))
    return total_ms


def without_byte_ranges(metadata):
    hls = {key: value for key, value in metadata["media"]["hls"].items() if key != "byte_range_playlist"}
    hls["renditions"] = [{key: value for key, value in rendition.items() if key != "byte_range_playlist"}
                         for rendition in hls["renditions"]]
    return {**metadata, "media": {**metadata["media"], "hls": hls}}
