/**
 * One channel: its player, what it is, and its broadcasts. Attributes, from the address: `channel`, and
 * optionally `t` (RFC 3339), `recording`, and the `token` of a private channel.
 */
import { Channel, enter, fetchChannel, fetchRecordings, isPrivate, Recording } from './api';
import { choose, recordingIdOf, Choice, Wanted } from './choose';
import { h, setAttribute, setText } from './element';
import { icon } from './icons';
import './ox-broadcasts';
import type { OxBroadcasts } from './ox-broadcasts';
import { copy } from './copy';
import './ox-clip';
import type { OxClip } from './ox-clip';
import type { MarkedRange } from './download';
import './ox-moments';
import type { OxMoments } from './ox-moments';
import './ox-player';
import type { Notice, OxPlayer } from './ox-player';
import { poster } from './poster';
import { forget, remember } from './resume';
import { state } from './state';
import { ago, clock, onAir, stretch, zoneName } from './time';

const kRememberMs = 5_000;
const kEndedNoticeMs = 8_000;
const kCopiedMs = 2_000;
const kUnlistedPollMs = 4_000;
/** A channel that is live while its newest timeline has ended is between two broadcasts; then it is late. */
const kStaleMs = 4_000;

export class OxWatch extends HTMLElement {
  private channel_: Channel | null = null;
  private recordings_: Recording[] = [];
  private recordingsOf_ = '';
  private playing_: Choice | null = null;
  private sawOffAir_ = false;
  private sawLive_ = false;
  private endedSince_: number | null = null;
  private staleSince_: number | null = null;
  private rememberedAt_ = 0;
  private unknown_ = false;
  private unlistedPoll_ = 0;

  private readonly player_ = document.createElement('ox-player') as OxPlayer;
  private readonly idle_ = h('div', { class: 'idle', hidden: true });
  private readonly idleText_ = h('p', {});
  private readonly name_ = h('h1', {});
  private readonly dot_ = h('i', { class: 'dot' });
  private readonly state_ = h('span', {});
  private readonly facts_ = h('span', { class: 'facts' });
  private readonly shareLabel_ = h('span', {}, 'Share this moment');
  private readonly share_ = h('button', { class: 'button', type: 'button' }, icon('link'), this.shareLabel_);
  private readonly range_ = h('button', { class: 'button', type: 'button', 'aria-expanded': 'false' }, icon('range'), 'Mark a range');
  private readonly clip_ = document.createElement('ox-clip') as OxClip;
  private readonly moments_ = document.createElement('ox-moments') as OxMoments;
  private readonly broadcasts_ = document.createElement('ox-broadcasts') as OxBroadcasts;
  private lifetime_ = new AbortController();

  connectedCallback(): void {
    this.lifetime_ = new AbortController();
    const { signal } = this.lifetime_;
    const token = this.getAttribute('token');
    if (token) enter(this.id_, token);
    if (!this.firstChild) this.build_();
    this.player_.addEventListener('ox-view', () => this.viewed_(), { signal });
    this.player_.addEventListener('ox-share', () => void this.copyMoment_(), { signal });
    this.share_.addEventListener('click', () => void this.copyMoment_(), { signal });
    this.player_.addEventListener('ox-mark', ((event: CustomEvent<{ end: keyof MarkedRange }>) =>
      void this.clip_.mark(event.detail.end)) as EventListener, { signal });
    this.range_.addEventListener('click', () => this.clip_.range ? this.clip_.clear() : this.clip_.mark('to'), { signal });
    this.clip_.source = () => this.clipSource_();
    this.clip_.addEventListener('ox-clip', () => this.marked_(), { signal });
    this.clip_.addEventListener('ox-clip-play', ((event: CustomEvent<{ at: number }>) =>
      this.player_.seekToWallClock(event.detail.at)) as EventListener, { signal });
    this.moments_.addEventListener('ox-moment', ((event: CustomEvent<{ at: number }>) =>
      this.player_.seek(event.detail.at)) as EventListener, { signal });
    state.watch(['channels', 'settings'], signal, () => void this.update_());
    state.addEventListener('tick', () => this.drawWords_(), { signal });
  }

  disconnectedCallback(): void {
    this.lifetime_.abort();
  }

  private get id_(): string {
    return this.getAttribute('channel') ?? '';
  }

  private get wanted_(): Wanted {
    const at = Date.parse(this.getAttribute('t') ?? '');
    return { at: Number.isFinite(at) ? at : null, recordingId: this.getAttribute('recording') };
  }

  private build_(): void {
    this.idle_.append(poster(this.id_), this.idleText_);
    const screen = h('div', { class: 'screen' }, this.player_, this.idle_);
    const words = h('div', { class: 'about' },
      h('div', {}, this.name_, h('p', { class: 'now' }, this.dot_, this.state_, this.facts_)),
      h('div', { class: 'actions' }, this.range_, this.share_));
    this.append(h('div', { class: 'main' }, screen, words, this.clip_, this.moments_), this.broadcasts_);
  }

  private async update_(): Promise<void> {
    if (!state.list) return;
    const { signal } = this.lifetime_;
    const listed = state.channel(this.id_);
    if (listed) {
      this.channel_ = listed;
    } else if (!this.channel_ || this.unknown_ || isPrivate(this.id_)) {
      const found = await fetchChannel(this.id_).catch(() => this.channel_);
      if (signal.aborted) return;
      this.unknown_ = found === null;
      this.channel_ = found;
      // In no list, it is not part of the page's state either.
      clearTimeout(this.unlistedPoll_);
      this.unlistedPoll_ = window.setTimeout(() => !signal.aborted && void this.update_(), kUnlistedPollMs);
    }
    await this.updateRecordings_();
    if (signal.aborted) return;
    this.playIfIdle_();
    this.draw_();
  }

  /** The list changes when a recording begins or ends, and then it is asked for once. */
  private async updateRecordings_(): Promise<void> {
    const { recording } = this.channel_ ?? {};
    const key = `${recording?.id} ${recording?.status}`;
    if (!this.channel_ || key === this.recordingsOf_) return;
    try {
      this.recordings_ = await fetchRecordings(this.id_);
      this.recordingsOf_ = key;
    } catch {
      // Asked again at the next change; the player does not depend on it.
    }
  }

  private playIfIdle_(): void {
    const channel = this.channel_;
    if (!channel) return;
    if (!channel.isLive) this.sawOffAir_ = true;
    if (this.playing_) {
      // A broadcast has no recording in its first moments.
      if (channel.isLive && !this.sawOffAir_) this.playing_.recordingId ??= recordingIdOf(channel);
      return;
    }
    const choice = choose(this.wanted_, channel, this.recordings_);
    if (choice) this.play_(choice);
  }

  private play_(choice: Choice): void {
    this.playing_ = choice;
    this.sawOffAir_ = !this.channel_?.isLive;
    this.sawLive_ = false;
    this.endedSince_ = null;
    this.staleSince_ = null;
    this.clip_.keepTo(choice.recordingId);
    this.player_.load(choice, this.id_);
  }

  private clipSource_(): ReturnType<OxClip['source']> {
    const { bounds, wallClock: at } = this.player_;
    const { url, recordingId } = this.playing_ ?? {};
    return url && recordingId && bounds && at !== null ? { playlistUrl: url, recordingId, at, bounds } : null;
  }

  private marked_(): void {
    this.player_.marked = this.clip_.range;
    setAttribute(this.range_, 'aria-expanded', String(this.clip_.range !== null));
  }

  private playCurrent_(): void {
    const token = this.getAttribute('token');
    history.replaceState(null, '', `/watch/${this.id_}${token ? `?token=${encodeURIComponent(token)}` : ''}`);
    this.removeAttribute('t');
    this.removeAttribute('recording');
    const choice = this.channel_ ? choose(this.wanted_, this.channel_, this.recordings_) : null;
    if (choice) this.play_(choice);
    this.draw_();
  }

  /** Follows the player: what it says over the film, and where the viewer is. */
  private viewed_(): void {
    const view = this.player_.view;
    if (view.phase === 'gone') this.player_.notice = this.notice_();
    if (view.phase !== 'playing') return;
    this.moments_.show(view.moments, this.player_);
    if (view.live) this.sawLive_ = true;
    else if (this.sawLive_) this.endedSince_ ??= performance.now();
    if (this.isStale_()) {
      this.playCurrent_();
      return;
    }
    // At the edge of a broadcast whose publisher is away nothing is live.
    this.player_.toggleAttribute('data-away', view.live && this.channel_?.isLive === false);
    this.player_.notice = this.notice_();
    if (performance.now() - this.rememberedAt_ < kRememberMs || !this.playing_?.recordingId) return;
    this.rememberedAt_ = performance.now();
    const wall = this.player_.wallClock;
    if (view.live && !view.atEdge && wall !== null) remember(this.id_, this.playing_.recordingId, wall);
    else forget(this.id_);
  }

  /** Opened in the moment in which a broadcast began, the page got the one before it. */
  private isStale_(): boolean {
    const { at, recordingId } = this.wanted_;
    const stale = this.channel_?.isLive && !this.player_.view.live && !this.sawLive_ && !this.sawOffAir_;
    if (!stale || at !== null || recordingId !== null) {
      this.staleSince_ = null;
      return false;
    }
    this.staleSince_ ??= performance.now();
    return performance.now() - this.staleSince_ > kStaleMs;
  }

  private notice_(): Notice | null {
    const channel = this.channel_;
    if (!channel) return null;
    const view = this.player_.view;
    const another = this.sawLive_ && channel.recording?.id !== this.playing_?.recordingId;
    if (channel.isLive && !view.live && (this.sawOffAir_ || another)) {
      return {
        text: `${channel.name || 'The channel'} is on air again`,
        action: { label: 'Watch live', run: () => this.playCurrent_() },
      };
    }
    const until = Date.parse(channel.recording?.reconnectUntil ?? '');
    if (view.live && !channel.isLive && view.behind < 8 && until > state.now()) {
      return { text: `The broadcaster is away. Kept open until ${clock(until, state.zone)}` };
    }
    if (this.endedSince_ !== null && performance.now() - this.endedSince_ < kEndedNoticeMs) {
      const at = Date.parse(channel.recording?.endedAt ?? '');
      return { text: Number.isFinite(at) ? `The broadcast ended at ${clock(at, state.zone)}.` : 'The broadcast ended.' };
    }
    return null;
  }

  private draw_(): void {
    const channel = this.channel_;
    document.title = channel ? `${channel.isLive ? 'Live: ' : ''}${channel.name} · Oxbow` : 'Oxbow';
    this.idle_.hidden = this.playing_ !== null || (!channel && !this.unknown_);
    this.player_.hidden = !this.idle_.hidden;
    setText(this.idleText_, this.idleWords_());
    const current = this.playing_?.recordingId ?? null;
    this.broadcasts_.show(channel, this.recordings_, current);
    this.drawWords_();
  }

  private idleWords_(): string {
    if (this.unknown_ && isPrivate(this.id_)) return 'This channel is private, and the link to it does not count any more.';
    if (this.unknown_) return 'There is no such channel on this server.';
    if (this.wanted_.recordingId) return 'This broadcast is not on the server any more.';
    return 'Not on air yet. It starts here by itself.';
  }

  private drawWords_(): void {
    const channel = this.channel_;
    this.share_.hidden = !this.playing_;
    this.range_.hidden = !this.playing_?.recordingId;
    if (!channel) {
      setText(this.name_, this.unknown_ ? 'No such channel' : '');
      return;
    }
    const { recording } = channel;
    const now = state.now();
    setText(this.name_, channel.name || channel.id);
    setAttribute(this.dot_, 'data-on', channel.isLive ? '' : null);
    const began = Date.parse(channel.startedAt ?? '');
    const ended = Date.parse(recording?.endedAt ?? '');
    if (channel.isLive && Number.isFinite(began)) {
      setText(this.state_, `On air ${onAir((now - began) / 1_000)}`);
      setText(this.facts_, `since ${clock(began, state.zone)} ${zoneName(state.zone, began)}${picture(channel)}`);
    } else if (recording?.status === 'RECORDING_STARTED') {
      setText(this.state_, 'The broadcaster is away');
      setText(this.facts_, `${stretch(recording.durationMs / 1_000)} recorded`);
    } else {
      setText(this.state_, 'Off air');
      setText(this.facts_, Number.isFinite(ended) ? `ended ${ago(ended, now, state.zone)}` : '');
    }
    this.broadcasts_.tick();
  }

  /** Copies the address of this second: it outlives the broadcast. */
  private async copyMoment_(): Promise<void> {
    const wall = this.player_.wallClock;
    const url = new URL(`/watch/${this.id_}`, location.href);
    if (wall !== null) url.searchParams.set('t', new Date(wall).toISOString());
    const copied = await copy(url.href);
    if (copied) this.player_.flash(`Link to ${wall === null ? 'this channel' : clock(wall, state.zone)} copied`);
    setText(this.shareLabel_, copied ? 'Link copied' : 'Copy it from the address bar');
    if (!copied) history.replaceState(null, '', url);
    setTimeout(() => setText(this.shareLabel_, 'Share this moment'), kCopiedMs);
  }
}

/** " · 1280×720, 30 fps". */
function picture(channel: Channel): string {
  if (!channel.width || !channel.height) return '';
  const rate = channel.frameRate ? `, ${Math.round(channel.frameRate)} fps` : '';
  return ` · ${channel.width}×${channel.height}${rate}`;
}

customElements.define('ox-watch', OxWatch);
