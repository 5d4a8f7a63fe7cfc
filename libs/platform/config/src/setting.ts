import { z } from 'zod';

const secrets = new WeakSet<z.core.$ZodType>();

/** A text that is redacted in every message, log line and error. */
export function secret(schema: z.ZodType<string, string> = z.string().min(1, 'must not be empty')) {
  const marked = schema.refine(() => true);
  secrets.add(marked);
  return marked;
}

/** Whether a setting, or what it wraps (optional, default, a transformation), was declared with `secret()`. */
export function isSecret(schema: z.core.$ZodType): boolean {
  if (secrets.has(schema)) return true;
  const { innerType, in: input } = schema._zod.def as { innerType?: z.core.$ZodType; in?: z.core.$ZodType };
  return [innerType, input].some((inner) => inner !== undefined && isSecret(inner));
}

/** A whole number from `min` to `max`, both allowed. */
export function wholeNumber(min: number, max: number) {
  const error = `a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^-?\d{1,15}$/, { error, abort: true })
    .transform(Number)
    .refine((value) => value >= min && value <= max, { error });
}

/** A number from `min` to `max`, both allowed, fractions too. */
export function numberWithin(min: number, max: number) {
  const error = `a number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^-?\d{1,15}(\.\d{1,15})?$/, { error, abort: true })
    .transform(Number)
    .refine((value) => value >= min && value <= max, { error });
}

/** `true` or `false`. */
export const trueOrFalse = () =>
  z.enum(['true', 'false'], { error: 'true or false' }).transform((text) => text === 'true');

/** A URL with one of these schemes (`nats`, `https` …). */
export function urlOf(...schemes: readonly string[]) {
  const error = `a URL like ${schemes.map((scheme) => `${scheme}://host:port`).join(' or ')}`;
  return z.string().refine((text) => URL.canParse(text) && schemes.includes(new URL(text).protocol.slice(0, -1)), {
    error,
  });
}
