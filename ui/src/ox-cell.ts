/**
 * One of several channels side by side: a film that is where the common clock is, and words where there is none.
 * `data-state` is loading, shown, gap, before, after, late or none. Events: "ox-select" when the viewer wants its sound.
 */
import type { Channel } from './api';
import { Place, placeAt, Stretch, without } from './coverage';
import { h, setAttribute, setText } from './element';
import { icon, setIcon } from './icons';
import { Playback } from './playback';
import { poster } from './poster';
import { steer } from './shared-clock';
import { state } from './state';
import { clock, since, stretch } from './time';

const kHeldSeconds = 0.002;
/** A film that stalls for a moment shows its last picture; after this it says so. */
const kWaitingAfterMs = 1_200;
/** A jump takes its while, on a busy machine a long one: the next one aims so far ahead, and does not follow at once. */
const kLeadSecondsMax = 1.5;
const kJumpApartMs = 2_000;
const kEnoughToPlay = HTMLMediaElement.HAVE_FUTURE_DATA;

export class OxCell extends HTMLElement {
  private readonly video_ = h('video', { playsinline: true, preload: 'auto', tabindex: -1 });
  private readonly playback_ = new Playback(this.video_, true);
  private readonly title_ = h('strong', {});
  private readonly detail_ = h('span', {});
  private readonly words_ = h('div', { class: 'words', hidden: true }, this.title_, this.detail_);
  private readonly name_ = h('span', {});
  private readonly label_ = h('span', { class: 'label' }, this.name_);
  private readonly select_ = h('button', { class: 'select', type: 'button', 'aria-pressed': 'false' });
  private readonly alone_ = h('a', { class: 'alone', title: 'Watch alone' }, icon('expand'));
  private channel_: Channel | null = null;
  private loaded_ = '';
  private pictured_: readonly Stretch[] = [];
  private place_: Place | null = null;
  private readySince_ = 0;
  private lead_ = 0;
  private jumpedAt_ = -Infinity;
  private lands_ = false;

  constructor() {
    super();
    // Until it is chosen, and until a browser lets it.
    this.video_.muted = true;
  }

  connectedCallback(): void {
    if (this.firstChild) return;
    this.append(this.video_, this.words_, this.select_, this.label_, this.alone_);
    this.select_.addEventListener('click', () => this.dispatchEvent(new Event('ox-select', { bubbles: true })));
    this.video_.addEventListener('loadeddata', () => this.toggleAttribute('data-pictured', true));
  }

  /** Taken off the page for good. */
  destroy(): void {
    this.playback_.destroy();
    this.remove();
  }

  get video(): HTMLVideoElement {
    return this.video_;
  }

  /** `number` is the key that gives it the sound; `channel` null when there is none of this id. */
  show(id: string, number: number, channel: Channel | null, wall: number | null): void {
    if (!this.querySelector('.poster')) this.prepend(poster(id));
    this.channel_ = channel;
    this.dataset['channel'] = id;
    const name = channel?.name || id;
    setText(this.name_, name);
    setAttribute(this.select_, 'aria-label', `Sound of ${name} (${number})`);
    setAttribute(this.select_, 'title', `Sound of ${name} (${number})`);
    setAttribute(this.alone_, 'aria-label', `Watch ${name} alone`);
    this.alone_.hidden = channel === null;
    this.load_(channel, wall);
  }

  /** A playlist that has ended is left for the broadcast that came after it only where that one is wanted. */
  private load_(channel: Channel | null, wall: number | null): void {
    const url = channel?.rewindUrl ?? (channel?.isLive ? channel.playbackUrl : null);
    if (!channel || !url) return;
    const key = `${channel.id} ${channel.recording?.id ?? ''}`;
    if (key === this.loaded_) return;
    const { live, phase } = this.playback_.view();
    const isOver = this.loaded_ !== '' && phase === 'playing' && !live;
    const bounds = this.whole;
    if (isOver && wall !== null && bounds && wall < bounds.to) return;
    // A broadcast has no recording in its first moments.
    const isTheSame = this.loaded_ === `${channel.id} ` && live;
    this.loaded_ = key;
    if (isTheSame) return;
    this.toggleAttribute('data-pictured', false);
    const parts = (address: string): string => `${address}${address.includes('?') ? '&' : '?'}parts=0`;
    const fallbackUrl = channel.isLive && channel.playbackUrl && url !== channel.playbackUrl ? parts(channel.playbackUrl) : null;
    // Without parts: a browser has six connections to a host, and each that waits for one takes one.
    void this.playback_.load({ url: parts(url), fallbackUrl, beginAt: wall, recordingId: channel.recording?.id ?? null });
  }

  /** From its first picture to its last; null while it has none. */
  get whole(): Stretch | null {
    const { start, newest, phase } = this.playback_.view();
    const [from, to] = [this.playback_.wallClockAt(start), this.playback_.wallClockAt(newest)];
    return phase === 'playing' && from !== null && to !== null && to > from ? { from, to } : null;
  }

  /** When it has pictures; as it was at the last `look`. */
  get pictured(): readonly Stretch[] {
    return this.pictured_;
  }

  /** Where its LIVE leads; null when it is not live. */
  get liveWall(): number | null {
    const { live, end, phase } = this.playback_.view();
    return phase === 'playing' && live ? this.playback_.wallClockAt(end) : null;
  }

  /** Whether it has said what it has, or that it has nothing. */
  get isKnown(): boolean {
    if (this.loaded_ === '') return true;
    const { phase } = this.playback_.view();
    return phase === 'gone' || phase === 'broken' || this.whole !== null;
  }

  get retryAt(): number | null {
    return this.playback_.view().retryAt;
  }

  retryNow(): void {
    this.playback_.retryNow();
  }

  /** Whether a picture of this moment is wanted of it. */
  get isShown(): boolean {
    return this.place_?.kind === 'shown';
  }

  /** Whether it can go on from where it is. */
  get isReady(): boolean {
    return !this.video_.seeking && this.video_.readyState >= kEnoughToPlay;
  }

  /** Finds out what it has at `wall`, and says so. */
  look(wall: number, isSelected: boolean): void {
    const whole = this.whole;
    this.pictured_ = whole ? without(whole, this.holes_()) : [];
    this.place_ = placeAt(this.pictured_, wall);
    const { live } = this.playback_.view();
    const isLate = this.place_?.kind === 'after' && live;
    const waits = this.waits_();
    this.dataset['state'] = isLate ? 'late' : this.place_?.kind ?? (this.isKnown ? 'none' : 'loading');
    this.toggleAttribute('data-busy', (this.isShown && waits) || !this.isKnown);
    this.toggleAttribute('data-selected', isSelected);
    setAttribute(this.select_, 'aria-pressed', String(isSelected));
    setAttribute(this.alone_, 'href', `/watch/${this.dataset['channel'] ?? ''}?t=${new Date(wall).toISOString()}`);
    this.drawSound_(isSelected);
    this.drawWords_(wall, isLate);
  }

  private holes_(): Stretch[] {
    return this.playback_.view().gaps.flatMap((gap) => {
      const to = this.playback_.wallClockAt(gap.at + gap.inMedia);
      return to === null ? [] : [{ from: to - gap.seconds * 1_000, to }];
    });
  }

  private waits_(): boolean {
    if (this.isReady) this.readySince_ = performance.now();
    return performance.now() - this.readySince_ > kWaitingAfterMs;
  }

  /** Stands at `wall`. */
  hold(wall: number): void {
    if (!this.video_.paused) this.video_.pause();
    if (!this.isShown) return;
    const at = this.playback_.mediaTimeAt(wall);
    if (at === null || this.video_.seeking || Math.abs(at - this.video_.currentTime) < kHeldSeconds) return;
    this.video_.currentTime = at;
  }

  /** Plays, where `wall` is by now. */
  run(wall: number, rate: number): void {
    if (!this.isShown) {
      if (!this.video_.paused) this.video_.pause();
      return;
    }
    const at = this.playback_.mediaTimeAt(wall);
    if (at === null) return;
    if (this.video_.paused) void this.play_();
    if (this.video_.seeking) return;
    const away = at - this.video_.currentTime;
    if (this.lands_ && this.isReady) {
      this.lands_ = false;
      this.lead_ = Math.min(Math.max(this.lead_ + away, 0), kLeadSecondsMax);
    }
    const { jump, rate: bent } = steer(away, rate);
    if (jump && performance.now() - this.jumpedAt_ > kJumpApartMs) {
      this.jumpedAt_ = performance.now();
      this.lands_ = true;
      this.video_.currentTime = at + this.lead_ * rate;
    }
    if (this.video_.playbackRate !== bent) this.video_.playbackRate = bent;
  }

  private async play_(): Promise<void> {
    try {
      await this.video_.play();
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== 'NotAllowedError' || this.video_.muted) return;
      this.dispatchEvent(new Event('ox-silenced', { bubbles: true }));
    }
  }

  private drawSound_(isSelected: boolean): void {
    this.label_.toggleAttribute('data-sound', isSelected);
    if (isSelected) setIcon(this.label_, this.video_.muted ? 'muted' : 'sound');
    else this.label_.querySelector('svg')?.remove();
  }

  private drawWords_(wall: number, isLate: boolean): void {
    const [title, detail] = this.say_(wall, isLate);
    this.words_.hidden = title === '';
    setText(this.title_, title);
    setText(this.detail_, detail);
  }

  private say_(wall: number, isLate: boolean): [string, string] {
    const { channel_: channel, place_: place } = this;
    const time = (at: number): string => clock(at, state.zone);
    if (this.retryAt !== null && this.waits_()) return ['Connection lost', 'trying again by itself'];
    if (isLate) return channel?.isLive ? ['', ''] : ['The broadcaster is away', 'goes on here when it comes back'];
    switch (place?.kind) {
      case 'shown': return ['', ''];
      case 'gap': return ['Gap in the broadcast', `picture again in ${stretch((place.until - wall) / 1_000)}, at ${time(place.until)}`];
      case 'before': return ['Not on air at this time', `first picture ${since(place.at, state.now(), state.zone)}`];
      case 'after': return ['Not on air at this time', `last picture ${since(place.at, state.now(), state.zone)}`];
      default: break;
    }
    if (!this.isKnown) return ['', ''];
    if (!channel) return ['No such channel', 'or one that is private'];
    if (this.playback_.view().phase === 'broken') return ['This browser cannot play it', ''];
    return ['Not on air yet', 'it starts here by itself'];
  }
}

customElements.define('ox-cell', OxCell);
