/** Path of hls.js's worker under /assets/, put in by build.mjs (the file name carries a hash). */
declare const OXBOW_HLS_WORKER: string;

/** What build.mjs makes of `import './x.css'`. */
declare module '*.css';

/** The two modules of Node that the unit tests use; the page itself never imports them. */
declare module 'node:test' {
  export default function test(name: string, body: () => void | Promise<void>): void;
}
declare module 'node:assert/strict' {
  const assert: {
    equal(actual: unknown, expected: unknown): void;
    deepEqual(actual: unknown, expected: unknown): void;
    ok(value: unknown): void;
  };
  export default assert;
}
