#!/usr/bin/env bash
# diff.sh <commit of the base branch> <file>: validates the description, and compares it with the one at the merge base.
# Writes the comment into the file and the job's summary. Fails where the description is faulty.
set -euo pipefail
base=$1 comment=$2
description=${MESH_FILE:-mesh.yaml}
PATH=$PWD/node_modules/.bin:$PATH

mkdir -p "$(dirname "$comment")"
merge_base=$(git merge-base "$base" HEAD)
faults=$(mktemp)
trap 'rm -f "$faults"' EXIT

faulty() {
  printf '<!-- meshspan diff -->\n### %s\n\n' "$1"
  cat "$faults"
}

status=0
# A description that the pull request removes is a difference, and no fault.
if [ -e "$description" ]; then
  meshspan validate "$description" --output markdown >"$faults" || status=$?
fi
if [ "$status" -ne 0 ]; then
  faulty 'The description has faults' >"$comment"
  meshspan validate "$description" >&2 || true
else
  meshspan diff "$merge_base" --file "$description" --output markdown >"$comment" || status=$?
  # Faults that were there before are no reason to hold back what mends them.
  if [ "$status" -eq 3 ]; then
    git show "$merge_base:./$description" | meshspan validate - --output markdown >"$faults" || true
    faulty 'The description is mended: it had faults before, so there is nothing to compare it with' >"$comment"
    status=0
  fi
fi
cat "$comment" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
exit "$status"
