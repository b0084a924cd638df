/**
 * One channel on the wall. On air: a large picture; off air: a card that leads to its last recording. Events: "ox-pick" {id}
 * when the viewer wants it, or does not want it any more, together with others.
 */
import type { Channel } from './api';
import { h, setAttribute, setText } from './element';
import { icon } from './icons';
import './ox-picture';
import type { OxPicture } from './ox-picture';
import { whereLeft } from './resume';
import { state } from './state';
import { ago, clock, onAir, since, stretch } from './time';

const kPreviewAfterMs = 250;
const kFirstThumbnailMs = 20_000;
/** The poster of a channel on air is a new one this often, while its tile is seen. */
const kStillEveryMs = 10_000;

export const isOnAir = (channel: Channel): boolean => channel.isLive || isInterrupted(channel);

/** The publisher is gone, but may still come back into the same recording. */
export const isInterrupted = (channel: Channel): boolean =>
  !channel.isLive && channel.recording?.status === 'RECORDING_STARTED';

export class OxTile extends HTMLElement {
  private channel_: Channel | null = null;
  private previewTimer_ = 0;
  private readonly picture_ = document.createElement('ox-picture') as OxPicture;
  private readonly badge_ = h('span', { class: 'badge' });
  private readonly chip_ = h('a', { class: 'chip', hidden: true }, icon('clock'), h('span', {}));
  private readonly length_ = h('span', { class: 'length' });
  private readonly name_ = h('a', { class: 'name' });
  private readonly line_ = h('span', { class: 'line' });
  private readonly more_ = h('span', { class: 'more' });
  private readonly live_ = h('a', { class: 'button primary' }, icon('play'), 'Live');
  private readonly first_ = h('a', { class: 'button' }, 'From start');
  private readonly number_ = h('span', {});
  private readonly pick_ = h('button', { class: 'pick', type: 'button', hidden: true, onclick: () => this.picked_() }, this.number_);

  connectedCallback(): void {
    if (this.firstChild) return;
    this.append(
      h('div', { class: 'frame' }, this.picture_, this.badge_, this.length_),
      h('div', { class: 'foot' },
        h('div', { class: 'words' }, this.name_, h('div', {}, this.line_, this.more_)),
        h('div', { class: 'actions' }, this.live_, this.first_)),
      this.chip_, this.pick_,
    );
    for (const type of ['pointerenter', 'focusin']) this.addEventListener(type, () => this.wantPreview_(true));
    for (const type of ['pointerleave', 'focusout']) this.addEventListener(type, () => this.wantPreview_(false));
  }

  /** `featured`: the large tile. */
  show(channel: Channel, featured: boolean): void {
    this.channel_ = channel;
    this.toggleAttribute('data-featured', featured);
    this.draw();
    if (!channel.isLive) this.wantPreview_(false);
  }

  /** `number`: its place among the channels picked, 0 when it is not; null while nothing is to be picked. */
  pick(number: number | null, isFull: boolean): void {
    const name = this.channel_?.name || this.channel_?.id || '';
    this.pick_.hidden = number === null;
    this.pick_.disabled = isFull && number === 0;
    setAttribute(this.name_, 'tabindex', number === null ? null : '-1');
    setAttribute(this.pick_, 'aria-pressed', String((number ?? 0) > 0));
    setAttribute(this.pick_, 'aria-label', `Watch ${name} together with others${number ? `: ${number}` : ''}`);
    setText(this.number_, number ? String(number) : '');
    this.toggleAttribute('data-picked', (number ?? 0) > 0);
  }

  private picked_(): void {
    this.dispatchEvent(new CustomEvent<{ id: string }>('ox-pick', { detail: { id: this.channel_?.id ?? '' }, bubbles: true }));
  }

  draw(): void {
    const channel = this.channel_;
    if (!channel) return;
    const shown = channel.isLive ? 'live' : isInterrupted(channel) ? 'interrupted' : 'off';
    this.dataset['state'] = shown;
    this.dataset['channel'] = channel.id;
    setText(this.name_, channel.name || channel.id);
    setAttribute(this.name_, 'href', `/watch/${channel.id}`);
    setText(this.badge_, shown === 'live' ? 'LIVE' : shown === 'interrupted' ? 'AWAY' : '');
    this.badge_.hidden = shown === 'off';
    if (shown === 'off') this.drawOff_(channel);
    else this.drawOn_(channel);
    this.drawPicture_(channel);
  }

  private drawOn_(channel: Channel): void {
    const now = state.now();
    const began = Date.parse(channel.startedAt ?? channel.recording?.startedAt ?? '');
    const until = channel.recording?.reconnectUntil;
    this.length_.hidden = true;
    if (channel.isLive || !until) {
      setText(this.line_, Number.isFinite(began) ? `On air ${onAir((now - began) / 1_000)}` : 'On air');
      setText(this.more_, Number.isFinite(began) ? `since ${since(began, now, state.zone)}` : '');
    } else {
      setText(this.line_, 'Broadcaster is away');
      setText(this.more_, `kept open until ${clock(Date.parse(until), state.zone)}`);
    }
    const recorded = channel.recording?.status === 'RECORDING_STARTED';
    setAttribute(this.live_, 'href', `/watch/${channel.id}`);
    setAttribute(this.first_, 'href', `/watch/${channel.id}?t=${channel.recording?.startedAt ?? ''}`);
    this.first_.hidden = !recorded;
    const left = whereLeft(channel.id, channel.recording?.id);
    this.chip_.hidden = !left;
    if (left) {
      setAttribute(this.chip_, 'href', `/watch/${channel.id}?t=${left.at}`);
      const behind = (now - Date.parse(left.at)) / 1_000;
      setText(this.chip_.lastElementChild as Element, `Resume ${stretch(behind)} behind live`);
    }
  }

  private drawOff_(channel: Channel): void {
    const { recording } = channel;
    const ended = Date.parse(recording?.endedAt ?? '');
    this.chip_.hidden = true;
    this.length_.hidden = !recording;
    setText(this.length_, recording ? stretch(recording.durationMs / 1_000) : '');
    setText(this.line_, !recording ? 'Nothing recorded yet'
      : Number.isFinite(ended) ? `Ended ${ago(ended, state.now(), state.zone)}` : 'Ended');
    setText(this.more_, recording ? 'Watch last' : '');
  }

  private drawPicture_(channel: Channel): void {
    const { recording, rewindUrl, playbackUrl } = channel;
    const url = channel.isLive ? playbackUrl ?? rewindUrl : rewindUrl;
    const round = Math.floor(Date.now() / kStillEveryMs);
    const image = channel.thumbnail?.url ?? null;
    // The first thumbnail of a broadcast comes after a moment; where none is made, the film has to give one.
    const isYoung = state.now() - Date.parse(channel.startedAt ?? '') < kFirstThumbnailMs;
    const film = !url || (channel.isLive && !image && isYoung) ? null
      : channel.isLive
        ? { key: `${channel.id} ${round}`, url, moment: 'live' as const, image }
        : recording ? { key: recording.id, url, moment: 0.2, image } : null;
    this.picture_.show(channel.id, film);
  }

  private wantPreview_(pointed: boolean): void {
    clearTimeout(this.previewTimer_);
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const wanted = !calm && (this.channel_?.isLive ?? false) && pointed;
    this.previewTimer_ = window.setTimeout(() => (this.picture_.preview = wanted), wanted ? kPreviewAfterMs : 0);
  }
}

customElements.define('ox-tile', OxTile);
