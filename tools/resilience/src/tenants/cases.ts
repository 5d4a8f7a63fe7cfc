import { type Operation, type Role, roleAllows, roles } from '@runos/api';
import {
  type Expected,
  type IdName,
  type Ids,
  idsIn,
  missingIds,
  pathIdsOf,
  requestOf,
  sampleOf,
  type SampleRequest,
} from './samples.js';

/** Invalid tokens; the certificate is a valid one of another account's cluster agent. */
export const badTokens = [
  ...(['none', 'garbage', 'unknown', 'expired', 'revoked'] as const),
  ...(['expired session', 'revoked session', 'certificate'] as const),
] as const;
export type BadToken = (typeof badTokens)[number];

/** The owner of the other account, with a token and with a session. */
const outsiders = ['outsider', 'outsider session'] as const;
export type Outsider = (typeof outsiders)[number];

export const isOutsider = (caller: Caller): caller is Outsider => outsiders.some((each) => each === caller);

/** Users of the account with a session. */
const sessions = { 'viewer session': 'viewer', 'owner session': 'owner' } as const satisfies Record<string, Role>;
export type Session = keyof typeof sessions;

/** The callers of the account, with their roles. */
const members: readonly (readonly [Role | Session, Role])[] = [
  ...roles.map((role) => [role, role] as const),
  ...Object.entries(sessions).map(([name, role]) => [name as Session, role] as const),
];

export type Caller = BadToken | Outsider | Session | Role;

/** One request of the matrix, and the expected response. */
export interface Case {
  readonly operation: Operation;
  readonly caller: Caller;
  /** The ids that belong to the other account; empty when all belong to the account of the path. */
  readonly foreign: readonly IdName[];
  readonly request: SampleRequest;
  readonly expected: Expected;
  /** Whether the caller is authorized: reads succeed, writes fail at their invalid header. */
  readonly passes: boolean;
  /** The same request about missing ids, which must get the same response. */
  readonly counterpart?: SampleRequest;
}

/** The requests of every caller to one operation on the resources `own`; `other` belong to another account. */
export function casesOf(operation: Operation, own: Ids, other: Ids): Case[] {
  const request = requestOf(operation, own);
  const plain = (caller: Caller, refusal: Expected | undefined): Case => {
    const passes = refusal === undefined;
    return { operation, caller, foreign: [], request, passes, expected: refusal ?? passed(operation) };
  };
  return [
    ...badTokens.map((token) => plain(token, operation.access === 'public' ? undefined : refusalOfBad(token))),
    ...outsiders.map((caller) => outsiderCase(operation, caller, own)),
    ...members.map(([caller, role]) => plain(caller, refusalOf(operation, role))),
    ...members.flatMap((member) => idsIn(operation, own).map((name) => idCase(operation, member, name, own, other))),
  ];
}

const refusalOfBad = (token: BadToken): Expected => ({
  status: 401,
  code: token === 'expired session' ? 'auth.session_expired' : 'auth.invalid',
});
const forbidden: Expected = { status: 403, code: 'auth.forbidden' };

/** Writes carry a header that validation refuses, as the last check before they have an effect. */
const passed = (operation: Operation): Expected => {
  const { method, status } = operation;
  return sampleOf(operation).passed ?? (method === 'GET' ? { status } : { status: 400, code: 'request.invalid' });
};

const refusalOf = ({ access }: Operation, role: Role): Expected | undefined =>
  access === 'public' || access === 'signed-in' || roleAllows(role, access) ? undefined : forbidden;

/** Of the code for an id in a path that is missing or foreign. */
const statusOf = (code: string): number => (code === forbidden.code ? forbidden.status : 404);

/** The owner of the other account, about resources of this one. */
function outsiderCase(operation: Operation, caller: Outsider, own: Ids): Case {
  const [first] = pathIdsOf(operation).values();
  const request = requestOf(operation, own);
  const common = { operation, caller, request, foreign: idsIn(operation, own) } as const;
  if (first === undefined) return { ...common, passes: true, expected: passed(operation) };
  return {
    ...common,
    passes: false,
    expected: { status: statusOf(first), code: first },
    counterpart: requestOf(operation, missingIds),
  };
}

/** A caller of this account, about a resource of the other. Checks run in the order account, role, resource. */
function idCase(
  operation: Operation,
  [caller, role]: (typeof members)[number],
  name: IdName,
  own: Ids,
  other: Ids,
): Case {
  const code = pathIdsOf(operation).get(name);
  const notFound = code === undefined ? sampleOf(operation).foreign?.[name] : { status: statusOf(code), code };
  if (notFound === undefined)
    throw new Error(`the row of ${operation.id} has no expected response for a foreign ${name}`);
  const expected = name === 'aid' || name === 'ownAid' ? notFound : (refusalOf(operation, role) ?? notFound);
  const request = requestOf(operation, { ...own, [name]: other[name] });
  const counterpart = requestOf(operation, { ...own, [name]: missingIds[name] });
  return { operation, caller, foreign: [name], request, expected, passes: false, counterpart };
}
