import { readFile } from 'node:fs/promises';

const idFiles = ['/etc/machine-id', '/var/lib/dbus/machine-id'];

/** The machine's own id. @throws Error saying what to do when it has none. */
export async function machineId(files: readonly string[] = idFiles): Promise<string> {
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => ''); // absent or unreadable: the next one may be there
    if (/^[A-Za-z0-9._-]{1,128}$/.test(text.trim())) return text.trim();
  }
  throw new Error(`no machine id in ${files.join(' or ')}: give one with --machine-id`);
}

/** `<ID>-<VERSION_ID>` of the operating system, as `debian-12`; `unknown` where nobody says. */
export async function osName(file = '/etc/os-release'): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}=["']?([^"'\\n]*)["']?$`, 'm').exec(text)?.[1]?.trim();
  const [id, version] = [field('ID'), field('VERSION_ID')];
  if (!id) return 'unknown';
  return version ? `${id}-${version}` : id;
}
