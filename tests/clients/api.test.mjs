// Amazon's own SDK for JavaScript against the real server: every operation, typed errors, paginators.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import * as ivs from '@aws-sdk/client-ivs';

import { Server, until } from '../browser/oxbow.mjs';

const driven = new Set();
let server;
let client;
let live;

/** Sends the command of that name. */
function call(name, input = {}) {
  driven.add(name);
  return client.send(new ivs[`${name}Command`](input));
}

/** The error that a call must fail with. */
async function failure(name, input) {
  return call(name, input).then(
    (answer) => assert.fail(`${name} answered ${JSON.stringify(answer)}`), (error) => error);
}

const publicKey = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ type: 'spki', format: 'pem' });

before(async () => {
  server = await Server.start();
  const file = readFileSync(server.ready.credentials, 'utf8');
  const value = (name) => file.match(new RegExp(`${name} = (\\S+)`))[1];
  client = new ivs.IvsClient({
    region: 'us-east-1',
    endpoint: server.ready.api,
    credentials: { accessKeyId: value('aws_access_key_id'), secretAccessKey: value('aws_secret_access_key') },
  });
  live = await server.createChannel('live');
  live.arn = `arn:aws:ivs:us-east-1:000000000000:channel/${live.id}`;
  server.publish(live, 440);
});

after(async () => {
  client?.destroy();
  await server?.close();
});

test('channels and their stream keys', async () => {
  const made = await call('CreateChannel', { name: 'one', type: 'BASIC', tags: { a: 'b' } });
  const { arn } = made.channel;
  assert.equal((await call('GetChannel', { arn })).channel.name, 'one');
  assert.equal((await call('BatchGetChannel', { arns: [arn] })).channels[0].arn, arn);
  assert.equal((await call('UpdateChannel', { arn, latencyMode: 'NORMAL' })).channel.latencyMode, 'NORMAL');
  assert.equal((await call('ListChannels', { filterByName: 'one' })).channels.length, 1);

  const key = made.streamKey.arn;
  assert.equal((await call('GetStreamKey', { arn: key })).streamKey.value, made.streamKey.value);
  assert.equal((await call('BatchGetStreamKey', { arns: [key] })).streamKeys[0].value, made.streamKey.value);
  assert.equal((await call('ListStreamKeys', { channelArn: arn })).streamKeys[0].value, undefined);
  await call('DeleteStreamKey', { arn: key });
  assert.notEqual((await call('CreateStreamKey', { channelArn: arn })).streamKey.value, made.streamKey.value);
  await call('DeleteChannel', { arn });
});

test('tags', async () => {
  const resourceArn = (await call('CreateChannel', { name: 'tagged' })).channel.arn;
  await call('TagResource', { resourceArn, tags: { 'a b': 'c/d', x: '' } });
  assert.deepEqual((await call('ListTagsForResource', { resourceArn })).tags, { 'a b': 'c/d', x: '' });
  await call('UntagResource', { resourceArn, tagKeys: ['a b'] });
  assert.deepEqual((await call('ListTagsForResource', { resourceArn })).tags, { x: '' });
});

test('a recording configuration becomes ACTIVE, or CREATE_FAILED without its bucket', async () => {
  const create = async (bucketName) =>
    (await call('CreateRecordingConfiguration', { destinationConfiguration: { s3: { bucketName } } }))
      .recordingConfiguration.arn;
  const state = (arn) => async () =>
    (await call('GetRecordingConfiguration', { arn })).recordingConfiguration.state;
  const [ours, none] = [await create('recordings'), await create('no-such-bucket')];
  assert.equal(await until('a state', state(ours), (seen) => seen !== 'CREATING'), 'ACTIVE');
  assert.equal(await until('a state', state(none), (seen) => seen !== 'CREATING'), 'CREATE_FAILED');
  assert.equal((await call('ListRecordingConfigurations')).recordingConfigurations.length, 3);
  await call('DeleteRecordingConfiguration', { arn: none });
});

test('playback key pairs, restriction policies and revocations', async () => {
  const pair = (await call('ImportPlaybackKeyPair', { publicKeyMaterial: publicKey(), name: 'k' })).keyPair;
  assert.match(pair.fingerprint, /^([0-9a-f]{2}:){15}[0-9a-f]{2}$/);
  assert.equal((await call('GetPlaybackKeyPair', { arn: pair.arn })).keyPair.fingerprint, pair.fingerprint);
  assert.equal((await call('ListPlaybackKeyPairs')).keyPairs.length, 1);
  await call('DeletePlaybackKeyPair', { arn: pair.arn });

  const { arn } = (await call('CreatePlaybackRestrictionPolicy', { name: 'p' })).playbackRestrictionPolicy;
  await call('UpdatePlaybackRestrictionPolicy', { arn, allowedOrigins: ['https://a.example'] });
  const read = (await call('GetPlaybackRestrictionPolicy', { arn })).playbackRestrictionPolicy;
  assert.deepEqual(read.allowedOrigins, ['https://a.example']);
  assert.equal((await call('ListPlaybackRestrictionPolicies')).playbackRestrictionPolicies.length, 1);
  const hidden = (await call('CreateChannel', { name: 'hidden', authorized: true, playbackRestrictionPolicyArn: arn })).channel;
  assert.equal(hidden.authorized, true);
  assert.equal(hidden.playbackRestrictionPolicyArn, arn);
  await call('UpdatePlaybackRestrictionPolicy', { arn, enableStrictOriginEnforcement: true });
  const open = (await call('UpdateChannel', { arn: hidden.arn, authorized: false, playbackRestrictionPolicyArn: '' })).channel;
  assert.equal(open.authorized, false);
  await call('DeleteChannel', { arn: hidden.arn });
  await call('DeletePlaybackRestrictionPolicy', { arn });

  const viewer = { channelArn: live.arn, viewerId: 'v', viewerSessionVersionsLessThanOrEqualTo: 3 };
  await call('StartViewerSessionRevocation', viewer);
  const gone = `${live.arn}x`;
  const batch = await call('BatchStartViewerSessionRevocation', {
    viewerSessions: [viewer, { ...viewer, channelArn: gone }],
  });
  assert.equal(batch.errors.length, 1);
  assert.equal(batch.errors[0].channelArn, gone);
});

test('a stream, its session, and its end', async () => {
  const { stream } = await until('the stream', () => call('GetStream', { channelArn: live.arn }).catch(() => null));
  assert.equal(stream.state, 'LIVE');
  assert.ok(stream.startTime instanceof Date);
  assert.equal((await call('ListStreams', { filterBy: { health: 'HEALTHY' } })).streams.length, 1);
  const { streamSession } = await call('GetStreamSession', { channelArn: live.arn, streamId: stream.streamId });
  assert.equal(streamSession.channel.arn, live.arn);
  assert.equal(streamSession.endTime, undefined);
  assert.equal((await call('ListStreamSessions', { channelArn: live.arn })).streamSessions.length, 1);

  const updated = await failure('UpdateChannel', { arn: live.arn, name: 'other' });
  assert.ok(updated instanceof ivs.ConflictException, String(updated));
  await call('PutMetadata', { channelArn: live.arn, metadata: 'größe' });
  await call('StopStream', { channelArn: live.arn });
});

test('errors arrive as their classes, with a message', async () => {
  const none = 'arn:aws:ivs:us-east-1:000000000000:channel/none';
  const offline = (await call('CreateChannel', { name: 'offline' })).channel.arn;
  const expected = [
    [ivs.ResourceNotFoundException, 'GetChannel', { arn: none }],
    [ivs.ChannelNotBroadcasting, 'GetStream', { channelArn: offline }],
    [ivs.ValidationException, 'CreateChannel', { name: 'bad name!' }],
    [ivs.ServiceQuotaExceededException, 'CreateStreamKey', { channelArn: offline }],
    [ivs.ConflictException, 'ListChannels', { filterByName: 'a', filterByRecordingConfigurationArn: '' }],
  ];
  for (const [type, name, input] of expected) {
    const error = await failure(name, input);
    assert.ok(error instanceof type, `${name}: ${error}`);
    assert.ok(error.message.length > 10);
    assert.equal(error.message, error.exceptionMessage);
    assert.equal(error.$metadata.requestId.length, 36);
  }
});

test('paginators walk 250 channels', async () => {
  for (let i = 0; i < 250; i += 1) await call('CreateChannel', { name: 'many', type: 'BASIC' });
  const arns = new Set();
  for await (const page of ivs.paginateListChannels({ client }, { filterByName: 'many' })) {
    for (const channel of page.channels) arns.add(channel.arn);
  }
  assert.equal(arns.size, 250);
});

test('every operation that the SDK has was driven', async () => {
  const ads = Object.keys(ivs).filter((name) => /^(.*AdConfigurations?|InsertAdBreak)Command$/.test(name));
  for (const command of ads) {
    const name = command.replace(/Command$/, '');
    const arn = 'arn:aws:ivs:us-east-1:000000000000:ad-configuration/a';
    const error = await failure(
      name, { arn, channelArn: live.arn, durationSeconds: 1, mediaTailorPlaybackConfigurations: [{}] });
    assert.ok(error instanceof ivs.AccessDeniedException, String(error));
  }
  const commands = Object.keys(ivs).filter((name) => /^[A-Z].*Command$/.test(name) && name !== '$Command');
  assert.deepEqual(commands.map((name) => name.replace(/Command$/, '')).filter((name) => !driven.has(name)), []);
});
