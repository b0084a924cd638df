/** A button of the player that says what is chosen, and a menu that opens upward. */
import { h, setAttribute, setText } from './element';

export abstract class PlayerMenu extends HTMLElement {
  protected readonly menu_: HTMLElement;
  private readonly button_: HTMLButtonElement;

  constructor(className: string, label: string) {
    super();
    this.button_ = h('button', {
      class: `control ${className}`, type: 'button', 'aria-haspopup': 'menu', 'aria-expanded': 'false',
    });
    this.menu_ = h('div', { class: 'menu', role: 'menu', 'aria-label': label, hidden: true });
  }

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

  protected say_(text: string, label: string): void {
    setText(this.button_, text);
    setAttribute(this.button_, 'aria-label', label);
    setAttribute(this.button_, 'title', label);
  }

  /** One of those of which one is chosen. */
  protected choice_(text: string, choose: () => void): HTMLButtonElement {
    return h('button', { type: 'button', role: 'menuitemradio', tabindex: -1, 'aria-checked': 'false', onclick: choose }, text);
  }

  protected chosen_<T>(type: string, detail: T): void {
    this.dispatchEvent(new CustomEvent<T>(type, { detail }));
    this.close();
    this.button_.focus();
  }

  /** Where the focus goes while nothing is chosen. */
  protected get usual_(): HTMLButtonElement | undefined {
    return this.items_[0];
  }

  private get items_(): HTMLButtonElement[] {
    return ([...this.menu_.children] as HTMLButtonElement[]).filter((item) => !item.hidden);
  }

  private show_(): void {
    this.menu_.hidden = false;
    this.button_.setAttribute('aria-expanded', 'true');
    (this.items_.find((item) => item.getAttribute('aria-checked') === 'true') ?? this.usual_)?.focus();
  }

  private key_(event: KeyboardEvent): void {
    const items = this.items_;
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
