# Sourced by the build-* scripts: version, date, what is published, and the tree that every package is packed from.
root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd)
# Where packages go, and where what they contain was compiled to: SAMEPAGE_PUBLISHED names a build of ./samepage that is to
# be packed as it is (the tests do that).
packages=$(realpath -m -- "${SAMEPAGE_PACKAGES:-$root/artifacts/packages}")
published=$(realpath -m -- "${SAMEPAGE_PUBLISHED:-$packages/published}")
# A package runs on other processors than the one it was built on: packaging/README.md weighs the levels.
isa=${SAMEPAGE_ISA:-x86-64-v3}
umask 022
export LC_ALL=C TZ=UTC0 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$*"; exit "${2:-1}"; }

# The one place that names it.
version() { sed -nE 's:.*<Version>(.+)</Version>.*:\1:p' "$root/Directory.Build.props"; }

# Every file of a package bears this time: of the last commit, unless the builder says otherwise.
epoch() { printf '%s\n' "${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || stat -c %Y "$root/CHANGELOG.md")}"; }

# Installs Debian packages that a build needs, where that is possible.
need() {
    local missing=() package
    for package; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
    done
    [[ ${#missing[@]} -eq 0 ]] && return 0
    [[ $EUID -eq 0 ]] && command -v apt-get >/dev/null || die "needs the Debian packages ${missing[*]}" 3
    say "installing ${missing[*]}"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
        >&2 </dev/null || die "${missing[*]} could not be installed" 3
}

# Compiles executable and libraries for other machines, when the sources are newer than what there is.
publish_portable() {
    if [[ -z ${SAMEPAGE_PUBLISHED:-} ]]; then
        if [[ $(cat "$published/isa" 2>/dev/null) != "$isa" ]]; then rm -rf "$published"; fi
        SAMEPAGE_OUT=$published SAMEPAGE_ISA=$isa SAMEPAGE_BUILD=aot "$root/samepage" --version >/dev/null
    fi
    [[ -f $published/libsamepage-engine.so ]] || die 'packages are compiled ahead of time: that needs gcc and zlib1g-dev' 3
    isa=$(cat "$published/isa")
    mkdir -p "$packages"
}

# The manual and the completions, as the executable itself prints them: words_into SHARE.
words_into() {
    local share=$1
    [[ $("$published/samepage" --help) == *' completions '* ]] || { say 'this executable prints no manual; left out'; return 0; }
    SOURCE_DATE_EPOCH=$(epoch) "$published/samepage" man --to "$share/man" >/dev/null
    mkdir -p "$share"/{bash-completion/completions,zsh/vendor-completions,fish/vendor_completions.d}
    "$published/samepage" completions bash >"$share/bash-completion/completions/samepage"
    "$published/samepage" completions zsh >"$share/zsh/vendor-completions/_samepage"
    "$published/samepage" completions fish >"$share/fish/vendor_completions.d/samepage.fish"
}

# What lies beside the packages for other programs (hooks, manifests, rules) goes along as examples.
examples_into() {
    local to=$1 directory
    install -D -m 644 "$root/examples/c/shared_table.c" "$to/shared_table.c"
    for directory in "$root"/packaging/*/; do
        case ${directory%/} in
            */debian | */container) ;;
            *) cp -r --no-preserve=timestamps "$directory" "$to/" ;;
        esac
    done
}

# Lays the whole out as it is installed: lay_out DESTINATION PREFIX LIBRARIES PKG_CONFIG_PREFIX; LIBRARIES is relative to
# the prefix, and lib or one below it.
lay_out() {
    local to=$1 prefix=$2 libraries=$3 up file
    local base=$to$prefix
    # From lib/x86_64-linux-gnu to lib/samepage, or from lib itself.
    up=${libraries#lib}
    up=${up:+../}
    rm -rf "$to"
    mkdir -p "$base"/{bin,include,lib/samepage,"$libraries"/pkgconfig,share/doc/samepage/docs}
    install -m 755 "$published/samepage" "$base/lib/samepage/"
    for file in libsamepage.so.1 libsamepage-engine.so libsamepage-preload.so libe_sqlite3.so; do
        install -m 644 "$published/$file" "$base/lib/samepage/"
        strip --strip-unneeded "$base/lib/samepage/$file"
    done
    ln -s ../lib/samepage/samepage "$base/bin/samepage"
    ln -s "${up}samepage/libsamepage.so.1" "$base/$libraries/libsamepage.so.1"
    ln -s libsamepage.so.1 "$base/$libraries/libsamepage.so"
    install -m 644 "$root/src/Samepage.Native/include/samepage.h" "$base/include/"
    sed -e "s|@PREFIX@|$4|" -e "s|@LIBRARIES@|$libraries|" -e "s|@VERSION@|$(version)|" "$root/packaging/samepage.pc.in" \
        >"$base/$libraries/pkgconfig/samepage.pc"
    (cd "$root/docs" && find . -type f -name '*.*' -exec install -D -m 644 {} "$base/share/doc/samepage/docs/{}" \;)
    examples_into "$base/share/doc/samepage/examples"
    install -m 644 "$root/README.md" "$root/README.zh-CN.md" "$base/share/doc/samepage/"
    words_into "$base/share"
}
