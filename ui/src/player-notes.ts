/** What stands over the film for a moment: how far a skip went, what was copied, where there is no picture. */
import { h, setText } from './element';
import { state } from './state';
import { clock, stretch } from './time';
import type { Gap } from './timeline';

const kBubbleMs = 900;
const kGapMs = 2_500;

export class PlayerNotes {
  readonly bubble = h('div', { class: 'bubble', role: 'status' });
  readonly gap = h('div', { class: 'gap-note', role: 'status', hidden: true });
  private bubbleTimer_ = 0;
  private gapTimer_ = 0;
  private skipped_ = 0;

  /** Skips that follow one another become one figure. */
  skip(seconds: number): void {
    const goesOn = Math.sign(this.skipped_) === Math.sign(seconds);
    const sum = goesOn ? this.skipped_ + seconds : seconds;
    this.show_(`${sum < 0 ? '−' : '+'}${Math.abs(sum)} s`, seconds < 0 ? 'left' : 'right');
    this.skipped_ = sum;
  }

  flash(text: string): void {
    this.show_(text, 'middle');
  }

  /** `goesOn`: UTC ms of the first picture after it. */
  noPicture(gap: Gap, goesOn: number | null): void {
    const until = goesOn === null ? '' : `, goes on at ${clock(goesOn, state.zone)}`;
    setText(this.gap, `No picture for ${stretch(gap.seconds)}${until}`);
    this.gap.hidden = false;
    clearTimeout(this.gapTimer_);
    this.gapTimer_ = window.setTimeout(() => (this.gap.hidden = true), kGapMs);
  }

  private show_(text: string, side: string): void {
    this.skipped_ = 0;
    setText(this.bubble, text);
    this.bubble.dataset['side'] = side;
    clearTimeout(this.bubbleTimer_);
    this.bubbleTimer_ = window.setTimeout(() => {
      this.skipped_ = 0;
      delete this.bubble.dataset['side'];
    }, kBubbleMs);
  }
}
