/** The moments of a broadcast, out of its timed metadata: a picture, the wall clock, the text. Event: "ox-moment" {at}. */
import { h, setAttribute, setText } from './element';
import type { Moment } from './moments';
import { state } from './state';
import type { Thumbnails } from './thumbnails';
import { clock } from './time';

const kShownMax = 24;

interface Clockwork {
  thumbnails: Thumbnails | null;
  wallClockAt(at: number): number | null;
}

export class OxMoments extends HTMLElement {
  private shown_: readonly Moment[] = [];
  private readonly list_ = h('ol', {});

  connectedCallback(): void {
    if (!this.firstChild) this.append(h('h2', {}, 'Moments'), this.list_);
    this.hidden = this.shown_.length === 0;
  }

  /** The newest ones, the newest first. */
  show(moments: readonly Moment[], of: Clockwork): void {
    if (moments !== this.shown_) {
      this.shown_ = moments;
      this.hidden = moments.length === 0;
      this.list_.replaceChildren(...[...moments].slice(-kShownMax).reverse().map((moment) => this.row_(moment)));
    }
    this.drawPictures_(of);
  }

  private row_(moment: Moment): HTMLElement {
    const run = (): boolean => this.dispatchEvent(new CustomEvent('ox-moment', { detail: { at: moment.at } }));
    const button = h('button', { class: 'moment', type: 'button', onclick: run },
      h('span', { class: 'frame' }, h('img', { alt: '' })), h('span', { class: 'words' }, h('strong', {}), h('span', {}, moment.text)));
    button.dataset['at'] = String(moment.at);
    return h('li', {}, button);
  }

  private drawPictures_(of: Clockwork): void {
    for (const button of this.list_.querySelectorAll<HTMLElement>('.moment')) {
      const wall = of.wallClockAt(Number(button.dataset['at']));
      if (wall === null) continue;
      setText(button.querySelector('strong') as Element, clock(wall, state.zone));
      const image = button.querySelector('img') as HTMLImageElement;
      const thumbnail = image.hasAttribute('src') ? null : of.thumbnails?.at(wall, null);
      if (thumbnail) setAttribute(image, 'src', thumbnail.url);
    }
  }
}

customElements.define('ox-moments', OxMoments);
