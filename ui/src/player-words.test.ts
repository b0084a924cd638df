import assert from 'node:assert/strict';
import test from 'node:test';

import type { View } from './playback';
import { playerWords } from './player-words';
import { Axis } from './timeline';

const wall = Date.parse('2026-11-23T10:31:07Z');
const live: View = {
  phase: 'playing', live: true, rewindable: true, start: 0, end: 1_893, newest: 1_896, position: 1_893, behind: 0, atEdge: true,
  reconnects: [], gaps: [], axis: new Axis([]), moments: [], rate: 1, catchingUp: false, renditions: [], rendition: -1, shownRendition: -1, retryAt: null,
};
const behind: View = { ...live, position: 1_139, behind: 754, atEdge: false };
const shown = { at: 1_139, wall, paused: false, scrubbing: false };

test('at the edge the player says the wall clock of the picture and how late it is', () => {
  const words = playerWords(live, { ...shown, at: 1_893 }, wall + 6_000, 'utc');

  assert.deepEqual(words, { pill: 'live', pillLabel: 'Live', main: '10:31:07', detail: '6 s delay' });
});

test('a rewound viewer is told how far behind live, and the wall clock', () => {
  const words = playerWords(behind, shown, wall + 760_000, 'utc');

  assert.deepEqual(words, { pill: 'behind', pillLabel: 'Go to live (End)', main: '12:34 behind live', detail: '10:31:07' });
});

test('a drag that began at the edge speaks of where it is', () => {
  const words = playerWords(live, { ...shown, scrubbing: true }, wall, 'utc');

  assert.equal(words.main, '12:34 behind live');
  assert.equal(words.pill, 'behind');
});

test('a viewer who paused at the edge may press LIVE', () => {
  assert.equal(playerWords(live, { ...shown, at: 1_893, paused: true }, wall, 'utc').pill, 'paused');
});

test('a finished broadcast has a length', () => {
  const words = playerWords({ ...behind, live: false, behind: 0 }, shown, wall, 'utc');

  assert.deepEqual(words, {
    pill: 'ended', pillLabel: 'The broadcast has ended', main: '18:59 of 31:33', detail: '10:31:07',
  });
});

test('a broadcast that is not recorded says so', () => {
  assert.equal(playerWords({ ...live, rewindable: false }, shown, wall, 'utc').detail, 'not recorded');
});

test('a playlist without a wall clock falls back to media time', () => {
  assert.equal(playerWords(behind, { ...shown, wall: null }, wall, 'utc').detail, '18:59 of 31:33');
});
