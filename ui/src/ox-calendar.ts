/** A month, the days with broadcasts marked. Event: "ox-day" {key} when one of them is chosen. */
import { addMonths, Month, monthOf, weeksOf } from './days';
import { h, setText } from './element';
import { icon } from './icons';
import { dayBegins, dayLong, monthName } from './time';

const kWeekdays = ['Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su'];

export class OxCalendar extends HTMLElement {
  private month_: Month | null = null;
  private counts_ = new Map<string, number>();
  private today_ = '';
  private readonly title_ = h('h2', {});
  private readonly back_ = this.step_('previous', 'The month before', -1);
  private readonly on_ = this.step_('next', 'The month after', 1);
  private readonly body_ = h('tbody', {});

  connectedCallback(): void {
    if (this.firstChild) return;
    const head = h('tr', {}, ...kWeekdays.map((name) => h('th', { scope: 'col' }, name)));
    this.append(h('header', {}, this.title_, this.back_, this.on_), h('table', {}, h('thead', {}, head), this.body_));
  }

  /** `counts`: how many broadcasts began on a day, "2026-11-22". */
  show(counts: Map<string, number>, today: string): void {
    this.counts_ = counts;
    this.today_ = today;
    this.month_ ??= monthOf([...counts.keys()].sort().at(-1) ?? today);
    this.draw_();
  }

  private step_(name: 'previous' | 'next', label: string, by: number): HTMLButtonElement {
    return h('button', {
      class: 'icon-button', type: 'button', 'aria-label': label, title: label,
      onclick: () => {
        if (this.month_) this.month_ = addMonths(this.month_, by);
        this.draw_();
      },
    }, icon(name));
  }

  private draw_(): void {
    if (!this.month_) return;
    const { year, month } = this.month_;
    setText(this.title_, monthName(year, month));
    const name = `${year}-${String(month + 1).padStart(2, '0')}`;
    this.back_.disabled = ![...this.counts_.keys()].some((key) => key < name);
    this.on_.disabled = name >= this.today_.slice(0, 7);
    this.body_.replaceChildren(...weeksOf(this.month_).map((week) => h('tr', {}, ...week.map((key) => this.cell_(key)))));
  }

  private cell_(key: string | null): HTMLElement {
    if (!key) return h('td', {});
    const count = this.counts_.get(key) ?? 0;
    const number = String(Number(key.slice(8)));
    const current = key === this.today_ ? 'date' : null;
    if (count === 0) return h('td', {}, h('span', { 'aria-current': current }, number));
    const label = `${dayLong(dayBegins(key, 'local'), 'local')}, ${count} ${count === 1 ? 'broadcast' : 'broadcasts'}`;
    return h('td', {}, h('button', {
      type: 'button', 'aria-label': label, 'aria-current': current,
      onclick: () => this.dispatchEvent(new CustomEvent('ox-day', { detail: { key } })),
    }, number));
  }
}

customElements.define('ox-calendar', OxCalendar);
