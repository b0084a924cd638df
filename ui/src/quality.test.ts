import assert from 'node:assert/strict';
import test from 'node:test';

import { namesOf, Rendition, renditionFor } from './quality';

const of = (width: number, height: number, bitrate: number, frameRate = 30): Rendition => ({ width, height, bitrate, frameRate });

const ladder = [of(284, 160, 230_000), of(640, 360, 630_000), of(852, 480, 1_495_199), of(1280, 720, 2_440_200)];

test('a rendition is called by its lines, and by what tells it from others of as many', () => {
  assert.deepEqual(namesOf(ladder), ['160p', '360p', '480p', '720p']);
  assert.deepEqual(namesOf([of(1280, 720, 2_000_000), of(1280, 720, 3_000_000, 60)]), ['720p', '720p60']);
  assert.deepEqual(namesOf([of(1280, 720, 2_000_000), of(1280, 720, 3_000_000)]), ['720p, 2.0 Mbit/s', '720p, 3.0 Mbit/s']);
  assert.deepEqual(namesOf([of(720, 1280, 2_000_000)]), ['720p']);
  assert.deepEqual(namesOf([of(0, 0, 800_000)]), ['0.8 Mbit/s']);
});

test('what was chosen holds elsewhere, as near as there is, and not above it', () => {
  assert.equal(renditionFor(ladder, { lines: 480, bitrate: 1 }), 2);
  assert.equal(renditionFor(ladder, { lines: 600, bitrate: 1 }), 2);
  assert.equal(renditionFor(ladder, { lines: 1080, bitrate: 9_000_000 }), 3);
  assert.equal(renditionFor(ladder, { lines: 100, bitrate: 1 }), 0);
  const alike = [of(1280, 720, 2_000_000), of(1280, 720, 3_000_000, 60)];
  assert.equal(renditionFor(alike, { lines: 720, bitrate: 2_900_000 }), 1);
  assert.equal(renditionFor([], { lines: 720, bitrate: 1 }), -1);
});
