/** The ruler of the seek bar: wall-clock ticks that leave each other room. */
import { h } from './element';
import { clock, clockMinutes, rulerStep, stretch, Zone } from './time';

const kTickPixelsMin = 72;
const kEndPixels = 88; // no tick so near to the label of an end
const kTicksMax = 60;
const kTickErrorMs = 200;

export interface RulerModel {
  /** Bar seconds. */
  start: number;
  end: number;
  /** What stands at the right end in place of the wall clock; null for that. */
  endLabel: string | null;
  zone: Zone;
  wallAt(bar: number): number | null;
}

export class SeekRuler {
  readonly element = h('div', { class: 'ruler', 'aria-hidden': 'true' });
  private key_ = '';

  /** The two ends win over ticks near them. */
  draw(model: RulerModel, width: number): void {
    const { start, end, zone } = model;
    const key = `${width} ${zone} ${start.toFixed(0)} ${end.toFixed(0)} ${model.endLabel}`;
    if (key === this.key_ || width === 0 || end - start < 1) return;
    this.key_ = key;
    const first = model.wallAt(start);
    const last = model.wallAt(end);
    const labels = [label(first === null ? '0:00' : clock(first, zone), '0%', 'first')];
    const ending = model.endLabel ?? (last === null ? stretch(end - start) : clock(last, zone));
    labels.push(label(ending, '100%', 'last'));
    const step = rulerStep(end - start, width, kTickPixelsMin);
    let after = start;
    for (let count = 0; count < kTicksMax; ++count) {
      const tick = nextTick(model, after, step);
      const left = ((tick - start) / (end - start)) * width;
      if (left > width - kEndPixels) break;
      after = tick;
      const wall = model.wallAt(tick);
      const text = wall === null ? stretch(tick - start) : roundClock(wall, step, zone);
      if (text === null || left < kEndPixels) continue;
      labels.push(label(text, `${left.toFixed(1)}px`, 'tick'));
    }
    this.element.replaceChildren(...labels);
  }
}

function label(text: string, left: string, side: string): HTMLElement {
  const span = h('span', { class: side }, text);
  span.style.left = left;
  return span;
}

/** The next round wall-clock time after `after`; without a wall clock, round media time. */
function nextTick(model: RulerModel, after: number, step: number): number {
  const wall = model.wallAt(after);
  if (wall === null) return (Math.floor(after / step + 1e-6) + 1) * step;
  const shifted = (wall - zoneShift(wall, model.zone)) / 1_000;
  // Segments name their wall clock in milliseconds: a tick may stand a little before its round time.
  const next = (Math.floor(shifted / step + 0.05) + 1) * step;
  return after + next - shifted;
}

/** The round time that `wall` stands for; null when it is none, as behind a jump of the wall clock. */
function roundClock(wall: number, step: number, zone: Zone): string | null {
  const shift = zoneShift(wall, zone);
  const round = Math.round((wall - shift) / (step * 1_000)) * step * 1_000 + shift;
  if (Math.abs(round - wall) > kTickErrorMs) return null;
  return step < 60 ? clock(round, zone) : clockMinutes(round, zone);
}

function zoneShift(wall: number, zone: Zone): number {
  return zone === 'local' ? new Date(wall).getTimezoneOffset() * 60_000 : 0;
}
