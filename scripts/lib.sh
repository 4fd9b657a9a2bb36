# What scripts/demo and scripts/test share: they choose the interpreters, see to the packages, and build. Plain POSIX
# shell, because a bare system has nothing else. Sourced with the project's root as the working directory.

# Where servers are, which the tests start; not everybody's path leads there.
PATH=$PATH:/usr/sbin:/sbin

say() {
    printf '%s\n' "$@"
}

stop() {
    printf '\n%s\n' "$*" >&2
    exit 1
}

# --python and --lua choose what is bound; what else is given stays in $options for the script to read. $usage is the
# script's own.
read_options() {
    options=
    while [ $# -gt 0 ]; do
        case $1 in
        --python | --lua)
            [ $# -gt 1 ] || stop "$usage"
            if [ "$1" = --python ]; then PYTHON=$2; else LUA=$2; fi
            shift
            ;;
        --help)
            say "$usage"
            exit
            ;;
        *) options="$options $1" ;;
        esac
        shift
    done
    lua_version=${LUA:-5.4}
}

# Whether a Python is new enough and has what is named after it: modules, or `headers`. Its own headers are asked for,
# not the system's: a python3 of pyenv must not be built against Debian's.
python_has() {
    interpreter=$1
    shift
    "$interpreter" - "$@" 2>/dev/null <<'END'
import importlib.util, os, sys, sysconfig

def has(what):
    if what == "headers":
        return os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h"))
    return importlib.util.find_spec(what) is not None

sys.exit(sys.version_info < (3, 9) or not all(map(has, sys.argv[1:])))
END
}

# Sets $python to the python3 a user would get if that has all that is named, else to the one that packages complete.
choose_python() {
    if [ "${PYTHON:-}" = none ]; then
        python=none
        return
    fi
    for python in ${PYTHON:-python3 /usr/bin/python3}; do
        # The interpreter itself, where the name is that of a script which only looks it up.
        python=$("$python" -c 'import sys; print(sys.executable)' 2>/dev/null) && python_has "$python" "$@" && return
    done
    [ -z "${PYTHON:-}" ] || [ -n "$python" ] || stop "There is no Python called $PYTHON."
    if [ -z "${PYTHON:-}" ] && command -v apt-get >/dev/null; then python=/usr/bin/python3; fi
    python=${python:-python3}
}

# Sets $lua to the interpreter of the version asked for, whatever this system calls it.
choose_lua() {
    for lua in "lua$lua_version" "lua-$lua_version" "lua$(say "$lua_version" | tr -d .)" "$lua_version" lua; do
        "$lua" -e "os.exit((jit and 'luajit' or _VERSION:sub(5)) == '$lua_version' and 0 or 1)" 2>/dev/null && return
    done
    lua=lua$lua_version
}

is_met() {
    case $1 in
    command:*) command -v "${1#*:}" ;;
    header:*) say "#include <${1#*:}>" | cc -E - ;;
    module:*) pkg-config --exists "${1#*:}" ;;
    python:*) [ "$python" = none ] || python_has "$python" "${1#*:}" ;;
    lua:*) [ "$lua_version" = none ] || lua_has "${1#*:}" ;;
    esac >/dev/null 2>&1
}

lua_has() {
    case $1 in
    interpreter) command -v "$lua" ;;
    headers)
        for module in "lua$lua_version" "lua-$lua_version" "$lua_version"; do
            pkg-config --exists "$module" && return
        done
        pkg-config --exists "lua >= $lua_version" "lua < $lua_version.99"
        ;;
    *) "$lua" -e "require '$1'" ;;
    esac
}

# Prints what a package manager has to bring for a stage, demo or test. A `+NAME` is luarocks' to bring.
missing_packages() {
    grep -v '^#' scripts/packages | while read -r stage need apt dnf pacman apk brew; do
        case $1 in
        apt-get) package=$apt ;;
        dnf) package=$dnf ;;
        pacman) package=$pacman ;;
        apk) package=$apk ;;
        brew) package=$brew ;;
        esac
        [ "$package" = - ] || [ "$2 $stage" = "demo test" ] || is_met "$need" || say "$package"
    done | for_versions | sort -u | tr '\n' ' '
}

# The table names the packages of Lua 5.4; Debian's and Alpine's others are called alike, LuaJIT's nearly so. Debian's
# test suite of Python bears the version, which is known once there is a Python.
for_versions() {
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || version=
    sed "s/lua5\.4/lua$lua_version/; s/lualuajit-dev/luajit-5.1-dev/; s/lualuajit/luajit/
        s/libpython-testsuite/libpython$version-testsuite/; /libpython-testsuite/d"
}

# Sees to it that what a stage needs is there, or stops and tells how to get it. Asks no package manager when nothing
# is missing, so that a second run is quick and needs neither rights nor network.
see_to_packages() {
    managers=
    for manager in apt-get dnf pacman apk brew; do
        if command -v "$manager" >/dev/null; then
            managers=$manager
            break
        fi
    done
    missing=$(missing_packages "${managers:-dnf}" "$1")
    if [ -z "$missing" ]; then
        return
    elif [ "$managers" = apt-get ]; then
        install_with_apt "$missing"
        # Twice, for what could not be named before the first time.
        missing=$(missing_packages apt-get "$1")
        [ -z "$missing" ] || install_with_apt "$missing"
        missing=$(missing_packages apt-get "$1")
        [ -z "$missing" ] || stop "Still missing: $missing
An interpreter of your own choice ($python, $lua) does not see Debian's packages: install them for it."
    else
        print_installations "$1"
        stop "Please install these, then run this again."
    fi
}

install_with_apt() {
    as_root=
    if [ "$(id -u)" != 0 ]; then
        as_root=sudo
        command -v sudo >/dev/null || stop "These Debian packages are missing: $1
You are not root and there is no sudo. Have somebody who may install them run

    apt-get update && apt-get install --no-install-recommends $1

and then run this again."
    fi
    say "Installing Debian packages: $1"
    run_quietly $as_root apt-get update || say "No fresh package lists; going on with the old ones."
    # shellcheck disable=SC2086
    run_quietly $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $1 ||
        stop "apt-get could not install them; its own words stand above."
}

print_installations() {
    say "What is missing is installed here by:"
    for manager in ${managers:-dnf pacman apk brew}; do
        case $manager in
        dnf) install="sudo dnf install" ;;
        pacman) install="sudo pacman -S" ;;
        apk) install="sudo apk add" ;;
        brew) install="brew install" ;;
        esac
        packages=''
        rocks=''
        for package in $(missing_packages "$manager" "$1"); do
            case $package in
            +*) rocks="$rocks ${package#+}" ;;
            *) packages="$packages $package" ;;
            esac
        done
        say ""
        [ -z "$packages$rocks" ] || say "    $install$packages${rocks:+ luarocks}"
        [ -z "$rocks" ] || say "    luarocks --lua-version $lua_version install$rocks"
    done
}

# Runs a command whose words matter only if it fails.
run_quietly() {
    log=$(mktemp)
    if "$@" >"$log" 2>&1; then
        rm -f "$log"
    else
        cat "$log" >&2
        rm -f "$log"
        return 1
    fi
}

# build DIRECTORY SETTING... sets a build directory up, again only if the settings have changed, and builds.
build() {
    directory=$1
    shift
    settings=$directory/settings
    if [ ! -f "$directory/build.ninja" ]; then
        run_quietly meson setup "$directory" "$@" || stop "meson could not set $directory/ up."
    elif [ "$(cat "$settings" 2>/dev/null)" != "$*" ]; then
        run_quietly meson setup --reconfigure "$directory" "$@" || run_quietly meson setup --wipe "$directory" "$@" ||
            stop "meson could not set $directory/ up with $*."
    fi
    say "$*" >"$settings"
    say "Building in $directory/"
    run_quietly ninja -C "$directory" || stop "The build in $directory/ failed; see above."
}
