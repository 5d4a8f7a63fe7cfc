import { describe, expect, it } from '@jest/globals';
import { parseDevOptions, usage } from './dev-options.js';

describe('the options of npm run kube', () => {
  it('are a command with its choice of nodes', () => {
    expect(parseDevOptions(['up', '--nodes', '3', '--real'])).toEqual({
      command: 'up',
      choice: { nodes: 3, real: true },
    });
    expect(parseDevOptions([])).toMatchObject({ command: 'status' });
  });

  it.each([[['--help']], [['-h']], [['up', '--help']]])('%j requests the usage', (args) => {
    expect(parseDevOptions(args).command).toBe('help');
  });

  it('the usage names every option', () => {
    for (const name of ['up', 'down', 'status', '--nodes', '--real', '--help']) expect(usage).toContain(`  ${name}`);
  });

  it.each([
    [['away'], /"away" is not a command/],
    [['up', 'down'], /"up down" is not a command/],
    [['up', '--nodes', '0'], /--nodes 0: 1 to 9/],
    [['up', '--nodes', '1e0'], /--nodes 1e0: 1 to 9/],
  ])('%j is refused', (args, reason) => {
    expect(() => parseDevOptions(args)).toThrow(reason);
  });
});
