/** Timed metadata of what was loaded so far: what its sender wrote, and when. */
export interface Moment {
  /** Media second. */
  at: number;
  text: string;
}

const kMomentsMax = 500;
const kTextMax = 160;

/** The cues that hls.js makes of ID3 PRIV frames: `data` is UTF-8 text. */
interface Id3Cue extends TextTrackCue {
  value?: { key?: string; data?: ArrayBuffer | string };
}

export class Moments {
  all: readonly Moment[] = [];
  private readonly known_ = new Map<string, Moment>();

  /** hls.js forgets cues along with the media around them; what was seen once stays here. */
  read(tracks: TextTrackList): void {
    const before = this.known_.size;
    for (const track of tracks) {
      if (track.kind !== 'metadata') continue;
      for (const cue of track.cues ?? []) this.add_(cue as Id3Cue);
    }
    if (this.known_.size !== before) this.all = [...this.known_.values()].sort((a, b) => a.at - b.at);
  }

  private add_(cue: Id3Cue): void {
    const data = cue.value?.data;
    if (data === undefined || this.known_.size >= kMomentsMax) return;
    const text = (typeof data === 'string' ? data : new TextDecoder().decode(data)).replace(/\0+$/, '').trim();
    if (!text) return;
    this.known_.set(`${cue.startTime.toFixed(1)} ${text}`, { at: cue.startTime, text: text.slice(0, kTextMax) });
  }
}
