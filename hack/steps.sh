# Sourced by the scripts of this folder: one progress line a step.
# shellcheck shell=bash
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${ATRIUM_CACHE:-$HOME/.cache/atrium}
export ATRIUM_CACHE=$cache
logs=$cache/logs
mkdir -p "$logs"

# step NAME COMMAND… runs the command, prints one line with the time that it took,
# and on failure what it said (whole in a log file).
step() {
  local name=$1 log started=$SECONDS status=0
  shift
  log=$logs/$(tr -c 'a-zA-Z0-9\n' - <<<"$name").log
  [ -t 1 ] && printf '  … %s' "$name"
  "$@" >"$log" 2>&1 || status=$?
  [ -t 1 ] && printf '\r'
  if [ "$status" -eq 0 ]; then
    printf '  ✓ %s (%d s)\n' "$name" "$((SECONDS - started))"
  else
    printf '  ✗ %s (%d s, exit %d). The whole output: %s\n' "$name" "$((SECONDS - started))" "$status" "$log"
    tail -n "${TAIL:-60}" "$log"
    return "$status"
  fi
}

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}
