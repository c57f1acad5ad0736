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

# Folders that a script fills keep a list of what was written there, as those of `espalier simulate` do: SHA-256 and name.

digest_line() { printf '%s  %s\n' "$(sha256sum <"$1" | cut -d' ' -f1)" "$2"; }

# may_fill FOLDER TREE FORCE INPUT...: fails where a file of TREE is to go over one in FOLDER that is an input, or, unless
# FORCE says something, is not on the list, or was changed since. What holds the same already may stay.
may_fill() {
    local folder=$1 tree=$2 force=$3 name input
    shift 3
    while read -r name; do
        for input in "$@"; do
            [ ! "$folder/$name" -ef "$input" ] || fail "$folder/$name is read by this command; name another folder"
        done
        [ -e "$folder/$name" ] && [ -z "$force" ] || continue
        cmp -s "$tree/$name" "$folder/$name" && continue
        grep -qxF "$(digest_line "$folder/$name" "$name")" "$folder/.espalier" 2>/dev/null ||
            fail "$folder/$name was not written by this command, or was changed since; move it, name another folder, or pass --force to replace it"
    done < <(cd "$tree" && find . -type f -printf '%P\n' | sort)
}

# place FILE TARGET: copies a file whole or not at all; who calls it removes `$part` at the end.
part=
place() {
    mkdir -p "$(dirname "$2")"
    part=$2.$$.tmp
    cp -p "$1" "$part" && mv "$part" "$2" || fail "$2 cannot be written; see above"
    part=
}

# fill FOLDER TREE: puts what is in TREE into FOLDER and keeps the list.
fill() {
    local folder=$1 tree=$2 name names lists
    lists=$(mktemp -d)
    mapfile -t names < <(cd "$tree" && find . -type f -printf '%P\n' | sort)
    {
        echo "# Written by espalier: what it wrote here, and may replace and remove."
        for name in "${names[@]}"; do digest_line "$tree/$name" "$name"; done
    } >"$lists/new"
    # Until all is placed, what is there and what comes both count.
    cat "$lists/new" "$folder/.espalier" 2>/dev/null >"$lists/both" || true
    place "$lists/both" "$folder/.espalier"
    for name in "${names[@]}"; do place "$tree/$name" "$folder/$name"; done
    place "$lists/new" "$folder/.espalier"
    rm -r "$lists"
}
