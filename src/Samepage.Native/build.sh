#!/usr/bin/env bash
# Builds the C side, libsamepage.so and libsamepage-preload.so: build.sh DIRECTORY [COMPILER [LEVEL]]
# LEVEL: what the engine is compiled for, as in x86-64-v3; it is not loaded on a processor that has less.
# The engine is built by dotnet publish; ./samepage does both.
set -euo pipefail

here=$(cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd)
out=$(readlink -f -- "$1")
cc=${2:-gcc}
level=${3:-}
# The version of the ABI, as in samepage.h.
soname=libsamepage.so.1
warnings=(-Wall -Wextra -Werror)
safety=(-fstack-protector-strong -fstack-clash-protection -fcf-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
flags=(-std=c11 -O2 -fPIC -fvisibility=hidden -fno-plt -pthread "${warnings[@]}" "${safety[@]}")
# Bound when loaded (-z now): these run in allocators and in windows, where nothing may be looked up.
link=(-shared -Wl,-z,now,-z,relro,-z,noexecstack,-z,defs,--as-needed)
[[ $level == x86-64-v[234] ]] && flags+=("-DSAMEPAGE_ISA_LEVEL=${level: -1}")
gate=(gate hold ranges request start spawn mappings discard settle)

cd "$here"
# Each takes the old one's place in one step: a running program keeps its file.
"$cc" "${flags[@]}" "${link[@]}" -Wl,-soname,"$soname",-z,nodelete "${gate[@]/%/.c}" -ldl -o "$out/libsamepage.so.new"
mv "$out/libsamepage.so.new" "$out/$soname"
ln -sfn "$soname" "$out/libsamepage.so"
"$cc" "${flags[@]}" "${link[@]}" -Wl,-soname,libsamepage-preload.so,-rpath,'$ORIGIN' preload.c -L"$out" -lsamepage \
    -o "$out/libsamepage-preload.so.new"
mv "$out/libsamepage-preload.so.new" "$out/libsamepage-preload.so"
