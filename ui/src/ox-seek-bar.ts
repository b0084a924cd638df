/**
 * The seek bar: from the first second to now, as the wall clock counts, with the picture of the moment under
 * the pointer. Inside it reckons in bar seconds (Axis), outside in media seconds.
 *
 * Events: "ox-scrub" {at} while dragging, "ox-seek" {at, gap} on release, with the gap that was jumped over,
 * "ox-scrub-cancel" {at} with the place the drag began. While a drag lasts its scale stands still.
 */
import type { MarkedRange } from './download';
import { h, setAttribute } from './element';
import type { Moment } from './moments';
import { Picture, SeekCard } from './seek-card';
import { MarkedOnBar, SeekMarks } from './seek-marks';
import { SeekRuler } from './seek-ruler';
import { state } from './state';
import type { Thumbnails } from './thumbnails';
import { clock, spoken, stretch } from './time';
import type { Axis, Gap } from './timeline';

/** Media seconds. */
export interface SeekModel {
  start: number;
  end: number;
  position: number;
  live: boolean;
  atEdge: boolean;
  reconnects: readonly number[];
  gaps: readonly Gap[];
  axis: Axis;
  moments: readonly Moment[];
  thumbnails: Thumbnails | null;
  recordingId: string | null;
  marked: MarkedRange | null;
  wallClockAt(at: number): number | null;
}

/** Of a drag of the bar. */
export interface Sought {
  at: number;
  gap?: Gap | null;
}

/** Bar seconds. */
interface Drag {
  start: number;
  end: number;
  from: number;
  at: number;
  pointerX: number;
}

const kBeforeGap = 0.1; // s: the last picture before a gap
const kMomentPixels = 8;
const kSidePixels = 120; // what one of the pictures beside the middle one stands for
/** Sliding away from the bar makes steps finer: [pixels away, share of the movement that counts]. */
const kFineSteps: [number, number][] = [[180, 0.25], [90, 0.5]];

export class OxSeekBar extends HTMLElement {
  private model_: SeekModel | null = null;
  private drag_: Drag | null = null;
  private hoverX_: number | null = null;
  private heard_: Thumbnails | null = null;

  private readonly played_ = h('div', { class: 'played' });
  private readonly pending_ = h('div', { class: 'pending', hidden: true });
  private readonly marks_ = new SeekMarks();
  private readonly cap_ = h('div', { class: 'cap', hidden: true });
  private readonly from_ = h('div', { class: 'from', hidden: true });
  private readonly thumb_ = h('div', { class: 'thumb' });
  private readonly card_ = new SeekCard();
  private readonly ruler_ = new SeekRuler();
  private readonly slider_ = h(
    'div',
    { class: 'slider', role: 'slider', tabindex: 0, 'aria-label': 'Position in the broadcast', 'aria-valuemin': 0 },
    h('div', { class: 'rail' }, this.pending_, this.played_, this.marks_.element, this.cap_),
    this.from_, this.thumb_, this.card_.element,
  );
  private readonly repaint_ = (): void => this.paint_();

  connectedCallback(): void {
    if (this.slider_.isConnected) return;
    this.append(this.slider_, this.ruler_.element);
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
    if (model.thumbnails !== this.heard_) {
      this.heard_?.removeEventListener('change', this.repaint_);
      this.heard_ = model.thumbnails;
      this.heard_?.addEventListener('change', this.repaint_);
    }
    this.paint_();
    if (first) this.say();
  }

  /** Tells a screen reader where we are: when the viewer moved, never because time passed. */
  say(): void {
    const model = this.model_;
    if (!model) return;
    const { axis } = model;
    const [start, end] = [axis.toBar(model.start), axis.toBar(model.end)];
    const at = this.drag_?.at ?? axis.toBar(model.position);
    const wall = this.wallAt_(model, at);
    const place = model.live
      ? model.atEdge && !this.drag_ ? 'live' : `${spoken(end - at)} behind live`
      : `${spoken(at - start)} of ${spoken(end - start)}`;
    setAttribute(this.slider_, 'aria-valuetext', wall === null ? place : `${clock(wall, state.zone)}, ${place}`);
    setAttribute(this.slider_, 'aria-valuemax', String(Math.round(end - start)));
    setAttribute(this.slider_, 'aria-valuenow', String(Math.round(Math.min(at, end) - start)));
  }

  /** Ends a drag without moving; true when there was one. */
  cancel(): boolean {
    const drag = this.drag_;
    const model = this.model_;
    if (!drag || !model) return false;
    this.drag_ = null;
    this.hoverX_ = null;
    this.emit_('ox-scrub-cancel', { at: model.axis.toMedia(drag.from).at });
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
    const { axis } = model;
    const [start, end] = [axis.toBar(model.start), axis.toBar(model.end)];
    const at = this.barAt_(event.clientX, start, end);
    this.drag_ = { start, end, from: axis.toBar(model.position), at, pointerX: event.clientX };
    this.emit_('ox-scrub', this.sought_(model, this.drag_));
    this.paint_();
  }

  private move_(event: PointerEvent): void {
    const drag = this.drag_;
    if (!drag || !this.model_) {
      if (event.pointerType === 'mouse') this.hover_(event.clientX);
      return;
    }
    const box = this.slider_.getBoundingClientRect();
    const away = Math.max(box.top - event.clientY, event.clientY - box.bottom, 0);
    const share = kFineSteps.find(([pixels]) => away >= pixels)?.[1];
    if (share === undefined) {
      drag.at = this.barAt_(event.clientX, drag.start, drag.end);
    } else {
      const moved = ((event.clientX - drag.pointerX) / Math.max(1, box.width)) * (drag.end - drag.start);
      drag.at = Math.min(Math.max(drag.at + moved * share, drag.start), drag.end);
    }
    drag.pointerX = event.clientX;
    this.emit_('ox-scrub', this.sought_(this.model_, drag));
    this.paint_();
  }

  private release_(): void {
    const drag = this.drag_;
    if (!drag || !this.model_) return;
    const sought = this.sought_(this.model_, drag);
    this.drag_ = null;
    // The right end means live, which has moved on meanwhile.
    this.emit_('ox-seek', drag.at >= drag.end ? { at: Infinity } : sought);
    this.paint_();
    this.say();
  }

  /** In a gap: its end going forward, the last picture before it going back. */
  private sought_(model: SeekModel, drag: Drag): Sought {
    const { at, gap } = model.axis.toMedia(drag.at);
    return gap ? { at: drag.at < drag.from ? gap.at - kBeforeGap : at, gap } : { at };
  }

  private hover_(x: number | null): void {
    this.hoverX_ = x;
    this.paint_();
  }

  private barAt_(x: number, start: number, end: number): number {
    const box = this.slider_.getBoundingClientRect();
    const share = (x - box.left) / Math.max(1, box.width);
    return start + Math.min(Math.max(share, 0), 1) * (end - start);
  }

  /** Inside a gap the wall clock goes on from its beginning. */
  private wallAt_(model: SeekModel, bar: number): number | null {
    const { at, gap } = model.axis.toMedia(bar);
    const wall = model.wallClockAt(at);
    if (!gap || wall === null) return wall;
    return wall - (model.axis.beginOf(gap) + gap.seconds - bar) * 1_000;
  }

  private emit_(type: string, detail: Sought): void {
    this.dispatchEvent(new CustomEvent<Sought>(type, { detail, bubbles: true }));
  }

  private paint_(): void {
    const model = this.model_;
    if (!model) return;
    const { axis } = model;
    const { start, end } = this.drag_ ?? { start: axis.toBar(model.start), end: axis.toBar(model.end) };
    const span = Math.max(end - start, 0.001);
    const percent = (at: number): string => `${(Math.min(Math.max((at - start) / span, 0), 1) * 100).toFixed(3)}%`;
    const place = this.drag_?.from ?? axis.toBar(model.position);
    const at = this.drag_?.at ?? (model.atEdge ? end : place);
    this.played_.style.width = percent(this.drag_ ? Math.min(place, at) : at);
    this.pending_.style.width = percent(Math.max(place, at));
    this.pending_.hidden = !this.drag_;
    this.from_.style.left = percent(place);
    this.from_.hidden = !this.drag_;
    this.thumb_.style.left = percent(at);
    this.cap_.hidden = !model.live;
    this.toggleAttribute('data-edge', model.atEdge && !this.drag_);
    this.toggleAttribute('data-dragging', this.drag_ !== null);
    this.marks_.draw({ ...model, marked: this.markedOnBar_(model) }, start, end);
    const wallAt = (bar: number): number | null => this.wallAt_(model, bar);
    const endLabel = model.live && !model.atEdge ? 'Live' : null;
    this.ruler_.draw({ start, end, endLabel, zone: state.zone, wallAt }, this.slider_.clientWidth);
    this.paintCard_(model, start, end);
  }

  /** The bar counts by the wall clock. */
  private markedOnBar_({ marked, axis, start, wallClockAt }: SeekModel): MarkedOnBar | null {
    const first = wallClockAt(start);
    if (!marked || first === null) return null;
    const bar = (wall: number): number => axis.toBar(start) + (wall - first) / 1_000;
    return { from: bar(marked.from), to: bar(marked.to) };
  }

  private paintCard_(model: SeekModel, start: number, end: number): void {
    const at = this.drag_ ? this.drag_.at : this.hoverX_ !== null ? this.barAt_(this.hoverX_, start, end) : null;
    if (at === null) {
      this.card_.hide();
      return;
    }
    const width = this.slider_.clientWidth;
    const secondsPerPixel = (end - start) / Math.max(1, width);
    const wall = this.wallAt_(model, at);
    const behind = model.axis.toBar(model.end) - at;
    const into = `${stretch(at - start)} of ${stretch(end - start)}`;
    const words = {
      clock: wall === null ? stretch(at - start) : clock(wall, state.zone),
      detail: !model.live ? into : behind < 1 ? 'live' : `${stretch(behind)} behind live`,
      note: this.noteAt_(model, at, kMomentPixels * secondsPerPixel),
    };
    const sides = this.drag_ ? [-2, -1, 0, 1, 2] : [0];
    const pictures = sides.map((n) => this.pictureAt_(model, at + n * kSidePixels * secondsPerPixel, start, end));
    this.card_.show((at - start) / secondsPerPixel, width, words, pictures);
  }

  private noteAt_(model: SeekModel, bar: number, near: number): string {
    const { gap } = model.axis.toMedia(bar);
    if (gap) return `no picture, ${spoken(gap.seconds)}`;
    const moment = model.moments.filter((one) => Math.abs(model.axis.toBar(one.at) - bar) <= near).at(-1);
    return moment?.text ?? '';
  }

  private pictureAt_(model: SeekModel, bar: number, start: number, end: number): Picture | null {
    if (!model.thumbnails || bar < start || bar > end + 1) return null;
    const wall = this.wallAt_(model, bar);
    if (wall === null || model.axis.toMedia(bar).gap) return null;
    const thumbnail = model.thumbnails.at(wall, model.recordingId);
    return thumbnail && model.thumbnails.image(thumbnail);
  }
}

customElements.define('ox-seek-bar', OxSeekBar);
