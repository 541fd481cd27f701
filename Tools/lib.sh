# Sourced by its neighbours: where the project is, and what a machine needs to build it.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
oldest_swift=6.3

say() { printf '\n== %s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Runs a command as root, or says who can.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif have sudo; then sudo "$@"
  else die "neither root nor sudo; as root, run: $*"
  fi
}

# Reads what is needed, as `program NAME PACKAGE` or `module NAME PACKAGE` a line, and prints the packages of what is not there. Programs are
# looked for in the system's own directories too: mkfs.ext4 is not in the path of everyone who may run it.
missing_packages() {
  local PATH=$PATH:/usr/sbin:/sbin kind name package
  while read -r kind name package; do
    case $kind in
      program) have "$name" ;;
      module) have pkg-config && pkg-config --exists "$name" ;;
    esac || echo "$package"
  done | sort -u
}

# Installs what is missing of what it reads (see missing_packages), saying so.
install_missing() {
  local needed packages
  needed=$(cat)
  mapfile -t packages < <(missing_packages <<<"$needed")
  [ ${#packages[@]} -gt 0 ] || return 0
  have apt-get || die "these Debian packages are missing, and there is no apt-get: ${packages[*]}"
  say "Installing with apt-get: ${packages[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${packages[@]}"
  mapfile -t packages < <(missing_packages <<<"$needed")
  [ ${#packages[@]} = 0 ] || die "still missing after apt-get: ${packages[*]}"
}

# Swift is not in Debian, so it cannot be installed here.
require_swift() {
  local found
  have swift || die "Swift $oldest_swift or newer is needed and there is no swift in PATH: see https://www.swift.org/install/linux/" \
    "${SUDO_USER:+(sudo hides your PATH: try sudo env PATH=\"\$PATH\" …)}"
  found=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1)
  [ "$(printf '%s\n' "$oldest_swift" "${found:-0}" | sort -V | head -n 1)" = "$oldest_swift" ] ||
    die "Swift $oldest_swift or newer is needed, found ${found:-none}: see https://www.swift.org/install/linux/"
}
