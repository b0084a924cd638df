/** The four numbers at the top: what comes in, who watches, what waits for the bucket, how much room there is. */
import { h, setText } from '../element';
import { desk } from './desk';
import { totals } from './health';
import { bytes, megabits, roomFor } from './numbers';
import { barPlot, linePlot, Point, spanName, spanOf } from './plots';
import { serverNow } from './server';

const kBacklogKept = 360;

class Card {
  readonly element: HTMLElement;
  private readonly value_ = h('b', {}, '–');
  private readonly note_ = h('span', {});
  private readonly plot_ = h('div', { class: 'under' });

  constructor(title: string) {
    this.element = h('section', { class: 'number card' }, h('h2', {}, title), h('p', {}, this.value_, this.note_), this.plot_);
  }

  show(value: string, note: string, under: Element | string, warn = false): void {
    setText(this.value_, value);
    setText(this.note_, note);
    this.element.classList.toggle('warn', warn);
    if (typeof under === 'string') this.plot_.replaceChildren(h('p', { class: 'small' }, under));
    else this.plot_.replaceChildren(under);
  }
}

export class OxNumbers extends HTMLElement {
  private readonly ingest_ = new Card('Ingest');
  private readonly viewers_ = new Card('Viewers');
  private readonly backlog_ = new Card('Upload backlog');
  private readonly disk_ = new Card('Disk');
  private waiting_: Point[] = [];
  private lifetime_ = new AbortController();

  connectedCallback(): void {
    this.lifetime_ = new AbortController();
    if (!this.firstChild)
      this.append(...[this.ingest_, this.viewers_, this.backlog_, this.disk_].map((card) => card.element));
    desk.watch(['data'], this.lifetime_.signal, () => this.draw_());
  }

  disconnectedCallback(): void {
    this.lifetime_.abort();
  }

  private draw_(): void {
    if (!desk.isLoaded) return;
    const now = serverNow();
    const live = [...desk.streams.keys()].flatMap((arn) => desk.health.get(arn) ?? []);
    const all = totals(desk.health.values());
    const span = spanOf(all[0]?.time ?? now, now);
    const rate = live.reduce((sum, health) => sum + (health.samples.at(-1)?.[1] ?? 0), 0);
    const bits = all.map(({ time, bits: value }) => ({ time, value }));
    this.ingest_.show(megabits(rate), `Mb/s, ${desk.streams.size} of ${desk.channels.length} on air`,
      linePlot(bits, span, `Ingest of all channels over the last ${spanName(span)}, now ${megabits(rate)} Mb/s`, 1e5));

    const watching = [...desk.streams.values()].reduce((sum, stream) => sum + stream.viewerCount, 0);
    const most = Math.max(watching, ...all.map((total) => total.viewers));
    const viewers = all.map((total) => ({ time: total.time, value: total.viewers }));
    this.viewers_.show(watching.toLocaleString('en'), most > watching ? `peak ${most.toLocaleString('en')}` : 'watching',
      linePlot(viewers, span, `Viewers over the last ${spanName(span)}, now ${watching}`, 4));
    this.drawBacklog_(now);
    this.drawDisk_(rate);
  }

  private drawBacklog_(now: number): void {
    const uploads = desk.server?.uploads;
    if (!uploads) {
      this.backlog_.show('0', 'nothing to upload', 'Recordings are in a folder on this disk.');
      return;
    }
    const last = this.waiting_.at(-1);
    if (!last || now - last.time >= 4_000) this.waiting_ = [...this.waiting_, { time: now, value: uploads.objects }].slice(-kBacklogKept);
    const isLate = uploads.oldestAgeMs > 60_000 || uploads.trouble !== undefined;
    const note = uploads.objects === 0 ? 'objects wait' : `objects, oldest ${(uploads.oldestAgeMs / 1_000).toFixed(1)} s`;
    const span = spanOf(this.waiting_[0]?.time ?? now, now);
    this.backlog_.show(uploads.objects.toLocaleString('en'), note,
      uploads.trouble ?? barPlot(this.waiting_.map((p) => ({ ...p, warn: isLate && p.time === now })), span,
        `Objects that waited over the last ${spanName(span)}, now ${uploads.objects}`, 32, 8), isLate);
  }

  private drawDisk_(rate: number): void {
    const disk = desk.server?.disk;
    if (!disk || disk.sizeBytes === 0) {
      this.disk_.show('–', 'not known', '');
      return;
    }
    const used = disk.sizeBytes - disk.freeBytes;
    const share = used / disk.sizeBytes;
    const bar = h('div', { class: 'filled', role: 'img', 'aria-label': `${Math.round(share * 100)} % of the disk is used` }, h('i', {}));
    (bar.firstElementChild as HTMLElement).style.width = `${(share * 100).toFixed(1)}%`;
    const room = roomFor(disk.freeBytes, rate);
    const isFull = share > 0.9;
    this.disk_.show(bytes(disk.freeBytes), `free of ${bytes(disk.sizeBytes)}`,
      h('div', {}, bar, h('p', { class: 'small' }, room ? `room for ${room} at this rate` : 'nothing is being recorded')), isFull);
  }
}

customElements.define('ox-numbers', OxNumbers);
