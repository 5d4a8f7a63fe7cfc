import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { breakingChanges } from './breaking-changes.js';
import { type Message, wireSchema } from './messages.js';

const message = (accepted: z.ZodType, sent: z.ZodType, fixed = {}): Message => ({
  fixed,
  accepted: { input: wireSchema(accepted) },
  sent: { output: wireSchema(sent) },
});

const input = z.strictObject({ name: z.string().max(20), size: z.enum(['s', 'm']).optional() });
const output = z.object({ id: z.string(), state: z.enum(['up', 'down']), steps: z.array(z.object({ no: z.int() })) });

const changes = (accepted: z.ZodType, sent: z.ZodType): string[] =>
  breakingChanges({ m: message(input, output) }, { m: message(accepted, sent) });

describe('compatible changes', () => {
  it.each<[string, z.ZodType, z.ZodType]>([
    ['nothing', input, output],
    ['an optional field to a request', input.extend({ colour: z.string().optional() }), output],
    ['a default', input.extend({ size: z.enum(['s', 'm']).default('s') }), output],
    [
      'values and length to a request',
      input.extend({ name: z.string(), size: z.enum(['s', 'm', 'l']) }).partial(),
      output,
    ],
    ['null to a request', input.extend({ name: z.string().max(20).nullable() }), output],
    ['a field to a reply', input, output.extend({ at: z.string() })],
    [
      'a field to a list in a reply',
      input,
      output.extend({ steps: z.array(z.object({ no: z.int(), at: z.string() })) }),
    ],
    ['fewer values in a reply', input, output.extend({ state: z.literal('up') })],
  ])('%s', (_, accepted, sent) => {
    expect(changes(accepted, sent)).toEqual([]);
  });

  it('a message', () => {
    expect(breakingChanges({}, { m: message(input, output) })).toEqual([]);
  });
});

describe('breaking changes', () => {
  it.each<[string, z.ZodType, z.ZodType, string]>([
    ['a new required field', input.extend({ kind: z.string() }), output, 'kind may be missing'],
    ['an optional field that becomes required', input.required(), output, 'size may be missing'],
    ['a field that is rejected', input.omit({ size: true }), output, 'size is unknown'],
    ['a field that is no longer read', z.object({ name: z.string().max(20) }), output, 'size is no longer read'],
    ['fewer values', input.extend({ size: z.literal('s').optional() }), output, 'size may be m'],
    ['a shorter text', input.extend({ name: z.string().max(10) }), output, 'name has maxLength 20, 10 is accepted'],
    ['a pattern', input.extend({ name: z.string().max(20).regex(/^a/) }), output, 'name has pattern none'],
    ['another type', input.extend({ name: z.number() }), output, 'name may be string, number is accepted'],
    ['a field that is not sent', input, output.omit({ id: true }), 'id is no longer sent'],
    [
      'a field of a list that is not sent',
      input,
      output.extend({ steps: z.array(z.object({})) }),
      'steps.no is no longer sent',
    ],
    ['a field that becomes optional', input, output.partial({ id: true }), 'id may be missing'],
    ['a field that may be null', input, output.extend({ id: z.string().nullable() }), 'id may be null'],
    ['an unknown value', input, output.extend({ state: z.enum(['up', 'down', 'odd']) }), 'state may be odd'],
    [
      'a wider number',
      input,
      output.extend({ steps: z.array(z.object({ no: z.number() })) }),
      'steps[].no may be number',
    ],
    ['anything', input, output.extend({ id: z.unknown() }), 'id may be anything'],
  ])('%s', (_, accepted, sent, why) => {
    expect(changes(accepted, sent).join('\n')).toContain(why);
  });

  it('a removed message, and one with another address', () => {
    const before = { m: message(input, output, { path: '/a' }) };
    expect(breakingChanges(before, {})).toEqual(['m: was removed']);
    const moved = breakingChanges(before, { m: message(input, output, { path: '/b' }) });
    expect(moved).toEqual(['m: path was /a and is /b']);
  });

  it('an optional field of a reply that older receivers reject', () => {
    const strict = z.strictObject({ id: z.string() });
    const before = { m: message(input, strict) };
    const now = { m: message(input, strict.extend({ at: z.string().optional() })) };
    expect(breakingChanges(before, now).join()).toContain('at is unknown');
  });
});
