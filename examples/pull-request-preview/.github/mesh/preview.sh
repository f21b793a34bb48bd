#!/usr/bin/env bash
# preview.sh <stack> <file>: what a run of Pulumi would change, cluster by cluster.
# Writes the comment into the file and the job's summary. Why a preview failed is in the job's log alone, where secrets are
# masked.
set -euo pipefail
stack=$1 comment=$2
PATH=$PWD/node_modules/.bin:$PATH

mkdir -p "$(dirname "$comment")"
printed=$(mktemp)
trap 'rm -f "$printed"' EXIT

status=0
pulumi preview --json --non-interactive --stack "$stack" >"$printed" || status=$?
meshspan preview "$printed" --output markdown >"$comment" || status=$?
if [ "$status" -ne 0 ]; then
  printf '<!-- meshspan preview -->\n### The preview failed\n\nThe log of its job says why.\n' >"$comment"
fi
cat "$comment" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
exit "$status"
