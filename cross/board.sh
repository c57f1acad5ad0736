# The host's tool and what it says of a board; sourced by bash scripts that have a function `fail`. Works from any folder:
# what the user typed means what it means where the user is.
root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
tool=$root/.build/release/espalier

# build_tool: brings the tool up to date.
build_tool() {
    mkdir -p "$root/.build"
    swift build -c release --package-path "$root" --product espalier >"$root/.build/tool.log" 2>&1 ||
        { cat "$root/.build/tool.log" >&2; fail "espalier does not build; see above"; }
}

# board_facts BOARD: sets `cpu`, `target` and `board_file`.
board_facts() {
    local boards
    boards=$("$tool" boards --json) || exit 1
    read -r cpu target board_file < <(python3 -c '
import json, sys
for board in json.load(sys.stdin):
    if board["name"] == sys.argv[1]:
        print(board["cpu"], board.get("target") or sys.argv[2], board["path"])
' "$1" "$(uname -m)" <<<"$boards") || true
    [ -n "${cpu:-}" ] || fail "there is no board '$1'; \`espalier boards\` lists them"
}
