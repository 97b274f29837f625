#!/usr/bin/env bash
# Puts the real servers that tests start, and their clients, into build/servers.
#   scripts/build_servers.sh [NAME...]     all of them, or only these
# Go programs are built from the modules pinned in third_party/servers; etcd and Prometheus come out
# of Debian's packages. What is there is left alone until its pin changes; an interrupted run is
# taken up where it stood. Where KUBEBUILDER_ASSETS names a folder, kube-apiserver, etcd and kubectl
# are taken from it and not built.
set -euo pipefail
cd "$(dirname "$0")/.."

pins=third_party/servers
out=build/servers
# name, folder of the pins, seconds of processor time that building it took after those above it,
# package
servers=(
  "etcd                    debian          1 etcd-server"
  "prometheus              debian          2 prometheus"
  "promtool                debian          2 prometheus"
  "kube-apiserver          control-plane 381 k8s.io/kubernetes/cmd/kube-apiserver"
  "kube-controller-manager control-plane  99 k8s.io/kubernetes/cmd/kube-controller-manager"
  "kube-scheduler          control-plane   6 k8s.io/kubernetes/cmd/kube-scheduler"
  "kubectl                 control-plane  37 k8s.io/kubernetes/cmd/kubectl"
  "helm                    helm          119 helm.sh/helm/v3/cmd/helm"
  "jaeger                  jaeger        170 github.com/jaegertracing/jaeger/cmd/all-in-one"
  "telemetrygen            telemetrygen   28 github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen"
)

# The version that a folder's go.mod pins of the module that holds the package.
pinned_version() {
  awk -v package="$2" '{ for (i = 1; i < NF; i++)
      if (index(package "/", $i "/") == 1 && $(i + 1) ~ /^v[0-9]/) { print $(i + 1); exit } }' \
    "$pins/$1/go.mod"
}

linker_flags() {  # folder, version
  local number=${2#v} stamp=k8s.io/component-base/version
  case $1 in
    control-plane)
      echo "-s -w -X $stamp.gitVersion=$2 -X $stamp.gitMajor=${number%%.*}" \
        "-X $stamp.gitMinor=$(cut -d. -f2 <<<"$number")"
      ;;
    helm) echo "-s -w -X helm.sh/helm/v3/internal/version.version=$2" ;;
    jaeger) echo "-s -w -X github.com/jaegertracing/jaeger/pkg/version.latestVersion=$2" ;;
    *) echo "-s -w" ;;
  esac
}

# What a finished program was made from: with another one it is made again.
recipe() {  # folder, package
  if [ "$1" = debian ]; then
    echo "$2"
  else
    { linker_flags "$1" "$(pinned_version "$1" "$2")"; cat "$pins/$1/go.mod" "$pins/$1/go.sum"; } |
      sha256sum | cut -d' ' -f1
  fi
}

from_assets() {  # name
  case $1 in
    kube-apiserver | etcd | kubectl) [ -n "${KUBEBUILDER_ASSETS:-}" ] ;;
    *) false ;;
  esac
}

# Sets `go` to a command of the version that the pins ask for. Go 1.21 and newer fetch another Go by
# themselves; Debian 12's Go does it as for any module, which leaves out the execute permissions.
find_go() {
  local wanted have
  wanted=$(awk '$1 == "go" { print $2 }' "$pins"/*/go.mod | sort -V | tail -n 1)
  command -v go >/dev/null || scripts/install_dependencies.sh go
  have=$(GOTOOLCHAIN=local go env GOVERSION)
  have=${have#go}
  go=(env GOTOOLCHAIN=local go)
  if [ "$(printf '%s\n' "$wanted" "$have" | sort -V | head -n 1)" = "$wanted" ]; then return; fi
  if [ "$(printf '%s\n' 1.21 "$have" | sort -V | head -n 1)" = 1.21 ]; then
    go=(env GOTOOLCHAIN="go$wanted" go)
  else
    local module folder
    module="golang.org/toolchain@v0.0.1-go$wanted.$(go env GOOS)-$(go env GOARCH)"
    go mod download "$module"
    folder=$(go env GOMODCACHE)/$module
    chmod -R u+x "$folder/bin" "$folder/pkg/tool"
    go=(env GOTOOLCHAIN=local GOROOT="$folder" "$folder/bin/go")
  fi
  echo "  Go $have is older than the $wanted that the servers need: using $("${go[@]}" version)"
}

make_server() {  # name, folder, package, target
  if [ "$2" = debian ]; then
    # One package may hold several of them.
    [ -f "$working/debian/usr/bin/$1" ] ||
      scripts/install_dependencies.sh --unpack "$working/debian" "$3"
    mv "$working/debian/usr/bin/$1" "$4"
  else
    local flags
    flags=$(linker_flags "$2" "$(pinned_version "$2" "$3")")
    # No cgo: a program that runs wherever it is copied to, built without a C compiler.
    (cd "$pins/$2" && exec nice env CGO_ENABLED=0 GOWORK=off GO111MODULE=on \
      GOFLAGS="-p=2 -mod=readonly -buildvcs=false -trimpath" "${go[@]}" build \
      -ldflags "$flags" -o "$4" "$3")
  fi
}

# Sets `processor_time` to the seconds that all programs run so far took.
read_processor_time() {
  times >"$working/times"  # in this shell: another has no children
  processor_time=$(awk -F'[ms ]+' 'NR == 2 { print int($1 * 60 + $2 + $3 * 60 + $4) }' \
    "$working/times")
}

minutes() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

# One line that is rewritten every second, on a terminal only.
show_progress() {  # name, its work
  local began=$SECONDS here done=$work_done took=$took_done left rest
  # Until something is built, two cores are supposed to do two seconds of work in one.
  if [ "$done" -eq 0 ]; then done=2 took=1; fi
  while sleep 1; do
    here=$((SECONDS - began))
    left=$(($2 * took / done - here))
    [ "$left" -gt 0 ] || left=0
    left=$((left + (work_left - $2) * took / done))
    rest=
    if [ "$left" -gt 0 ]; then rest=", about $(minutes "$left") left for all"; fi
    printf '\r\033[K  %-24s %s%s' "$1" "$(minutes "$here")" "$rest"
  done
}

end_progress() {
  [ -n "$progress" ] || return 0
  kill "$progress" 2>/dev/null || true
  wait "$progress" 2>/dev/null || true
  progress=
  printf '\r\033[K'
}

for name in "$@"; do
  [[ " ${servers[*]%% *} " == *" $name "* ]] || { echo "unknown server '$name': ${servers[*]%% *}" >&2; exit 2; }
done

todo=()
work_left=0
mkdir -p "$out"
exec 9>"$out/.lock"
flock -n 9 || { echo "waiting for another build of the servers"; flock 9; }
rm -rf "$out"/.making.*
for line in "${servers[@]}"; do
  read -r name folder work package <<<"$line"
  if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then continue; fi
  if from_assets "$name"; then
    if [ ! -x "$KUBEBUILDER_ASSETS/$name" ]; then
      echo "KUBEBUILDER_ASSETS: no program '$name' in '$KUBEBUILDER_ASSETS'" >&2
      exit 1
    fi
    continue
  fi
  if [ -x "$out/$name" ] && [ "$(cat "$out/.$name.recipe" 2>/dev/null)" = \
    "$(recipe "$folder" "$package")" ]; then continue; fi
  todo+=("$line")
  work_left=$((work_left + work))
done
[ ${#todo[@]} -gt 0 ] || { echo "servers: all in $out"; exit 0; }

echo "servers to put into $out: ${#todo[@]}"
progress=
working=$(mktemp -d "$PWD/$out/.making.XXXXXX")
trap 'end_progress; chmod -R u+w "$working"; rm -rf "$working"' EXIT
work_done=0
took_done=0
failed=()
go=()
for line in "${todo[@]}"; do
  read -r name folder work package <<<"$line"
  if [ "$folder" != debian ] && [ ${#go[@]} -eq 0 ]; then find_go; fi
  if [ -t 1 ]; then show_progress "$name" "$work" 9>&- & progress=$!; fi
  began=$SECONDS
  read_processor_time
  before=$processor_time
  if make_server "$name" "$folder" "$package" "$working/$name" >"$working/log" 2>&1 </dev/null 9>&-
  then
    end_progress
    recipe "$folder" "$package" >"$out/.$name.recipe"
    mv "$working/$name" "$out/$name"
    took=$((SECONDS - began))
    read_processor_time
    work_done=$((work_done + work))
    took_done=$((took_done + took))
    printf '  %-24s %6s, %4d s of processor time, %3d MB\n' "$name" "$(minutes "$took")" \
      $((processor_time - before)) $(($(stat -c %s "$out/$name") / 1000000))
  else
    end_progress
    failed+=("$name")
    echo "  $name failed:" >&2
    tail -n 30 "$working/log" >&2
  fi
  work_left=$((work_left - work))
done
[ ${#failed[@]} -eq 0 ] || { echo "servers that could not be made: ${failed[*]}" >&2; exit 1; }
