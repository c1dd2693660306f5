#!/usr/bin/env bash
# Installs Debian's Postgres, PgBouncer, Chromium and libfaketime when they are missing and this user may; says so when
# it may not. The servers that are npm packages go into node_modules beside this file, by the npm of the tests' Python;
# llmock goes into an environment of its own inside that of the tests, as it brings a pytest plugin.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
venv="$(cd "${VENV:-$here/../../.venv}" && pwd)"
npm="$venv/bin/npm"
if [ -x "$npm" ] && ! cmp -s "$here/package-lock.json" "$here/node_modules/.installed"; then
  (cd "$here" && "$npm" ci --ignore-scripts --loglevel=error >/dev/null && cp package-lock.json node_modules/.installed)
fi
if [ -x "$venv/bin/python" ] && ! cmp -s "$here/llmock.txt" "$venv/llmock/.installed"; then
  "$venv/bin/python" -m venv --clear "$venv/llmock" \
    && "$venv/llmock/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r "$here/llmock.txt" \
    && cp "$here/llmock.txt" "$venv/llmock/.installed" \
    || echo "Not installed: llmock. Tests that need it are named at the end." >&2
fi
missing=()
command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || missing+=(chromium-headless-shell)
command -v systemd-analyze >/dev/null || missing+=(systemd)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null || missing+=(libfaketime)
[ -x /usr/sbin/pgbouncer ] || command -v pgbouncer >/dev/null || missing+=(pgbouncer)
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "Not installed: ${missing[*]}. Tests that need them are named at the end. Install: sudo apt-get install ${missing[*]}" >&2
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# Where there is no package of the shell alone, the whole browser does.
apt-cache show chromium-headless-shell >/dev/null 2>&1 || missing=("${missing[@]/#chromium-headless-shell/chromium}")
# Debian starts a cluster of its own after installing Postgres; ours are started by the tests.
mkdir -p /etc/postgresql-common
[ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
