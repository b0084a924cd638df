import assert from 'node:assert/strict';
import test from 'node:test';

import type { Channel, Recording } from './api';
import { choose } from './choose';

const nothing = { at: null, recordingId: null };

const meadow: Channel = {
  id: 'AsXego4U6tnj', name: 'Meadow', isLive: true, startedAt: '2026-11-23T10:12:08.120Z',
  playbackUrl: '/api/video/v1/live.m3u8', rewindUrl: '/rewind/AsXego4U6tnj.m3u8',
  width: 1280, height: 720, frameRate: 30,
  recording: {
    id: 'running', status: 'RECORDING_STARTED', startedAt: '2026-11-23T10:12:08.120Z',
    endedAt: null, durationMs: 1_893_000, reconnectUntil: null,
  },
};

const earlier: Recording = {
  id: 'earlier', status: 'RECORDING_ENDED', startedAt: '2026-11-23T06:30:00.000Z',
  endedAt: '2026-11-23T06:40:00.000Z', durationMs: 600_000, rewindUrl: '/rewind/AsXego4U6tnj/earlier.m3u8',
  playlistUrl: '/rewind/AsXego4U6tnj/earlier/720p30.m3u8',
};

test('a channel on air plays its timeline, and its live playlist when there is none', () => {
  assert.deepEqual(choose(nothing, meadow, []), {
    url: '/rewind/AsXego4U6tnj.m3u8', fallbackUrl: '/api/video/v1/live.m3u8', beginAt: null, recordingId: 'running',
  });
});

test('a channel that is not recorded plays its live playlist', () => {
  assert.equal(choose(nothing, { ...meadow, rewindUrl: null, recording: null }, [])?.url, '/api/video/v1/live.m3u8');
});

test('a channel that was never on air plays nothing', () => {
  const never = { ...meadow, isLive: false, rewindUrl: null, playbackUrl: null, recording: null };

  assert.equal(choose(nothing, never, []), null);
});

test('a moment inside the running broadcast begins there', () => {
  const at = Date.parse('2026-11-23T10:20:00Z');

  assert.deepEqual(choose({ at, recordingId: null }, meadow, [earlier]), {
    url: '/rewind/AsXego4U6tnj.m3u8', fallbackUrl: '/api/video/v1/live.m3u8', beginAt: at, recordingId: 'running',
  });
});

test('a moment inside an earlier broadcast plays that one', () => {
  const at = Date.parse('2026-11-23T06:35:00Z');

  assert.equal(choose({ at, recordingId: null }, meadow, [earlier])?.recordingId, 'earlier');
});

test('a moment between two broadcasts plays the later one', () => {
  const at = Date.parse('2026-11-23T08:00:00Z');

  assert.equal(choose({ at, recordingId: null }, meadow, [earlier])?.recordingId, 'running');
});

test('a recording that is gone plays nothing', () => {
  assert.equal(choose({ at: null, recordingId: 'deleted' }, meadow, [earlier]), null);
});

test('a recording that is asked for plays, also while the next broadcast has none yet', () => {
  const between: Channel = { ...meadow, recording: { ...meadow.recording!, id: 'earlier', status: 'RECORDING_ENDED' } };

  assert.equal(choose({ at: null, recordingId: 'earlier' }, between, [earlier])?.url, earlier.rewindUrl);
  assert.equal(choose(nothing, between, [earlier])?.url, '/rewind/AsXego4U6tnj.m3u8');
  assert.equal(choose(nothing, between, [earlier])?.recordingId, null);
});

test('the recording of a channel that is off air belongs to what it plays', () => {
  const off: Channel = { ...meadow, isLive: false, recording: { ...meadow.recording!, status: 'RECORDING_ENDED' } };

  assert.equal(choose(nothing, off, [])?.recordingId, 'running');
});
