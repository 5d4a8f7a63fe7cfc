import { type Operation, type Role, roleAllows, roles } from '@runos/api';
import { type IdName, type Ids, missingIds } from './ids.js';
import { idsIn, pathIdsOf, requestOf, sampleOf, type SampleRequest } from './sample-request.js';
import type { Expected } from './samples.js';

/** Tokens that open nothing. */
export const badTokens = ['none', 'garbage', 'unknown', 'expired', 'revoked'] as const;
export type BadToken = (typeof badTokens)[number];
export type Caller = BadToken | 'stranger' | Role;

/** One request of the matrix, and what it must be answered with. */
export interface Case {
  readonly operation: Operation;
  readonly caller: Caller;
  /** The ids that are the other account's; empty when all are those of the account the path is about. */
  readonly strange: readonly IdName[];
  readonly request: SampleRequest;
  readonly expected: Expected;
  /** The caller passes: reads are answered, writes get as far as their unreadable header. */
  readonly passes: boolean;
  /** The same request about what does not exist: it must be answered alike. */
  readonly twin?: SampleRequest;
}

/** Every caller's requests to one operation of the account that has `own`; `other` is another account's. */
export function casesOf(operation: Operation, own: Ids, other: Ids): Case[] {
  const request = requestOf(operation, own);
  const plain = (caller: Caller, refusal: Expected | undefined): Case => {
    const passes = refusal === undefined;
    return { operation, caller, strange: [], request, passes, expected: refusal ?? passed(operation) };
  };
  return [
    ...badTokens.map((token) => plain(token, operation.access === 'public' ? undefined : invalidToken)),
    strangerCase(operation, own),
    ...roles.map((role) => plain(role, refusalOf(operation, role))),
    ...roles.flatMap((role) => idsIn(operation, own).map((name) => idCase(operation, role, name, own, other))),
  ];
}

const invalidToken: Expected = { status: 401, code: 'auth.invalid' };
const forbidden: Expected = { status: 403, code: 'auth.forbidden' };

/** A write is sent with a header that validation refuses: the last check before it would do something. */
const passed = ({ method, status }: Operation): Expected =>
  method === 'GET' ? { status } : { status: 400, code: 'request.invalid' };

const refusalOf = ({ access }: Operation, role: Role): Expected | undefined =>
  access === 'public' || access === 'signed-in' || roleAllows(role, access) ? undefined : forbidden;

/** The owner of the other account, about things of this one. */
function strangerCase(operation: Operation, own: Ids): Case {
  const [first] = pathIdsOf(operation).values();
  const request = requestOf(operation, own);
  const common = { operation, caller: 'stranger', request, strange: idsIn(operation, own) } as const;
  if (first === undefined) return { ...common, passes: true, expected: passed(operation) };
  return { ...common, passes: false, expected: { status: 404, code: first }, twin: requestOf(operation, missingIds) };
}

/** A caller of this account, about one thing of the other: the account comes first, then the level, then the thing. */
function idCase(operation: Operation, caller: Role, name: IdName, own: Ids, other: Ids): Case {
  const code = pathIdsOf(operation).get(name);
  const notFound = code === undefined ? sampleOf(operation).strange?.[name] : { status: 404, code };
  if (notFound === undefined) throw new Error(`the row of ${operation.id} does not say what a strange ${name} gets`);
  const expected = name === 'aid' ? notFound : (refusalOf(operation, caller) ?? notFound);
  const request = requestOf(operation, { ...own, [name]: other[name] });
  const twin = requestOf(operation, { ...own, [name]: missingIds[name] });
  return { operation, caller, strange: [name], request, expected, passes: false, twin };
}
