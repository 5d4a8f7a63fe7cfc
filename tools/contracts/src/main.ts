import { breakingChanges } from './breaking-changes.js';
import { currentMessages, readSnapshot, writeSnapshot } from './messages.js';

/**
 * `npm run contracts:snapshot [-- --breaking]`: writes the current messages to the snapshot. Rejects breaking changes
 * unless `--breaking` states that no older version runs anywhere.
 */
const now = currentMessages();
const broken = breakingChanges(readSnapshot(), now);
if (broken.length > 0 && !process.argv.includes('--breaking')) {
  process.stderr.write(
    `${broken.join('\n')}\nThe snapshot is unchanged, because older versions would not work beside this one.\n`,
  );
  process.exitCode = 1;
} else {
  writeSnapshot(now);
  process.stdout.write(`${Object.keys(now).length} messages written to the snapshot.\n`);
}
