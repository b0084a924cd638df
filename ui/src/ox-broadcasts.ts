/** The rail: a channel's broadcasts, newest first, the one being played marked. */
import { Channel, fetchThumbnails, Recording } from './api';
import { h, setText } from './element';
import { icon } from './icons';
import './ox-picture';
import type { Film, OxPicture } from './ox-picture';
import { state } from './state';
import { clockMinutes, dayName, stretch } from './time';

interface Row {
  link: HTMLAnchorElement;
  picture: OxPicture;
  length: HTMLElement;
  badge: HTMLElement;
  day: HTMLElement;
  times: HTMLElement;
  note: HTMLElement;
}

const kRowsMax = 50;
const kPosterShare = 0.2;
const kPosterNearMs = 20_000;

export class OxBroadcasts extends HTMLElement {
  private readonly rows_ = new Map<string, Row>();
  private readonly list_ = h('ol', {});
  private readonly all_ = h('a', { class: 'more-link' }, 'All by day', icon('next'));
  private running_: { row: Row; began: number } | null = null;

  connectedCallback(): void {
    if (this.firstChild) return;
    this.append(h('header', {}, h('h2', {}, 'Broadcasts'), this.all_), this.list_);
  }

  show(channel: Channel | null, recordings: readonly Recording[], currentId: string | null): void {
    this.running_ = null;
    this.hidden = !channel || recordings.length === 0;
    if (!channel) return;
    this.all_.href = `/#recordings/${channel.id}`;
    const shown = recordings.slice(0, kRowsMax);
    const items = shown.map((recording) => {
      const row = this.rows_.get(recording.id) ?? this.makeRow_(recording.id);
      this.fill_(row, channel, recording, currentId);
      return row.link.parentElement as HTMLElement;
    });
    if (items.length !== this.list_.children.length || items.some((item, n) => this.list_.children[n] !== item)) {
      this.list_.replaceChildren(...items);
    }
  }

  /** The running one grows. */
  tick(): void {
    if (!this.running_) return;
    setText(this.running_.row.length, stretch((state.now() - this.running_.began) / 1_000));
  }

  private makeRow_(id: string): Row {
    const picture = document.createElement('ox-picture') as OxPicture;
    const row: Row = {
      link: h('a', { class: 'broadcast' }),
      picture,
      length: h('span', { class: 'length' }),
      badge: h('span', { class: 'badge', hidden: true }, 'LIVE'),
      day: h('strong', {}),
      times: h('span', {}),
      note: h('em', {}),
    };
    row.link.append(
      h('div', { class: 'frame' }, picture, row.badge, row.length),
      h('div', { class: 'words' }, row.day, row.times, row.note),
    );
    h('li', {}, row.link);
    this.rows_.set(id, row);
    return row;
  }

  private fill_(row: Row, channel: Channel, recording: Recording, currentId: string | null): void {
    const latest = channel.recording?.id === recording.id ? channel.recording : null;
    const status = latest?.status ?? recording.status;
    const running = status === 'RECORDING_STARTED';
    const live = running && channel.isLive;
    const began = Date.parse(recording.startedAt);
    const seconds = (latest?.durationMs ?? recording.durationMs) / 1_000;
    const ended = Date.parse(latest?.endedAt ?? recording.endedAt ?? '') || began + seconds * 1_000;
    row.link.href = live ? `/watch/${channel.id}` : `/watch/${channel.id}?recording=${recording.id}`;
    if (recording.id === currentId) row.link.setAttribute('aria-current', 'true');
    else row.link.removeAttribute('aria-current');
    row.badge.hidden = !live;
    setText(row.day, dayName(began, state.now(), state.zone));
    const from = clockMinutes(began, state.zone);
    setText(row.times, running ? from : `${from} to ${clockMinutes(ended, state.zone)}`);
    row.note.className = live ? 'on' : '';
    setText(row.note, live ? 'on air now' : running ? 'broadcaster is away'
      : status === 'RECORDING_ENDED_WITH_FAILURE' ? 'ended with a failure' : '');
    setText(row.length, stretch(seconds));
    if (live) this.running_ = { row, began };
    const film = live
      ? {
          key: `${recording.id} live`, url: recording.playlistUrl, moment: 'live' as const,
          image: channel.thumbnail?.url ?? null,
        }
      : running ? null : filmOf(channel.id, recording);
    row.picture.show(recording.id, film);
  }
}

/** The poster of a finished broadcast: a fifth into it, where it has begun in earnest. */
export function filmOf(channelId: string, recording: Recording): Film {
  const at = Date.parse(recording.startedAt) + recording.durationMs * kPosterShare;
  const image = async (): Promise<string | null> => {
    const near = await fetchThumbnails(channelId, at - kPosterNearMs, at + kPosterNearMs);
    const own = near.filter((one) => one.recordingId === recording.id);
    return (own.find((one) => one.time >= at) ?? own.at(-1))?.url ?? null;
  };
  return { key: recording.id, url: recording.playlistUrl, moment: kPosterShare, image };
}

customElements.define('ox-broadcasts', OxBroadcasts);
