# What scripts may write over; sourced by bash scripts that have a function `fail`.

# may_write OUTPUT KIND FORCE INPUT...: fails where OUTPUT is one of the inputs, whatever the path, and where it is
# there and no KIND (firmware, package) of ours, unless FORCE says something. Makes its folder.
may_write() {
    local output=$1 kind=$2 force=$3 folder input
    shift 3
    folder=$(dirname "$output")
    for input in "$@"; do
        case $input in *.npz:*) input=${input%%.npz:*}.npz ;; esac
        [ ! "$output" -ef "$input" ] || fail "$output is read by this command (as $input); name another place for the result"
    done
    [ ! -d "$output" ] || fail "$output is a folder; name a file"
    mkdir -p "$folder" 2>/dev/null || fail "cannot make the folder of $output; choose another place"
    [ -w "$folder" ] || fail "$folder cannot be written to; choose another place"
    [ -s "$output" ] && [ -z "$force" ] || return 0
    [ -f "$output" ] && "is_$kind" "$output" || fail "$output exists, and Espalier did not write it; name another file, or pass --force to replace it"
}

# An ELF file with the firmware's help in it.
is_firmware() { [ "$(head -c 4 "$1" | tail -c 3)" = ELF ] && grep -aq 'usage: espalier-node' "$1"; }

is_package() { [ "$(dpkg-deb --field "$1" Package 2>/dev/null)" = espalier-node ]; }
