import { CliError } from '../failure/cli-error.js';
import { type Document, isDocument } from '../output/document.js';

const textIn = (body: Document, key: string): string | undefined => {
  const value = body[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** The error that an answer reports, with what to do about it. */
export function errorOfAnswer(response: Response, answer: unknown): CliError {
  const { status } = response;
  const body = isDocument(answer) ? answer : {};
  const reported = textIn(body, 'error') ?? textIn(body, 'reason') ?? textIn(body, 'message');
  const { error: _error, code: _code, traceId: _traceId, ...rest } = body;
  const code = textIn(body, 'code');
  return new CliError(
    sentence(status === 401 ? refusal(body, reported) : (reported ?? `The server answered ${status}`)),
    {
      code,
      statusCode: status,
      traceId: textIn(body, 'traceId'),
      field: fieldOf(body),
      remedy: remedyOf(response, code, body),
      body: rest,
    },
  );
}

const sentence = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`);

function refusal(body: Document, reported = 'unauthorized'): string {
  const at = textIn(body, 'revokedAt') ?? textIn(body, 'expiredAt');
  const reason = textIn(body, 'reason');
  const detail = reason === undefined ? '' : ` (${reason}${at === undefined ? '' : ` at ${at}`})`;
  return `The server does not accept your key: ${reported}${detail}`;
}

/** The input that the answer names first. */
function fieldOf({ issues }: Document): string | undefined {
  const first = Array.isArray(issues) ? (issues[0] as unknown) : undefined;
  return isDocument(first) ? textIn(first, 'path') : undefined;
}

function remedyOf({ status, headers }: Response, code: string | undefined, body: Document): string | undefined {
  if (code === 'auth.session_expired') return 'your session has ended: runos login';
  if (status === 401) return 'runos login with a valid key, or set RUNOS_API_KEY to one';
  if (code?.startsWith('route.')) return 'this server may be of another version: runos manifest update';
  if (status === 404 && code === undefined) return 'check the address: runos config get api-url';
  if (status === 412) return 'it was changed meanwhile; read it again and repeat the change';
  if (status === 409 && Array.isArray(body['osids'])) return `delete or change first: ${body['osids'].join(', ')}`;
  if (status === 429 || status === 503) return `try again in ${headers.get('retry-after') ?? 'some'} s`;
  if (status >= 500) return 'try again; if it stays, report the trace id';
  return undefined;
}
