/** What stands where a picture will be: calm water in a colour of the channel's own, with a bend of its own. */

/** FNV-1a: the same id gives the same poster on every page. */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; ++i) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}

const kWidth = 320;
const kHeight = 180;

/** Three rivers running down the picture, each bending by its own amount. */
function rivers(seed: number): string {
  return [0, 1, 2].map((n) => {
    const x = 60 + ((seed >>> (n * 5)) % 180) + n * 24;
    const bend = 50 + ((seed >>> (n * 7)) % 90);
    const side = (seed >>> (n + 3)) % 2 === 0 ? 1 : -1;
    const a = x + side * bend;
    const b = x - side * bend;
    return `M${x} -20C${a} 40 ${a} 70 ${x} 92S${b} 150 ${x + side * 30} 200`;
  }).map((d, n) => `<path d="${d}" stroke-width="${26 - n * 8}" opacity="${(0.1 + n * 0.05).toFixed(2)}"/>`).join('');
}

export function poster(id: string): HTMLElement {
  const seed = hash(id);
  const element = document.createElement('div');
  element.className = 'poster';
  element.setAttribute('aria-hidden', 'true');
  // Green over blue to violet: red and amber have a meaning on these pages.
  element.style.setProperty('--hue', String(150 + (seed % 150)));
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', `0 0 ${kWidth} ${kHeight}`);
  svg.setAttribute('preserveAspectRatio', 'xMidYMid slice');
  svg.innerHTML = rivers(seed);
  element.append(svg);
  return element;
}
