/** What a stream's samples say: its numbers now, and what to do about them. */
import { seconds } from './numbers';
import type { HealthSample, StreamHealth } from './server';

/** Beyond, delay and start-up suffer: a segment ends at a key frame. */
const kKeyFramesMaxMs = 2_600;
/** Of the rate that the stream has had: below, pictures are missing. */
const kFrameRateLeast = 0.85;
const kSamplesKept = 360;
/** As many samples as it takes to know the rate that a stream should have. */
const kSamplesToKnow = 4;

export const at = (sample: HealthSample): number => sample[0];
export const bitsOf = (sample: HealthSample): number => sample[1];
export const framesOf = (sample: HealthSample): number => sample[2];
export const intervalOf = (sample: HealthSample): number => sample[3];
export const viewersOf = (sample: HealthSample): number => sample[4];

/** What was known, and what came since: by time, each once, none twice as old as is shown. */
export function merged(known: HealthSample[], news: HealthSample[]): HealthSample[] {
  const last = known.at(-1)?.[0] ?? -Infinity;
  return [...known, ...news.filter((sample) => at(sample) > last)].slice(-kSamplesKept);
}

/** The frame rate that a stream has nearly always, of its samples; 0: not known yet. */
export function usualFrameRate(samples: HealthSample[]): number {
  const rates = samples.map(framesOf).filter((rate) => rate > 0).sort((a, b) => a - b);
  if (rates.length < kSamplesToKnow) return 0;
  return rates[Math.floor(rates.length * 0.75)] ?? 0;
}

export type Trouble = 'starving' | 'frames' | 'key-frames';

export interface Warning {
  trouble: Trouble;
  /** Goes on behind the channel's name. */
  text: string;
}

export function isSlowKeyFrames(sample: HealthSample): boolean {
  return intervalOf(sample) > kKeyFramesMaxMs;
}

/** The newest samples, where it is no single one that is bad. */
const kBadSamples = 2;
const isBad = (samples: HealthSample[], bad: (sample: HealthSample) => boolean): boolean =>
  samples.length >= kBadSamples && samples.slice(-kBadSamples).every(bad);

export const hasSlowFrames = (samples: HealthSample[]): boolean => {
  const usual = usualFrameRate(samples);
  return isBad(samples, (sample) => isSlowFrames(sample, usual));
};

export const hasSlowKeyFrames = (samples: HealthSample[]): boolean => isBad(samples, isSlowKeyFrames);

export function isSlowFrames(sample: HealthSample, usual: number): boolean {
  return usual > 0 && framesOf(sample) > 0 && framesOf(sample) < usual * kFrameRateLeast;
}

/** What is wrong with a stream now, the worst first. */
export function warnings(health: StreamHealth | undefined, isStarving: boolean): Warning[] {
  const out: Warning[] = [];
  if (isStarving) {
    out.push({
      trouble: 'starving',
      text: 'sends less than half of what it plays. Lower the encoder\'s bitrate, or look at its network.',
    });
  }
  const samples = health?.samples ?? [];
  const last = samples.at(-1);
  if (!last) return out;
  const usual = usualFrameRate(samples);
  if (!isStarving && hasSlowFrames(samples)) {
    out.push({
      trouble: 'frames',
      text: `delivers ${framesOf(last).toFixed(1)} of ${usual.toFixed(0)} frames per second. Its encoder may be too slow.`,
    });
  }
  if (hasSlowKeyFrames(samples)) {
    out.push({
      trouble: 'key-frames',
      text: `sends a key frame every ${seconds(intervalOf(last))} s. Set the encoder to 2 s to bring the delay down.`,
    });
  }
  return out;
}

export interface Total {
  time: number;
  bits: number;
  viewers: number;
}

/** All streams together: the samples of one moment are taken at one time. */
export function totals(streams: Iterable<StreamHealth>): Total[] {
  const sums = new Map<number, Total>();
  for (const stream of streams) {
    for (const sample of stream.samples) {
      const sum = sums.get(at(sample)) ?? { time: at(sample), bits: 0, viewers: 0 };
      sum.bits += bitsOf(sample);
      sum.viewers += viewersOf(sample);
      sums.set(at(sample), sum);
    }
  }
  return [...sums.values()].sort((a, b) => a.time - b.time);
}
