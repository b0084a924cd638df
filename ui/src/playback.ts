/**
 * One `<video>` on one HLS playlist, live, rewound or finished: what to show (`view()`), what to do
 * (`seek`, `jumpToLive`), and recovery. Draws nothing. Events: "change" after anything in `view()` changed
 * by more than the passing of time.
 */
import type Hls from 'hls.js';
import type { ErrorData, LevelDetails } from 'hls.js';

import { engineSettings, ledSettings, loadEngine } from './engine';
import { Flusher } from './flush';
import { Moment, Moments } from './moments';
import { chosenQuality, keepQuality, linesOf, Rendition, renditionFor } from './quality';
import { Axis, Gap, Gaps, liveDelay, mediaTimeAt, Reconnects, wallClockAt } from './timeline';

export interface Source {
  url: string;
  /** Played when `url` does not exist: the sliding live playlist of a channel that is not recorded. */
  fallbackUrl: string | null;
  /** Begin at this wall-clock time (UTC ms); null begins at live, or at 0 when it has ended. */
  beginAt: number | null;
  /** Null until it is known. */
  recordingId: string | null;
}

export type Phase = 'loading' | 'playing' | 'gone' | 'broken';

export interface View {
  phase: Phase;
  /** The playlist still grows. */
  live: boolean;
  /** The whole broadcast can be reached; false on a sliding live playlist. */
  rewindable: boolean;
  /** Media seconds: the first one, the last one to go to (live: where LIVE leads), where we are. */
  start: number;
  end: number;
  /** The last one that is there; live, LIVE leads to before it. */
  newest: number;
  position: number;
  /** Seconds of the wall clock from here to where LIVE leads; 0 at the edge and on finished recordings. */
  behind: number;
  atEdge: boolean;
  reconnects: readonly number[];
  gaps: readonly Gap[];
  axis: Axis;
  moments: readonly Moment[];
  /** The speed that the viewer chose. */
  rate: number;
  /** Plays a little faster until it is live again. */
  catchingUp: boolean;
  /** What there is of it, the viewer's choice and what is shown: of `renditions`, -1 for none. */
  renditions: readonly Rendition[];
  rendition: number;
  shownRendition: number;
  /** When to try again after a lost connection (performance.now() ms); null while all is well. */
  retryAt: number | null;
}

const kEdgeTolerance = 3;  // s: "behind" begins here, so that it does not flicker
const kRetryDelaysMs = [1_000, 2_000, 4_000, 8_000];
const kMissingTriesMax = 3;  // a timeline may be a moment younger than its channel
const kMediaRecoveriesMax = 4;
const kFlushBeforeLive = 8;  // s
const kCatchUpRate = 1.1;
const kCaughtUp = 0.8;  // s behind: the rest is done by following
/** Nothing moved for so long, though there is more to play: it does not come back by itself. */
const kStuckMs = 5_000;
const kStuckLookMs = 1_000;
const kStuckAhead = 2;  // s
const kBeforeGap = 0.1;  // s: the last picture before a gap
// s: hls.js takes a time before the first fragment, were it by the rounding of currentTime, for a wish for live.
const kInsideStart = 0.01;

export class Playback extends EventTarget {
  private hls_: Hls | null = null;
  private engine_: typeof Hls | null = null;
  private details_: LevelDetails | null = null;
  private reconnects_ = new Reconnects();
  private gaps_ = new Gaps();
  private axis_ = new Axis(this.gaps_.all);
  private moments_ = new Moments();
  private rate_ = 1;
  private catchingUp_ = false;
  private phase_: Phase = 'loading';
  private source_: Source = { url: '', fallbackUrl: null, beginAt: null, recordingId: null };
  private url_ = '';
  private wantsLive_ = true;
  private placed_ = false;  // begun at live, or where the source says
  private sliding_ = false;
  private retryAt_: number | null = null;
  private retryTimer_ = 0;
  private failures_ = 0;
  private missing_ = 0;
  private renditions_: readonly Rendition[] = [];
  private rendition_ = -1;
  private level_ = -1;  // whose pieces have been read
  private mediaRecoveries_ = 0;
  private generation_ = 0;
  private jump_ = 0;  // the last one wins
  private flusher_: Flusher | null = null;
  private wasOffline_ = false;
  private stuckTimer_ = 0;
  private movedAt_ = 0;
  private movedTo_ = -1;
  private readonly networkChanged_ = (): void => {
    this.wasOffline_ = true;
    if (navigator.onLine) this.hls_?.startLoad();
    this.changed_();
  };

  /** `led_`: another decides when it plays, where and how fast; it follows no live edge by itself. */
  constructor(private readonly video_: HTMLVideoElement, private readonly led_ = false) {
    super();
    this.video_.addEventListener('timeupdate', () => this.endHurry_());
    // hls.js waits for the network by itself, and says nothing.
    for (const type of ['online', 'offline']) addEventListener(type, this.networkChanged_);
  }

  /** Plays `source` from now on instead of what was played. */
  async load(source: Source): Promise<void> {
    const generation = ++this.generation_;
    this.stop_();
    this.source_ = source;
    this.url_ = source.url;
    this.wantsLive_ = source.beginAt === null && !this.led_;
    this.set_('loading');
    const engine = await loadEngine();
    if (generation !== this.generation_) return;
    this.engine_ = engine;
    this.stuckTimer_ = window.setInterval(() => this.lookForStall_(), kStuckLookMs);
    if (engine.isSupported()) this.attach_();
    else this.attachNative_();
  }

  destroy(): void {
    ++this.generation_;
    for (const type of ['online', 'offline']) removeEventListener(type, this.networkChanged_);
    this.stop_();
  }

  view(): View {
    const position = this.video_.currentTime;
    const live = this.details_ ? this.details_.live : this.nativeRange_()?.live ?? false;
    const start = this.details_ ? this.details_.fragmentStart : this.nativeRange_()?.start ?? 0;
    const end = Math.max(this.end_(), start);
    const behind = live ? Math.max(0, this.axis_.toBar(end) - this.axis_.toBar(position)) : 0;
    return {
      phase: this.phase_,
      live,
      rewindable: !this.sliding_,
      start,
      end,
      newest: Math.max(this.details_?.edge ?? end, end),
      position: Math.max(position, start),
      behind,
      atEdge: live && behind < kEdgeTolerance,
      reconnects: this.reconnects_.at,
      gaps: this.gaps_.all,
      axis: this.axis_,
      moments: this.moments_.all,
      rate: this.rate_,
      catchingUp: this.catchingUp_,
      renditions: this.renditions_,
      rendition: this.rendition_,
      shownRendition: this.hls_?.currentLevel ?? -1,
      retryAt: this.retryAt_,
    };
  }

  /** The media second of UTC milliseconds `wall`; in a gap that of its end. */
  mediaTimeAt(wall: number): number | null {
    return this.details_ ? mediaTimeAt(this.details_.fragments, wall) : null;
  }

  /** UTC milliseconds of the picture at `at`. */
  wallClockAt(at: number): number | null {
    return this.details_ ? wallClockAt(this.details_.fragments, at) : null;
  }

  /** Goes to media second `at`; beyond the end of what is there, to that end. */
  seek(at: number): void {
    const { start, end, live } = this.view();
    const target = Math.min(Math.max(at, start + kInsideStart), end);
    if (live && target > end - 0.5) {
      this.jumpToLive();
      return;
    }
    this.follow_(false);
    this.seekTo_(target);
    this.changed_();
  }

  /** Goes `seconds` on, as the wall clock counts them; into a gap means across it. */
  skip(seconds: number): void {
    const { position } = this.view();
    const bar = this.axis_.toBar(position) + seconds;
    const { at, gap } = this.axis_.toMedia(bar);
    this.seek(gap && seconds < 0 ? gap.at - kBeforeGap : at);
  }

  /** Plays at `rate`; faster than the broadcast only until it is live. */
  setRate(rate: number): void {
    this.rate_ = rate;
    this.catchingUp_ = false;
    this.follow_(rate === 1 && this.view().atEdge);
    this.changed_();
  }

  /** Plays this one of the renditions from the next segment on; -1: whatever the network allows. */
  setRendition(level: number): void {
    const chosen = this.renditions_[level];
    keepQuality(chosen ? { lines: linesOf(chosen), bitrate: chosen.bitrate } : null);
    this.rendition_ = chosen ? level : -1;
    if (this.hls_) this.hls_.nextLevel = this.rendition_;
    this.changed_();
  }

  /** Plays a little faster until it is live, and then follows. */
  catchUp(): void {
    this.setRate(kCatchUpRate);
    this.catchingUp_ = true;
    void this.play();
    this.changed_();
  }

  /** On a busy machine hls.js can take what is still to come for loaded, and wait for it for ever. */
  private lookForStall_(): void {
    const { position, live, end, phase } = this.view();
    const { paused, ended } = this.video_;
    const nothingToDo = paused || ended || phase !== 'playing' || this.retryAt_ !== null || !navigator.onLine;
    if (nothingToDo || position !== this.movedTo_ || end - position < kStuckAhead) {
      this.movedTo_ = position;
      this.movedAt_ = performance.now();
      return;
    }
    if (performance.now() - this.movedAt_ < kStuckMs) return;
    this.movedAt_ = performance.now();
    if (live && this.wantsLive_) this.jumpToLive();
    else void this.loadAnew_(position, () => position);
  }

  /**
   * Forgets what is loaded from `from` on, and then goes to `target`. Not before: where media is taken away under
   * the playing position, Chromium shows no other picture until the next key frame.
   */
  private async loadAnew_(from: number, target: () => number): Promise<void> {
    const jump = ++this.jump_;
    if (this.flusher_ && this.details_) await this.flusher_.flush(from, this.details_);
    if (jump === this.jump_) this.video_.currentTime = target();
  }

  private endHurry_(): void {
    const { live, behind } = this.view();
    if (this.rate_ <= 1 || !live || behind > kCaughtUp) return;
    this.follow_(true);
    this.changed_();
  }

  /** The picture follows a drag: no more than a seek. */
  scrub(at: number): void {
    this.follow_(false);
    this.seekTo_(Math.max(at, this.view().start + kInsideStart));
  }

  private seekTo_(at: number): void {
    ++this.jump_;
    this.video_.currentTime = at;
  }

  jumpToLive(): void {
    const { live } = this.view();
    this.follow_(live);
    // Seeking near the edge inside the buffer, hls.js can take a loaded segment for one whose parts are
    // still to come and then load nothing for up to 18 s. With the tail flushed it loads it again.
    if (live) void this.loadAnew_(this.end_() - kFlushBeforeLive, () => this.end_());
    else this.seekTo_(this.end_());
    void this.play();
    this.changed_();
  }

  /** Plays; without leave for sound, muted. Resolves to whether it plays with the sound that was asked for. */
  async play(): Promise<boolean> {
    try {
      if (this.video_.ended) this.video_.currentTime = this.view().start;
      await this.video_.play();
      return true;
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== 'NotAllowedError' || this.video_.muted) return true;
      this.video_.muted = true;
      await this.video_.play().catch(() => undefined);
      return false;
    }
  }

  pause(): void {
    this.follow_(false);
    this.video_.pause();
  }

  /** The viewer does not want to wait for `retryAt`. */
  retryNow(): void {
    if (this.retryAt_ === null) return;
    clearTimeout(this.retryTimer_);
    this.retryAt_ = performance.now();
    this.retry_();
  }

  private attach_(): void {
    const engine = this.engine_ as typeof Hls;
    const { Events } = engine;
    const hls = new engine(this.led_ ? ledSettings() : engineSettings());
    this.hls_ = hls;
    this.flusher_ = new Flusher(hls, Events);
    hls.on(Events.MANIFEST_PARSED, (_event, { levels }) => {
      this.choose_(levels);
      void this.begin_();
    });
    hls.on(Events.LEVELS_UPDATED, (_event, { levels }) => this.choose_(levels));
    hls.on(Events.LEVEL_SWITCHED, () => this.changed_());
    hls.on(Events.LEVEL_LOADED, (_event, { details }) => this.loaded_(details));
    hls.on(Events.LEVEL_UPDATED, (_event, { details, level }) => this.updated_(details, level));
    hls.on(Events.FRAG_BUFFERED, () => this.recovered_());
    hls.on(Events.FRAG_PARSING_METADATA, () => this.moments_.read(this.video_.textTracks));
    hls.on(Events.ERROR, (_event, data) => this.failed_(data));
    hls.loadSource(this.url_);
    hls.attachMedia(this.video_);
  }

  private attachNative_(): void {
    this.video_.src = this.url_;
    this.video_.addEventListener('loadedmetadata', () => void this.begin_(), { once: true });
    this.video_.addEventListener('error', () => this.set_('broken'), { once: true });
  }

  private async begin_(): Promise<void> {
    this.set_('playing');
    if (this.led_) return;
    const withSound = await this.play();
    if (!withSound) this.dispatchEvent(new Event('muted'));
  }

  private loaded_(details: LevelDetails): void {
    this.details_ = details;
    this.missing_ = 0;
    const { beginAt } = this.source_;
    if (this.placed_ || !this.hls_) return;
    this.placed_ = true;
    if (beginAt !== null) {
      const at = mediaTimeAt(details.fragments, beginAt);
      if (at !== null) {
        this.hls_.stopLoad();
        this.hls_.startLoad(Math.min(at, this.end_()));
      }
    }
    this.follow_(this.wantsLive_ && details.live);
  }

  /** What the viewer chose of another playlist holds for this one. Of several films at once none is chosen. */
  private choose_(renditions: readonly Rendition[]): void {
    this.renditions_ = [...renditions];
    const wanted = this.led_ || renditions.length < 2 ? null : chosenQuality();
    this.rendition_ = wanted ? renditionFor(renditions, wanted) : -1;
    if (this.hls_ && this.rendition_ >= 0) this.hls_.loadLevel = this.rendition_;
  }

  private updated_(details: LevelDetails, level: number): void {
    this.details_ = details;
    if (level !== this.level_) this.forgetPieces_();
    this.level_ = level;
    this.sliding_ ||= details.live && details.type !== 'EVENT';
    if (!this.sliding_) {
      this.reconnects_.read(details.fragments);
      this.gaps_.read(details.fragments);
    }
    if (details.live && this.hls_) {
      const delay = liveDelay(details.fragments, details);
      if (Math.abs((this.hls_.config.liveSyncDuration ?? 0) - delay) > 0.5) this.hls_.targetLatency = delay;
    }
    this.recovered_();
    this.changed_();
  }

  /** Follows live: catches up gently, and returns to the edge by itself after an outage. */
  private follow_(wanted: boolean): void {
    this.wantsLive_ = wanted;
    if (this.hls_) this.hls_.config.maxLiveSyncPlaybackRate = wanted ? 1.1 : 1;
    if (wanted) {
      this.rate_ = 1;
      this.catchingUp_ = false;
    }
    if (!this.led_ && this.video_.playbackRate !== this.rate_) this.video_.playbackRate = this.rate_;
  }

  /** Media second where LIVE leads; on a finished recording its last one. */
  private end_(): number {
    const details = this.details_;
    if (!details) return this.nativeRange_()?.end ?? 0;
    if (!details.live) return details.edge;
    const delay = this.hls_?.targetLatency ?? 6;
    const room = details.partTarget || 2;
    return Math.max(details.fragmentStart, Math.min(details.edge + details.age - delay, details.edge - room));
  }

  private nativeRange_(): { start: number; end: number; live: boolean } | null {
    const { seekable, duration } = this.video_;
    if (this.hls_ || seekable.length === 0) return null;
    return { start: seekable.start(0), end: seekable.end(seekable.length - 1), live: duration === Infinity };
  }

  private failed_(data: ErrorData): void {
    const { ErrorTypes, ErrorDetails } = this.engine_ as typeof Hls;
    if (!data.fatal) return;
    if (data.type === ErrorTypes.NETWORK_ERROR) {
      const missing = data.response?.code === 404 || data.response?.code === 400;
      if (missing && data.details === ErrorDetails.MANIFEST_LOAD_ERROR) this.manifestMissing_();
      else this.scheduleRetry_(kRetryDelaysMs[Math.min(this.failures_++, kRetryDelaysMs.length - 1)] as number);
    } else if (data.type === ErrorTypes.MEDIA_ERROR && this.mediaRecoveries_++ < kMediaRecoveriesMax) {
      this.hls_?.recoverMediaError();
      if (!this.led_) void this.play();
    } else {
      this.set_('broken');
    }
  }

  private manifestMissing_(): void {
    if (++this.missing_ <= kMissingTriesMax) {
      clearTimeout(this.retryTimer_);
      this.retryTimer_ = window.setTimeout(() => this.hls_?.loadSource(this.url_), 1_000);
    } else if (this.source_.fallbackUrl && this.url_ !== this.source_.fallbackUrl) {
      this.missing_ = 0;
      this.url_ = this.source_.fallbackUrl;
      this.hls_?.loadSource(this.url_);
    } else {
      this.set_('gone');
    }
  }

  private scheduleRetry_(delayMs: number): void {
    clearTimeout(this.retryTimer_);
    this.retryAt_ = performance.now() + delayMs;
    this.retryTimer_ = window.setTimeout(() => this.retry_(), delayMs);
    this.changed_();
  }

  private retry_(): void {
    if (this.details_) this.hls_?.startLoad();
    else this.hls_?.loadSource(this.url_);
    this.changed_();
  }

  private recovered_(): void {
    if (!navigator.onLine || (this.retryAt_ === null && !this.wasOffline_)) return;
    this.wasOffline_ = false;
    this.retryAt_ = null;
    this.failures_ = 0;
    // A viewer who was at live did not choose to fall behind.
    if (this.wantsLive_ && this.view().behind > 2 * kEdgeTolerance) this.jumpToLive();
    this.changed_();
  }

  private set_(phase: Phase): void {
    this.phase_ = phase;
    this.changed_();
  }

  private changed_(): void {
    this.dispatchEvent(new Event('change'));
  }

  private forgetPieces_(): void {
    this.reconnects_ = new Reconnects();
    this.gaps_ = new Gaps();
    this.axis_ = new Axis(this.gaps_.all);
  }

  private stop_(): void {
    clearTimeout(this.retryTimer_);
    clearInterval(this.stuckTimer_);
    this.hls_?.destroy();
    this.hls_ = null;
    this.flusher_ = null;
    ++this.jump_;
    this.details_ = null;
    this.placed_ = false;
    this.sliding_ = false;
    this.forgetPieces_();
    this.level_ = -1;
    this.renditions_ = [];
    this.rendition_ = -1;
    this.moments_ = new Moments();
    this.rate_ = 1;
    this.catchingUp_ = false;
    this.retryAt_ = null;
    this.failures_ = 0;
    this.missing_ = 0;
    this.mediaRecoveries_ = 0;
  }
}
