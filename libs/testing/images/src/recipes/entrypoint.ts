/** The entry point of the published images: a container that is started as root runs the service as its own user. */
export const entrypoint = (user: string): string => `#!/bin/sh
set -e
if [ "$(id -u)" = 0 ]; then
  exec setpriv --reuid=${user} --regid=${user} --clear-groups -- "$0" "$@"
fi
exec "$@"
`;
