import type { DebianImage } from './debian-image.js';
import { entrypoint } from './entrypoint.js';

/** Versions whose packages Debian has. */
export const versions: readonly string[] = ['8.1'];

/** As the image valkey/valkey: the user 999, data in /data. */
export const image = (): DebianImage => ({
  packages: ['valkey-server', 'valkey-tools'],
  user: { name: 'valkey', uid: 999, gid: 999, home: '/data' },
  folders: ['/data'],
  files: { '/usr/local/bin/docker-entrypoint.sh': entrypoint('valkey') },
  config: {
    Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin'],
    Entrypoint: ['docker-entrypoint.sh'],
    Cmd: ['valkey-server'],
    WorkingDir: '/data',
  },
});
