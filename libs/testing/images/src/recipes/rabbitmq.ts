import type { DebianImage } from './debian-image.js';
import { entrypoint } from './entrypoint.js';

/** Versions whose packages Debian has. */
export const versions: readonly string[] = ['4.0'];

/** As the image rabbitmq:…-management: the user 999, programs in /opt/rabbitmq, logs on standard output. */
export const image = (): DebianImage => ({
  packages: ['rabbitmq-server'],
  user: { name: 'rabbitmq', uid: 999, gid: 999, home: '/var/lib/rabbitmq' },
  folders: ['/etc/rabbitmq', '/etc/rabbitmq/conf.d', '/var/lib/rabbitmq', '/var/log/rabbitmq'],
  after: [
    'chroot "$1" sh -c "ln -s /usr/lib/rabbitmq/lib/rabbitmq_server-* /opt/rabbitmq"',
    'rm -f "$1"/etc/rabbitmq/rabbitmq-env.conf "$1"/var/lib/rabbitmq/.erlang.cookie',
    'echo "[rabbitmq_management,rabbitmq_prometheus]." > "$1"/etc/rabbitmq/enabled_plugins',
  ],
  files: { '/usr/local/bin/docker-entrypoint.sh': entrypoint('rabbitmq') },
  config: {
    Env: [
      'PATH=/opt/rabbitmq/sbin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin',
      'HOME=/var/lib/rabbitmq',
      'LANG=C.UTF-8',
      'RABBITMQ_DATA_DIR=/var/lib/rabbitmq',
      'RABBITMQ_HOME=/opt/rabbitmq',
      'RABBITMQ_LOGS=-',
    ],
    Entrypoint: ['docker-entrypoint.sh'],
    Cmd: ['rabbitmq-server'],
  },
});
