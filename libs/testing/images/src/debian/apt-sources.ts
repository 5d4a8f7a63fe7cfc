import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Programs of apt that only read local files. */
const run = (command: string, args: readonly string[]) => execute(command, [...args], { timeout: 60_000 });

/** Settings of apt that reach a mirror from this network, and those that accept its dates. */
const passedOn = /^Acquire::(http|https|Check-Date|Check-Valid-Until|Retries|ForceIPv4|ForceIPv6)\b/;

/**
 * The options by which mmdebstrap uses the mirror of this machine's own apt, with the same proxy and log-in. On a machine
 * without a Debian source it uses its own default mirror.
 */
export async function aptOptions(suite: string, folder: string): Promise<{ options: string[]; mirrors: string[] }> {
  const { stdout: settings } = await run('apt-config', ['dump']);
  const file = join(folder, 'apt.conf');
  await writeFile(
    file,
    settings
      .split('\n')
      .filter((line) => passedOn.test(line))
      .join('\n'),
    { mode: 0o600 },
  );
  const logIns = ['/etc/apt/auth.conf', '/etc/apt/auth.conf.d'].filter((path) => existsSync(path));
  const options = [
    `--aptopt=${file}`,
    ...logIns.map((path) => `--setup-hook=cp -a ${path} "$1"/etc/apt/`),
    ...keyrings.filter((path) => existsSync(path)).map((path) => `--keyring=${path}`),
  ];
  const lines = sourcesOf(await debianTargets(), await codename(), suite);
  if (lines.length === 0) return { options, mirrors: [] };
  const sources = join(folder, 'sources.list'); // in a file, because a URI may contain a password
  await writeFile(sources, `${lines.join('\n')}\n`, { mode: 0o600 });
  return { options, mirrors: [sources] };
}

/** What this machine trusts: its own keys of apt, and those of Debian's package debian-archive-keyring. */
export const keyrings = ['/etc/apt/trusted.gpg.d', '/usr/share/keyrings/debian-archive-keyring.gpg'];

/** Deletes the mirror and its log-in from the image. */
export const withoutSources =
  'rm -rf "$1"/etc/apt/sources.list* "$1"/etc/apt/auth.conf* "$1"/etc/apt/apt.conf.d/99mmdebstrap';

/** One line `<origin> <release> <component> <URI>` for each package index that apt has downloaded. */
async function debianTargets(): Promise<string[]> {
  const format = '$(ORIGIN) $(RELEASE) $(COMPONENT) $(SITE)';
  const { stdout } = await run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']);
  return stdout.split('\n');
}

async function codename(): Promise<string> {
  return /^VERSION_CODENAME=(.*)$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1] ?? '';
}

/** The lines of sources.list for another suite: the same mirrors, also those of its updates and security updates. */
export function sourcesOf(targets: readonly string[], host: string, suite: string): string[] {
  const lines = targets.flatMap((target) => {
    const [origin, release, component, uri] = target.split(' ');
    if (origin !== 'Debian' || component !== 'main' || !uri) return [];
    if (release !== host && release !== `${host}-updates` && release !== `${host}-security`) return [];
    return [`deb ${uri} ${release.replace(host, suite)} main`];
  });
  return [...new Set(lines)];
}
