import type { Answer } from './ask.js';
import type { Case } from './cases.js';
import { idNames, type Ids } from './ids.js';
import { osidOf } from './samples.js';

/** What an answer is held against. */
export interface Beside {
  /** The caller's. */
  readonly token: string | undefined;
  /** The things of the account that the caller is not in. */
  readonly hidden: Ids;
  /** What the request, and its twin, was about. */
  readonly sent: Ids;
  readonly missing: Ids;
  readonly twin: Answer | undefined;
}

/** What is wrong about an answer; empty when nothing is. */
export function faultsOf(one: Case, answer: Answer, { token, hidden, sent, missing, twin }: Beside): string[] {
  const faults: string[] = [];
  const { status, code } = one.expected;
  const seen = read(answer.text);
  if (answer.status !== status || (code !== undefined && seen['code'] !== code)) {
    faults.push(`${status} ${code ?? ''} was expected, but it was ${answer.status} ${answer.text}`);
  }
  if (twin !== undefined) {
    const [yours, nobodys] = [blurred(answer, sent), blurred(twin, missing)];
    if (yours !== nobodys) faults.push(`"not yours" reads ${yours}, "does not exist" reads ${nobodys}`);
  }
  if (token !== undefined && answer.text.includes(token)) faults.push('the answer repeats the caller’s token');
  const asked = JSON.stringify(one.request);
  const told = idNames.filter((name) => !asked.includes(hidden[name]) && answer.text.includes(`"${hidden[name]}"`));
  if (told.length > 0) faults.push(`the answer tells the other account's ${told.join(', ')}: ${answer.text}`);
  return faults;
}

/** An answer without what may differ: its trace, and the ids that were sent. */
function blurred({ status, text }: Answer, sent: Ids): string {
  const { traceId: _, ...body } = read(text);
  const ids = [osidOf(sent), ...idNames.map((name) => sent[name])];
  return ids.reduce((left, id) => left.replaceAll(id, '…'), `${status} ${JSON.stringify(body)}`);
}

const read = (text: string): Record<string, unknown> =>
  text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
