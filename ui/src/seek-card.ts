/** What stands over the seek bar at the pointer: pictures of the moment, its wall clock, and what else is there. */
import { h, setAttribute, setText } from './element';

export interface Picture {
  src: string;
  /** False: of a moment near by, until the right one is there. */
  exact: boolean;
}

export interface CardWords {
  clock: string;
  detail: string;
  /** Of a moment or a gap; '' for none. */
  note: string;
}

const kSides = 2;

export class SeekCard {
  readonly element: HTMLElement;
  private readonly images_ = Array.from({ length: 2 * kSides + 1 }, () => h('img', { alt: '', draggable: 'false' }));
  private readonly strip_ = h('div', { class: 'strip', hidden: true }, ...this.images_);
  private readonly clock_ = h('div', { class: 'card-clock' });
  private readonly detail_ = h('div', { class: 'card-behind' });
  private readonly note_ = h('div', { class: 'card-note', hidden: true });
  private readonly words_ = h('div', { class: 'card' }, this.clock_, this.detail_, this.note_);

  constructor() {
    this.element = h('div', { class: 'over', 'aria-hidden': 'true', hidden: true }, this.strip_, this.words_);
  }

  hide(): void {
    this.element.hidden = true;
  }

  /**
   * `x` of a bar `width` pixels wide; `pictures` one, or five of which the middle one is of the moment. At the
   * ends pictures and words stop, each for itself.
   */
  show(x: number, width: number, words: CardWords, pictures: readonly (Picture | null)[]): void {
    this.element.hidden = false;
    setText(this.clock_, words.clock);
    setText(this.detail_, words.detail);
    setText(this.note_, words.note);
    this.note_.hidden = words.note === '';
    this.showPictures_(pictures);
    place(this.words_, x, width);
    place(this.strip_, x, width);
  }

  private showPictures_(pictures: readonly (Picture | null)[]): void {
    const many = pictures.length > 1;
    this.strip_.hidden = !pictures.some((picture) => picture !== null);
    this.strip_.toggleAttribute('data-many', many);
    this.images_.forEach((image, n) => {
      const picture = many ? pictures[n] : n === kSides ? pictures[0] : null;
      image.hidden = !many && n !== kSides;
      image.toggleAttribute('data-none', !picture);
      setAttribute(image, 'src', picture?.src ?? null);
      image.toggleAttribute('data-near', picture?.exact === false);
    });
  }
}

function place(element: HTMLElement, x: number, width: number): void {
  const half = element.offsetWidth / 2;
  element.style.left = `${Math.min(Math.max(x, half), Math.max(half, width - half)).toFixed(1)}px`;
}
