import { parseArgs } from 'node:util';

/** A benchmark's numbers, each of which `--name N` overrides. */
export function numbersOf<Name extends string>(
  args: readonly string[],
  defaults: Readonly<Record<Name, number>>,
): Record<Name, number> {
  const own = Object.entries<number>(defaults);
  const options = Object.fromEntries(own.map(([name]) => [name, { type: 'string' as const }]));
  const { values } = parseArgs({ args: [...args], options, strict: false });
  return Object.fromEntries(own.map(([name, number]) => [name, Number(values[name] ?? number)])) as Record<
    Name,
    number
  >;
}
