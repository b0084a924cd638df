/**
 * The picture of a tile: the poster at once, a still of the film over it when the tile is seen, and a moving
 * muted preview while `preview` is on.
 */
import type Hls from 'hls.js';

import { loadEngine, previewSettings } from './engine';
import { poster } from './poster';
import { Moment, still, stillTaken } from './stills';

export interface Film {
  /** Of the picture: another key is another picture. */
  key: string;
  url: string;
  moment: Moment;
  /** A picture that the server has; without one, one is taken from the film. */
  image: string | null | (() => Promise<string | null>);
}

const kCrossFadeMs = 250;

export class OxPicture extends HTMLElement {
  private film_: Film | null = null;
  private seed_ = '';
  private seen_ = false;
  private preview_ = false;
  private hls_: Hls | null = null;
  private image_: HTMLImageElement | null = null;
  /** The key of the film whose picture is shown or on its way. */
  private drawn_ = '';
  private observer_: IntersectionObserver | null = null;

  connectedCallback(): void {
    this.observer_ = new IntersectionObserver((entries) => {
      this.seen_ = entries.some((entry) => entry.isIntersecting);
      this.update_();
    });
    this.observer_.observe(this);
  }

  disconnectedCallback(): void {
    this.observer_?.disconnect();
    this.seen_ = false;
    this.stopPreview_();
  }

  /** `seed` makes the poster; `film` is what to take pictures from, null when there is nothing. */
  show(seed: string, film: Film | null): void {
    if (seed !== this.seed_) {
      this.seed_ = seed;
      this.querySelector('.poster')?.remove();
      this.prepend(poster(seed));
    }
    if (film?.key === this.film_?.key) return;
    if (film?.url !== this.film_?.url) this.stopPreview_();
    this.film_ = film;
    if (!film) this.setImage_(null);
    this.update_();
  }

  set preview(on: boolean) {
    this.preview_ = on;
    this.update_();
  }

  private update_(): void {
    const film = this.film_;
    const moves = this.preview_ && this.seen_ && film !== null;
    if (moves && !this.hls_) void this.startPreview_(film.url);
    if (!moves) this.stopPreview_();
    if (!film || !this.seen_) return;
    if (this.drawn_ === film.key) return;
    this.drawn_ = film.key;
    void this.find_(film, moves).then((picture) => {
      if (picture && this.film_?.key === film.key) this.setImage_(picture);
      else if (!picture && this.drawn_ === film.key) this.drawn_ = '';
    });
  }

  private async find_(film: Film, moves: boolean): Promise<string | null> {
    const image = typeof film.image === 'function' ? await film.image().catch(() => null) : film.image;
    if (image) return image;
    return stillTaken(film.key) ?? (moves ? null : still(film.key, film.url, film.moment));
  }

  private setImage_(url: string | null): void {
    if (this.image_?.src === url) return;
    const last = this.image_;
    this.image_ = null;
    if (!url) {
      this.drawn_ = '';
      last?.remove();
      return;
    }
    const image = document.createElement('img');
    image.alt = '';
    image.src = url;
    this.image_ = image;
    // Over the last one when it is there, so that nothing flashes.
    image.addEventListener('load', () => {
      if (this.image_ !== image) return;
      if (last?.isConnected) last.after(image);
      else this.querySelector('.poster')?.after(image);
      setTimeout(() => last?.remove(), kCrossFadeMs);
    }, { once: true });
  }

  private async startPreview_(url: string): Promise<void> {
    const engine = await loadEngine();
    if (this.hls_ || !this.preview_ || !this.seen_ || !engine.isSupported()) return;
    const video = document.createElement('video');
    video.muted = true;
    video.playsInline = true;
    video.tabIndex = -1;
    video.addEventListener('playing', () => this.toggleAttribute('data-moving', true), { once: true });
    this.append(video);
    const hls = new engine(previewSettings());
    this.hls_ = hls;
    hls.on(engine.Events.MANIFEST_PARSED, () => void video.play().catch(() => undefined));
    hls.on(engine.Events.ERROR, (_event, data) => {
      if (data.fatal) this.stopPreview_();
    });
    // Without parts: a browser has six connections to a host, and each that waits for one takes one.
    hls.loadSource(`${url}${url.includes('?') ? '&' : '?'}parts=0`);
    hls.attachMedia(video);
  }

  private stopPreview_(): void {
    this.hls_?.destroy();
    this.hls_ = null;
    this.toggleAttribute('data-moving', false);
    this.querySelector('video')?.remove();
  }
}

customElements.define('ox-picture', OxPicture);
