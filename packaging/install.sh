#!/bin/sh
# Installs Samepage from the directory that this lies in, or takes it away again.
#
#   ./install.sh [--prefix DIR]    default: /usr/local
#   ./install.sh --uninstall [--prefix DIR]
#
# DESTDIR is put before every path, for those who make packages. Settings in /etc/samepage are kept by both.
set -eu

prefix=/usr/local
action=install
here=$(cd -- "$(dirname -- "$0")" && pwd)
while [ $# -gt 0 ]; do
    case "$1" in
        --prefix) prefix=${2:?--prefix wants a directory}; shift 2 ;;
        --prefix=*) prefix=${1#*=}; shift ;;
        --uninstall) action=uninstall; shift ;;
        *) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 2 ;;
    esac
done
case "$prefix" in
    *[[:space:]:]*) echo "install.sh: a path with a blank or colon cannot be preloaded: $prefix" >&2; exit 2 ;;
    /*) ;;
    *) echo "install.sh: --prefix wants a full path, not $prefix" >&2; exit 2 ;;
esac
to=${DESTDIR:-}$prefix
manifest=$to/lib/samepage/manifest

daemon_runs() { [ -z "${DESTDIR:-}" ] && [ -d /run/systemd/system ] && systemctl --quiet is-active samepage.service; }

remove_files() {
    [ -f "$manifest" ] || { echo "install.sh: $manifest is missing: nothing of Samepage is installed below $prefix" >&2; exit 1; }
    while read -r file; do rm -f -- "$to/$file"; done <"$manifest"
    rm -f -- "$manifest"
    for directory in lib/samepage share/doc/samepage/examples share/doc/samepage; do
        find "$to/$directory" -depth -type d -empty -delete 2>/dev/null || true
    done
}

if [ "$action" = uninstall ]; then
    # The daemon puts ksmd's settings back as it ends. What is merged stays merged.
    if daemon_runs; then systemctl disable --now samepage.service; fi
    remove_files
    echo "Samepage is gone from $prefix; settings are in /etc/samepage, state is in /var/lib/samepage"
    exit 0
fi

mkdir -p "$to"
[ ! -f "$manifest" ] || remove_files
# A running program keeps the files that it has: each is put in its place as a whole.
(cd "$here" && find bin include lib share \( -type f -o -type l \) | sort) | while read -r file; do
    mkdir -p "$to/$(dirname "$file")"
    rm -f -- "$to/$file"
    cp -P "$here/$file" "$to/$file"
    echo "$file"
done >"$to/.samepage-manifest"
mv "$to/.samepage-manifest" "$manifest"
unit=$to/lib/systemd/system/samepage.service
sed "s|/usr/bin/samepage|$prefix/bin/samepage|; s|/usr/share/doc|$prefix/share/doc|" "$here/lib/systemd/system/samepage.service" >"$unit"
mkdir -p "${DESTDIR:-}/etc/samepage/conf.d"
[ -f "${DESTDIR:-}/etc/samepage/samepage.toml" ] || cp "$here/etc/samepage/samepage.toml" "${DESTDIR:-}/etc/samepage/"
[ -n "${DESTDIR:-}" ] || "$to/bin/samepage" --version >/dev/null
[ -n "${DESTDIR:-}" ] || ! command -v ldconfig >/dev/null || ldconfig
if [ -z "${DESTDIR:-}" ] && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
echo "Samepage is in $prefix. The daemon: systemctl enable --now samepage (with another prefix than /usr or /usr/local,"
echo "systemctl enable --now $prefix/lib/systemd/system/samepage.service)"
