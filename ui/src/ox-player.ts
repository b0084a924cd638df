/**
 * The player: a film, its seek bar and its controls. `data-state` is loading, live, behind, ended, gone or
 * broken; `data-behind-seconds` the whole seconds behind live.
 *
 * Events: "ox-view" {view} whenever the picture of the state is drawn (4 times a second); "ox-share" when the
 * viewer wants the address of the moment; "ox-mark" {end} when a range is to begin ("from") or end ("to") here.
 */
import { kRangeMinMs, MarkedRange } from './download';
import { h, setAttribute, setText } from './element';
import { icon, IconName, setIcon } from './icons';
import { listenToFilm } from './film-gestures';
import { keysHelp, kPlayerKeys } from './keys-help';
import './ox-seek-bar';
import type { OxSeekBar, Sought } from './ox-seek-bar';
import { handleKey } from './player-keys';
import { PlayerNotes } from './player-notes';
import { keepVolume, restoreVolume, setVolume } from './player-sound';
import { playerWords } from './player-words';
import { Playback, Source, View } from './playback';
import { poster } from './poster';
import './quality-menu';
import { QualityMenu } from './quality-menu';
import './speed-menu';
import { kRates, SpeedMenu } from './speed-menu';
import { state } from './state';
import { Thumbnails } from './thumbnails';
import type { Gap } from './timeline';

/** One line over the film, with at most one thing to do about it. */
export interface Notice {
  text: string;
  action?: { label: string; run: () => void };
}

const kDrawMs = 250;
const kControlsStayMs = 3_000;
const kScrubSeekMs = 120;
const kSpinnerAfterMs = 400;
/** Between two drawings playing gets this far; more is a seek. */
const kCrossingSeconds = 1;

export class OxPlayer extends HTMLElement {
  /** What the page has to say; the player's own troubles come first. */
  notice: Notice | null = null;
  /** A range that the bar shows. */
  marked: MarkedRange | null = null;

  private readonly video_ = h('video', { playsinline: true, preload: 'auto', tabindex: -1 });
  private readonly playback_ = new Playback(this.video_);
  private readonly bar_ = h('ox-seek-bar') as OxSeekBar;
  private readonly noticeText_ = h('span', { class: 'notice-text' });
  private readonly noticeAction_ = h('button', { class: 'notice-action', type: 'button' });
  private readonly notice_ = h('div', { class: 'notice', role: 'status', hidden: true }, this.noticeText_, this.noticeAction_);
  private readonly notes_ = new PlayerNotes();
  private readonly play_ = this.button_('play', 'Play', () => this.togglePlay(), 'play');
  private readonly back_ = this.button_('back', 'Back 10 seconds (J)', () => this.skip(-10), 'skip');
  private readonly forward_ = this.button_('forward', 'Forward 10 seconds (L)', () => this.skip(10), 'skip');
  private readonly backMinute_ = this.button_('backMinute', 'Back 60 seconds (Shift+Left)', () => this.skip(-60), 'skip minute');
  private readonly forwardMinute_ =
    this.button_('forwardMinute', 'Forward 60 seconds (Shift+Right)', () => this.skip(60), 'skip minute');
  private readonly mute_ = this.button_('sound', 'Mute (M)', () => this.toggleMute(), 'mute');
  private readonly volume_ = h('input', {
    class: 'volume', type: 'range', min: 0, max: 1, step: 0.05, 'aria-label': 'Volume',
  });
  private readonly pillWord_ = h('span', {}, 'LIVE');
  private readonly pill_ = h(
    'button', { class: 'pill', type: 'button', onclick: () => this.goLive() }, h('i', {}), this.pillWord_,
  );
  private readonly main_ = h('strong', {});
  private readonly detail_ = h('span', {});
  private readonly quality_ = document.createElement('ox-quality-menu') as QualityMenu;
  private readonly speed_ = document.createElement('ox-speed-menu') as SpeedMenu;
  private readonly share_ = this.button_('link', 'Share this moment (C)', () => this.share(), 'share');
  private readonly chip_ = h('div', { class: 'chip', hidden: true }, '1.1× catching up');
  private readonly keys_ = keysHelp(kPlayerKeys);
  private readonly pip_ = this.button_('pip', 'Picture in picture (P)', () => this.togglePip(), 'pip');
  private readonly full_ = this.button_('expand', 'Full screen (F)', () => this.toggleFullscreen(), 'full');
  private readonly stage_ = this.build_();

  private thumbnails_: Thumbnails | null = null;
  private source_: Source | null = null;
  private controlsTimer_ = 0;
  private lastPosition_ = 0;
  private scrubTimer_ = 0;
  private scrubAt_: number | null = null;
  private waitingSince_ = 0;
  private hadPicture_ = false;
  private mutedBeforeDrag_ = false;
  private playsMutedUnasked_ = false;
  private lifetime_ = new AbortController();

  connectedCallback(): void {
    this.lifetime_ = new AbortController();
    const { signal } = this.lifetime_;
    if (!this.stage_.isConnected) this.append(this.stage_);
    restoreVolume(this.video_);
    this.listen_(signal);
    const timer = setInterval(() => this.draw_(), kDrawMs);
    signal.addEventListener('abort', () => clearInterval(timer));
    this.draw_();
  }

  disconnectedCallback(): void {
    this.lifetime_.abort();
    this.playback_.destroy();
    if (document.pictureInPictureElement === this.video_) void document.exitPictureInPicture();
  }

  /** `seed` makes the poster that stands there until the first picture. */
  load(source: Source, seed: string): void {
    this.stage_.querySelector('.poster')?.remove();
    this.video_.after(poster(seed));
    this.hadPicture_ = false;
    this.source_ = source;
    this.thumbnails_ = new Thumbnails(seed, () => state.now());
    void this.playback_.load(source);
  }

  get thumbnails(): Thumbnails | null {
    return this.thumbnails_;
  }

  /** Goes to media second `at`, as a press on the seek bar does. */
  seek(at: number): void {
    this.playback_.seek(at);
    void this.playback_.play();
    this.said_();
  }

  /** Says something short over the film. */
  flash(text: string): void {
    this.notes_.flash(text);
  }

  share(): void {
    this.dispatchEvent(new Event('ox-share'));
  }

  mark(end: keyof MarkedRange): void {
    this.dispatchEvent(new CustomEvent('ox-mark', { detail: { end } }));
  }

  showKeys(): void {
    if (!this.keys_.open) this.keys_.showModal();
  }

  changeSpeed(steps: number): void {
    const { rate, rewindable } = this.view;
    if (!rewindable) return;
    const here = kRates.findIndex((one) => one >= rate);
    const next = kRates[Math.min(Math.max(here + steps, 0), kRates.length - 1)] ?? 1;
    this.setSpeed_(next);
    this.flash(`${next}×`);
  }

  private setSpeed_(rate: number): void {
    this.playback_.setRate(rate);
    this.showControls_();
    this.draw_();
  }

  get view(): View {
    return this.playback_.view();
  }

  wallClockAt(at: number): number | null {
    return this.playback_.wallClockAt(at);
  }

  /** UTC milliseconds from the first picture to the last that can be gone to; null while there is none. */
  get bounds(): MarkedRange | null {
    const { rewindable, start, end } = this.view;
    const [from, to] = [this.playback_.wallClockAt(start), this.playback_.wallClockAt(end)];
    return rewindable && from !== null && to !== null && to - from >= kRangeMinMs ? { from, to } : null;
  }

  /** Goes to the picture of UTC milliseconds `wall`. */
  seekToWallClock(wall: number): void {
    const at = this.playback_.mediaTimeAt(wall);
    if (at !== null) this.seek(at);
  }

  /** UTC milliseconds of the picture shown. */
  get wallClock(): number | null {
    return this.playback_.wallClockAt(this.view.position);
  }

  togglePlay(): void {
    if (this.video_.paused) void this.playback_.play();
    else this.playback_.pause();
    this.draw_();
  }

  skip(seconds: number): void {
    const { live, atEdge, rewindable } = this.view;
    if (!rewindable || (seconds > 0 && live && atEdge)) return;
    this.playback_.skip(seconds);
    this.notes_.skip(seconds);
    this.said_();
  }

  goToStart(): void {
    const { rewindable, start } = this.view;
    if (!rewindable) return;
    this.playback_.seek(start);
    void this.playback_.play();
    this.said_();
  }

  /** To that many tenths of it. */
  digit(digit: number): void {
    const { rewindable, start, end, axis } = this.view;
    if (!rewindable) return;
    const [from, to] = [axis.toBar(start), axis.toBar(end)];
    this.playback_.seek(axis.toMedia(from + (digit / 10) * (to - from)).at);
    this.said_();
  }

  goLive(): void {
    const { live, end } = this.view;
    if (live) this.playback_.jumpToLive();
    else this.playback_.seek(end);
    this.said_();
  }

  toggleMute(): void {
    this.video_.muted = !this.video_.muted;
    this.playsMutedUnasked_ = false;
  }

  changeVolume(by: number): void {
    setVolume(this.video_, this.video_.volume + by);
  }

  togglePip(): void {
    if (document.pictureInPictureElement) void document.exitPictureInPicture();
    else void this.video_.requestPictureInPicture().catch(() => undefined);
  }

  toggleFullscreen(): void {
    // An iPhone gives the whole screen to a film only.
    const film: HTMLVideoElement & { webkitEnterFullscreen?: () => void } = this.video_;
    if (document.fullscreenElement) void document.exitFullscreen();
    else if (document.fullscreenEnabled) void this.stage_.requestFullscreen().catch(() => undefined);
    else film.webkitEnterFullscreen?.();
  }

  private build_(): HTMLElement {
    const shade = h('div', { class: 'shade', 'aria-hidden': 'true' });
    const spinner = h('div', { class: 'spinner', 'aria-hidden': 'true' });
    const time = h('div', { class: 'time' }, this.main_, this.detail_);
    const buttons = h(
      'div', { class: 'buttons' },
      h('div', { class: 'transport' }, this.backMinute_, this.back_, this.play_, this.forward_, this.forwardMinute_),
      h('div', { class: 'status' }, this.mute_, this.volume_, this.pill_, time),
      h('div', { class: 'tools' }, this.quality_, this.speed_, this.share_, this.pip_, this.full_),
    );
    if (!document.pictureInPictureEnabled) this.pip_.hidden = true;
    this.full_.hidden = !document.fullscreenEnabled && !('webkitEnterFullscreen' in this.video_);
    return h(
      'div', { class: 'stage', 'data-controls': 'shown' },
      this.video_, shade, spinner, this.notes_.bubble, this.notice_, this.chip_, this.notes_.gap, this.bar_, buttons, this.keys_,
    );
  }

  private button_(name: IconName, label: string, run: () => void, className: string): HTMLButtonElement {
    const button = h('button', { class: `control ${className}`, type: 'button', title: label, 'aria-label': label });
    button.append(icon(name));
    button.addEventListener('click', run);
    return button;
  }

  private listen_(signal: AbortSignal): void {
    const options = { signal };
    const on = (type: string, run: (event: CustomEvent<Sought>) => void): void =>
      this.bar_.addEventListener(type, run as EventListener, options);
    on('ox-scrub', (event) => this.scrub_(event.detail.at));
    on('ox-seek', (event) => this.scrubbed_(event.detail));
    on('ox-scrub-cancel', (event) => this.scrubbed_(event.detail));
    this.speed_.addEventListener('ox-speed', ((event: CustomEvent<{ rate: number }>) =>
      this.setSpeed_(event.detail.rate)) as EventListener, options);
    this.speed_.addEventListener('ox-catch-up', () => this.playback_.catchUp(), options);
    this.quality_.addEventListener('ox-quality', ((event: CustomEvent<{ level: number }>) =>
      this.playback_.setRendition(event.detail.level)) as EventListener, options);
    this.playback_.addEventListener('change', () => this.draw_(), options);
    this.playback_.addEventListener('muted', () => (this.playsMutedUnasked_ = true), options);
    document.addEventListener('keydown', (event) => handleKey(event, this, this.bar_), options);
    this.noticeAction_.addEventListener('click', () => this.currentNotice_()?.action?.run(), options);
    this.volume_.addEventListener('input', () => this.setVolume_(), options);
    this.video_.addEventListener('volumechange', () => this.saveVolume_(), options);
    this.video_.addEventListener('loadeddata', () => (this.hadPicture_ = true), options);
    for (const type of ['play', 'pause', 'ended', 'seeked', 'volumechange']) {
      this.video_.addEventListener(type, () => this.draw_(), options);
    }
    this.video_.addEventListener('waiting', () => (this.waitingSince_ ||= performance.now()), options);
    for (const type of ['playing', 'timeupdate', 'pause']) {
      this.video_.addEventListener(type, () => (this.waitingSince_ = 0), options);
    }
    this.stage_.addEventListener('pointermove', () => this.showControls_(), options);
    this.stage_.addEventListener('focusin', () => this.showControls_(), options);
    this.stage_.addEventListener('pointerleave', () => this.hideControls_(), options);
    listenToFilm(this.video_, this, options);
  }

  toggleControls(): void {
    if (this.stage_.dataset['controls'] === 'shown' && !this.video_.paused) this.hideControls_();
    else this.showControls_();
  }

  /** The picture follows the drag, without sound and no faster than it can be loaded. */
  private scrub_(at: number): void {
    if (this.scrubAt_ === null) {
      this.mutedBeforeDrag_ = this.video_.muted;
      this.video_.muted = true;
    }
    this.scrubAt_ = at;
    this.draw_();
    if (this.scrubTimer_) return;
    this.scrubTimer_ = window.setTimeout(() => {
      this.scrubTimer_ = 0;
      if (this.scrubAt_ !== null) this.playback_.scrub(this.scrubAt_);
    }, kScrubSeekMs);
  }

  private scrubbed_({ at, gap }: Sought): void {
    clearTimeout(this.scrubTimer_);
    this.scrubTimer_ = 0;
    this.scrubAt_ = null;
    this.video_.muted = this.mutedBeforeDrag_;
    this.playback_.seek(at);
    if (gap) this.noteGap_(gap);
    this.said_();
  }

  private said_(): void {
    this.showControls_();
    this.draw_();
    this.bar_.say();
  }

  /** Says that there is no picture where the viewer went, or that playing has jumped over it. */
  private noteGap_(gap: Gap): void {
    this.notes_.noPicture(gap, this.playback_.wallClockAt(gap.at + gap.inMedia));
  }

  private noteCrossing_(view: View): void {
    const last = this.lastPosition_;
    this.lastPosition_ = view.position;
    if (this.scrubAt_ !== null || view.position <= last || view.position - last > kCrossingSeconds * view.rate) return;
    const crossed = view.gaps.find((gap) => last < gap.at + gap.inMedia && gap.at + gap.inMedia <= view.position);
    if (crossed) this.noteGap_(crossed);
  }

  private showControls_(): void {
    this.stage_.dataset['controls'] = 'shown';
    clearTimeout(this.controlsTimer_);
    this.controlsTimer_ = window.setTimeout(() => this.hideControls_(), kControlsStayMs);
  }

  private hideControls_(): void {
    const focusInside = this.stage_.querySelector(':focus-visible') !== null;
    if (this.video_.paused || this.bar_.dragging || this.speed_.open || this.quality_.open || focusInside) return;
    this.stage_.dataset['controls'] = 'hidden';
  }

  private saveVolume_(): void {
    if (this.scrubAt_ === null && !this.playsMutedUnasked_) keepVolume(this.video_);
  }

  private setVolume_(): void {
    setVolume(this.video_, Number(this.volume_.value));
    this.playsMutedUnasked_ = false;
  }

  private currentNotice_(): Notice | null {
    const { phase, retryAt } = this.view;
    if (!navigator.onLine) return { text: 'Connection lost. It goes on by itself when the network is back' };
    if (retryAt !== null) {
      const seconds = Math.ceil((retryAt - performance.now()) / 1_000);
      const text = seconds > 0 ? `Connection lost. Next try in ${seconds} s` : 'Connection lost. Trying again';
      return { text, action: { label: 'Try now', run: () => this.playback_.retryNow() } };
    }
    if (phase === 'broken') {
      return {
        text: 'This browser cannot play the stream.',
        action: { label: 'Load again', run: () => location.reload() },
      };
    }
    if (this.notice) return this.notice;
    if (phase === 'gone') return { text: 'There is nothing to play here.' };
    if (this.playsMutedUnasked_ && this.video_.muted && this.scrubAt_ === null) {
      return { text: 'Playing without sound', action: { label: 'Turn on', run: () => this.toggleMute() } };
    }
    return null;
  }

  private draw_(): void {
    const view = this.view;
    const ended = view.phase === 'playing' && !view.live && view.end > 0;
    const paused = this.video_.paused;
    this.dataset['state'] = view.phase !== 'playing' ? view.phase
      : ended ? 'ended' : view.atEdge && !paused ? 'live' : 'behind';
    this.dataset['behindSeconds'] = String(Math.floor(view.behind));
    this.toggleAttribute('data-paused', paused);
    this.toggleAttribute('data-busy', this.isBusy_(view));
    this.toggleAttribute('data-sliding', !view.rewindable);
    this.toggleAttribute('data-pictured', this.hadPicture_);
    if (paused) this.stage_.dataset['controls'] = 'shown';
    this.drawButtons_(view, paused);
    this.drawTime_(view, ended, paused);
    this.drawNotice_();
    if (view.end > view.start) {
      this.bar_.draw({
        ...view, thumbnails: this.thumbnails_, recordingId: this.source_?.recordingId ?? null, marked: this.marked,
        wallClockAt: (at) => this.playback_.wallClockAt(at),
      });
    }
    this.noteCrossing_(view);
    this.dispatchEvent(new CustomEvent<{ view: View }>('ox-view', { detail: { view } }));
  }

  private isBusy_(view: View): boolean {
    if (view.phase === 'loading') return true;
    return this.waitingSince_ > 0 && performance.now() - this.waitingSince_ > kSpinnerAfterMs && !this.video_.ended;
  }

  private drawButtons_(view: View, paused: boolean): void {
    const again = this.video_.ended;
    setIcon(this.play_, paused ? 'play' : 'pause');
    const label = again ? 'Play again' : paused ? 'Play (K)' : 'Pause (K)';
    setAttribute(this.play_, 'aria-label', label);
    setAttribute(this.play_, 'title', label);
    const atStart = !view.rewindable || view.position - view.start < 0.5;
    const atEnd = !view.rewindable || view.atEdge || view.end - view.position < 0.5;
    for (const button of [this.back_, this.backMinute_]) button.disabled = atStart;
    for (const button of [this.forward_, this.forwardMinute_]) button.disabled = atEnd;
    this.speed_.hidden = !view.rewindable;
    this.speed_.draw(view.rate, view.catchingUp, view.live && !view.atEdge);
    this.quality_.draw(view.renditions, view.rendition, view.shownRendition);
    this.chip_.hidden = !view.catchingUp || paused;
    const muted = this.scrubAt_ === null ? this.video_.muted : this.mutedBeforeDrag_;
    const silent = muted || this.video_.volume === 0;
    setIcon(this.mute_, silent ? 'muted' : 'sound');
    setAttribute(this.mute_, 'aria-label', silent ? 'Sound on (M)' : 'Mute (M)');
    const volume = String(silent ? 0 : this.video_.volume);
    if (document.activeElement !== this.volume_ || silent) this.volume_.value = volume;
    this.volume_.style.setProperty('--share', `${Number(volume) * 100}%`);
    setIcon(this.full_, document.fullscreenElement === this.stage_ ? 'shrink' : 'expand');
  }

  private drawTime_(view: View, ended: boolean, paused: boolean): void {
    const at = this.scrubAt_ ?? view.position;
    const wall = this.playback_.wallClockAt(at);
    const moment = { at, wall, paused, scrubbing: this.scrubAt_ !== null };
    const words = playerWords(view, moment, state.now(), state.zone);
    setText(this.pillWord_, ended ? 'ENDED' : 'LIVE');
    this.pill_.disabled = ended || words.pill === 'live' || view.phase !== 'playing';
    setAttribute(this.pill_, 'data-pill', words.pill);
    setAttribute(this.pill_, 'aria-label', words.pillLabel);
    setText(this.main_, words.main);
    setText(this.detail_, words.detail);
  }

  private drawNotice_(): void {
    const notice = this.currentNotice_();
    this.notice_.hidden = notice === null;
    if (!notice) return;
    setText(this.noticeText_, notice.text);
    this.noticeAction_.hidden = !notice.action;
    setText(this.noticeAction_, notice.action?.label ?? '');
  }
}

customElements.define('ox-player', OxPlayer);
