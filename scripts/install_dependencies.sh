#!/usr/bin/env bash
# Installs the Debian packages that are missing, and says which before it does.
#   scripts/install_dependencies.sh GROUP...     GROUP: build, test, lint, fuzz, bench
# Does nothing when everything is there. Uses sudo only when not root.
set -euo pipefail

build=(g++ cmake ninja-build pkg-config git ca-certificates
  libabsl-dev libcli11-dev libcurl4-openssl-dev libeigen3-dev libfmt-dev libgmock-dev libgtest-dev libhwy-dev
  libprotozero-dev libsimdjson-dev libsqlite3-dev libxgboost-dev libyaml-cpp-dev nlohmann-json3-dev zlib1g-dev)
test=(libnlopt-dev python3 python3-jsonschema python3-yaml sqlite3)
lint=(clang-format-19 clang-tidy-19 clang-tools-19)
fuzz=(clang-19 libclang-rt-19-dev)
bench=(libbenchmark-dev libnlopt-dev python3 python3-venv)

if [ $# -eq 0 ]; then
  sed -n '2,4s/^# //p' "$0"
  exit 2
fi
wanted=()
for group in "$@"; do
  case "$group" in
    build | test | lint | fuzz | bench)
      declare -n packages="$group"
      wanted+=("${packages[@]}")
      ;;
    *)
      echo "unknown group '$group': build, test, lint, fuzz or bench" >&2
      exit 2
      ;;
  esac
done

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "This is not a Debian system. Trimtab needs what these Debian 12 packages hold:" >&2
  printf '  %s\n' "${wanted[@]}" | sort -u >&2
  exit 1
fi

installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' | sed -n 's/ installed$//p')
missing=()
while read -r package; do
  grep -qxF "$package" <<<"$installed" || missing+=("$package")
done < <(printf '%s\n' "${wanted[@]}" | sort -u)
[ ${#missing[@]} -eq 0 ] && exit 0

echo "Debian packages to install (${#missing[@]}):"
printf '  %s\n' "${missing[@]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "not root and no sudo: install them by hand" >&2; exit 1; }
  as_root=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
run() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "$@" </dev/null; }
run apt-get -qq -o Acquire::Retries=3 update
run apt-get -qq -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 install -y --no-install-recommends \
  "${missing[@]}" >/dev/null
