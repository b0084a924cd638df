/** Words for amounts. */

const kDay = 86_400;

/** "4.12", "0.08", "17.3": megabits per second. */
export function megabits(bitsPerSecond: number): string {
  const value = bitsPerSecond / 1e6;
  return value.toFixed(value < 10 ? 2 : 1);
}

const kUnits = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];

/** "0 B", "612 KB", "1.4 GB", "2.06 TB": decimal, as disks are sold. */
export function bytes(amount: number): string {
  let value = Math.max(0, amount);
  let unit = 0;
  while (value >= 999.5 && unit < kUnits.length - 1) {
    value /= 1_000;
    ++unit;
  }
  const digits = unit < 2 || value >= 100 ? 0 : value >= 10 ? 1 : unit === 4 ? 2 : 1;
  return `${value.toFixed(digits)} ${kUnits[unit] ?? ''}`;
}

/** "2.0": seconds of an interval. */
export const seconds = (ms: number): string => (ms / 1_000).toFixed(1);

/** "19 days", "7 hours", "40 minutes": how long there is room at a rate; null: nothing comes. */
export function roomFor(freeBytes: number, bitsPerSecond: number): string | null {
  if (bitsPerSecond <= 0) return null;
  const left = (freeBytes * 8) / bitsPerSecond;
  const whole = (value: number, unit: string): string => {
    const count = Math.floor(value);
    return `${count} ${unit}${count === 1 ? '' : 's'}`;
  };
  if (left >= 3 * 365 * kDay) return 'years';
  if (left >= 2 * kDay) return whole(left / kDay, 'day');
  if (left >= 2 * 3_600) return whole(left / 3_600, 'hour');
  return whole(left / 60, 'minute');
}
