/** The wall: all channels, those on air first. It follows the server by itself. */
import type { Channel } from './api';
import { h, setText } from './element';
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
  private lifetime_ = new AbortController();

  connectedCallback(): void {
    this.lifetime_ = new AbortController();
    if (!this.firstChild) this.append(this.waiting_, this.empty_, this.onPart_, this.offPart_);
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
    if (!list) return;
    const on = list.channels.filter(isOnAir);
    const off = list.channels.filter((channel) => !isOnAir(channel)).sort(byLastEnd);
    this.onPart_.hidden = on.length === 0;
    this.offPart_.hidden = off.length === 0;
    setText(this.count_, `${on.length} ${on.length === 1 ? 'channel' : 'channels'}`);
    const recorded = off.filter((channel) => channel.recording).length;
    setText(this.offNote_, recorded > 0 ? 'last recording ready to watch' : 'ready for their first broadcast');
    this.on_.toggleAttribute('data-few', on.length <= kFewMax);
    this.place_(this.on_, on, on.length <= kFeaturedMax);
    this.place_(this.off_, off, false);
    for (const [id, tile] of this.tiles_) {
      if (!list.channels.some((channel) => channel.id === id)) {
        tile.remove();
        this.tiles_.delete(id);
      }
    }
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
