import type { DebianImage } from './debian-image.js';

/** Versions whose packages Debian has. */
export const versions: readonly string[] = ['17'];

/** As CloudNativePG expects it: the user 26, and the programs of this major version on PATH. */
export const image = (version: string): DebianImage => ({
  packages: [`postgresql-${version}`, 'ca-certificates', 'locales'],
  user: { name: 'postgres', uid: 26, gid: 999, home: '/var/lib/postgresql' },
  // The optional compiler of queries is half of the image. PostgreSQL runs without it, whatever `jit` is.
  excluded: [
    '/usr/lib/*/libLLVM*',
    '/usr/lib/*/libz3.so*',
    '/usr/lib/postgresql/*/lib/llvmjit*',
    '/usr/lib/postgresql/*/lib/bitcode/*',
  ],
  before: [
    'mkdir -p "$1"/etc/postgresql-common',
    'echo "create_main_cluster = false" > "$1"/etc/postgresql-common/createcluster.conf',
  ],
  after: ['chroot "$1" localedef -i en_US -f UTF-8 en_US.UTF-8', 'rm -rf "$1"/usr/share/i18n'],
  config: {
    User: '26',
    Env: [
      `PATH=/usr/lib/postgresql/${version}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin`,
      'LANG=en_US.utf8',
    ],
  },
});
