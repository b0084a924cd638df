/** Who is on air and how it does, with a plot each; below, who is not. */
import { h, setAttribute, setText } from '../element';
import { icon } from '../icons';
import { onAir } from '../time';
import { desk } from './desk';
import {
  at, bitsOf, framesOf, hasSlowFrames, hasSlowKeyFrames, intervalOf, isSlowFrames, isSlowKeyFrames, usualFrameRate, warnings,
} from './health';
import { megabits, seconds } from './numbers';
import { barPlot, linePlot, Point, Span, spanName, spanOf } from './plots';
import { ask } from './question';
import { ApiChannel, channelIdOf, HealthSample, serverNow, StreamHealth } from './server';

const kBars = 24;
const kKeyFramesFullMs = 4_000;

class Metric {
  readonly element: HTMLElement;
  private readonly value_ = h('b', {}, '–');
  private readonly plot_ = h('span', {});

  constructor(name: string, unit: string) {
    this.element = h('div', { class: 'metric' }, h('span', { class: 'label' }, name), h('p', {}, this.value_, h('span', { class: 'unit' }, unit)), this.plot_);
  }

  show(value: string, plot: Element, warn: boolean): void {
    setText(this.value_, value);
    this.element.classList.toggle('warn', warn);
    this.plot_.replaceChildren(plot);
  }
}

/** The three metrics of a stream, for its row and for its card. */
export class Metrics {
  readonly bitrate = new Metric('Bitrate', 'Mb/s');
  readonly frames = new Metric('Frames', 'fps');
  readonly keyFrames = new Metric('Key frames', 's apart');
  readonly elements = [this.bitrate.element, this.frames.element, this.keyFrames.element];

  show(name: string, health: StreamHealth | undefined, span: Span, isOnAir: boolean): void {
    const samples = health?.samples ?? [];
    const last = isOnAir ? samples.at(-1) : undefined;
    const usual = usualFrameRate(samples);
    const over = `of ${name} over the last ${spanName(span)}`;
    const points = (value: (sample: HealthSample) => number, isBad: (sample: HealthSample) => boolean = () => false): Point[] =>
      samples.map((sample) => ({ time: at(sample), value: value(sample), warn: isBad(sample) }));
    const now = (text: string): string => (last ? `, now ${text}` : '');

    const rate = last && bitsOf(last) > 0 ? megabits(bitsOf(last)) : '–';
    this.bitrate.show(rate, linePlot(points(bitsOf), span, `Bitrate ${over}${now(`${rate} Mb/s`)}`, 1e5), false);
    const frames = last && framesOf(last) > 0 ? framesOf(last).toFixed(1) : '–';
    const slow = (sample: HealthSample): boolean => isSlowFrames(sample, usual);
    this.frames.show(frames, linePlot(points(framesOf, slow), span, `Frame rate ${over}${now(`${frames} frames per second`)}`, 5),
      last !== undefined && hasSlowFrames(samples));
    const apart = last && intervalOf(last) > 0 ? seconds(intervalOf(last)) : '–';
    this.keyFrames.show(apart, barPlot(points(intervalOf, isSlowKeyFrames), span, `Key-frame interval ${over}${now(`${apart} seconds`)}`,
      kBars, kKeyFramesFullMs), last !== undefined && hasSlowKeyFrames(samples));
  }
}

class Row {
  readonly element: HTMLElement;
  private channel_: ApiChannel | null = null;
  private readonly name_ = h('a', { class: 'name' });
  private readonly time_ = h('span', { class: 'time' });
  private readonly metrics_ = new Metrics();
  private readonly stop_ = h('button', { class: 'button outline', type: 'button' }, icon('stop'), 'Stop');

  constructor() {
    const actions = h('div', { class: 'actions' }, this.stop_);
    this.element = h('li', { class: 'row' }, h('div', { class: 'who' }, h('i', { class: 'dot' }), h('div', {}, this.name_, this.time_)),
      ...this.metrics_.elements, actions);
    this.stop_.addEventListener('click', () => {
      const channel = this.channel_;
      if (!channel) return;
      ask(actions, `Stop ${channel.name || 'this channel'}?`, 'Stop', 'Keep on air', () => desk.stop(channel));
    });
  }

  show(channel: ApiChannel, span: Span): void {
    this.channel_ = channel;
    const stream = desk.streams.get(channel.arn);
    const name = channel.name || channelIdOf(channel.arn);
    const health = desk.health.get(channel.arn);
    setText(this.name_, name);
    setAttribute(this.name_, 'href', `#channel/${channelIdOf(channel.arn)}`);
    setAttribute(this.name_, 'aria-current', desk.selected === channel ? 'true' : null);
    this.element.toggleAttribute('data-selected', desk.selected === channel);
    setText(this.time_, stream ? onAir((serverNow() - Date.parse(stream.startTime)) / 1_000) : '');
    this.element.toggleAttribute('data-warn', warnings(health, stream?.health === 'STARVING').length > 0);
    setAttribute(this.stop_, 'aria-label', `Stop ${name}`);
    this.metrics_.show(name, health, span, true);
  }
}

export class OxChannels extends HTMLElement {
  private readonly over_ = h('span', { class: 'over' });
  private readonly rows_ = h('ul', { class: 'rows' });
  private readonly warnings_ = h('div', { class: 'warnings', role: 'status' });
  private readonly nobody_ = h('p', { class: 'nothing', hidden: true });
  private readonly off_ = h('ul', { class: 'off' });
  private readonly offTitle_ = h('h2', {}, 'Off air');
  private readonly offCard_ = h('section', { class: 'card off-air', hidden: true }, this.offTitle_, this.off_);
  private readonly byArn_ = new Map<string, Row>();
  private lifetime_ = new AbortController();

  connectedCallback(): void {
    this.lifetime_ = new AbortController();
    if (!this.firstChild) {
      const add = h('ox-new-channel', {});
      this.append(
        h('section', { class: 'card' },
          h('header', {}, h('h2', {}, 'On air'), this.over_, add),
          h('div', { class: 'heads', 'aria-hidden': 'true' }, h('span', {}, 'Channel'), h('span', {}, 'Bitrate, Mb/s'),
            h('span', {}, 'Frames per second'), h('span', {}, 'Key-frame interval, s'), h('span', {})),
          this.rows_, this.nobody_, this.warnings_),
        this.offCard_);
    }
    desk.watch(['data', 'selection'], this.lifetime_.signal, () => this.draw_());
  }

  disconnectedCallback(): void {
    this.lifetime_.abort();
  }

  private draw_(): void {
    if (!desk.isLoaded) return;
    const now = serverNow();
    const live = desk.onAir;
    const first = live.map((channel) => desk.health.get(channel.arn)?.samples[0]?.[0] ?? now);
    const span = spanOf(Math.min(now, ...first), now);
    setText(this.over_, live.length > 0 ? `last ${spanName(span)}` : '');
    for (const [arn, row] of this.byArn_) {
      if (desk.streams.has(arn)) continue;
      row.element.remove();
      this.byArn_.delete(arn);
    }
    live.forEach((channel, index) => {
      const row = this.byArn_.get(channel.arn) ?? new Row();
      this.byArn_.set(channel.arn, row);
      row.show(channel, span);
      if (this.rows_.children[index] !== row.element) this.rows_.insertBefore(row.element, this.rows_.children[index] ?? null);
    });
    this.toggleAttribute('data-empty', live.length === 0);
    this.nobody_.hidden = live.length > 0;
    setText(this.nobody_, desk.channels.length === 0
      ? 'There is no channel yet. Make one: it comes with the address and the stream key for your encoder.'
      : 'Nobody is on air. Choose a channel to see the address and the stream key for its encoder.');
    this.drawWarnings_(live);
    this.drawOff_();
  }

  private drawWarnings_(live: ApiChannel[]): void {
    const lines = live.flatMap((channel) => {
      const isStarving = desk.streams.get(channel.arn)?.health === 'STARVING';
      return warnings(desk.health.get(channel.arn), isStarving).map((warning) => ({ channel, warning }));
    });
    const key = JSON.stringify(lines.map(({ channel, warning }) => [channel.name, warning.text]));
    if (this.warnings_.dataset['lines'] === key) return; // not told again by every sample
    this.warnings_.dataset['lines'] = key;
    this.warnings_.replaceChildren(...lines.map(({ channel, warning }) =>
      h('p', {}, h('i', { class: 'dot' }), h('span', {}, h('b', {}, channel.name || channelIdOf(channel.arn)), ` ${warning.text}`))));
  }

  private drawOff_(): void {
    const off = desk.offAir;
    this.offCard_.hidden = off.length === 0;
    const key = JSON.stringify([desk.selected?.arn, off.map((channel) => [channel.arn, channel.name])]);
    if (this.off_.dataset['shown'] === key) return;
    this.off_.dataset['shown'] = key;
    this.off_.replaceChildren(...off.map((channel) => h('li', {}, h('a', {
      href: `#channel/${channelIdOf(channel.arn)}`, 'aria-current': desk.selected === channel ? 'true' : null,
    }, h('b', {}, channel.name || channelIdOf(channel.arn)), h('span', {}, channel.authorized ? 'private' : '')))));
  }
}

customElements.define('ox-channels', OxChannels);
