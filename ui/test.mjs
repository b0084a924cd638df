// Runs the unit tests, *.test.ts below src/: bundled for Node, then given to node --test.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const sources = join(dirname(fileURLToPath(import.meta.url)), 'src');
const tests = ['', 'operator/'].flatMap((folder) => readdirSync(join(sources, folder)).map((name) => folder + name))
  .filter((name) => name.endsWith('.test.ts'));
const out = mkdtempSync(join(tmpdir(), 'oxbow-ui-'));
await build({
  entryPoints: tests.map((name) => join(sources, name)),
  outdir: out,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  logLevel: 'warning',
});
const files = tests.map((name) => join(out, name.replace(/\.ts$/, '.mjs')));
const run = spawnSync(process.execPath, ['--test', ...files], { stdio: 'inherit' });
rmSync(out, { recursive: true, force: true });
process.exit(run.status ?? 1);
