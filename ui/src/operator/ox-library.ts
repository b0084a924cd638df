/** Recordings, newest first, of all channels or of the chosen one: lock, unlock, delete. */
import { h, setAttribute, setText } from '../element';
import { icon } from '../icons';
import { poster } from '../poster';
import { clockMinutes, dayName, stretch } from '../time';
import { desk } from './desk';
import { bytes } from './numbers';
import { ask, reasonOf } from './question';
import { ApiRecording, call, listRecordings, Refusal, serverNow } from './server';

const kPerPage = 20;
const kPagesMax = 25;
const kPollMs = 10_000;

class Row {
  readonly element: HTMLElement;
  private recording_: ApiRecording | null = null;
  private readonly name_ = h('b', {});
  private readonly of_ = h('span', { class: 'of' });
  private readonly length_ = h('span', { class: 'long' });
  private readonly size_ = h('span', { class: 'size' });
  private readonly tag_ = h('span', { class: 'tag', hidden: true }, icon('lock'), 'Locked');
  private readonly note_ = h('span', { class: 'note', hidden: true }, 'ends with the stream');
  private readonly lock_ = h('button', { class: 'button outline', type: 'button' }, icon('lock'), h('span', {}, 'Lock'));
  private readonly delete_ = h('button', { class: 'button outline red', type: 'button' }, icon('bin'), 'Delete');
  private readonly problem_ = h('span', { class: 'problem', role: 'alert' });
  private readonly actions_ = h('div', { class: 'actions' }, this.note_, this.lock_, this.delete_, this.problem_);

  constructor(recording: ApiRecording, private readonly changed: () => Promise<void>) {
    const picture = h('div', { class: 'frame' }, poster(recording.recordingId));
    const first = `${desk.session.viewersUrl ?? ''}/${recording.prefix}/media/thumbnails/thumb0.jpg`;
    const image = h('img', { alt: '', src: first, loading: 'lazy' });
    image.addEventListener('error', () => image.remove());
    picture.append(image);
    this.element = h('li', { class: 'recorded' }, picture, h('div', { class: 'when' }, this.name_, this.of_), this.length_, this.size_,
      h('span', { class: 'state' }, this.tag_), this.actions_);
    this.lock_.addEventListener('click', () => void this.toggleLock_());
    this.delete_.addEventListener('click', () => this.askDelete_());
  }

  show(recording: ApiRecording): void {
    this.recording_ = recording;
    const name = this.title_();
    const isOpen = recording.status === 'RECORDING_STARTED';
    const hasFailed = recording.status === 'RECORDING_ENDED_WITH_FAILURE';
    setText(this.name_, name);
    setText(this.of_, desk.nameOf(recording.channelArn));
    setText(this.length_, stretch(recording.durationMs / 1_000) + (isOpen ? ', recording' : hasFailed ? ', cut off' : ''));
    this.length_.toggleAttribute('data-open', isOpen);
    setText(this.size_, bytes(recording.bytes));
    this.tag_.hidden = !recording.locked;
    this.note_.hidden = !isOpen;
    this.lock_.hidden = isOpen;
    this.delete_.hidden = isOpen || recording.locked;
    setText(this.lock_.lastElementChild as Element, recording.locked ? 'Unlock' : 'Lock');
    const shown = recording.locked ? 'unlock' : 'lock';
    if (this.lock_.dataset['icon'] !== shown) {
      this.lock_.dataset['icon'] = shown;
      this.lock_.firstElementChild?.replaceWith(icon(shown));
    }
    setAttribute(this.lock_, 'aria-label', `${recording.locked ? 'Unlock' : 'Lock'} ${name} of ${desk.nameOf(recording.channelArn)}`);
    setAttribute(this.delete_, 'aria-label', `Delete ${name} of ${desk.nameOf(recording.channelArn)}`);
  }

  private title_(): string {
    const began = Date.parse(this.recording_?.startedAt ?? '');
    return `${dayName(began, serverNow(), 'local')} ${clockMinutes(began, 'local')}`;
  }

  private async toggleLock_(): Promise<void> {
    const recording = this.recording_;
    if (!recording || this.lock_.hasAttribute('aria-busy')) return;
    this.lock_.setAttribute('aria-busy', 'true');
    setText(this.problem_, '');
    try {
      const operation = recording.locked ? 'oxbow/UnlockRecording' : 'oxbow/LockRecording';
      await desk.change(() => call(operation, { recordingId: recording.recordingId }));
      await this.changed();
    } catch (error) {
      setText(this.problem_, reasonOf(error));
    } finally {
      this.lock_.removeAttribute('aria-busy');
    }
  }

  private askDelete_(): void {
    const recording = this.recording_;
    if (!recording) return;
    ask(this.actions_, `Delete ${this.title_()} of ${desk.nameOf(recording.channelArn)}, ${bytes(recording.bytes)}?`, 'Delete', 'Keep', async () => {
      await desk.change(() => call('oxbow/DeleteRecording', { recordingId: recording.recordingId }));
      await this.changed();
    });
  }
}

export class OxLibrary extends HTMLElement {
  private onlySelected_ = false;
  private pages_ = 1;
  private recordings_: ApiRecording[] = [];
  private hasMore_ = false;
  private timer_ = 0;
  private round_ = 0;
  private shownFor_ = '';
  private readonly rows_ = h('ul', { class: 'rows' });
  private readonly byId_ = new Map<string, Row>();
  private readonly nothing_ = h('p', { class: 'nothing', hidden: true });
  private readonly one_ = h('button', { type: 'button' });
  private readonly all_ = h('button', { type: 'button' }, 'All');
  private readonly more_ = h('button', { class: 'button', type: 'button', hidden: true }, 'Show more');
  private lifetime_ = new AbortController();

  connectedCallback(): void {
    this.lifetime_ = new AbortController();
    if (!this.firstChild) {
      this.append(h('section', { class: 'card' },
        h('header', {}, h('h2', {}, 'Recordings'),
          h('div', { class: 'choice', role: 'group', 'aria-label': 'Whose recordings' }, this.one_, this.all_)),
        this.rows_, this.nothing_, h('div', { class: 'more' }, this.more_)));
      this.one_.addEventListener('click', () => this.choose_(true));
      this.all_.addEventListener('click', () => this.choose_(false));
      this.more_.addEventListener('click', () => {
        this.pages_ = Math.min(kPagesMax, this.pages_ + 1);
        void this.read_();
      });
    }
    desk.watch(['data', 'selection'], this.lifetime_.signal, () => {
      const key = this.channel_ ?? '';
      if (key !== this.shownFor_) this.restart_();
      this.draw_();
    });
    void this.read_();
  }

  disconnectedCallback(): void {
    this.lifetime_.abort();
    clearTimeout(this.timer_);
    ++this.round_;
  }

  private get channel_(): string | null {
    return this.onlySelected_ && desk.selected ? desk.selected.arn.slice(desk.selected.arn.lastIndexOf('/') + 1) : null;
  }

  private choose_(onlySelected: boolean): void {
    this.onlySelected_ = onlySelected;
    this.restart_();
    this.draw_();
  }

  private restart_(): void {
    this.shownFor_ = this.channel_ ?? '';
    this.pages_ = 1;
    void this.read_();
  }

  private async read_(): Promise<void> {
    clearTimeout(this.timer_);
    const round = ++this.round_;
    try {
      const found: ApiRecording[] = [];
      let token: string | null = null;
      for (let page = 0; page < this.pages_; ++page) {
        const answer: { recordings: ApiRecording[]; nextToken?: string } = await listRecordings(this.channel_, token, kPerPage);
        found.push(...answer.recordings);
        token = answer.nextToken ?? null;
        if (!token) break;
      }
      if (round !== this.round_) return;
      this.recordings_ = found;
      this.hasMore_ = token !== null && this.pages_ < kPagesMax;
      this.draw_();
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) return; // the desk finds out itself
    }
    if (round === this.round_) this.timer_ = window.setTimeout(() => void this.read_(), kPollMs);
  }

  private draw_(): void {
    if (!desk.isLoaded) return;
    setText(this.one_, desk.selected ? desk.selected.name || 'This channel' : 'This channel');
    this.one_.hidden = desk.selected === null;
    setAttribute(this.one_, 'aria-pressed', String(this.onlySelected_));
    setAttribute(this.all_, 'aria-pressed', String(!this.onlySelected_));
    const ids = new Set(this.recordings_.map((recording) => recording.recordingId));
    for (const [id, row] of this.byId_) {
      if (ids.has(id)) continue;
      row.element.remove();
      this.byId_.delete(id);
    }
    this.recordings_.forEach((recording, index) => {
      const row = this.byId_.get(recording.recordingId) ?? new Row(recording, () => this.read_());
      this.byId_.set(recording.recordingId, row);
      row.show(recording);
      if (this.rows_.children[index] !== row.element) this.rows_.insertBefore(row.element, this.rows_.children[index] ?? null);
    });
    this.nothing_.hidden = this.recordings_.length > 0;
    setText(this.nothing_, 'Nothing is recorded yet.');
    this.more_.hidden = !this.hasMore_;
  }
}

customElements.define('ox-library', OxLibrary);
