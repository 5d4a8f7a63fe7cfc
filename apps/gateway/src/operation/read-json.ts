import type { GatewayRequest } from '../http/gateway-request.js';
import type { Reading } from './reading.js';
import { flawOf } from './well-formed.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });
const json = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

const flawed = (path: string, message: string): Reading<unknown> => ({ value: undefined, issues: [{ path, message }] });

/** The JSON body of a request; none at all counts as an empty object, whatever content type is claimed for it. */
export function readJson(request: GatewayRequest): Reading<unknown> {
  const { body } = request;
  if (body === undefined) return { value: {}, issues: [] };
  const type = request.get('content-type') ?? 'nothing';
  if (!json.test(type)) return flawed('Content-Type', `must be application/json in UTF-8, not ${type.slice(0, 100)}`);
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(body));
  } catch (error) {
    return flawed('', error instanceof SyntaxError ? `is not JSON: ${error.message}` : 'is not UTF-8');
  }
  const flaw = flawOf(value);
  return flaw === undefined ? { value, issues: [] } : { value: undefined, issues: [flaw] };
}
