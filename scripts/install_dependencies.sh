#!/usr/bin/env bash
# Installs the Debian packages that are missing, and says which before it does.
#   scripts/install_dependencies.sh GROUP...     GROUP: build, test, lint, fuzz, bench, go
# Does nothing when everything is there. Uses sudo only when not root.
#   scripts/install_dependencies.sh --unpack FOLDER PACKAGE...
# Fetches packages and unpacks them into a folder without installing them: a package of a server
# would start it on this machine, now and at every boot.
set -euo pipefail

build=(g++ cmake ninja-build pkg-config git ca-certificates
  libabsl-dev libcli11-dev libcurl4-openssl-dev libeigen3-dev libfmt-dev libgmock-dev libgtest-dev
  libhttp-parser-dev libhwy-dev libnghttp2-dev libprotozero-dev libsimdjson-dev libsqlite3-dev
  libssl-dev libxgboost-dev libyaml-cpp-dev nlohmann-json3-dev zlib1g-dev)
test=(curl libnlopt-dev python3 python3-jsonschema python3-yaml skopeo sqlite3 strace)
lint=(clang-format-19 clang-tidy-19 clang-tools-19)
fuzz=(clang-19 libclang-rt-19-dev)
bench=(libbenchmark-dev libnlopt-dev python3 python3-venv)
go=(golang-go)

if [ $# -eq 0 ]; then
  sed -n '2,7s/^# //p' "$0"
  exit 2
fi
unpack_into=
wanted=()
if [ "$1" = --unpack ]; then
  unpack_into=$2
  shift 2
  wanted=("$@")
  set --
fi
for group in "$@"; do
  case "$group" in
    build | test | lint | fuzz | bench | go)
      declare -n packages="$group"
      wanted+=("${packages[@]}")
      ;;
    *)
      echo "unknown group '$group': build, test, lint, fuzz, bench or go" >&2
      exit 2
      ;;
  esac
done

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "This is not a Debian system. Trimtab needs what these Debian 12 packages hold:" >&2
  printf '  %s\n' "${wanted[@]}" | sort -u >&2
  exit 1
fi

run() {
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "not root and no sudo: install them by hand" >&2; exit 1; }
    as_root=(sudo)
  fi
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "$@" </dev/null
}
update() { run apt-get -qq -o Acquire::Retries=3 update; }

if [ -n "$unpack_into" ]; then
  mkdir -p "$unpack_into"
  cd "$unpack_into"
  # The lists of packages may be missing, or older than what the archive holds today.
  apt-get -qq download "${wanted[@]}" 2>/dev/null || { update; apt-get -qq download "${wanted[@]}"; }
  for file in *.deb; do
    dpkg-deb --extract "$file" .
  done
  rm -- *.deb
  exit 0
fi

installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' | sed -n 's/ installed$//p')
missing=()
while read -r package; do
  grep -qxF "$package" <<<"$installed" || missing+=("$package")
done < <(printf '%s\n' "${wanted[@]}" | sort -u)
[ ${#missing[@]} -eq 0 ] && exit 0

echo "Debian packages to install (${#missing[@]}):"
printf '  %s\n' "${missing[@]}"
update
run apt-get -qq -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 install -y --no-install-recommends \
  "${missing[@]}" >/dev/null
