/** The one clock that several films follow: UTC ms of the picture that all show. Pure; `now` is performance.now(). */

export class SharedClock {
  /** Null while it was not set. */
  private wall_: number | null = null;
  private since_ = 0;
  private rate_ = 1;
  private runs_ = false;

  get isSet(): boolean {
    return this.wall_ !== null;
  }

  get rate(): number {
    return this.rate_;
  }

  get runs(): boolean {
    return this.runs_;
  }

  at(now: number): number {
    const wall = this.wall_ ?? 0;
    return this.runs_ ? wall + (now - this.since_) * this.rate_ : wall;
  }

  set(wall: number, now: number): void {
    this.wall_ = wall;
    this.since_ = now;
  }

  run(runs: boolean, now: number): void {
    if (runs === this.runs_) return;
    this.set(this.at(now), now);
    this.runs_ = runs;
  }

  setRate(rate: number, now: number): void {
    if (rate === this.rate_) return;
    this.set(this.at(now), now);
    this.rate_ = rate;
  }
}

/** What a film does to be where the clock is. */
export interface Steering {
  /** So far away that it should jump. */
  jump: boolean;
  /** How fast to play, also until it may jump. */
  rate: number;
}

const kJumpSeconds = 0.5;
const kFineSeconds = 0.006;
/** A film makes up for half of what it is away in each second, and is never more than a tenth faster or slower. */
const kGain = 0.5;
const kBendMax = 0.1;

/** `away`: seconds from where the film is to where it should be. */
export function steer(away: number, rate: number): Steering {
  if (Math.abs(away) < kFineSeconds) return { jump: false, rate };
  const bend = Math.min(Math.max(away * kGain, -kBendMax), kBendMax);
  return { jump: Math.abs(away) > kJumpSeconds, rate: rate * (1 + bend) };
}
