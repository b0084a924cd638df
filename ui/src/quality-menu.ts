/** Which rendition plays, where there are several. Events: "ox-quality" {level}, -1: whatever the network allows. */
import { setAttribute } from './element';
import { PlayerMenu } from './player-menu';
import { linesOf, namesOf, Rendition } from './quality';

export const kAuto = -1;

export class QualityMenu extends PlayerMenu {
  private drawn_: readonly Rendition[] | null = null;
  private names_: string[] = [];
  private levels_: number[] = []; // of the items

  constructor() {
    super('quality', 'Quality');
  }

  /** `chosen` and `shown`: of `renditions`; -1: none. */
  draw(renditions: readonly Rendition[], chosen: number, shown: number): void {
    if (renditions !== this.drawn_) this.fill_(renditions);
    if (this.hidden) return;
    const name = this.names_[chosen];
    const now = this.names_[shown];
    this.say_(name ?? 'Auto', `Quality: ${name ?? (now ? `auto, ${now} now` : 'auto')}`);
    [...this.menu_.children].forEach((item, n) => setAttribute(item, 'aria-checked', String(this.levels_[n] === chosen)));
  }

  private fill_(renditions: readonly Rendition[]): void {
    this.close();
    this.drawn_ = renditions;
    this.names_ = namesOf(renditions);
    this.hidden = renditions.length < 2;
    const of = (level: number): Rendition => renditions[level] as Rendition;
    const best = (a: number, b: number): number => linesOf(of(b)) - linesOf(of(a)) || of(b).bitrate - of(a).bitrate;
    this.levels_ = [kAuto, ...[...renditions.keys()].sort(best)];
    this.menu_.replaceChildren(...this.levels_.map((level) =>
      this.choice_(this.names_[level] ?? 'Auto', () => this.chosen_('ox-quality', { level }))));
  }
}

customElements.define('ox-quality-menu', QualityMenu);
