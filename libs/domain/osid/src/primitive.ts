import { type Random, randomString } from '@runos/kernel';
import type { Branded } from './brand.js';

/** Lower-case letters and digits: safe in DNS labels, in paths and when read aloud. */
const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** The shape of one kind of identifier: how to parse it and, for a fixed length, how to mint one. */
export interface Primitive<Name extends string> {
  readonly pattern: RegExp;
  is(raw: unknown): raw is Branded<Name>;
  /** The identifier, or undefined; the caller decides what an invalid form means (mostly "not found"). */
  parse(raw: unknown): Branded<Name> | undefined;
  /** A random identifier that is not in `reserved` and not excluded by its kind. */
  mint(random: Random, reserved?: ReadonlySet<string>): Branded<Name>;
}

export function primitive<Name extends string>(
  pattern: RegExp,
  mintedLength: number,
  never: ReadonlySet<string> = new Set(),
): Primitive<Name> {
  const is = (raw: unknown): raw is Branded<Name> => typeof raw === 'string' && pattern.test(raw) && !never.has(raw);
  return {
    pattern,
    is,
    parse: (raw) => (is(raw) ? raw : undefined),
    mint(random, reserved = new Set()) {
      for (;;) {
        const drawn = randomString(random, alphabet, mintedLength);
        if (is(drawn) && !reserved.has(drawn)) return drawn;
      }
    },
  };
}
