/** All invalid settings in one message without secrets. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    const count = problems.length === 1 ? '1 setting is' : `${problems.length} settings are`;
    super(`${count} invalid:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}
