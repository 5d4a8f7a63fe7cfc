/** An entry of a DECISIONS.md. */
export interface Decision {
  /** Its heading without `## `: date, subject and status. */
  readonly title: string;
  readonly date: string;
  readonly subject: string;
  readonly text: string;
}

const headingForm = /^(\d{4}-\d{2}-\d{2}) · (.+) · (?:in force|replaced by (.+))$/;
const partNames = ['Context', 'Decision', 'Consequences'] as const;
/** A part with fewer words holds no sentence. */
const minWords = 3;

/** The entries of a DECISIONS.md, in its order. */
export const decisionsIn = (document: string): Decision[] =>
  document.split(/^## /m).flatMap((entry, index) => {
    if (index === 0) return [];
    const [title = '', ...lines] = entry.split('\n');
    const [, date = '', subject = ''] = headingForm.exec(title) ?? [];
    return [{ title, date, subject, text: lines.join('\n').split(/^# /m)[0] ?? '' }];
  });

/** What is wrong with an entry, a line each. `all`: the entries of every document, one of which may replace it. */
export function problemsOf(decision: Decision, all: readonly Decision[]): string[] {
  const { title, date, subject, text } = decision;
  const heading = headingForm.exec(title);
  if (heading === null) return [`${title}: is not "date · subject · in force" or "… · replaced by <subject>"`];
  const [, , , successor] = heading;
  const isReplaced =
    successor === undefined ||
    all.some((one) => one.subject === successor && one.date >= date && subject !== successor);
  const bodies = text.split(/^\*\*(Context|Decision|Consequences)\*\*:?/m);
  const names = bodies.filter((_, index) => index % 2 === 1);
  const empty = names.filter(
    (_, index) => (bodies[2 * index + 2] ?? '').split(/\s+/).filter(Boolean).length < minWords,
  );
  return [
    ...(isReplaced ? [] : [`${title}: no later decision has the subject "${successor}"`]),
    ...(names.join() === partNames.join() ? [] : [`${title}: its parts are not ${partNames.join(', ')}`]),
    ...empty.map((name) => `${title}: ${name} is empty`),
  ];
}
