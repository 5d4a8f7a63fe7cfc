import { Fault } from '@runos/kernel';
import { maxToAgentBytes } from '../wire/limits.js';

/** The message of every stream, in both directions. */
export interface Envelope {
  /** Base64 (standard alphabet, padded) of a UTF-8 JSON value; empty when there is none. */
  readonly jsonB64: string;
  readonly type: string;
  /** A UUID in new messages. A reply repeats the tag of its request. */
  readonly tag: string;
  /** The W3C trace context of the message, if there is one. */
  readonly traceparent?: string;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** JSON as base64, the form of an envelope's body. */
export const encodeJson = (value: unknown): string => Buffer.from(JSON.stringify(value), 'utf8').toString('base64');

/**
 * The bytes of a text in base64; undefined if it is none. Node leaves out what is not base64, so the length shows it, and
 * accepts `-` and `_`. An expression over the text of a log costs more than all else that is done with it.
 */
function bytesOf(text: string): Buffer | undefined {
  const padding = text.endsWith('==') ? 2 : Number(text.endsWith('='));
  const bytes = Buffer.from(text, 'base64');
  const isWhole = text.length % 4 === 0 && bytes.length === (text.length / 4) * 3 - padding;
  return isWhole && !text.includes('-') && !text.includes('_') ? bytes : undefined;
}

/** The value, or the reason why there is none. An empty payload reads as `{}`, because several messages have none. */
export function decodeJson(jsonB64: string): { ok: true; value: unknown } | { ok: false; problem: string } {
  if (jsonB64 === '') return { ok: true, value: {} };
  const bytes = bytesOf(jsonB64);
  if (bytes === undefined) return { ok: false, problem: 'the payload is not base64' };
  try {
    return { ok: true, value: JSON.parse(utf8.decode(bytes)) as unknown };
  } catch (error) {
    return { ok: false, problem: `the payload is not JSON in UTF-8: ${(error as Error).message}` };
  }
}

/** The maximum size on the wire: three strings, each with up to 6 bytes for field number and length, and a trace. */
export const envelopeBytes = ({ jsonB64, type, tag }: Envelope): number =>
  Buffer.byteLength(jsonB64) + Buffer.byteLength(type) + Buffer.byteLength(tag) + 3 * 6 + 64;

/**
 * An envelope that an agent can receive.
 * @throws Fault `request.too_large` naming the type, its size and the limit.
 */
export function envelope(type: string, value: unknown, tag: string): Envelope {
  const created = { jsonB64: encodeJson(value), type, tag };
  const bytes = envelopeBytes(created);
  if (bytes > maxToAgentBytes) {
    throw new Fault('request.too_large', `${type} takes ${bytes} bytes; an agent accepts at most ${maxToAgentBytes}`);
  }
  return created;
}

/** The type of every error reply. */
export const errorType = 'ERROR';

/** An error reply that agents of both kinds understand. */
export const errorEnvelope = (message: string, tag: string): Envelope => ({
  type: errorType,
  jsonB64: encodeJson({ errMsg: message }),
  tag,
});

function textIn(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = value as Readonly<Record<string, unknown>>;
  return [fields.errMsg, fields.response, fields.message].find((text): text is string => typeof text === 'string');
}

/**
 * The error text of an envelope, or undefined when it is no error. Three forms are in use: base64 JSON `{errMsg}` (cluster
 * agents), plain text instead of base64 (node agents), and other types that end in `_ERROR`.
 */
export function errorIn(envelope: Envelope): string | undefined {
  if (envelope.type !== errorType && !envelope.type.endsWith('_ERROR')) return undefined;
  const decoded = decodeJson(envelope.jsonB64);
  const text = decoded.ok ? textIn(decoded.value) : undefined;
  return text ?? (envelope.jsonB64 === '' ? `${envelope.type} without a reason` : envelope.jsonB64);
}
