import { decodeJson, encodeJson, type Envelope } from './envelope.js';

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
