/** hls.js, loaded when the first picture is wanted, and how we run it. */
import type Hls from 'hls.js';
import type { HlsConfig } from 'hls.js';

let engine: Promise<typeof Hls> | null = null;

export function loadEngine(): Promise<typeof Hls> {
  engine ??= import('hls.js').then((module) => module.default);
  return engine;
}

const kCommon: Partial<HlsConfig> = {
  workerPath: OXBOW_HLS_WORKER,
  enableInterstitialPlayback: false,
  // Of several renditions none that is larger than it is shown, unless the viewer wants that one.
  capLevelToPlayerSize: true,
};

/**
 * For the player: no limit on how far behind live a viewer may be, and a little of both sides of the
 * position in memory, not the whole broadcast.
 */
export function engineSettings(): Partial<HlsConfig> {
  return {
    ...kCommon,
    lowLatencyMode: true,
    liveSyncDuration: 6.5,
    liveSyncOnStallIncrease: 0.2,
    liveDurationInfinity: false,
    backBufferLength: 30,
    maxBufferLength: 20,
    maxMaxBufferLength: 40,
  };
}

/** For one of several films side by side: it is led by their common clock, and keeps little of both sides of it. */
export function ledSettings(): Partial<HlsConfig> {
  return {
    ...kCommon,
    lowLatencyMode: false,
    liveSyncDuration: 6.5,
    liveDurationInfinity: false,
    maxLiveSyncPlaybackRate: 1,
    backBufferLength: 10,
    maxBufferLength: 10,
    maxMaxBufferLength: 15,
  };
}

/** For a tile: as little as shows a moving picture. */
export function previewSettings(): Partial<HlsConfig> {
  return {
    ...kCommon,
    lowLatencyMode: false,
    liveSyncDuration: 6,
    backBufferLength: 4,
    maxBufferLength: 6,
    maxMaxBufferLength: 10,
  };
}
