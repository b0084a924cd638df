/**
 * The wall: all channels, those on air first. It follows the server by itself. With the attribute `pick`, "ID,ID" or "",
 * channels are picked to be watched together.
 */
import type { Channel } from './api';
import { h, setAttribute, setText } from './element';
import { icon } from './icons';
import { idsOf, kTogetherMax, multiAddress, pickAddress } from './multi-address';
import './ox-empty';
import { isOnAir, OxTile } from './ox-tile';
import { state } from './state';

/** With more on air than this all tiles are equal. */
const kFeaturedMax = 12;
const kFewMax = 3;

export class OxWall extends HTMLElement {
  private readonly tiles_ = new Map<string, OxTile>();
  private readonly count_ = h('span', { class: 'count' });
  private readonly on_ = h('div', { class: 'grid on' });
  private readonly off_ = h('div', { class: 'grid off' });
  private readonly onPart_ = h('section', { hidden: true, 'aria-label': 'On air' },
    h('header', {}, h('h1', {}, 'On air'), this.count_), this.on_);
  private readonly offTitle_ = h('h2', {}, 'Off air');
  private readonly offNote_ = h('span', { class: 'count' });
  private readonly offPart_ = h('section', { hidden: true, 'aria-label': 'Off air' },
    h('header', {}, this.offTitle_, this.offNote_), this.off_);
  private readonly empty_ = document.createElement('ox-empty');
  private readonly waiting_ = h('div', { class: 'grid on waiting', 'aria-hidden': 'true' },
    h('div', { class: 'block' }), h('div', { class: 'block' }), h('div', { class: 'block' }));
  private readonly search_ = h('input', {
    type: 'search', placeholder: 'Search channels', 'aria-label': 'Search channels', autocomplete: 'off', spellcheck: 'false',
  });
  private readonly several_ = h('a', { class: 'button', href: pickAddress([]) }, icon('grid'), 'Watch several');
  private readonly tools_ = h('div', { class: 'wall-tools', hidden: true },
    h('label', { class: 'search' }, icon('search'), this.search_, h('kbd', { 'aria-hidden': 'true' }, '/')), this.several_);
  private readonly noneFound_ = h('p', { class: 'none-found', role: 'status', hidden: true });
  private picked_: string[] | null = null;
  private readonly pickedWords_ = h('span', { role: 'status' });
  private readonly together_ = h('a', { class: 'button primary' }, icon('play'), 'Watch together');
  private readonly tray_ = h('div', { class: 'tray', hidden: true }, this.pickedWords_,
    h('a', { class: 'button', href: '/' }, 'Cancel'), this.together_);
  private lifetime_ = new AbortController();

  connectedCallback(): void {
    this.lifetime_ = new AbortController();
    const { signal } = this.lifetime_;
    this.picked_ = this.hasAttribute('pick') ? idsOf(this.getAttribute('pick')) : null;
    this.toggleAttribute('data-picking', this.picked_ !== null);
    if (!this.firstChild) {
      this.append(this.tools_, this.waiting_, this.empty_, this.noneFound_, this.onPart_, this.offPart_, this.tray_);
    }
    this.search_.addEventListener('input', () => this.draw_(), { signal });
    this.addEventListener('ox-pick', ((event: CustomEvent<{ id: string }>) => this.pick_(event.detail.id)) as EventListener, { signal });
    document.addEventListener('keydown', (event) => this.key_(event), { signal });
    state.watch(['channels', 'settings'], this.lifetime_.signal, () => this.draw_());
    state.addEventListener('tick', () => this.tick_(), { signal: this.lifetime_.signal });
  }

  disconnectedCallback(): void {
    this.lifetime_.abort();
  }

  private draw_(): void {
    const { list } = state;
    this.waiting_.hidden = list !== null;
    this.empty_.hidden = list === null || list.channels.some((channel) => isOnAir(channel) || channel.recording);
    this.tools_.hidden = !list || !this.empty_.hidden;
    if (!list) return;
    const found = this.found_(list.channels);
    const on = found.filter(isOnAir);
    const off = found.filter((channel) => !isOnAir(channel)).sort(byLastEnd);
    this.noneFound_.hidden = found.length > 0 || this.tools_.hidden;
    setText(this.noneFound_, `No channel is called “${this.search_.value.trim()}”.`);
    this.onPart_.hidden = on.length === 0;
    this.offPart_.hidden = off.length === 0;
    setText(this.count_, `${on.length} ${on.length === 1 ? 'channel' : 'channels'}`);
    const recorded = off.filter((channel) => channel.recording).length;
    setText(this.offNote_, recorded > 0 ? 'last recording ready to watch' : 'ready for their first broadcast');
    this.on_.toggleAttribute('data-few', on.length <= kFewMax);
    this.place_(this.on_, on, on.length <= kFeaturedMax);
    this.place_(this.off_, off, false);
    for (const [id, tile] of this.tiles_) {
      if (!found.some((channel) => channel.id === id)) {
        tile.remove();
        this.tiles_.delete(id);
      }
    }
    this.drawPicked_();
  }

  private found_(channels: readonly Channel[]): Channel[] {
    const words = this.search_.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    return channels.filter(({ id, name }) => words.every((word) => `${name} ${id}`.toLocaleLowerCase().includes(word)));
  }

  private key_(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || this.tools_.hidden) return;
    const isHere = event.target === this.search_;
    if (event.key === '/' && !(event.target as Element).closest('input, textarea')) this.search_.focus();
    else if (event.key === 'Escape' && isHere && this.search_.value === '') this.search_.blur();
    else return;
    event.preventDefault();
  }

  private pick_(id: string): void {
    if (!this.picked_) return;
    if (this.picked_.includes(id)) this.picked_ = this.picked_.filter((one) => one !== id);
    else if (this.picked_.length < kTogetherMax) this.picked_.push(id);
    history.replaceState(null, '', pickAddress(this.picked_));
    this.drawPicked_();
  }

  private drawPicked_(): void {
    this.picked_ = this.picked_?.filter((id) => state.channel(id)) ?? null;
    const { picked_: picked } = this;
    this.several_.hidden = picked !== null;
    this.tray_.hidden = picked === null || this.tools_.hidden;
    const isFull = picked !== null && picked.length >= kTogetherMax;
    for (const [id, tile] of this.tiles_) tile.pick(picked ? picked.indexOf(id) + 1 : null, isFull);
    if (!picked) return;
    const count = picked.length;
    setText(this.pickedWords_, count === 0 ? 'Choose up to nine channels'
      : `${count} ${count === 1 ? 'channel' : 'channels'} chosen${isFull ? ', as many as go together' : ''}`);
    setAttribute(this.together_, 'href', count > 0 ? multiAddress(picked) : null);
    setAttribute(this.together_, 'aria-disabled', count > 0 ? null : 'true');
  }

  /** Keeps tiles that stay where they are: a moved element loses its moving picture. */
  private place_(grid: HTMLElement, channels: Channel[], withFeatured: boolean): void {
    channels.forEach((channel, index) => {
      let tile = this.tiles_.get(channel.id);
      if (!tile) {
        tile = document.createElement('ox-tile') as OxTile;
        this.tiles_.set(channel.id, tile);
      }
      if (grid.children[index] !== tile) grid.insertBefore(tile, grid.children[index] ?? null);
      tile.show(channel, withFeatured && index === 0);
    });
  }

  private tick_(): void {
    for (const tile of this.tiles_.values()) tile.draw();
  }
}

function byLastEnd(a: Channel, b: Channel): number {
  const end = (channel: Channel): number => Date.parse(channel.recording?.endedAt ?? '') || 0;
  return end(b) - end(a) || a.name.localeCompare(b.name);
}

customElements.define('ox-wall', OxWall);
