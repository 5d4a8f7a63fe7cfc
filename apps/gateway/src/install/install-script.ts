import type { OfferedExecutable } from './cli-release.js';

/** The machine as `uname` prints it: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/uname.html */
const machines: Readonly<Record<OfferedExecutable['platform'], string>> = {
  'linux-x64': 'Linux-x86_64 | Linux-amd64',
  'linux-arm64': 'Linux-aarch64 | Linux-arm64',
  'darwin-x64': 'Darwin-x86_64',
  'darwin-arm64': 'Darwin-arm64',
};

/**
 * A POSIX shell script that downloads the executable of its machine from `origin`, verifies the SHA-256 and installs it.
 * It is one function, so that a script that was cut off runs nothing. `origin` must have no characters of the shell.
 */
export const installScript = (origin: string, offered: readonly OfferedExecutable[]): string => `#!/bin/sh
# Installs runos, the command line of RunOS. RUNOS_INSTALL_DIR is where; by default ~/.local/bin.
set -eu

fail() {
  echo "Error: $1" >&2
  exit 1
}

install_runos() {
  origin='${origin}'
  folder="\${RUNOS_INSTALL_DIR:-$HOME/.local/bin}"
  machine="$(uname -s)-$(uname -m)"
  case "$machine" in
${offered.map(({ platform, sha256 }) => `    ${machines[platform]}) platform=${platform} sha256=${sha256} ;;`).join('\n')}
    *) fail "$origin offers no runos for $machine, but for ${offered.map(({ platform }) => platform).join(', ')}." ;;
  esac
  mkdir -p "$folder"
  next="$(mktemp "$folder/.runos.XXXXXX")"
  trap 'rm -f "$next"' EXIT
  url="$origin/install/cli/$platform"
  if command -v curl >/dev/null; then
    curl -fsSL -o "$next" "$url" || fail "Cannot download $url."
  elif command -v wget >/dev/null; then
    wget -q -O "$next" "$url" || fail "Cannot download $url."
  else
    fail 'curl or wget is needed.'
  fi
  if command -v sha256sum >/dev/null; then
    found="$(sha256sum "$next")"
  else
    found="$(shasum -a 256 "$next")"
  fi
  [ "\${found%% *}" = "$sha256" ] || fail "The SHA-256 of $url is \${found%% *} and not $sha256. Nothing was installed."
  chmod 755 "$next"
  mv "$next" "$folder/runos"
  trap - EXIT
  echo "Installed $("$folder/runos" version) as $folder/runos."
  case ":$PATH:" in
    *":$folder:"*) ;;
    *) echo "Add it to your PATH: export PATH=\\"$folder:\\$PATH\\"" ;;
  esac
  echo "Next: runos login --api-url $origin"
}

install_runos
`;
