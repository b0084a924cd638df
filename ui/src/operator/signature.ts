/** AWS Signature Version 4 of the one request that signs in. Source: AWS General Reference, "Create a signed AWS API request". */
import { bytesOf, hex, hmac, sha256 } from './sha256';

const kAlgorithm = 'AWS4-HMAC-SHA256';
const kRegion = 'us-east-1'; // the server takes any
const kService = 'ivs';
const kSigned = 'host;x-amz-date';

/** The headers that sign a POST of nothing to `path` at `host`, at `now` by the server's clock. */
export function signatureHeaders(
  accessKeyId: string, secret: string, host: string, path: string, now: number,
): Record<string, string> {
  const stamp = new Date(now).toISOString().replace(/[-:]|\.\d+/g, ''); // "20261123T090000Z"
  const scope = [stamp.slice(0, 8), kRegion, kService, 'aws4_request'];
  const digest = (text: string): string => hex(sha256(bytesOf(text)));
  const request = ['POST', path, '', `host:${host}`, `x-amz-date:${stamp}`, '', kSigned, digest('')].join('\n');
  const text = [kAlgorithm, stamp, scope.join('/'), digest(request)].join('\n');
  const key = scope.reduce((k, piece) => hmac(k, bytesOf(piece)), bytesOf(`AWS4${secret}`));
  const signature = hex(hmac(key, bytesOf(text)));
  return {
    'x-amz-date': stamp,
    authorization: `${kAlgorithm} Credential=${accessKeyId}/${scope.join('/')}, SignedHeaders=${kSigned}, Signature=${signature}`,
  };
}
