import { type Random, randomString } from '@runos/kernel';

declare const brand: unique symbol;

/** A string that was parsed or minted as `Name`; costs nothing at run time and cannot be mixed with another. */
export type Branded<Name extends string> = string & { readonly [brand]: Name };

/** Lower-case letters and digits: safe in DNS labels, in paths and when read aloud. */
const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** The shape of one kind of identifier: how to parse it and, for a fixed length, how to mint one. */
export interface Identifier<Name extends string> {
  readonly pattern: RegExp;
  is(raw: unknown): raw is Branded<Name>;
  /** The identifier, or undefined; the caller decides what an invalid form means (mostly "not found"). */
  parse(raw: unknown): Branded<Name> | undefined;
  /** A random identifier that is not in `reserved` and not excluded by its kind. */
  mint(random: Random, reserved?: ReadonlySet<string>): Branded<Name>;
}

function identifier<Name extends string>(
  pattern: RegExp,
  mintedLength: number,
  never: ReadonlySet<string> = new Set(),
): Identifier<Name> {
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

/** Names one account: five of `[a-z0-9]`, always minted. `reserved` must contain the reserved words of the API. */
export type Aid = Branded<'Aid'>;

export const Aid = identifier<'Aid'>(/^[a-z0-9]{5}$/, 5);

/**
 * The immutable id of a cluster within its account: 3 to 16 of `[a-z0-9]`, chosen by the user or minted as three.
 * The reserved words of the API must be rejected by the code that accepts or mints one.
 */
export type Cid = Branded<'Cid'>;

export const Cid = identifier<'Cid'>(/^[a-z0-9]{3,16}$/, 3);

/** Names one node of a cluster: five of `[a-z0-9]`, never `xxxxx`, which older agents use for "not known yet". */
export type Nid = Branded<'Nid'>;

export const Nid = identifier<'Nid'>(/^[a-z0-9]{5}$/, 5, new Set(['xxxxx']));

/** The last part of an OSID: five of `[a-z0-9]`, random, unique per account, never reused. */
export type InstanceId = Branded<'InstanceId'>;

export const InstanceId = identifier<'InstanceId'>(/^[a-z0-9]{5}$/, 5);
