/** Small plots as SVG: a line of values over time, and bars. */

export interface Point {
  time: number;
  value: number;
  warn?: boolean;
}

/** What a plot spans: from `from` to `to` by the server's clock. */
export interface Span {
  from: number;
  to: number;
}

const kSpansMs = [1, 2, 5, 10, 30].map((minutes) => minutes * 60_000);
const kIntervalMs = 5_000;
/** Samples further apart than this have a hole between them. */
const kHoleMs = 2.5 * kIntervalMs;

/** The shortest of the usual spans that reaches back to `oldest`. */
export function spanOf(oldest: number, now: number): Span {
  const needed = now - oldest;
  const length = kSpansMs.find((span) => span >= needed) ?? (kSpansMs.at(-1) as number);
  return { from: now - length, to: now };
}

/** "minute", "2 minutes", "half hour": of the last ... */
export function spanName(span: Span): string {
  const minutes = Math.round((span.to - span.from) / 60_000);
  if (minutes === 1) return 'minute';
  return minutes === 30 ? 'half hour' : `${minutes} minutes`;
}

/** The points with nothing between them where nothing came: the line falls to the ground there. */
export function grounded(points: Point[]): Point[] {
  const out: Point[] = [];
  points.forEach((point, index) => {
    const before = points[index - 1];
    if (before && point.time - before.time > kHoleMs) {
      out.push({ time: before.time + kIntervalMs / 2, value: 0 }, { time: point.time - kIntervalMs / 2, value: 0 });
    }
    out.push(point);
  });
  return out;
}

/** A round number above all values, with some air; never 0. */
export function ceilingOf(points: Point[], least = 0): number {
  return Math.max(least, ...points.map((point) => point.value), 1e-9) * 1.25;
}

/** "M0 12L3.5 11.2...": of `width` by `height`, the time running to the right. */
export function linePath(points: Point[], span: Span, ceiling: number, width: number, height: number): string {
  const x = (time: number): string => (((time - span.from) / (span.to - span.from)) * width).toFixed(1);
  const y = (value: number): string => (height - (Math.min(value, ceiling) / ceiling) * height).toFixed(1);
  const inside = grounded(points).filter((point) => point.time >= span.from);
  return inside.map((point, index) => `${index === 0 ? 'M' : 'L'}${x(point.time)} ${y(point.value)}`).join('');
}

export interface Bar {
  value: number;
  warn: boolean;
}

/** The largest value of each of `count` equal pieces of the span; null: nothing came in it. */
export function bars(points: Point[], span: Span, count: number): (Bar | null)[] {
  const out: (Bar | null)[] = Array.from({ length: count }, () => null);
  for (const point of points) {
    const index = Math.min(count - 1, Math.floor(((point.time - span.from) / (span.to - span.from)) * count));
    if (index < 0) continue;
    const bar = out[index];
    if (!bar || point.value > bar.value) out[index] = { value: point.value, warn: point.warn === true || bar?.warn === true };
    else if (point.warn) bar.warn = true;
  }
  return out;
}

const kWidth = 200;
const kHeight = 40;
const kSvg = 'http://www.w3.org/2000/svg';

function drawing(label: string): SVGSVGElement {
  const svg = document.createElementNS(kSvg, 'svg');
  svg.setAttribute('viewBox', `0 0 ${kWidth} ${kHeight}`);
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('class', 'plot');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', label);
  return svg;
}

function shape(tag: string, attributes: Record<string, string>): SVGElement {
  const element = document.createElementNS(kSvg, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** A line with the ground below it tinted, amber as a whole where its newest value is over its limit. */
export function linePlot(points: Point[], span: Span, label: string, leastCeiling = 0): SVGSVGElement {
  const svg = drawing(label);
  const shown = points.filter((point) => point.time >= span.from);
  const ceiling = ceilingOf(shown, leastCeiling);
  const line = linePath(shown, span, ceiling, kWidth, kHeight);
  if (!line) return svg;
  const x = (time: number): string => (((time - span.from) / (span.to - span.from)) * kWidth).toFixed(1);
  const area = `${line}L${x(shown.at(-1)?.time ?? span.to)} ${kHeight}L${x(shown[0]?.time ?? span.from)} ${kHeight}Z`;
  svg.classList.toggle('warn', shown.at(-1)?.warn === true);
  // A stroke of no length with round ends: a dot, however the plot is stretched.
  const end = line.slice(line.lastIndexOf('L') + 1).replace('M', '');
  svg.append(shape('path', { d: area, class: 'ground' }), shape('path', { d: line, class: 'line' }),
    shape('path', { d: `M${end}h0`, class: 'end' }));
  return svg;
}

/** A bar for each piece of time. `full`: the value that is as high as the plot. */
export function barPlot(points: Point[], span: Span, label: string, count: number, full: number): SVGSVGElement {
  const svg = drawing(label);
  const pieces = bars(points, span, count);
  const ceiling = Math.max(full, ...pieces.map((bar) => bar?.value ?? 0));
  const step = kWidth / count;
  pieces.forEach((bar, index) => {
    if (!bar) return;
    const height = Math.max(2, (bar.value / ceiling) * kHeight);
    svg.append(shape('rect', {
      x: (index * step + step * 0.14).toFixed(2), y: (kHeight - height).toFixed(1),
      width: (step * 0.72).toFixed(2), height: height.toFixed(1), class: bar.warn ? 'bar warn' : 'bar',
    }));
  });
  return svg;
}
