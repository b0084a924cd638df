// Every playlist that there is, read by a parser of others that throws at what breaks the specification.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import HLS from 'hls-parser';

import { Server, until } from './oxbow.mjs';

const kVersions = 12; // of a playlist that grows: the parts of more than two segments

HLS.setOptions({ strictMode: true, silent: true });

let server;
let channel;
let publisher;
let began;

before(async () => {
  server = await Server.start();
  channel = await server.createChannel('Strict');
  publisher = server.publish(channel, 440);
  began = new Date((await until('a recording', metadata, (found) => found?.masterKey)).recordingStartedAt);
  await until('more segments than a delta has', async () => (await parsed(await mediaOf(rewind()))).segments.length, (count) => count > 20, 60);
});
after(() => server?.close());

const rewind = () => `/rewind/${channel.id}.m3u8`;
const metadata = async () => (await fetch(new URL(`/recording-started-${channel.id}.json`, server.ready.http))).json();

async function parsed(url) {
  const answer = await fetch(new URL(url, server.ready.http));
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  return HLS.parse(newestParts(text));
}

/**
 * A playlist without the parts of older segments. Parts may be listed for three target durations (RFC 8216bis, 6.2.2),
 * which hls-parser takes for three segments: with a target of 6 s and segments of 2 s it refuses what is right. That
 * rule is tested elsewhere (hls_parts.py).
 */
function newestParts(text) {
  const lines = text.split('\n');
  const urls = lines.flatMap((line, at) => (line && !line.startsWith('#') ? [at] : []));
  const since = urls.at(-3) ?? 0; // the open one, and the two before it
  return lines.filter((line, at) => at > since || !line.startsWith('#EXT-X-PART:')).join('\n');
}

/** The media playlist that a multivariant one names. */
async function mediaOf(path) {
  const { variants } = await parsed(path);
  return new URL(variants[0].uri, new URL(path, server.ready.http)).href;
}

/** Reads the versions of a playlist as a player does that knows blocking reloads. Out: all of them. */
async function follow(url, more = '') {
  const versions = [await parsed(url)];
  while (versions.length < kVersions) {
    const open = versions.at(-1).segments.at(-1); // what has no URL yet has the parts that there are
    const [segment, part] = open.uri ? [open.mediaSequenceNumber + 1, 0] : [open.mediaSequenceNumber, open.parts.filter((one) => !one.hint).length];
    versions.push(await parsed(`${url}?_HLS_msn=${segment}&_HLS_part=${part}${more}`));
  }
  return versions;
}

test('live, with parts and without', async () => {
  const live = new URL((await metadata()).livePlaybackUrl).pathname;

  const versions = await follow(await mediaOf(live));
  const plain = await parsed(await mediaOf(`${live}?parts=0`));

  assert.ok(versions.every((one) => one.lowLatencyCompatibility.canBlockReload && one.prefetchSegments.length === 2));
  assert.equal(plain.lowLatencyCompatibility, undefined);
});

test('rewind: whole, as deltas, without parts', async () => {
  const url = await mediaOf(rewind());

  const versions = await follow(url);
  const deltas = await follow(url, '&_HLS_skip=YES');
  const plain = await parsed(await mediaOf(`${rewind()}?parts=0`));

  assert.ok(versions.every((one) => one.playlistType === 'EVENT' && one.mediaSequenceBase === 0));
  assert.ok(deltas.at(-1).skip > 0);
  assert.equal(plain.lowLatencyCompatibility, undefined);
});

test('windows, over and still open', async () => {
  const at = (seconds) => new Date(began.getTime() + 1_000 * seconds).toISOString();

  const over = await parsed(await mediaOf(`${rewind()}?start=${at(4)}&end=${at(12)}`));
  const open = await parsed(await mediaOf(`${rewind()}?start=${at(4)}&end=${at(3_600)}`));

  assert.deepEqual([over.endlist, open.endlist], [true, false]);
  assert.ok(over.segments.length >= 4 && over.segments.length <= 6);
});

test('a recording while it grows and when it has ended, under all of its names', async () => {
  const { masterKey } = await metadata();
  const names = [`/${masterKey}`, `/${masterKey.replace(/[^/]*$/, 'master.m3u8')}`, rewind()];
  const growing = await Promise.all(names.map(async (name) => parsed(await mediaOf(name))));

  await server.stop(publisher);
  const ended = await until('the end everywhere', () => Promise.all(names.map(async (name) => parsed(await mediaOf(name)))),
    (lists) => lists.every((one) => one.endlist));

  assert.ok(growing.every((one) => !one.endlist));
  assert.equal(ended[0].segments.length, ended[2].segments.length);
  assert.ok(ended[1].segments.length < ended[0].segments.length); // whole objects
});

test('what breaks the specification is thrown at us', async () => {
  const text = await (await fetch(await mediaOf(rewind()))).text();

  assert.throws(() => HLS.parse(text.replace(/#EXTINF:2\.0+,/, '#EXTINF:9.000,')), /EXTINF/);
});
