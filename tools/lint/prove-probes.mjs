import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ESLint } from 'eslint';

/**
 * Every file in `probes` breaks one rule, or shows what the rule must let pass. Its first line says as which file of
 * the workspace it is linted, its second what must be reported. Each is linted apart from the others: a forbidden edge
 * would make innocent ones look like cycles. Exits with 1 when a probe is not judged as it says.
 */
const folder = join(import.meta.dirname, 'probes');
const root = join(import.meta.dirname, '../..');
const head = /^\/\/ as (?<place>\S+)\n\/\/ (?<verdict>must fail|must pass)(?:: (?<rule>\S+))?\n/;

/** A probe that stands for a file of another project is not in that project's TypeScript program. */
const untyped = {
  languageOptions: { parserOptions: { projectService: false, project: null } },
  rules: Object.fromEntries(
    ['await-thenable', 'no-floating-promises', 'no-misused-promises', 'switch-exhaustiveness-check'].map((rule) => [
      `@typescript-eslint/${rule}`,
      'off',
    ]),
  ),
};
/** What may not be imported is not declared either; here the boundary alone is to be judged. */
const boundary = { ...untyped, rules: { ...untyped.rules, 'runos/declared-imports': 'off' } };
const typed = { languageOptions: { parserOptions: { projectService: false, project: join(folder, 'tsconfig.json') } } };

const linter = (override) =>
  new ESLint({ cwd: root, ignore: false, overrideConfig: { files: ['**/*.ts'], ...override } });
const linters = { untyped: linter(untyped), boundary: linter(boundary), typed: linter(typed) };

function linterFor(place, rule) {
  if (place === 'itself') return linters.typed;
  return rule === '@nx/enforce-module-boundaries' ? linters.boundary : linters.untyped;
}

async function judge(name) {
  const text = readFileSync(join(folder, name), 'utf8');
  const { place, verdict, rule } = head.exec(text)?.groups ?? {};
  if (place === undefined) return `${name}: its first two lines do not say what it is`;
  const filePath = join(root, place === 'itself' ? `tools/lint/probes/${name}` : place);
  const [{ messages }] = await linterFor(place, rule).lintText(text, { filePath });
  const counting = messages.filter(({ severity }) => verdict === 'must pass' || severity === 2);
  const found = [...new Set(counting.map(({ ruleId, message }) => ruleId ?? message))];
  const expected = rule === undefined ? [] : [rule];
  if (found.join() === expected.join()) return undefined;
  return `${name}: expected ${rule ?? 'nothing'}, found ${found.join(', ') || 'nothing'}`;
}

const names = readdirSync(folder).filter((name) => name.endsWith('.ts'));
const wrong = [];
for (const name of names) {
  const problem = await judge(name);
  if (problem !== undefined) wrong.push(problem);
}
process.stdout.write(
  `${names.length} probes, ${wrong.length} misjudged\n${wrong.map((line) => `  ${line}\n`).join('')}`,
);
process.exitCode = wrong.length === 0 && names.length > 0 ? 0 : 1;
