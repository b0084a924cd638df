/** A channel's broadcasts by day. Attribute: `channel`, an id; without it the first channel that has any. */
import { Channel, fetchRecordings, Recording } from './api';
import { Broadcast, byDay, Day, shareOfDay } from './days';
import { downloadUrl } from './download';
import { h, setText } from './element';
import { icon } from './icons';
import { filmOf } from './ox-broadcasts';
import './ox-calendar';
import type { OxCalendar } from './ox-calendar';
import './ox-picture';
import type { OxPicture } from './ox-picture';
import './ox-range';
import type { OxRange } from './ox-range';
import { state } from './state';
import { clockMinutes, dayKey, dayLong, dayName, length, stretch } from './time';

const kPagesMax = 20;
const kHours = [0, 4, 8, 12, 16, 20, 24];

export class OxRecordings extends HTMLElement {
  private recordings_: Recording[] = [];
  private recordingsOf_ = '';
  private drawnOf_ = '';
  private readonly title_ = h('h1', {});
  private readonly channels_ = h('nav', { class: 'channels', 'aria-label': 'Channels' });
  private readonly calendar_ = document.createElement('ox-calendar') as OxCalendar;
  private readonly facts_ = h('dl', { class: 'facts' });
  private readonly days_ = h('div', { class: 'days' });
  private readonly nothing_ = h('p', { class: 'nothing', hidden: true });
  private lifetime_ = new AbortController();

  connectedCallback(): void {
    this.lifetime_ = new AbortController();
    const { signal } = this.lifetime_;
    if (!this.firstChild) {
      this.append(h('aside', {}, this.title_, this.channels_, this.calendar_, this.facts_),
        h('div', { class: 'list' }, this.nothing_, this.days_));
    }
    this.calendar_.addEventListener('ox-day', ((event: CustomEvent<{ key: string }>) =>
      this.goTo_(event.detail.key)) as EventListener, { signal });
    state.watch(['channels', 'settings'], signal, () => void this.update_());
  }

  disconnectedCallback(): void {
    this.lifetime_.abort();
  }

  private channel_(): Channel | undefined {
    const id = this.getAttribute('channel');
    if (id) return state.channel(id);
    return state.list?.channels.find((channel) => channel.recording);
  }

  private async update_(): Promise<void> {
    if (!state.list) return;
    const channel = this.channel_();
    const key = `${channel?.id} ${channel?.isLive} ${channel?.recording?.id} ${channel?.recording?.status}`;
    if (channel && key !== this.recordingsOf_) {
      try {
        this.recordings_ = await fetchRecordings(channel.id, kPagesMax);
      } catch {
        return; // Asked again when the server says anything new.
      }
      if (this.lifetime_.signal.aborted) return;
      this.recordingsOf_ = key;
    }
    this.draw_(channel);
  }

  private draw_(channel: Channel | undefined): void {
    this.drawHead_(channel);
    const key = `${this.recordingsOf_} ${state.zone}`;
    if (key === this.drawnOf_) return;
    this.drawnOf_ = key;
    const days = channel ? byDay(this.recordings_, state.now(), state.zone) : [];
    const counts = new Map(days.map((day) => [day.key, day.broadcasts.length]));
    this.calendar_.show(counts, dayKey(state.now(), state.zone));
    this.nothing_.hidden = days.length > 0;
    setText(this.nothing_, channel ? 'No broadcast is recorded here yet.' : 'There is no such channel on this server.');
    const seconds = this.recordings_.reduce((sum, one) => sum + one.durationMs / 1_000, 0);
    const fact = (name: string, value: string): HTMLElement => h('div', {}, h('dt', {}, name), h('dd', {}, value));
    this.facts_.replaceChildren(fact('Broadcasts', String(this.recordings_.length)), fact('Recorded', length(seconds)));
    if (channel) this.days_.replaceChildren(...days.map((day) => this.day_(channel, day)));
  }

  private drawHead_(channel: Channel | undefined): void {
    setText(this.title_, channel?.name ?? 'Recordings');
    document.title = `${channel ? `${channel.name}, ` : ''}recordings · Oxbow`;
    const recorded = (state.list?.channels ?? []).filter((one) => one.recording || one.id === channel?.id);
    const links = recorded.map((one) => h('a', {
      href: `/#recordings/${one.id}`, 'aria-current': one.id === channel?.id ? 'page' : null,
    }, h('i', { class: 'dot', 'data-on': one.isLive }), one.name || one.id));
    const key = recorded.map((one) => `${one.id} ${one.name} ${one.isLive}`).join();
    if (this.channels_.dataset['key'] === key) return;
    this.channels_.dataset['key'] = key;
    this.channels_.replaceChildren(...links);
  }

  private day_(channel: Channel, day: Day): HTMLElement {
    const now = state.now();
    const seconds = day.broadcasts.reduce((sum, one) => sum + secondsOf(one), 0);
    const count = `${day.broadcasts.length} ${day.broadcasts.length === 1 ? 'broadcast' : 'broadcasts'}`;
    return h('section', { id: `day-${day.key}`, tabindex: -1, 'aria-label': dayLong(day.begins, state.zone) },
      h('header', {}, h('h2', {}, dayName(day.begins, now, state.zone)),
        h('span', {}, `${dayLong(day.begins, state.zone)}, ${count}, ${length(seconds)}`)),
      this.strip_(day),
      ...day.broadcasts.map((broadcast) => this.row_(channel, broadcast)));
  }

  private strip_(day: Day): HTMLElement {
    const bars = day.broadcasts.map((broadcast) => {
      const bar = h('i', { class: broadcast.recording.status === 'RECORDING_STARTED' ? 'on' : null });
      const { left, width } = shareOfDay(day, broadcast);
      bar.style.left = `${left * 100}%`;
      bar.style.width = `${width * 100}%`;
      return bar;
    });
    const hours = kHours.map((hour) => h('span', {}, `${String(hour).padStart(2, '0')}:00`));
    return h('div', { class: 'strip24', 'aria-hidden': 'true' },
      h('div', { class: 'hours' }, ...bars), h('div', { class: 'labels' }, ...hours));
  }

  private row_(channel: Channel, broadcast: Broadcast): HTMLElement {
    const { recording, began, ended } = broadcast;
    const running = recording.status === 'RECORDING_STARTED';
    const live = running && channel.isLive;
    const from = clockMinutes(began, state.zone);
    const href = live ? `/watch/${channel.id}` : `/watch/${channel.id}?recording=${recording.id}`;
    const picture = document.createElement('ox-picture') as OxPicture;
    picture.show(recording.id, live
      ? { key: `${recording.id} live`, url: recording.playlistUrl, moment: 'live', image: channel.thumbnail?.url ?? null }
      : running ? null : filmOf(channel.id, recording));
    const times = running ? `${from}, ${live ? 'on air now' : 'the broadcaster is away'}` : `${from} to ${clockMinutes(ended, state.zone)}`;
    const name = `${dayName(began, state.now(), state.zone)} ${times}`;
    const row = h('article', { class: 'recording', 'data-recording': recording.id, 'aria-label': name });
    const actions = h('div', { class: 'actions' },
      h('a', { class: live ? 'button primary' : 'button', href, 'aria-label': `${live ? 'Watch' : 'Play'} ${name}` }, icon('play'), live ? 'Watch' : 'Play'));
    if (!running) actions.append(this.rangeButton_(channel, broadcast, row, name), download(broadcast, name));
    const failed = recording.status === 'RECORDING_ENDED_WITH_FAILURE';
    row.append(
      h('a', { class: 'frame', href, tabindex: -1, 'aria-hidden': 'true' }, picture,
        live && h('span', { class: 'badge' }, 'LIVE'), h('span', { class: 'length' }, stretch(secondsOf(broadcast)))),
      h('div', { class: 'words' }, h('h3', {}, times),
        h('p', {}, live ? 'rewind from the first second' : length(secondsOf(broadcast))),
        failed && h('span', { class: 'tag warn' }, 'Ended with a failure')),
      actions);
    return row;
  }

  private rangeButton_(channel: Channel, broadcast: Broadcast, row: HTMLElement, name: string): HTMLElement {
    const button = h('button', {
      class: 'button outline', type: 'button', 'aria-expanded': 'false', 'aria-label': `Mark a range of ${name}`,
    }, icon('range'), 'Range');
    button.addEventListener('click', () => {
      const open = row.querySelector('ox-range');
      open?.remove();
      if (!open) {
        const range = document.createElement('ox-range') as OxRange;
        row.append(range);
        range.show(channel.id, broadcast);
      }
      row.toggleAttribute('data-open', !open);
      button.setAttribute('aria-expanded', String(!open));
    });
    return button;
  }

  private goTo_(key: string): void {
    const day = this.querySelector<HTMLElement>(`#day-${key}`);
    day?.scrollIntoView({ behavior: 'smooth', block: 'start' });
    day?.focus({ preventScroll: true });
  }
}

/** What there is to see: gaps do not count. */
const secondsOf = ({ recording, began, ended }: Broadcast): number =>
  recording.status === 'RECORDING_STARTED' ? (ended - began) / 1_000 : recording.durationMs / 1_000;

const download = ({ recording }: Broadcast, name: string): HTMLElement =>
  h('a', {
    class: 'button outline', href: downloadUrl(recording.playlistUrl, recording.id), download: true, 'aria-label': `Download ${name}`,
  }, icon('download'), 'Download');

customElements.define('ox-recordings', OxRecordings);
