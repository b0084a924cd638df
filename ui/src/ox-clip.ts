/**
 * A range of what is playing, marked by the player's own position, and its download. `range` is what is marked, null
 * while nothing is.
 *
 * Events: "ox-clip" when `range` changed; "ox-clip-play" {at} when the viewer wants to see it from UTC ms `at`.
 */
import { downloadUrl, MarkedRange, withEnd } from './download';
import { h, setAttribute, setText } from './element';
import { icon } from './icons';
import { state } from './state';
import { clock, stretch } from './time';

/** What is playing, and where the viewer is: UTC ms. */
export interface ClipSource {
  playlistUrl: string;
  recordingId: string;
  at: number;
  bounds: MarkedRange;
}

export class OxClip extends HTMLElement {
  range: MarkedRange | null = null;
  private recordingId_ = '';
  private readonly begin_ = h('button', { class: 'end', type: 'button', title: 'Begin here (I)' });
  private readonly end_ = h('button', { class: 'end', type: 'button', title: 'End here (O)' });
  private readonly length_ = h('span', { class: 'words', role: 'status' });
  private readonly play_ = h('button', { class: 'button outline', type: 'button' }, icon('play'), 'Play it');
  private readonly download_ = h('a', { class: 'button', download: true }, icon('download'), 'Download range');
  private readonly close_ = h(
    'button', { class: 'icon-button', type: 'button', 'aria-label': 'Unmark the range', title: 'Unmark the range' }, icon('close'));

  /** Where the player is when an end is moved to it; null when it is nowhere. */
  source: () => ClipSource | null = () => null;

  connectedCallback(): void {
    if (this.firstChild) return;
    this.setAttribute('role', 'group');
    this.setAttribute('aria-label', 'Marked range');
    this.hidden = true;
    this.append(h('div', { class: 'ends' }, this.begin_, h('span', { 'aria-hidden': 'true' }, 'to'), this.end_), this.length_,
      h('div', { class: 'actions' }, this.play_, this.download_, this.close_));
    this.begin_.addEventListener('click', () => this.mark('from'));
    this.end_.addEventListener('click', () => this.mark('to'));
    this.close_.addEventListener('click', () => this.clear());
    this.play_.addEventListener('click', () => {
      if (this.range) this.dispatchEvent(new CustomEvent('ox-clip-play', { detail: { at: this.range.from } }));
    });
  }

  /** Puts one end of the range to where the viewer is; false when there is nothing to mark. */
  mark(end: keyof MarkedRange): boolean {
    const source = this.source();
    if (!source) return false;
    if (source.recordingId !== this.recordingId_) this.range = null;
    this.recordingId_ = source.recordingId;
    this.set_(withEnd(this.range, end, source.at, source.bounds), source);
    return true;
  }

  clear(): void {
    if (this.range) this.set_(null, null);
  }

  /** A range is of one recording: gone with it. */
  keepTo(recordingId: string | null): void {
    if (recordingId !== this.recordingId_) this.clear();
  }

  private set_(range: MarkedRange | null, source: ClipSource | null): void {
    this.range = range;
    this.hidden = range === null;
    if (range && source) {
      const [from, to] = [clock(range.from, state.zone), clock(range.to, state.zone)];
      setText(this.begin_, from);
      setText(this.end_, to);
      setAttribute(this.begin_, 'aria-label', `Begins at ${from}. Begin here`);
      setAttribute(this.end_, 'aria-label', `Ends at ${to}. End here`);
      setText(this.length_, stretch((range.to - range.from) / 1_000));
      this.download_.href = downloadUrl(source.playlistUrl, source.recordingId, range);
    }
    this.dispatchEvent(new Event('ox-clip'));
  }
}

customElements.define('ox-clip', OxClip);
