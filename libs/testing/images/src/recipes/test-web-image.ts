import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { architecture, buildArchive, busybox, type BuildOptions, type ImageConfig } from '@runos/testing-kube';
import { cachedFile, keyOf } from '../cache/image-cache.js';

/** No registry has this host, so that nodes run the imported image or none. */
const repository = 'runos.example/test-web';

/** The port on which the image serves HTTP. */
export const testWebPort = 8080;

/** The path that answers with the status of `HEALTH_STATUS`. */
export const testWebHealthPath = '/cgi-bin/health';

/** The path that answers with the value of a variable. */
export const testWebVariablePath = (name: string): string => `/cgi-bin/variable?${name}`;

/** The path that answers with the content of a file. */
export const testWebFilePath = (path: string): string => `/cgi-bin/file?${path}`;

/** Variables that decide what a container of the image does. Each is optional. */
export interface TestWebVariables {
  /** The lines that the container prints per second. Each begins with its number, from 1. Default 0. */
  readonly LOG_LINES_PER_SECOND?: string;
  /** The characters of a line after its number. Default 80. */
  readonly LOG_LINE_LENGTH?: string;
  /** The container prints `ending with N`, and ends with this code instead of serving. */
  readonly EXIT_CODE?: string;
  /** The status line of the health path: `500 Broken`. Default `200 OK`. */
  readonly HEALTH_STATUS?: string;
}

/** The first process of a container ignores a signal that it does not handle, so it traps the one to end. */
const entrypoint = `#!/bin/sh
if [ -n "$EXIT_CODE" ]; then
  echo "ending with $EXIT_CODE"
  exit "$EXIT_CODE"
fi
trap 'exit 0' TERM
httpd -f -p ${testWebPort} -h /www &
echo "serving on port ${testWebPort}"
if [ "\${LOG_LINES_PER_SECOND:-0}" -gt 0 ]; then
  first=1
  while sleep 1; do
    /bin/lines "$LOG_LINES_PER_SECOND" "\${LOG_LINE_LENGTH:-80}" "$first"
    first=$((first + LOG_LINES_PER_SECOND))
  done &
fi
wait
`;

/** Prints lines: their number, the length of each, and the number of the first one. */
const lines = `#!/bin/sh
exec awk -v count="$1" -v width="$2" -v first="$3" 'BEGIN {
  text = sprintf("%" width "s", ""); gsub(/ /, "x", text)
  for (line = first; line < first + count; line++) print line " " text
}'
`;

const header = (status = '200 OK'): string =>
  `printf 'Status: %s\\r\\nContent-Type: text/plain\\r\\n\\r\\n' "${status}"`;

const files: Readonly<Record<string, string>> = {
  'bin/serve': entrypoint,
  'bin/lines': lines,
  'www/cgi-bin/health': `#!/bin/sh\n${header('${HEALTH_STATUS:-200 OK}')}\n`,
  'www/cgi-bin/variable': `#!/bin/sh\n${header()}\nexec awk 'BEGIN { printf "%s", ENVIRON[ENVIRON["QUERY_STRING"]] }'\n`,
  'www/cgi-bin/file': `#!/bin/sh\n${header()}\nexec cat "$QUERY_STRING"\n`,
};

/** The programs of busybox that the scripts and tests call. */
const programs = ['sh', 'awk', 'cat', 'httpd', 'sleep', 'wget'];

const config: ImageConfig = { User: '65532:65532', Env: ['PATH=/bin'], Entrypoint: ['/bin/serve'], WorkingDir: '/' };

/**
 * A small web server for tests of apps, made of the busybox of this machine. It runs without rights on a read-only root
 * file system. Its tag changes with its content.
 */
export async function testWebImage({ signal }: BuildOptions = {}): Promise<{
  readonly reference: string;
  readonly archive: string;
}> {
  const program = createHash('sha256')
    .update(await readFile(busybox))
    .digest('hex');
  const ingredients = [architecture(), config, files, programs, program];
  const reference = `${repository}:${keyOf(ingredients)}`;
  const archive = await cachedFile({
    name: 'test-web',
    ingredients,
    make: async (target, folder) => {
      const root = join(folder, 'root');
      await mkdir(join(root, 'bin'), { recursive: true });
      await copyFile(busybox, join(root, 'bin/busybox'));
      await chmod(join(root, 'bin/busybox'), 0o755);
      for (const name of programs) await symlink('busybox', join(root, 'bin', name));
      for (const [path, content] of Object.entries(files)) {
        await mkdir(dirname(join(root, path)), { recursive: true });
        await writeFile(join(root, path), content);
        await chmod(join(root, path), 0o755);
      }
      await buildArchive({ reference, layers: [{ folder: root }], config }, target, signal);
    },
  });
  return { reference, archive };
}
