/** What is marked on the seek bar: gaps, reconnects, moments and a range. Drawn anew only when it or the scale changed. */
import { h } from './element';
import type { Moment } from './moments';
import type { Axis, Gap } from './timeline';

const kMarksMax = 200;

/** Bar seconds. */
export interface MarkedOnBar {
  from: number;
  to: number;
}

export interface Marks {
  axis: Axis;
  gaps: readonly Gap[];
  reconnects: readonly number[];
  moments: readonly Moment[];
  marked: MarkedOnBar | null;
}

export class SeekMarks {
  readonly element = h('div', { class: 'marks' });
  private key_ = '';

  /** `start` and `end` in bar seconds. */
  draw(marks: Marks, start: number, end: number): void {
    const { gaps, reconnects, moments, axis, marked } = marks;
    const longest = gaps.at(-1)?.seconds ?? 0;
    const range = marked ? `${marked.from.toFixed(3)} ${marked.to.toFixed(3)}` : '';
    const key = `${gaps.length} ${longest} ${reconnects.length} ${moments.length} ${start} ${end.toFixed(0)} ${range}`;
    if (key === this.key_ || end <= start) return;
    this.key_ = key;
    const percent = (bar: number): string => `${(((bar - start) / (end - start)) * 100).toFixed(3)}%`;
    const at = (kind: string, bar: number): HTMLElement => {
      const mark = h('i', { class: kind });
      mark.style.left = percent(bar);
      return mark;
    };
    const stretchOf = (kind: string, bar: number, seconds: number): HTMLElement => {
      const mark = at(kind, bar);
      mark.style.width = percent(start + seconds);
      return mark;
    };
    const holes = gaps.slice(-kMarksMax).map((gap) => stretchOf('gap', axis.beginOf(gap), gap.seconds));
    this.element.replaceChildren(
      ...(marked ? [stretchOf('marked', marked.from, marked.to - marked.from)] : []),
      ...holes,
      ...reconnects.slice(-kMarksMax).map((media) => at('reconnect', axis.toBar(media))),
      ...moments.slice(-kMarksMax).map(({ at: media }) => at('note', axis.toBar(media))),
    );
  }
}
