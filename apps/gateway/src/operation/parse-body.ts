import type { GatewayRequest } from '../http/gateway-request.js';
import type { ParseResult } from './parse-result.js';
import { malformedValue } from './parse-result.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });
const json = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

const invalid = (path: string, message: string): ParseResult<unknown> => ({
  value: undefined,
  issues: [{ path, message }],
});

/** The JSON body of a request. No body counts as an empty object, whatever its content type. */
export function parseBody(request: GatewayRequest): ParseResult<unknown> {
  const { body } = request;
  if (body === undefined) return { value: {}, issues: [] };
  const type = request.get('content-type') ?? 'nothing';
  if (!json.test(type)) return invalid('Content-Type', `must be application/json in UTF-8, not ${type.slice(0, 100)}`);
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(body));
  } catch (error) {
    return invalid('', error instanceof SyntaxError ? `is not JSON: ${error.message}` : 'is not UTF-8');
  }
  const issue = malformedValue(value);
  return issue === undefined ? { value, issues: [] } : { value: undefined, issues: [issue] };
}
