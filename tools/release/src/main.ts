import { makeRelease } from './make-release.js';
import { releaseOptions, usage } from './options.js';

try {
  for (const file of await makeRelease(releaseOptions(process.argv.slice(2)))) process.stdout.write(`${file}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n\n${usage}`);
  process.exitCode = 1;
}
