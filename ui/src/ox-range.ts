/** A range of a finished broadcast, marked on a strip of its pictures, and its download. */
import { downloadUrl } from './download';
import { h, setText } from './element';
import { icon } from './icons';
import type { Broadcast } from './days';
import { state } from './state';
import { Thumbnails } from './thumbnails';
import { clock, stretch } from './time';

const kPictures = 12;
const kDrawMs = 500;
const kSecondsMin = 1;

export class OxRange extends HTMLElement {
  private thumbnails_: Thumbnails | null = null;
  private broadcast_: Broadcast | null = null;
  private lifetime_ = new AbortController();
  private readonly images_ = Array.from({ length: kPictures }, () => h('img', { alt: '' }));
  private readonly begin_ = this.handle_('Begin of the range');
  private readonly end_ = this.handle_('End of the range');
  private readonly mark_ = h('div', { class: 'chosen' });
  private readonly words_ = h('span', { class: 'words' });
  private readonly download_ = h('a', { class: 'more-link', download: true }, icon('download'), h('span', {}, 'Download range'));

  connectedCallback(): void {
    this.lifetime_ = new AbortController();
    if (!this.firstChild) {
      this.append(h('div', { class: 'pictures' }, ...this.images_, this.mark_, this.begin_, this.end_),
        h('div', { class: 'foot' }, this.words_, this.download_));
    }
    const timer = setInterval(() => this.drawPictures_(), kDrawMs);
    this.lifetime_.signal.addEventListener('abort', () => clearInterval(timer));
  }

  disconnectedCallback(): void {
    this.lifetime_.abort();
  }

  show(channelId: string, broadcast: Broadcast): void {
    this.broadcast_ = broadcast;
    this.thumbnails_ = new Thumbnails(channelId, () => state.now());
    this.thumbnails_.addEventListener('change', () => this.drawPictures_());
    const seconds = Math.max(kSecondsMin, Math.ceil((broadcast.ended - broadcast.began) / 1_000));
    for (const handle of [this.begin_, this.end_]) handle.max = String(seconds);
    this.begin_.value = String(Math.floor(seconds / 4));
    this.end_.value = String(Math.ceil((seconds * 3) / 4));
    this.draw_();
    this.drawPictures_();
  }

  private handle_(label: string): HTMLInputElement {
    const input = h('input', { type: 'range', min: 0, max: 1, step: 1, 'aria-label': label });
    input.addEventListener('input', () => {
      this.keepApart_(input);
      this.draw_();
    });
    return input;
  }

  private keepApart_(moved: HTMLInputElement): void {
    const [begin, end] = [Number(this.begin_.value), Number(this.end_.value)];
    if (end - begin >= kSecondsMin) return;
    if (moved === this.begin_) this.begin_.value = String(end - kSecondsMin);
    else this.end_.value = String(begin + kSecondsMin);
  }

  private draw_(): void {
    const broadcast = this.broadcast_;
    if (!broadcast) return;
    const max = Number(this.begin_.max);
    const [begin, end] = [Number(this.begin_.value), Number(this.end_.value)];
    const [from, to] = [broadcast.began + begin * 1_000, broadcast.began + end * 1_000];
    this.mark_.style.left = `${(begin / max) * 100}%`;
    this.mark_.style.right = `${100 - (end / max) * 100}%`;
    this.begin_.setAttribute('aria-valuetext', clock(from, state.zone));
    this.end_.setAttribute('aria-valuetext', clock(to, state.zone));
    setText(this.words_, `${clock(from, state.zone)} to ${clock(to, state.zone)}, ${stretch(end - begin)}`);
    const { playlistUrl, id } = broadcast.recording;
    this.download_.href = downloadUrl(playlistUrl, id, { from, to });
  }

  private drawPictures_(): void {
    const { broadcast_: broadcast, thumbnails_: thumbnails } = this;
    if (!broadcast || !thumbnails) return;
    const step = (broadcast.ended - broadcast.began) / kPictures;
    this.images_.forEach((image, n) => {
      const thumbnail = thumbnails.at(broadcast.began + (n + 0.5) * step, broadcast.recording.id);
      const picture = thumbnail && thumbnails.image(thumbnail);
      if (picture && image.src !== picture.src) image.src = picture.src;
    });
  }
}

customElements.define('ox-range', OxRange);
