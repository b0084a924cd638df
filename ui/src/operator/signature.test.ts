import assert from 'node:assert/strict';
import test from 'node:test';

import { signatureHeaders } from './signature';

test('the signature is the one that other signers make', () => {
  // By botocore: SigV4Auth(Credentials('AKIDEXAMPLE', 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'), 'ivs', 'us-east-1').
  const headers = signatureHeaders('AKIDEXAMPLE', 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', '127.0.0.1:8081', '/operator/session',
    Date.UTC(2026, 10, 23, 9, 0, 0, 123));

  assert.equal(headers['x-amz-date'], '20261123T090000Z');
  assert.equal(headers['authorization'],
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261123/us-east-1/ivs/aws4_request, SignedHeaders=host;x-amz-date, ' +
      'Signature=6dd298830807c47d720f384aa22116d8bc510b5a6d0638aaf63b0b79be22d98d');
});
