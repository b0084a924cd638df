/** Takes loaded media away, so that hls.js loads it again. */
import type Hls from 'hls.js';
import type { BufferFlushedData, Fragment, LevelDetails } from 'hls.js';

const kWaitMs = 500;  // a seek must not hang on a buffer that is busy

/**
 * What ends after media second `at` counts as never loaded. By itself, hls.js 1.7 forgets too little in a flush:
 * parts of segments that it no longer tracks stay loaded, so that it goes on with the part behind them, in the
 * middle of a GOP; and the first part of a segment counts as the continuation of the last one that it had of that
 * segment, so that its pictures are put where that one ended, seconds too late.
 */
export function forgetFrom(at: number, details: LevelDetails): void {
  const parts = (details.partList ?? []).filter((part) => part.end > at);
  const segments: Fragment[] = details.fragments.filter((segment) => segment.end > at);
  for (const part of parts) part.clearElementaryStreamInfo();
  for (const segment of [...segments, ...parts.map((part) => part.fragment)]) segment.stats.chunkCount = 0;
}

/** The media of one hls.js. */
export class Flusher {
  private tracks_: string[] = [];

  constructor(private readonly hls_: Hls, private readonly events_: typeof Hls.Events) {
    hls_.on(events_.BUFFER_CREATED, (_event, { tracks }) => { this.tracks_ = Object.keys(tracks); });
  }

  /** Resolves when what was loaded from media second `at` on is gone. */
  async flush(at: number, details: LevelDetails): Promise<void> {
    const gone = this.tracks_.map((track) => this.flushed_(track));
    this.hls_.trigger(this.events_.BUFFER_FLUSHING, { startOffset: Math.max(0, at), endOffset: Infinity, type: null });
    forgetFrom(at, details);
    await Promise.race([Promise.all(gone), new Promise((resolve) => setTimeout(resolve, kWaitMs))]);
  }

  private flushed_(track: string): Promise<void> {
    return new Promise((resolve) => {
      const look = (_event: unknown, { type }: BufferFlushedData): void => {
        if (type !== track) return;
        this.hls_.off(this.events_.BUFFER_FLUSHED, look);
        resolve();
      };
      this.hls_.on(this.events_.BUFFER_FLUSHED, look);
    });
  }
}
