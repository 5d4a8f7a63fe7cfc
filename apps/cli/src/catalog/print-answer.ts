import { CliError } from '../failure/cli-error.js';
import { type Document, isDocument } from '../output/document.js';
import { objectText } from '../output/object-text.js';
import { rowsText } from '../output/rows-text.js';
import { logLine } from '../logs/log-line.js';
import { columnsOf } from '../terminal/terminal.js';
import { answerRows } from './answer-rows.js';
import { outputFieldsOf } from './catalog.js';
import { nextSteps } from './next-steps.js';
import type { PrintedAnswer } from './printed-answer.js';

/** Prints the answer of a command as its output is declared. @throws CliError for an answer that reports a failure */
export async function printAnswer(answer: PrintedAnswer): Promise<void> {
  const { command, output } = answer;
  const body = marked(answer);
  refuseFailure(body);
  const { warnings } = (isDocument(body) ? body : {}) as { warnings?: unknown };
  if (Array.isArray(warnings)) for (const warning of warnings) output.warn(String(warning));
  await output.print(body ?? {}, () => answerText({ ...answer, body }));
  if (isDocument(body) && typeof body['token'] === 'string' && command.command === 'account/api-keys/add')
    output.warn('The token is shown this once. Store it now.');
  if (answer.isFollowed !== true) for (const line of nextSteps(answer)) output.note(line);
  if (command.command.startsWith('jobs/') && isDocument(body) && body['cancelled'] === false)
    throw new CliError(typeof body['message'] === 'string' ? body['message'] : 'The job was not cancelled.');
}

/** Some answers with status 200 report a failure. */
function refuseFailure(body: unknown): void {
  if (!isDocument(body)) return;
  const { error, statusCode, traceId, code } = body;
  if (typeof error !== 'string' || error === '' || typeof statusCode !== 'number' || statusCode < 400) return;
  throw new CliError(error, {
    statusCode,
    code: typeof code === 'string' ? code : undefined,
    traceId: typeof traceId === 'string' ? traceId : undefined,
  });
}

/** Marks the cluster that commands use in the list of clusters. */
function marked({ command, body, context }: PrintedAnswer): unknown {
  if (command.command !== 'clusters/list') return body;
  const { clusterId } = context.settings;
  const mark = (rows: readonly Document[]) =>
    rows.map((row) => (row['cid'] === clusterId ? { ...row, isDefault: true } : row));
  if (Array.isArray(body)) return mark(body as Document[]);
  if (!isDocument(body) || !Array.isArray(body['clusters'])) return body;
  return { ...body, clusters: mark(body['clusters'] as Document[]) };
}

function answerText({ command, body, output, context }: PrintedAnswer): string {
  const fields = outputFieldsOf(command);
  const { style } = output;
  const now = context.now();
  if (command.command.endsWith('kubeconfig') && isDocument(body) && typeof body['kubeconfig'] === 'string')
    return body['kubeconfig'].replace(/\n?$/, '\n');
  if (command.output?.type === 'array') {
    const rows = answerRows(body, fields);
    if (rows !== undefined)
      return listText(rows, fields, { columns: columnsOf(context.terminal), style, now }, output.isWide);
  }
  if (!isDocument(body)) return body === undefined ? 'Done.\n' : `${JSON.stringify(body, null, 2)}\n`;
  const { warnings: _warnings, ...all } = body;
  const title = headline(all);
  const { name: _name, osid: _osid, ...others } = all;
  const shown = title === undefined ? all : others;
  return Object.keys(all).length === 0
    ? 'Done.\n'
    : `${title === undefined ? '' : `${style.bold(title)}\n`}${objectText(shown, fields, style, now)}`;
}

/** What the answer is about: `orders · postgresql-o0i2a`. */
function headline({ name, osid, id }: Document): string | undefined {
  const words = [name, osid ?? id].filter((word) => typeof word === 'string' && word !== '');
  return words.length === 2 ? words.join(' · ') : undefined;
}

function listText(
  rows: readonly Document[],
  fields: readonly string[],
  options: Parameters<typeof rowsText>[2],
  isWide: boolean,
): string {
  if (rows.length === 0) return 'None.\n';
  if (rows.every(({ timestamp, message }) => typeof timestamp === 'string' && typeof message === 'string'))
    return rows.map((row) => logLine(row)).join('');
  const others = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((name) => !fields.includes(name));
  const isDefault = rows.some((row) => row['isDefault'] === true) ? ['isDefault'] : [];
  const columns = isWide || fields.length === 0 ? [...fields, ...others] : [...fields, ...isDefault];
  return rowsText(rows, columns, isWide ? { ...options, columns: Infinity } : options);
}
