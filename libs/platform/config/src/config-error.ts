/** Every wrong setting at once, ready to be shown to a person; secrets are never in it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    const count = problems.length === 1 ? '1 setting is' : `${problems.length} settings are`;
    super(`${count} wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}
