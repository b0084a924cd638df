// Turns a built page into C++: every file in one blob, and the table that edge/ui_files.h declares.
//   node embed.mjs DIST OUT.bin OUT.cc
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';

const [dist, blobFile, sourceFile] = process.argv.slice(2).map((path) => resolve(path));

const contentTypes = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

/** All files below `folder` as URL paths, sorted, so that equal pages make equal binaries. */
function filesBelow(folder, path = '') {
  return readdirSync(folder).sort().flatMap((name) => {
    const file = join(folder, name);
    return statSync(file).isDirectory() ? filesBelow(file, `${path}/${name}`) : [{ file, path: `${path}/${name}` }];
  });
}

let offset = 0;
const blobs = [];
const rows = filesBelow(dist).map(({ file, path }) => {
  const bytes = readFileSync(file);
  const type = contentTypes[extname(path)];
  if (!type) throw new Error(`${path}: no content type is known for it; add it to embed.mjs`);
  const etag = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  const immutable = /-[0-9A-Za-z]{8}\.[a-z]+$/.test(path);
  const row = `        UiFile{"${path}", "${type}", "${etag}", ${immutable}, {oxbow_ui_bytes + ${offset}, ${bytes.length}}},`;
  blobs.push(bytes);
  offset += bytes.length;
  return row;
});

writeFileSync(blobFile, Buffer.concat(blobs));
writeFileSync(sourceFile, `// Made by ui/embed.mjs.
#include "edge/ui_files.h"

#include <array>

asm(".pushsection .rodata\\n"
    ".balign 16\\n"
    ".globl oxbow_ui_bytes\\n"
    ".hidden oxbow_ui_bytes\\n"
    "oxbow_ui_bytes:\\n"
    ".incbin \\"${blobFile}\\"\\n"
    ".popsection\\n");

extern "C" __attribute__((visibility("hidden"))) const unsigned char oxbow_ui_bytes[];

namespace oxbow::edge {

std::span<const UiFile> ui_files() {
    static const auto files = std::to_array<UiFile>({
${rows.join('\n')}
    });
    return files;
}

}  // namespace oxbow::edge
`);
