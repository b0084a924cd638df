/** The speed of the film: a button that says it, and a menu that opens upward. Events: "ox-speed" {rate}, "ox-catch-up". */
import { h, setAttribute, setText } from './element';

export const kRates = [0.5, 0.75, 1, 1.25, 1.5, 2];
const kCatchUp = 'Catch up to live';

const name = (rate: number): string => `${rate}×`;

export class SpeedMenu extends HTMLElement {
  private readonly button_ = h('button', {
    class: 'control speed', type: 'button', 'aria-haspopup': 'menu', 'aria-expanded': 'false',
  });
  private readonly items_ = kRates.map((rate) =>
    h('button', { type: 'button', role: 'menuitemradio', tabindex: -1, 'aria-checked': 'false', onclick: () => this.choose_(rate) },
      name(rate)));
  private readonly catchUp_ = h('button', {
    type: 'button', role: 'menuitem', tabindex: -1, onclick: () => this.emit_('ox-catch-up'),
  }, kCatchUp);
  private readonly menu_ = h('div', { class: 'menu', role: 'menu', 'aria-label': 'Speed', hidden: true },
    ...this.items_, this.catchUp_);

  connectedCallback(): void {
    if (this.firstChild) return;
    this.append(this.button_, this.menu_);
    this.button_.addEventListener('click', () => (this.open ? this.close() : this.show_()));
    this.menu_.addEventListener('keydown', (event) => this.key_(event));
    this.addEventListener('focusout', (event) => {
      if (!this.contains(event.relatedTarget as Node | null)) this.close();
    });
  }

  get open(): boolean {
    return !this.menu_.hidden;
  }

  close(): void {
    this.menu_.hidden = true;
    this.button_.setAttribute('aria-expanded', 'false');
  }

  draw(rate: number, catchingUp: boolean, canCatchUp: boolean): void {
    setText(this.button_, catchingUp ? '1.1×' : name(rate));
    const label = catchingUp ? 'Speed: catching up' : `Speed: ${rate}`;
    setAttribute(this.button_, 'aria-label', label);
    setAttribute(this.button_, 'title', label);
    this.items_.forEach((item, n) => setAttribute(item, 'aria-checked', String(!catchingUp && kRates[n] === rate)));
    this.catchUp_.hidden = !canCatchUp;
  }

  private show_(): void {
    this.menu_.hidden = false;
    this.button_.setAttribute('aria-expanded', 'true');
    (this.items_.find((item) => item.getAttribute('aria-checked') === 'true') ?? this.items_[2])?.focus();
  }

  private choose_(rate: number): void {
    this.emit_('ox-speed', rate);
  }

  private emit_(type: string, rate = 1): void {
    this.dispatchEvent(new CustomEvent<{ rate: number }>(type, { detail: { rate } }));
    this.close();
    this.button_.focus();
  }

  private key_(event: KeyboardEvent): void {
    const items = [...this.items_, this.catchUp_].filter((item) => !item.hidden);
    const here = items.indexOf(document.activeElement as HTMLButtonElement);
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) {
      items[(to + items.length) % items.length]?.focus();
    } else if (event.key === 'Escape') {
      this.close();
      this.button_.focus();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}

customElements.define('ox-speed-menu', SpeedMenu);
