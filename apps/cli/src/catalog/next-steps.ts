import { isDocument } from '../output/document.js';
import { objectText } from '../output/object-text.js';
import type { PrintedAnswer } from './printed-answer.js';

/** Commands about a new object that most users run next, where the group has them. */
const afterCreation = ['credentials', 'status', 'show'];

/** Command lines that make sense after this answer. */
export function nextSteps({ body, target, output, context, command, isFollowed }: PrintedAnswer): readonly string[] {
  if (!isDocument(body) || output.isDocument) return [];
  const { jobId, id, cid, nextCursor } = body;
  const words: string[] = [];
  for (let one = target.parent; one !== null; one = one.parent) words.unshift(one.name());
  const steps: Record<string, string> = {};
  if (typeof jobId === 'string' && jobId !== '' && isFollowed !== true) steps['follow'] = `runos follow ${jobId}`;
  const subject = typeof id === 'string' ? id : typeof cid === 'string' ? cid : undefined;
  if (command.method === 'POST' && target.name() === 'add' && subject !== undefined) {
    const siblings = new Set(target.parent?.commands.map((sibling) => sibling.name()));
    for (const verb of afterCreation.filter((one) => siblings.has(one)).slice(0, 2))
      steps[verb] = [...words, verb, subject].join(' ');
  }
  if (typeof nextCursor === 'string' && nextCursor !== '')
    steps['more'] = [...words, target.name(), '--cursor', nextCursor].join(' ');
  const text = objectText(steps, Object.keys(steps), output.noteStyle, context.now());
  return text === '' ? [] : ['', text.trimEnd()];
}
