// Builds the pages into OUT (default: dist/): index.html and /assets/ with hashed names, and of the operator's page the
// same under /operator/.
//   node build.mjs [OUT]
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, 'dist'));
const assets = join(out, 'assets');
const modules = join(here, 'node_modules');

rmSync(out, { recursive: true, force: true });
mkdirSync(assets, { recursive: true });
mkdirSync(join(out, 'operator/assets'), { recursive: true });

/** Writes a file whose name carries its hash; returns its URL path. */
function addHashed(name, extension, bytes, folder = '/assets') {
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 8);
  const file = `${folder}/${name}-${hash}.${extension}`;
  writeFileSync(join(out, file), bytes);
  return file;
}

const withoutMap = (text) => text.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n');

const worker = addHashed('hls.worker', 'js', withoutMap(readFileSync(join(modules, 'hls.js/dist/hls.worker.js'), 'utf8')));
const icon = readFileSync(join(here, 'src/icon.svg'));

/** Bundles a page: its HTML, `source` and `page` below src/, with what it is made of below the URL path `folder`. */
async function addPage(page, source, folder, options) {
  const result = await build({
    absWorkingDir: here,
    entryPoints: [join(here, 'src', source)],
    outdir: join(out, folder),
    bundle: true,
    format: 'esm',
    target: ['chrome100', 'firefox100', 'safari15.4'],
    minify: true,
    legalComments: 'none',
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    metafile: true,
    logLevel: 'warning',
    ...options,
  });
  const entry = Object.entries(result.metafile.outputs).find(([, output]) => output.entryPoint?.endsWith(`src/${source}`));
  if (!entry) throw new Error(`esbuild wrote no entry for src/${source}`);
  const url = (path) => `${folder}/${path.split('/').pop()}`;
  const html = readFileSync(join(here, 'src', page), 'utf8')
    .replace('@SCRIPT@', url(entry[0]))
    .replace('@STYLE@', url(entry[1].cssBundle))
    .replace('@ICON@', addHashed('icon', 'svg', icon, folder));
  writeFileSync(join(out, page), html);
}

await addPage('index.html', 'app.ts', '/assets', {
  splitting: true,
  // Without what no stream of ours has: other sound tracks, subtitles, DRM, advertisements. A third less to load.
  alias: { 'hls.js': join(modules, 'hls.js/dist/hls.light.min.mjs') },
  define: { OXBOW_HLS_WORKER: JSON.stringify(worker) },
});
await addPage('operator/index.html', 'operator/operator.ts', '/operator/assets', {});

const version = JSON.parse(readFileSync(join(modules, 'hls.js/package.json'), 'utf8')).version;
const licence = readFileSync(join(modules, 'hls.js/LICENSE'), 'utf8');
const apache = readFileSync(join(here, 'licenses/apache-2.0.txt'), 'utf8');
writeFileSync(
  join(assets, 'licenses.txt'),
  `This page contains software of others.\n\n--- hls.js ${version}, https://github.com/video-dev/hls.js ---\n\n` +
    `${licence}\n--- Apache License, Version 2.0 ---\n\n${apache}`,
);
