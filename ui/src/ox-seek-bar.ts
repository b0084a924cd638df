/**
 * The seek bar: from the first second to now, in media time, labelled with the wall clock.
 *
 * Events: "ox-scrub" {at} while dragging, "ox-seek" {at} on release or by key, "ox-scrub-cancel" {at} with
 * the place the drag began. While a drag lasts its scale stands still.
 */
import { h, setAttribute, setText } from './element';
import { state } from './state';
import { clock, clockMinutes, rulerStep, spoken, stretch } from './time';

export interface SeekModel {
  start: number;
  end: number;
  position: number;
  live: boolean;
  atEdge: boolean;
  reconnects: readonly number[];
  wallClockAt(at: number): number | null;
}

interface Drag {
  start: number;
  end: number;
  from: number;
  at: number;
  pointerX: number;
}

const kTickPixelsMin = 72;
const kEndPixels = 88; // no tick so near to the label of an end
const kTicksMax = 60;
const kTickErrorMs = 200;
const kReconnectsMax = 200;
/** Sliding away from the bar makes steps finer: [pixels away, share of the movement that counts]. */
const kFineSteps: [number, number][] = [[180, 0.25], [90, 0.5]];

export class OxSeekBar extends HTMLElement {
  private model_: SeekModel | null = null;
  private drag_: Drag | null = null;
  private hoverX_: number | null = null;
  private rulerKey_ = '';
  private ticksKey_ = '';

  private readonly played_ = h('div', { class: 'played' });
  private readonly pending_ = h('div', { class: 'pending', hidden: true });
  private readonly reconnects_ = h('div', { class: 'reconnects' });
  private readonly cap_ = h('div', { class: 'cap', hidden: true });
  private readonly from_ = h('div', { class: 'from', hidden: true });
  private readonly thumb_ = h('div', { class: 'thumb' });
  private readonly cardClock_ = h('div', { class: 'card-clock' });
  private readonly cardBehind_ = h('div', { class: 'card-behind' });
  private readonly card_ = h('div', { class: 'card', hidden: true }, this.cardClock_, this.cardBehind_);
  private readonly ruler_ = h('div', { class: 'ruler', 'aria-hidden': 'true' });
  private readonly slider_ = h(
    'div',
    { class: 'slider', role: 'slider', tabindex: 0, 'aria-label': 'Position in the broadcast', 'aria-valuemin': 0 },
    h('div', { class: 'rail' }, this.pending_, this.played_, this.reconnects_, this.cap_),
    this.from_, this.thumb_, this.card_,
  );

  connectedCallback(): void {
    if (this.slider_.isConnected) return;
    this.append(this.slider_, this.ruler_);
    this.slider_.addEventListener('pointerdown', (event) => this.begin_(event));
    this.slider_.addEventListener('pointermove', (event) => this.move_(event));
    this.slider_.addEventListener('pointerup', () => this.release_());
    this.slider_.addEventListener('pointercancel', () => this.cancel());
    this.slider_.addEventListener('pointerleave', () => this.hover_(null));
    this.slider_.addEventListener('focus', () => this.say());
    for (const type of ['keydown', 'blur']) {
      this.slider_.addEventListener(type, () => this.slider_.removeAttribute('data-pointer'));
    }
  }

  get dragging(): boolean {
    return this.drag_ !== null;
  }

  draw(model: SeekModel): void {
    const first = this.model_ === null;
    this.model_ = model;
    this.paint_();
    if (first) this.say();
  }

  /** Tells a screen reader where we are: when the viewer moved, never because time passed. */
  say(): void {
    const model = this.model_;
    if (!model) return;
    const at = this.drag_?.at ?? model.position;
    const wall = model.wallClockAt(at);
    const behind = model.live ? model.end - at : 0;
    const place = model.live
      ? model.atEdge && !this.drag_ ? 'live' : `${spoken(behind)} behind live`
      : `${spoken(at - model.start)} of ${spoken(model.end - model.start)}`;
    setAttribute(this.slider_, 'aria-valuetext', wall === null ? place : `${clock(wall, state.zone)}, ${place}`);
    setAttribute(this.slider_, 'aria-valuemax', String(Math.round(model.end - model.start)));
    setAttribute(this.slider_, 'aria-valuenow', String(Math.round(at - model.start)));
  }

  /** Ends a drag without moving; true when there was one. */
  cancel(): boolean {
    const drag = this.drag_;
    if (!drag) return false;
    this.drag_ = null;
    this.hoverX_ = null;
    this.emit_('ox-scrub-cancel', drag.from);
    this.paint_();
    return true;
  }

  private begin_(event: PointerEvent): void {
    const model = this.model_;
    if (!model || event.button !== 0) return;
    // A second finger takes the drag back.
    if (this.drag_) {
      this.cancel();
      return;
    }
    event.preventDefault();
    // A focus that the pointer gave needs no ring.
    this.slider_.toggleAttribute('data-pointer', true);
    this.slider_.focus({ preventScroll: true });
    this.slider_.setPointerCapture(event.pointerId);
    const at = this.timeAt_(event.clientX, model.start, model.end);
    this.drag_ = { start: model.start, end: model.end, from: model.position, at, pointerX: event.clientX };
    this.emit_('ox-scrub', at);
    this.paint_();
  }

  private move_(event: PointerEvent): void {
    const drag = this.drag_;
    if (!drag) {
      if (event.pointerType === 'mouse') this.hover_(event.clientX);
      return;
    }
    const box = this.slider_.getBoundingClientRect();
    const away = Math.max(box.top - event.clientY, event.clientY - box.bottom, 0);
    const share = kFineSteps.find(([pixels]) => away >= pixels)?.[1];
    if (share === undefined) {
      drag.at = this.timeAt_(event.clientX, drag.start, drag.end);
    } else {
      const moved = ((event.clientX - drag.pointerX) / Math.max(1, box.width)) * (drag.end - drag.start);
      drag.at = Math.min(Math.max(drag.at + moved * share, drag.start), drag.end);
    }
    drag.pointerX = event.clientX;
    this.emit_('ox-scrub', drag.at);
    this.paint_();
  }

  private release_(): void {
    const drag = this.drag_;
    if (!drag) return;
    this.drag_ = null;
    // The right end means live, which has moved on meanwhile.
    this.emit_('ox-seek', drag.at >= drag.end ? Infinity : drag.at);
    this.paint_();
    this.say();
  }

  private hover_(x: number | null): void {
    this.hoverX_ = x;
    this.paint_();
  }

  private timeAt_(x: number, start: number, end: number): number {
    const box = this.slider_.getBoundingClientRect();
    const share = (x - box.left) / Math.max(1, box.width);
    return start + Math.min(Math.max(share, 0), 1) * (end - start);
  }

  private emit_(type: string, at: number): void {
    this.dispatchEvent(new CustomEvent<{ at: number }>(type, { detail: { at }, bubbles: true }));
  }

  private paint_(): void {
    const model = this.model_;
    if (!model) return;
    const { start, end } = this.drag_ ?? model;
    const span = Math.max(end - start, 0.001);
    const percent = (at: number): string => `${(Math.min(Math.max((at - start) / span, 0), 1) * 100).toFixed(3)}%`;
    const place = this.drag_?.from ?? model.position;
    const at = this.drag_?.at ?? (model.atEdge ? end : model.position);
    this.played_.style.width = percent(this.drag_ ? Math.min(place, at) : at);
    this.pending_.style.width = percent(Math.max(place, at));
    this.pending_.hidden = !this.drag_;
    this.from_.style.left = percent(place);
    this.from_.hidden = !this.drag_;
    this.thumb_.style.left = percent(at);
    this.cap_.hidden = !model.live;
    this.toggleAttribute('data-edge', model.atEdge && !this.drag_);
    this.toggleAttribute('data-dragging', this.drag_ !== null);
    this.paintReconnects_(model, start, end);
    this.paintRuler_(model, start, end);
    this.paintCard_(model, start, end);
  }

  private paintReconnects_(model: SeekModel, start: number, end: number): void {
    const key = `${model.reconnects.length} ${start} ${end.toFixed(0)}`;
    if (key === this.ticksKey_) return;
    this.ticksKey_ = key;
    const marks = model.reconnects.slice(-kReconnectsMax).map((at) => {
      const mark = h('i', {});
      mark.style.left = `${(((at - start) / (end - start)) * 100).toFixed(3)}%`;
      return mark;
    });
    this.reconnects_.replaceChildren(...marks);
  }

  /** Wall-clock ticks that leave each other room; the two ends win over ticks near them. */
  private paintRuler_(model: SeekModel, start: number, end: number): void {
    const width = this.slider_.clientWidth;
    const key = `${width} ${state.zone} ${start.toFixed(0)} ${end.toFixed(0)} ${model.atEdge} ${model.live}`;
    if (key === this.rulerKey_ || width === 0 || end - start < 1) return;
    this.rulerKey_ = key;
    const first = model.wallClockAt(start);
    const last = model.wallClockAt(end);
    const step = rulerStep(end - start, width, kTickPixelsMin);
    const label = (text: string, left: string, side: string): HTMLElement => {
      const span = h('span', { class: side }, text);
      span.style.left = left;
      return span;
    };
    const labels = [label(first === null ? '0:00' : clock(first, state.zone), '0%', 'first')];
    const ending = model.live && !model.atEdge ? 'Live' : last === null ? stretch(end - start) : clock(last, state.zone);
    labels.push(label(ending, '100%', 'last'));
    let after = start;
    for (let count = 0; count < kTicksMax; ++count) {
      const tick = this.nextTick_(model, after, step);
      const left = ((tick - start) / (end - start)) * width;
      if (left > width - kEndPixels) break;
      after = tick;
      const wall = model.wallClockAt(tick);
      const text = wall === null ? stretch(tick - start) : this.roundClock_(wall, step);
      if (text === null || left < kEndPixels) continue;
      labels.push(label(text, `${left.toFixed(1)}px`, 'tick'));
    }
    this.ruler_.replaceChildren(...labels);
  }

  /** The next round wall-clock time after media second `after`; without a wall clock, round media time. */
  private nextTick_(model: SeekModel, after: number, step: number): number {
    const wall = model.wallClockAt(after);
    if (wall === null) return (Math.floor(after / step + 1e-6) + 1) * step;
    const shifted = (wall - this.zoneShift_(wall)) / 1_000;
    // Segments name their wall clock in milliseconds: a tick may stand a little before its round time.
    const next = (Math.floor(shifted / step + 0.05) + 1) * step;
    return after + next - shifted;
  }

  /** The round time that `wall` stands for; null when it is none, as behind a jump of the wall clock. */
  private roundClock_(wall: number, step: number): string | null {
    const shift = this.zoneShift_(wall);
    const round = Math.round((wall - shift) / (step * 1_000)) * step * 1_000 + shift;
    if (Math.abs(round - wall) > kTickErrorMs) return null;
    return step < 60 ? clock(round, state.zone) : clockMinutes(round, state.zone);
  }

  private zoneShift_(wall: number): number {
    return state.zone === 'local' ? new Date(wall).getTimezoneOffset() * 60_000 : 0;
  }

  private paintCard_(model: SeekModel, start: number, end: number): void {
    const at = this.drag_ ? this.drag_.at : this.hoverX_ !== null ? this.timeAt_(this.hoverX_, start, end) : null;
    this.card_.hidden = at === null;
    if (at === null) return;
    const wall = model.wallClockAt(at);
    const behind = model.end - at;
    const into = `${stretch(at - start)} of ${stretch(end - start)}`;
    setText(this.cardClock_, wall === null ? stretch(at - start) : clock(wall, state.zone));
    setText(this.cardBehind_, !model.live ? into : behind < 1 ? 'live' : `${stretch(behind)} behind live`);
    const width = this.slider_.clientWidth;
    const half = this.card_.offsetWidth / 2;
    const x = ((at - start) / Math.max(end - start, 0.001)) * width;
    this.card_.style.left = `${Math.min(Math.max(x, half), Math.max(half, width - half)).toFixed(1)}px`;
  }
}

customElements.define('ox-seek-bar', OxSeekBar);
