/** The speed of the film. Events: "ox-speed" {rate}, "ox-catch-up". */
import { h, setAttribute } from './element';
import { PlayerMenu } from './player-menu';

export const kRates = [0.5, 0.75, 1, 1.25, 1.5, 2];
const kCatchUp = 'Catch up to live';

const name = (rate: number): string => `${rate}×`;

export class SpeedMenu extends PlayerMenu {
  private readonly rates_ = kRates.map((rate) => this.choice_(name(rate), () => this.chosen_('ox-speed', { rate })));
  private readonly catchUp_ = h('button', {
    type: 'button', role: 'menuitem', tabindex: -1, onclick: () => this.chosen_('ox-catch-up', {}),
  }, kCatchUp);

  constructor() {
    super('speed', 'Speed');
    this.menu_.append(...this.rates_, this.catchUp_);
  }

  draw(rate: number, catchingUp: boolean, canCatchUp: boolean): void {
    this.say_(catchingUp ? '1.1×' : name(rate), catchingUp ? 'Speed: catching up' : `Speed: ${rate}`);
    this.rates_.forEach((item, n) => setAttribute(item, 'aria-checked', String(!catchingUp && kRates[n] === rate)));
    this.catchUp_.hidden = !canCatchUp;
  }

  protected override get usual_(): HTMLButtonElement | undefined {
    return this.rates_[kRates.indexOf(1)];
  }
}

customElements.define('ox-speed-menu', SpeedMenu);
