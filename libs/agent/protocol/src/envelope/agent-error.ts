import { decodeJson, encodeJson, type Envelope } from './envelope.js';

/** The type of every answer that says no. */
export const errorType = 'ERROR';

/** An answer that says no. Agents of both kinds understand it. */
export const errorEnvelope = (message: string, tag: string): Envelope => ({
  type: errorType,
  jsonB64: encodeJson({ errMsg: message }),
  tag,
});

function textIn(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const said = value as Readonly<Record<string, unknown>>;
  return [said.errMsg, said.response, said.message].find((text): text is string => typeof text === 'string');
}

/**
 * What went wrong, or undefined when the envelope is no error. Three forms are in use: base64 JSON `{errMsg}` (cluster
 * agents), the bare text in place of the base64 (node agents), and types of their own that end in `_ERROR`.
 */
export function errorIn(envelope: Envelope): string | undefined {
  if (envelope.type !== errorType && !envelope.type.endsWith('_ERROR')) return undefined;
  const decoded = decodeJson(envelope.jsonB64);
  const text = decoded.ok ? textIn(decoded.value) : undefined;
  return text ?? (envelope.jsonB64 === '' ? `${envelope.type} without a reason` : envelope.jsonB64);
}
