import assert from 'node:assert/strict';
import test from 'node:test';

import type Hls from 'hls.js';
import type { LevelDetails } from 'hls.js';

import { Flusher, forgetFrom } from './flush';

const segmentOf = (start: number, end: number) => ({ start, end, stats: { chunkCount: 5 } });

/** Two whole segments and one that grows, with parts of a second. */
function playlist() {
  const fragments = [segmentOf(0, 2), segmentOf(2, 4)];
  const growing = segmentOf(4, 5);
  const partList = [0, 1, 2, 3, 4].map((start) => ({
    start,
    end: start + 1,
    fragment: fragments[Math.floor(start / 2)] ?? growing,
    loaded: true,
    clearElementaryStreamInfo() { this.loaded = false; },
  }));
  return { fragments, growing, partList, details: { fragments, partList } as unknown as LevelDetails };
}

test('what ends after the moment is forgotten, also of the segment that still grows', () => {
  const { fragments, growing, partList, details } = playlist();

  forgetFrom(3, details);

  assert.deepEqual(partList.map((part) => part.loaded), [true, true, true, false, false]);
  assert.deepEqual([...fragments, growing].map((segment) => segment.stats.chunkCount), [5, 0, 0]);
});

test('a playlist without parts forgets its segments', () => {
  const fragments = [segmentOf(0, 2), segmentOf(2, 4)];

  forgetFrom(2, { fragments, partList: null } as unknown as LevelDetails);

  assert.deepEqual(fragments.map((segment) => segment.stats.chunkCount), [5, 0]);
});

/** As much of hls.js as says what was flushed. */
class Engine {
  readonly listeners = new Map<string, ((event: string, data: unknown) => void)[]>();
  on(event: string, listener: (event: string, data: unknown) => void): void {
    this.listeners.set(event, [...this.listeners.get(event) ?? [], listener]);
  }
  off(event: string, listener: (event: string, data: unknown) => void): void {
    this.listeners.set(event, (this.listeners.get(event) ?? []).filter((other) => other !== listener));
  }
  trigger(event: string, data: unknown): void {
    for (const listener of this.listeners.get(event) ?? []) listener(event, data);
  }
}

const events = {
  BUFFER_CREATED: 'created', BUFFER_FLUSHING: 'flushing', BUFFER_FLUSHED: 'flushed',
} as unknown as typeof Hls.Events;

test('a flush is over when every track is flushed', async () => {
  const engine = new Engine();
  const flusher = new Flusher(engine as unknown as Hls, events);
  engine.trigger('created', { tracks: { audio: {}, video: {} } });
  let over = false;

  const flush = flusher.flush(3, playlist().details).then(() => { over = true; });
  engine.trigger('flushed', { type: 'video' });
  await new Promise((resolve) => setTimeout(resolve, 20));
  const afterOne = over;
  engine.trigger('flushed', { type: 'audio' });
  await flush;

  assert.equal(afterOne, false);
  assert.deepEqual([...engine.listeners.get('flushed') ?? []], []);
});

test('a buffer that never answers holds nobody up for ever', async () => {
  const engine = new Engine();
  const flusher = new Flusher(engine as unknown as Hls, events);
  engine.trigger('created', { tracks: { video: {} } });

  await flusher.flush(3, playlist().details);
});
