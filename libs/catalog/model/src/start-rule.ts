import type { Issue } from '@runos/kernel';
import { type ConfigKey, isSameValue, requireAmount } from './config-key.js';

type Values = Readonly<Record<string, string>>;

/** The effective settings of a server: those of a config set over its defaults. */
export interface EffectiveSettings {
  /** The amount of a setting in its own unit. */
  readonly amount: (name: string) => number;
  /** The setting as it is written. */
  readonly text: (name: string) => string;
}

/** One condition under which a server refuses to start, or its operator refuses the settings. */
export interface StartRule {
  /** The settings that it compares. The issue is at the first one that the values contain. */
  readonly settings: readonly string[];
  /** The versions that have the rule; absent: all. */
  readonly versions?: readonly string[];
  readonly refusedBy: 'server' | 'operator';
  /** The message of the refusal, by which the rule is found in the program that refuses. */
  readonly source: string;
  /** What is wrong, as a sentence without its full stop; undefined when the rule holds. */
  readonly problem: (settings: EffectiveSettings) => string | undefined;
}

/** What a server checks of all settings together when it starts. */
export interface StartRules {
  readonly rules: readonly StartRule[];
  /** The values of settings that a config set omits. */
  readonly defaultsOf: (version: string) => Values;
  /** The settings that a server reads only when it starts; all of them have a default. */
  readonly readAtStart: (version: string) => readonly string[];
}

/** The issues for which a server of `version` does not start with values that are valid one by one. */
export function startIssues(
  { rules, defaultsOf }: Pick<StartRules, 'rules' | 'defaultsOf'>,
  keys: Readonly<Record<string, ConfigKey>>,
  values: Values,
  version: string,
): Issue[] {
  const effective: Values = { ...defaultsOf(version), ...values };
  const settings: EffectiveSettings = {
    amount: (name) => requireAmount(keys[name], effective[name]),
    text: (name) => effective[name] ?? '',
  };
  return rules
    .filter((rule) => rule.versions?.includes(version) ?? true)
    .flatMap((rule) => {
      const key = rule.settings.find((name) => Object.hasOwn(values, name));
      const message = key === undefined ? undefined : rule.problem(settings);
      return message === undefined ? [] : [{ path: `values.${key ?? ''}`, message }];
    });
}

/**
 * The settings that differ between two configurations of a server of `version`, and that it reads only when it starts.
 * Equal amounts in different units do not differ, and neither does a default that is set.
 */
export function changedAtStart(
  { defaultsOf, readAtStart }: Pick<StartRules, 'defaultsOf' | 'readAtStart'>,
  keys: Readonly<Record<string, ConfigKey>>,
  [before, after]: readonly [Values, Values],
  version: string,
): string[] {
  const defaults = defaultsOf(version);
  return readAtStart(version).filter((name) => {
    const [old, next] = [before[name] ?? defaults[name], after[name] ?? defaults[name]];
    return old !== next && !isSameValue(keys[name], old, next);
  });
}
