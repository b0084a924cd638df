/**
 * SHA-256 and HMAC, for signing in: browsers keep their own (crypto.subtle) from pages without HTTPS.
 * Source: FIPS 180-4; RFC 2104.
 */

const kRounds = Uint32Array.from({ length: 64 }, (_, i) => fraction(prime(i), 1 / 3));
const kStart = Uint32Array.from({ length: 8 }, (_, i) => fraction(prime(i), 1 / 2));
const kBlock = 64;

function prime(index: number): number {
  let found = -1;
  let candidate = 1;
  while (found < index) {
    ++candidate;
    let divisor = 2;
    while (divisor * divisor <= candidate && candidate % divisor !== 0) ++divisor;
    if (divisor * divisor > candidate) ++found;
  }
  return candidate;
}

/** The first 32 bits of the fraction of a root. */
function fraction(value: number, power: number): number {
  const root = value ** power;
  return Math.floor((root - Math.floor(root)) * 2 ** 32);
}

const turn = (value: number, by: number): number => (value >>> by) | (value << (32 - by));

function padded(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array((Math.floor((bytes.length + 8) / kBlock) + 1) * kBlock);
  out.set(bytes);
  out[bytes.length] = 0x80;
  const view = new DataView(out.buffer);
  view.setUint32(out.length - 8, Math.floor((bytes.length * 8) / 2 ** 32));
  view.setUint32(out.length - 4, (bytes.length * 8) >>> 0);
  return out;
}

export function sha256(bytes: Uint8Array): Uint8Array {
  const text = padded(bytes);
  const view = new DataView(text.buffer);
  const state = Uint32Array.from(kStart);
  const w = new Uint32Array(64);
  const at = (words: Uint32Array, index: number): number => words[index] ?? 0;
  for (let block = 0; block < text.length; block += kBlock) {
    for (let i = 0; i < 16; ++i) w[i] = view.getUint32(block + i * 4);
    for (let i = 16; i < 64; ++i) {
      const a = at(w, i - 15);
      const b = at(w, i - 2);
      const s0 = turn(a, 7) ^ turn(a, 18) ^ (a >>> 3);
      const s1 = turn(b, 17) ^ turn(b, 19) ^ (b >>> 10);
      w[i] = at(w, i - 16) + s0 + at(w, i - 7) + s1;
    }
    let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
    for (let i = 0; i < 64; ++i) {
      const s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
      const one = (h + s1 + ((e & f) ^ (~e & g)) + at(kRounds, i) + at(w, i)) | 0;
      const s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
      const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((value, i) => (state[i] = at(state, i) + value));
  }
  const out = new Uint8Array(32);
  const digest = new DataView(out.buffer);
  state.forEach((value, i) => digest.setUint32(i * 4, value));
  return out;
}

export function hmac(key: Uint8Array, text: Uint8Array): Uint8Array {
  const short = key.length > kBlock ? sha256(key) : key;
  const side = (pad: number, inner: Uint8Array): Uint8Array => {
    const out = new Uint8Array(kBlock + inner.length).fill(pad, 0, kBlock);
    short.forEach((byte, i) => (out[i] = byte ^ pad));
    out.set(inner, kBlock);
    return sha256(out);
  };
  return side(0x5c, side(0x36, text));
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
export const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
