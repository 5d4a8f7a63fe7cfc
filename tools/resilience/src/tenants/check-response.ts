import type { Response } from './send-request.js';
import type { Case } from './cases.js';
import { idNames, type Ids } from './ids.js';
import { osidOf } from './samples.js';

/** The data against which a response is checked. */
export interface ResponseContext {
  /** The caller's token. */
  readonly token: string | undefined;
  /** The resources of the account to which the caller does not belong. */
  readonly hidden: Ids;
  /** The ids of the request and of the same request about missing ones. */
  readonly sent: Ids;
  readonly missing: Ids;
  readonly twin: Response | undefined;
}

/** The failures of a response; empty when it is correct. */
export function checkResponse(
  one: Case,
  answer: Response,
  { token, hidden, sent, missing, twin }: ResponseContext,
): string[] {
  const faults: string[] = [];
  const { status, code } = one.expected;
  const seen = read(answer.text);
  if (answer.status !== status || (code !== undefined && seen['code'] !== code)) {
    faults.push(`${status} ${code ?? ''} was expected, but it was ${answer.status} ${answer.text}`);
  }
  if (twin !== undefined) {
    const [yours, nobodys] = [withoutVariableParts(answer, sent), withoutVariableParts(twin, missing)];
    if (yours !== nobodys) faults.push(`"not yours" reads ${yours}, "does not exist" reads ${nobodys}`);
  }
  if (token !== undefined && answer.text.includes(token)) faults.push('the answer repeats the caller’s token');
  const sentText = JSON.stringify(one.request);
  const leaked = idNames.filter(
    (name) => !sentText.includes(hidden[name]) && answer.text.includes(`"${hidden[name]}"`),
  );
  if (leaked.length > 0) faults.push(`the response contains the other account's ${leaked.join(', ')}: ${answer.text}`);
  return faults;
}

/** A response without its variable parts: the trace id and the sent ids. */
function withoutVariableParts({ status, text }: Response, sent: Ids): string {
  const { traceId: _, ...body } = read(text);
  const ids = [osidOf(sent), ...idNames.map((name) => sent[name])];
  return ids.reduce((left, id) => left.replaceAll(id, '…'), `${status} ${JSON.stringify(body)}`);
}

const read = (text: string): Record<string, unknown> =>
  text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
