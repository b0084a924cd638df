/**
 * Several channels at once, all at one moment of the wall clock, over one scrubber. Attributes, from the address: `c`,
 * "ID,ID", and optionally `t` (RFC 3339). `data-state` is empty, loading, live, behind or ended.
 */
import { copy } from './copy';
import { axisOf, liveOf, nextPicture, Stretch } from './coverage';
import { h, setAttribute, setText } from './element';
import { icon, IconName, setIcon } from './icons';
import { keysHelp, kMultiKeys } from './keys-help';
import { idsOf, multiAddress, pickAddress } from './multi-address';
import './ox-cell';
import type { OxCell } from './ox-cell';
import { Lane, Lanes } from './ox-lanes';
import './ox-seek-bar';
import type { OxSeekBar, Sought } from './ox-seek-bar';
import { handleKey, KeyTarget } from './player-keys';
import { PlayerNotes } from './player-notes';
import { keepVolume, restoreVolume, setVolume } from './player-sound';
import { SharedClock } from './shared-clock';
import './speed-menu';
import { kRates, SpeedMenu } from './speed-menu';
import { state } from './state';
import { Thumbnails } from './thumbnails';
import { clock, stretch } from './time';
import { Axis } from './timeline';

const kTickMs = 100;
const kHoldMs = 120;  // between two pictures of a drag
/** Films begin together: the first wait for the others for so long. */
const kGatherMs = 2_500;
const kKnownMs = 4_000;
/** Broadcasts further apart than this are not on one axis. */
const kApartMs = 6 * 3_600_000;
/** A channel this far behind the others, as one whose broadcaster is away, does not hold back LIVE. */
const kLateMs = 10_000;
const kEdgeMs = 3_000;
const kFarMs = 8_000;
/** Not again while a busy machine has not even loaded where it went to. */
const kJumpApartMs = 10_000;
/** Who follows live and is more than so far behind it plays a little faster, until it is no more than so far. */
const kHurryMs = 2_000;
const kHurriedMs = 400;
const kHurryRate = 1.05;
/** Where nobody has a picture the clock jumps, when it would take longer than this. */
const kHoleMs = 2_000;
const kLastPictureMs = 40;
/** The bar of one channel reckons media time against the wall clock; this one has the wall clock only. */
const kWallAxis = new Axis([]);

export class OxMulti extends HTMLElement implements KeyTarget {
  private ids_: string[] = [];
  private readonly cells_: OxCell[] = [];
  private readonly clock_ = new SharedClock();
  private selected_ = 0;
  private plays_ = true;
  private follows_ = true;
  private hurries_ = false;
  private ended_ = false;
  private rate_ = 1;
  private sound_ = localStorage.getItem('oxbow.muted') !== 'yes';
  private silenced_ = false;
  private gatheringSince_: number | null = null;
  private askedAt_ = 0;
  private wentAt_ = 0;
  /** UTC ms that a drag is at. */
  private scrubAt_: number | null = null;
  private heldAt_ = 0;
  private axis_: Stretch | null = null;
  private live_: number | null = null;
  private readonly thumbnails_ = new Map<string, Thumbnails>();
  private lifetime_ = new AbortController();

  private readonly grid_ = h('div', { class: 'cells' });
  private readonly bar_ = h('ox-seek-bar') as OxSeekBar;
  private readonly lanes_ = new Lanes();
  private readonly notes_ = new PlayerNotes();
  private readonly noticeText_ = h('span', { class: 'notice-text' });
  private readonly noticeAction_ = h('button', { class: 'notice-action', type: 'button' });
  private readonly notice_ = h('div', { class: 'notice', role: 'status', hidden: true }, this.noticeText_, this.noticeAction_);
  private readonly play_ = this.button_('pause', 'Pause (K)', () => this.togglePlay(), 'play');
  private readonly back_ = this.button_('back', 'Back 10 seconds (J)', () => this.skip(-10), 'skip');
  private readonly forward_ = this.button_('forward', 'Forward 10 seconds (L)', () => this.skip(10), 'skip');
  private readonly mute_ = this.button_('sound', 'Mute (M)', () => this.toggleMute(), 'mute');
  private readonly soundOf_ = h('span', { class: 'sound-of' });
  private readonly pillWord_ = h('span', {}, 'LIVE');
  private readonly pill_ = h('button', { class: 'pill', type: 'button', onclick: () => this.goLive() }, h('i', {}), this.pillWord_);
  private readonly main_ = h('strong', {});
  private readonly detail_ = h('span', {});
  private readonly speed_ = document.createElement('ox-speed-menu') as SpeedMenu;
  private readonly share_ = this.button_('link', 'Share this moment (C)', () => this.share(), 'share');
  private readonly choose_ = h('a', { class: 'control choose', title: 'Choose channels', 'aria-label': 'Choose channels' }, icon('grid'));
  private readonly full_ = this.button_('expand', 'Full screen (F)', () => this.toggleFullscreen(), 'full');
  private readonly keys_ = keysHelp(kMultiKeys);
  private readonly stage_ = this.build_();
  private readonly empty_ = h('div', { class: 'nothing' }, h('h1', {}, 'Several channels at once'),
    h('p', {}, 'Choose up to nine. They play side by side at one moment of the wall clock, and one scrubber moves them all.'),
    h('a', { class: 'button primary', href: pickAddress([]) }, icon('grid'), 'Choose channels'));

  connectedCallback(): void {
    this.lifetime_ = new AbortController();
    const { signal } = this.lifetime_;
    this.ids_ = idsOf(this.getAttribute('c'));
    document.title = 'Multiview · Oxbow';
    if (this.ids_.length === 0) {
      this.dataset['state'] = 'empty';
      this.append(this.empty_);
      return;
    }
    this.append(h('h1', { class: 'offscreen' }, 'Multiview'), this.stage_);
    this.choose_.href = pickAddress(this.ids_);
    this.dataset['count'] = String(this.ids_.length);
    this.style.setProperty('--lanes', String(this.ids_.length));
    this.ids_.forEach((_id, n) => this.add_(n));
    this.askedAt_ = performance.now();
    this.listen_(signal);
    state.watch(['channels', 'settings'], signal, () => this.update_());
    const timer = setInterval(() => this.tick_(), kTickMs);
    signal.addEventListener('abort', () => clearInterval(timer));
    this.select_(0);
  }

  disconnectedCallback(): void {
    this.lifetime_.abort();
    for (const cell of this.cells_) cell.destroy();
  }

  togglePlay(): void {
    const axis = this.axis_;
    if (!this.plays_ && this.ended_ && axis) this.goTo_(axis.from);
    else if (this.plays_) this.follows_ = false;
    this.plays_ = !this.plays_;
    // Who stops stops all films at one picture.
    this.clock_.run(false, performance.now());
    if (this.plays_) this.gather_();
    this.tick_();
  }

  skip(seconds: number): void {
    if (!this.axis_ || (seconds > 0 && this.isAtEdge_())) return;
    this.notes_.skip(seconds);
    this.goTo_(this.wall_() + seconds * 1_000);
  }

  goToStart(): void {
    if (this.axis_) this.goTo_(this.axis_.from);
    this.plays_ = true;
  }

  /** The sound of the channel with this number; 0 is none. */
  digit(digit: number): void {
    if (digit >= 1 && digit <= this.cells_.length) this.select_(digit - 1);
  }

  goLive(): void {
    if (!this.axis_) return;
    this.goTo_(this.live_ ?? this.axis_.to);
    this.follows_ = this.live_ !== null;
    this.plays_ = this.plays_ || this.follows_;
  }

  toggleMute(): void {
    this.sound_ = this.silenced_ || !this.sound_;
    this.silenced_ = false;
    this.applySound_();
    const video = this.cells_[this.selected_]?.video;
    if (video) keepVolume(video);
  }

  changeVolume(by: number): void {
    const video = this.cells_[this.selected_]?.video;
    if (!video) return;
    setVolume(video, video.volume + by);
    this.sound_ = !video.muted;
    keepVolume(video);
    this.applySound_();
  }

  togglePip(): void {}

  mark(): void {}

  toggleFullscreen(): void {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void this.stage_.requestFullscreen().catch(() => undefined);
  }

  changeSpeed(steps: number): void {
    const here = kRates.findIndex((one) => one >= this.rate_);
    this.setSpeed_(kRates[Math.min(Math.max(here + steps, 0), kRates.length - 1)] ?? 1);
    this.notes_.flash(`${this.rate_}×`);
  }

  /** Copies the address of these channels at this moment. */
  share(): void {
    const address = multiAddress(this.ids_, this.clock_.isSet ? Math.round(this.wall_()) : null);
    void copy(new URL(address, location.href).href).then((copied) => {
      if (!copied) history.replaceState(null, '', address);
      this.notes_.flash(copied ? `Link to ${clock(this.wall_(), state.zone)} copied` : 'Copy it from the address bar');
    });
  }

  showKeys(): void {
    if (!this.keys_.open) this.keys_.showModal();
  }

  private build_(): HTMLElement {
    const time = h('div', { class: 'time' }, this.main_, this.detail_);
    this.full_.hidden = !document.fullscreenEnabled;
    return h('div', { class: 'together' },
      this.grid_, this.notes_.bubble, this.notice_,
      h('div', { class: 'deck' },
        h('div', { class: 'timebar' }, this.bar_, this.lanes_.element),
        h('div', { class: 'buttons' },
          h('div', { class: 'transport' }, this.play_, this.back_, this.forward_),
          h('div', { class: 'status' }, this.pill_, time),
          h('div', { class: 'tools' }, this.mute_, this.soundOf_, this.speed_, this.share_, this.choose_, this.full_))),
      this.keys_);
  }

  private button_(name: IconName, label: string, run: () => void, className: string): HTMLButtonElement {
    const button = h('button', { class: `control ${className}`, type: 'button', title: label, 'aria-label': label }, icon(name));
    button.addEventListener('click', run);
    return button;
  }

  private add_(n: number): void {
    const cell = document.createElement('ox-cell') as OxCell;
    this.cells_.push(cell);
    this.grid_.append(cell);
    restoreVolume(cell.video);
    cell.video.muted = true;
    cell.addEventListener('ox-select', () => this.select_(n));
    cell.addEventListener('ox-silenced', () => {
      this.silenced_ = true;
      this.applySound_();
    });
  }

  private listen_(signal: AbortSignal): void {
    const options = { signal };
    const on = (type: string, run: (sought: Sought) => void): void =>
      this.bar_.addEventListener(type, ((event: CustomEvent<Sought>) => run(event.detail)) as EventListener, options);
    on('ox-scrub', ({ at }) => {
      this.scrubAt_ = at * 1_000;
      this.tick_();
    });
    on('ox-seek', ({ at }) => {
      this.scrubAt_ = null;
      if (at === Infinity) this.goLive();
      else this.goTo_(at * 1_000);
    });
    on('ox-scrub-cancel', ({ at }) => {
      this.scrubAt_ = null;
      this.goTo_(at * 1_000);
    });
    document.addEventListener('keydown', (event) => handleKey(event, this, this.bar_), options);
    this.noticeAction_.addEventListener('click', () => this.currentNotice_()?.action?.run(), options);
    this.speed_.addEventListener('ox-speed', ((event: CustomEvent<{ rate: number }>) =>
      this.setSpeed_(event.detail.rate)) as EventListener, options);
    this.bar_.addEventListener('pointermove', (event) => this.lanes_.point(this.laneList_(), event.clientY), options);
    this.bar_.addEventListener('pointerleave', () => this.lanes_.point([], null), options);
  }

  private update_(): void {
    if (!state.list) return;
    // What has ended is left for what comes next only where the viewer has come to its end.
    const wall = this.clock_.isSet && !this.follows_ && !this.ended_ ? this.wall_() : this.asked_();
    this.cells_.forEach((cell, n) => {
      const id = this.ids_[n] as string;
      cell.show(id, n + 1, state.channel(id) ?? null, wall);
    });
    setText(this.soundOf_, this.nameOf_(this.selected_));
  }

  private asked_(): number | null {
    const at = Date.parse(this.getAttribute('t') ?? '');
    return Number.isFinite(at) && !this.clock_.isSet ? at : null;
  }

  private nameOf_(n: number): string {
    const id = this.ids_[n] ?? '';
    return state.channel(id)?.name || id;
  }

  private wall_(): number {
    return this.scrubAt_ ?? this.clock_.at(performance.now());
  }

  private isAtEdge_(): boolean {
    return this.live_ !== null && this.scrubAt_ === null && this.live_ - this.wall_() < kEdgeMs;
  }

  /** All to one moment; they go on from there together. */
  private goTo_(wall: number): void {
    const axis = this.axis_;
    if (!axis) return;
    const end = this.live_ ?? axis.to - kLastPictureMs;
    const target = Math.min(Math.max(wall, axis.from), end);
    const now = performance.now();
    this.clock_.run(false, now);
    this.clock_.set(target, now);
    this.follows_ = this.live_ !== null && this.live_ - target < kEdgeMs && this.rate_ === 1;
    this.ended_ = false;
    this.wentAt_ = now;
    this.gather_();
    this.tick_();
    this.bar_.say();
  }

  private gather_(): void {
    this.gatheringSince_ = performance.now();
  }

  private setSpeed_(rate: number): void {
    this.rate_ = rate;
    this.follows_ = rate === 1 && this.isAtEdge_();
    this.tick_();
  }

  private select_(n: number): void {
    this.selected_ = n;
    // Who chooses a sound has pressed something: a browser lets it be heard from then on.
    this.silenced_ = false;
    this.applySound_();
    setText(this.soundOf_, this.nameOf_(n));
    this.tick_();
  }

  private applySound_(): void {
    this.cells_.forEach((cell, n) => {
      cell.video.muted = n !== this.selected_ || !this.sound_ || this.silenced_;
    });
  }

  private tick_(): void {
    const now = performance.now();
    const wholes = this.cells_.flatMap((cell) => cell.whole ?? []);
    this.live_ = liveOf(this.cells_.flatMap((cell) => cell.liveWall ?? []), kLateMs);
    const axis = axisOf(wholes, kApartMs);
    this.axis_ = axis && this.live_ !== null ? { from: axis.from, to: Math.max(this.live_, axis.from + 1) } : axis;
    this.begin_(now);
    if (this.ended_ && this.live_ !== null) this.goLive();
    const wall = this.clock_.isSet ? this.wall_() : Date.now();
    this.cells_.forEach((cell, n) => cell.look(wall, n === this.selected_));
    if (this.axis_ && this.clock_.isSet) this.move_(this.axis_, now);
    this.draw_();
  }

  /** The clock is set once everybody has said what there is, or the slow ones have been waited for long enough. */
  private begin_(now: number): void {
    const axis = this.axis_;
    if (!axis || this.clock_.isSet || !state.list) return;
    if (!this.cells_.every((cell) => cell.isKnown) && now - this.askedAt_ < kKnownMs) return;
    const asked = this.asked_();
    this.clock_.set(axis.from, now);
    this.goTo_(asked ?? this.live_ ?? axis.from);
  }

  private move_(axis: Stretch, now: number): void {
    if (this.scrubAt_ !== null) {
      this.clock_.run(false, now);
      if (now - this.heldAt_ < kHoldMs) return;
      this.heldAt_ = now;
      for (const cell of this.cells_) cell.hold(this.scrubAt_);
      return;
    }
    const shown = this.cells_.filter((cell) => cell.isShown);
    if (this.gatheringSince_ !== null) {
      const isLate = now - this.gatheringSince_ > kGatherMs;
      const first = now - this.gatheringSince_ > kTickMs;  // hold() has to have been there
      if (first && (isLate || shown.every((cell) => cell.isReady))) this.gatheringSince_ = null;
    }
    if (!this.plays_ || this.gatheringSince_ !== null) {
      this.clock_.run(false, now);
      for (const cell of this.cells_) cell.hold(this.clock_.at(now));
      return;
    }
    this.follow_(axis, now);
    // While nobody has loaded what comes next the clock waits for them.
    const starves = shown.length > 0 ? !shown.some((cell) => cell.isReady) : this.live_ !== null && this.isAtEdge_();
    this.clock_.run(!starves, now);
    const wall = this.clock_.at(performance.now());
    for (const cell of this.cells_) cell.run(wall, this.clock_.rate);
  }

  /** At the end it stops, in a hole it jumps, and at live it stays there. */
  private follow_(axis: Stretch, now: number): void {
    const wall = this.clock_.at(now);
    const live = this.live_;
    if (live === null && wall >= axis.to - kLastPictureMs) {
      this.clock_.set(axis.to - kLastPictureMs, now);
      this.plays_ = false;
      this.ended_ = true;
      return;
    }
    const next = nextPicture(this.cells_.map((cell) => cell.pictured), wall);
    if (next !== null && next - wall > kHoleMs) {
      this.goTo_(next);
      return;
    }
    if (live === null) {
      this.clock_.setRate(this.rate_, now);
      return;
    }
    if (this.rate_ > 1 && live - wall < kHurriedMs) {
      this.rate_ = 1;
      this.follows_ = true;
    }
    if (this.follows_ && live - wall > kFarMs && now - this.wentAt_ > kJumpApartMs) {
      this.goLive();
      return;
    }
    this.hurries_ = this.follows_ && live - wall > (this.hurries_ ? kHurriedMs : kHurryMs);
    this.clock_.setRate(this.hurries_ ? kHurryRate : this.rate_, now);
  }

  private laneList_(): Lane[] {
    return this.cells_.map((cell, n) => ({ name: this.nameOf_(n), pictured: cell.pictured, isSelected: n === this.selected_ }));
  }

  private draw_(): void {
    const { axis_: axis } = this;
    const isPlaced = axis !== null && this.clock_.isSet;
    const atEdge = this.isAtEdge_();
    this.dataset['state'] = !isPlaced ? 'loading' : this.ended_ ? 'ended' : atEdge && this.plays_ ? 'live' : 'behind';
    this.toggleAttribute('data-paused', !this.plays_);
    this.drawButtons_(axis, atEdge);
    this.drawTime_(axis, atEdge);
    this.drawNotice_();
    if (!isPlaced) return;
    this.lanes_.draw(this.laneList_(), axis);
    const seconds = { start: axis.from / 1_000, end: axis.to / 1_000, position: this.clock_.at(performance.now()) / 1_000 };
    this.bar_.draw({
      ...seconds, live: this.live_ !== null, atEdge, reconnects: [], gaps: [], axis: kWallAxis, moments: [],
      thumbnails: this.thumbnailsOf_(this.selected_), recordingId: null, marked: null, wallClockAt: (at) => at * 1_000,
    });
  }

  private thumbnailsOf_(n: number): Thumbnails {
    const id = this.ids_[n] ?? '';
    const known = this.thumbnails_.get(id) ?? new Thumbnails(id, () => state.now());
    this.thumbnails_.set(id, known);
    return known;
  }

  private drawButtons_(axis: Stretch | null, atEdge: boolean): void {
    setIcon(this.play_, this.plays_ ? 'pause' : 'play');
    const label = this.ended_ ? 'Play again' : this.plays_ ? 'Pause (K)' : 'Play (K)';
    setAttribute(this.play_, 'aria-label', label);
    setAttribute(this.play_, 'title', label);
    this.back_.disabled = !axis || this.wall_() - axis.from < 500;
    this.forward_.disabled = !axis || atEdge || axis.to - this.wall_() < 500;
    const silent = this.cells_[this.selected_]?.video.muted ?? true;
    setIcon(this.mute_, silent ? 'muted' : 'sound');
    setAttribute(this.mute_, 'aria-label', silent ? 'Sound on (M)' : 'Mute (M)');
    setAttribute(this.mute_, 'title', silent ? 'Sound on (M)' : 'Mute (M)');
    this.speed_.draw(this.rate_, false, false);
    setIcon(this.full_, document.fullscreenElement === this.stage_ ? 'shrink' : 'expand');
  }

  private drawTime_(axis: Stretch | null, atEdge: boolean): void {
    const isPlaced = axis !== null && this.clock_.isSet;
    const isLive = this.live_ !== null;
    const isLost = this.cells_.some((cell) => cell.retryAt !== null) || !navigator.onLine;
    const pill = !isLive && isPlaced ? 'ended' : atEdge && this.plays_ && !isLost ? 'live' : this.plays_ ? 'behind' : 'paused';
    this.pill_.disabled = pill === 'ended' || (atEdge && this.plays_) || !isPlaced;
    setAttribute(this.pill_, 'data-pill', pill);
    setText(this.pillWord_, pill === 'ended' ? 'ENDED' : 'LIVE');
    setAttribute(this.pill_, 'aria-label', pill === 'ended' ? 'All have ended' : pill === 'live' ? 'Live' : 'Go to live (End)');
    if (!axis || !isPlaced) return;
    const wall = this.wall_();
    setText(this.main_, clock(wall, state.zone));
    const behind = `${stretch((axis.to - wall) / 1_000)} behind live`;
    const delay = Math.round((state.now() - wall) / 1_000);
    setText(this.detail_, !isLive ? `${stretch((wall - axis.from) / 1_000)} of ${stretch((axis.to - axis.from) / 1_000)}`
      : !atEdge ? behind : delay > 0 && this.plays_ ? `${delay} s delay` : '');
  }

  private currentNotice_(): { text: string; action?: { label: string; run: () => void } } | null {
    if (!navigator.onLine) return { text: 'Connection lost. It goes on by itself when the network is back' };
    const retries = this.cells_.flatMap((cell) => cell.retryAt ?? []);
    if (retries.length > 0) {
      const seconds = Math.ceil((Math.min(...retries) - performance.now()) / 1_000);
      return {
        text: seconds > 0 ? `Connection lost. Next try in ${seconds} s` : 'Connection lost. Trying again',
        action: { label: 'Try now', run: () => this.cells_.forEach((cell) => cell.retryNow()) },
      };
    }
    if (this.silenced_) return { text: 'Playing without sound', action: { label: 'Turn on', run: () => this.toggleMute() } };
    return null;
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

customElements.define('ox-multi', OxMulti);
