/** What is marked on the seek bar: gaps, reconnects and moments. Drawn anew only when it or the scale changed. */
import { h } from './element';
import type { Moment } from './moments';
import type { Axis, Gap } from './timeline';

const kMarksMax = 200;

export interface Marks {
  axis: Axis;
  gaps: readonly Gap[];
  reconnects: readonly number[];
  moments: readonly Moment[];
}

export class SeekMarks {
  readonly element = h('div', { class: 'marks' });
  private key_ = '';

  /** `start` and `end` in bar seconds. */
  draw(marks: Marks, start: number, end: number): void {
    const { gaps, reconnects, moments, axis } = marks;
    const longest = gaps.at(-1)?.seconds ?? 0;
    const key = `${gaps.length} ${longest} ${reconnects.length} ${moments.length} ${start} ${end.toFixed(0)}`;
    if (key === this.key_ || end <= start) return;
    this.key_ = key;
    const percent = (bar: number): string => `${(((bar - start) / (end - start)) * 100).toFixed(3)}%`;
    const at = (kind: string, bar: number): HTMLElement => {
      const mark = h('i', { class: kind });
      mark.style.left = percent(bar);
      return mark;
    };
    const holes = gaps.slice(-kMarksMax).map((gap) => {
      const mark = at('gap', axis.beginOf(gap));
      mark.style.width = percent(start + gap.seconds);
      return mark;
    });
    this.element.replaceChildren(
      ...holes,
      ...reconnects.slice(-kMarksMax).map((media) => at('reconnect', axis.toBar(media))),
      ...moments.slice(-kMarksMax).map(({ at: media }) => at('note', axis.toBar(media))),
    );
  }
}
