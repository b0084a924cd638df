/** Who has pictures when: a lane for each of several channels above their common scrubber. */
import type { Stretch } from './coverage';
import { h, setText } from './element';

export interface Lane {
  name: string;
  pictured: readonly Stretch[];
  isSelected: boolean;
}

const kStretchesMax = 200;

export class Lanes {
  readonly element = h('div', { class: 'lanes', 'aria-hidden': 'true' });
  private readonly name_ = h('span', { class: 'lane-name', hidden: true });
  private key_ = '';

  draw(lanes: readonly Lane[], axis: Stretch): void {
    const { from, to } = axis;
    const percent = (wall: number): number => Math.min(Math.max(((wall - from) / (to - from)) * 100, 0), 100);
    const rows = lanes.map(({ pictured }) => pictured.filter((one) => one.to > from && one.from < to).slice(-kStretchesMax)
      .map((one) => [percent(one.from).toFixed(2), (percent(one.to) - percent(one.from)).toFixed(2)] as const));
    const key = JSON.stringify([rows, lanes.map(({ isSelected }) => isSelected)]);
    if (key === this.key_) return;
    this.key_ = key;
    this.element.replaceChildren(...rows.map((row, n) => h('div', { class: lanes[n]?.isSelected ? 'lane selected' : 'lane' },
      ...row.map(([left, width]) => {
        const bar = h('i', {});
        bar.style.left = `${left}%`;
        bar.style.width = `${width}%`;
        return bar;
      }))), this.name_);
  }

  /** Names the lane at `y` of the page, null for none. */
  point(lanes: readonly Lane[], y: number | null): void {
    const rows = [...this.element.querySelectorAll('.lane')];
    const n = y === null ? -1 : rows.findIndex((row) => {
      const box = row.getBoundingClientRect();
      return y >= box.top - 2 && y < box.bottom + 2;
    });
    this.name_.hidden = n < 0;
    setText(this.name_, lanes[n]?.name ?? '');
    this.name_.style.top = `${n < 0 ? 0 : (rows[n] as HTMLElement).offsetTop}px`;
  }
}
