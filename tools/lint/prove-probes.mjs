import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import config from '../../eslint.config.mjs';

/**
 * Every file in `probes` breaks one rule, or is an example that the rules must accept. Its first line names the file of
 * the workspace as which it is linted, its second line the expected report. Each is linted alone: a forbidden import
 * would make allowed ones look like cycles. Exits with 1 when a report differs from the expectation, or when a rule of
 * `eslint.config.mjs` has no probe. The rules of recommended configurations need none: their authors test them.
 */
const folder = join(import.meta.dirname, 'probes');
const root = join(import.meta.dirname, '../..');
const head = /^\/\/ as (?<place>\S+)\n\/\/ (?<expected>must fail|must pass)(?:: (?<rule>\S+))?\n/;

/** A probe in the place of another project's file is not part of that project's TypeScript program. */
const untyped = tseslint.configs.disableTypeChecked;
const typed = { languageOptions: { parserOptions: { projectService: false, project: join(folder, 'tsconfig.json') } } };

const linter = (override) =>
  new ESLint({ cwd: root, ignore: false, overrideConfig: { ...override, files: ['**/*.ts'] } });
const linters = { untyped: linter(untyped), typed: linter(typed) };

const textOf = (name) => readFileSync(join(folder, name), 'utf8');
const expectationOf = (name) => head.exec(textOf(name))?.groups ?? {};

/** A sentence about the difference, or undefined. */
async function differenceOf(name) {
  const text = textOf(name);
  const { place, expected, rule } = expectationOf(name);
  if (place === undefined) return `${name}: its first two lines name no place and no expectation`;
  const filePath = join(root, place === 'itself' ? `tools/lint/probes/${name}` : place);
  if (!existsSync(dirname(filePath))) return `${name}: ${dirname(place)} does not exist`;
  const [{ messages }] = await linters[place === 'itself' ? 'typed' : 'untyped'].lintText(text, { filePath });
  const counting = messages.filter(({ severity }) => expected === 'must pass' || severity === 2);
  const found = [...new Set(counting.map(({ ruleId, message }) => ruleId ?? message))];
  const rules = rule === undefined ? [] : [rule];
  if (found.join() === rules.join()) return undefined;
  return `${name}: expected ${rule ?? 'nothing'}, found ${found.join(', ') || 'nothing'}`;
}

const names = readdirSync(folder).filter((name) => name.endsWith('.ts'));
const probed = new Set(names.map((name) => expectationOf(name).rule));
/** Our own configurations have no name; those of libraries have one. */
const rules = new Set(config.filter(({ name }) => name === undefined).flatMap((one) => Object.keys(one.rules ?? {})));
const wrong = [...rules].filter((rule) => !probed.has(rule)).map((rule) => `${rule}: no probe must fail by it`);
for (const name of names) {
  const problem = await differenceOf(name);
  if (problem !== undefined) wrong.push(problem);
}
process.stdout.write(
  `${names.length} probes of ${rules.size} rules, ${wrong.length} unexpected reports\n${wrong.map((line) => `  ${line}\n`).join('')}`,
);
process.exitCode = wrong.length === 0 && names.length > 0 ? 0 : 1;
