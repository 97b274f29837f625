#!/usr/bin/env bash
# Packs the program into an image for containers: an OCI archive, without a daemon and without root.
#   scripts/build_image.sh [BUILD_FOLDER [OUT_FOLDER]]     build/release, build/image
# Makes OUT_FOLDER/trimtab-VERSION-ARCHITECTURE.tar (the archive), OUT_FOLDER/root (its file tree)
# and prints the digest of the manifest, which the chart takes as image.digest. The same program and
# the same packages give the same digest. What is in it: the program and its scenarios, the shared
# libraries that it is linked to or loads, certificate authorities, licences, and the list of
# packages that scanners read.
set -euo pipefail
export LC_ALL=C
umask 022
cd "$(dirname "$0")/.."

build=${1:-build/release}
out=$(realpath --canonicalize-missing "${2:-build/image}")
program=$build/trimtab
# What dlopen names in the sources, but for XGBoost: only an experiment compares with it.
loaded_late=(libcurl.so.4 libssl.so.3)
user=65532

[ -x "$program" ] || { echo "no program '$program': run 'make program'" >&2; exit 1; }
for tool in dpkg-query ldd strip tar gzip sha256sum; do
  command -v "$tool" >/dev/null || { echo "packing an image needs '$tool'" >&2; exit 1; }
done

architecture=$(dpkg --print-architecture)
version=$("$program" --version | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1)
# Of the sources, not of the clock.
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
created=$(date --utc --date="@$epoch" +%Y-%m-%dT%H:%M:%SZ)

rm -rf "$out"
root=$out/root
layout=$out/layout
mkdir -p "$root" "$layout/blobs/sha256"

# The files of what a program or library is linked to, its loader among them.
libraries_of() { ldd "$1" | awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }'; }

# The Debian package of a file, which dpkg may know by its path before /usr was merged.
package_of() {
  local path
  for path in "$1" "${1#/usr}" "/usr$1"; do
    if dpkg-query --search "$path" 2>/dev/null | head -n 1 | cut -d: -f1 | grep .; then return; fi
  done
  echo "no Debian package holds '$1'" >&2
  return 1
}

packages=(base-files ca-certificates)
add_library() {  # as it was asked for: the loader looks for that name
  local target=$1
  # One folder for all of them, whatever the links of this machine are.
  if [[ $target == /lib/* ]]; then target=/usr$target; fi
  [ ! -e "$root$target" ] || return 0
  mkdir -p "$root$(dirname "$target")"
  cp --dereference "$1" "$root$target"
  packages+=("$(package_of "$(readlink --canonicalize "$1")")")
}

add_libraries() {
  local name path folder
  for path in $(libraries_of "$program"); do add_library "$path"; done
  folder=$(dirname "$(libraries_of "$program" | grep '/libc\.so')")
  for name in "${loaded_late[@]}"; do
    [ -e "$folder/$name" ] || { echo "no library '$folder/$name'" >&2; exit 1; }
    add_library "$folder/$name"
    for path in $(libraries_of "$folder/$name"); do add_library "$path"; done
  done
}

add_system() {
  mkdir -p "$root"/{etc/ssl/certs,tmp,proc,dev,sys,usr/lib}
  ln -s usr/lib "$root/lib"
  printf 'root:x:0:0:root:/root:/sbin/nologin\ntrimtab:x:%d:%d:trimtab:/:/sbin/nologin\n' \
    "$user" "$user" >"$root/etc/passwd"
  printf 'root:x:0:\ntrimtab:x:%d:\n' "$user" >"$root/etc/group"
  printf 'passwd: files\ngroup: files\nhosts: files dns\n' >"$root/etc/nsswitch.conf"
  cp /usr/lib/os-release "$root/usr/lib/os-release"
  ln -s ../usr/lib/os-release "$root/etc/os-release"
  # Those of the package, not those that somebody trusts on this machine.
  cat /usr/share/ca-certificates/mozilla/*.crt >"$root/etc/ssl/certs/ca-certificates.crt"
}

# Licences of what is in the image and of what is compiled into the program, and the packages as
# scanners of images without a package manager expect them.
add_papers() {
  local package linked
  linked=$(sed -n 's/^| [^|]* | \(`[^|]*`\) |.*/\1/p' THIRD_PARTY_NOTICES.md | tr -d '`,' |
    grep -v xgboost)
  mkdir -p "$root/var/lib/dpkg/status.d" "$root/usr/share"
  cp --dereference --recursive /usr/share/common-licenses "$root/usr/share/"
  for package in $(printf '%s\n' "${packages[@]}" $linked | sort -u); do
    mkdir -p "$root/usr/share/doc/$package"
    cp --dereference "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/"
  done
  for package in $(printf '%s\n' "${packages[@]}" | sort -u); do
    dpkg-query --status "$package" | grep -v '^Status:' >"$root/var/lib/dpkg/status.d/$package"
  done
}

add_program() {
  cmake --install "$build" --component trimtab --strip --prefix "$1/usr" >/dev/null
}

# One archive of a folder that depends on nothing but its files' names and contents.
pack() { tar --create --format=ustar --sort=name --mtime="@$epoch" --owner=0 --group=0 \
  --numeric-owner --directory="$1" .; }

digest_of() { sha256sum "$1" | cut -d' ' -f1; }

# Puts a file among the blobs; prints its digest and its size.
store() {
  local digest
  digest=$(digest_of "$1")
  mv "$1" "$layout/blobs/sha256/$digest"
  printf 'sha256:%s %d\n' "$digest" "$(stat --format=%s "$layout/blobs/sha256/$digest")"
}

# Two layers: what changes with Debian, and what changes with Trimtab.
add_libraries
add_system
add_papers
find "$root" -type d -exec chmod 755 {} +
chmod 1777 "$root/tmp"
add_program "$out/program"
diff_ids=()
layers=()
for folder in "$root" "$out/program"; do
  find "$folder" -type f -exec chmod u=rwX,go=rX {} +
  pack "$folder" >"$out/layer.tar"
  diff_ids+=("sha256:$(digest_of "$out/layer.tar")")
  gzip --no-name --best "$out/layer.tar"
  layers+=("$(store "$out/layer.tar.gz")")
done
cp --recursive --no-clobber "$out/program/." "$root/"
rm -r "$out/program"

cat >"$out/config" <<END
{"created":"$created","architecture":"$architecture","os":"linux",
"config":{"User":"$user:$user","Env":["PATH=/usr/bin"],"Entrypoint":["/usr/bin/trimtab"],"Cmd":["--help"],
"WorkingDir":"/","StopSignal":"SIGTERM","ExposedPorts":{"4317/tcp":{},"4318/tcp":{},"8080/tcp":{},"8081/tcp":{}},
"Labels":{"org.opencontainers.image.title":"trimtab","org.opencontainers.image.version":"$version",
"org.opencontainers.image.revision":"$revision","org.opencontainers.image.licenses":"Apache-2.0"}},
"rootfs":{"type":"layers","diff_ids":["${diff_ids[0]}","${diff_ids[1]}"]},
"history":[{"created":"$created","created_by":"scripts/build_image.sh: libraries"},
{"created":"$created","created_by":"scripts/build_image.sh: trimtab"}]}
END
descriptor() {  # kind, "DIGEST SIZE", further fields
  printf '{"mediaType":"application/vnd.oci.image.%s","digest":"%s","size":%d%s}' "$1" $2 "${3:-}"
}
config=$(descriptor config.v1+json "$(store "$out/config")")
cat >"$out/manifest" <<END
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":$config,
"layers":[$(descriptor layer.v1.tar+gzip "${layers[0]}"),
$(descriptor layer.v1.tar+gzip "${layers[1]}")]}
END
manifest=$(store "$out/manifest")
platform=",\"platform\":{\"architecture\":\"$architecture\",\"os\":\"linux\"}"
name=",\"annotations\":{\"org.opencontainers.image.ref.name\":\"$version\"}"
cat >"$layout/index.json" <<END
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json",
"manifests":[$(descriptor manifest.v1+json "$manifest" "$platform$name")]}
END
echo '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
archive=$out/trimtab-$version-$architecture.tar
pack "$layout" >"$archive"
rm -r "$layout"

printf '%s: %s MB\n' "$archive" "$(($(stat --format=%s "$archive") / 1000000))" >&2
echo "${manifest% *}"
