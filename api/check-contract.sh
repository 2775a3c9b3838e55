#!/bin/sh
# Lint, format and compatibility of the protobuf contracts. Usage: check-contract.sh PATH_TO_BUF
# A deliberate incompatible change replaces compatibility/*.binpb in a commit of its own:
#   target/buf/buf build -o compatibility/0.1.binpb
set -eu
buf=$1
chmod +x "$buf"
"$buf" lint
"$buf" format --diff --exit-code
for image in compatibility/*.binpb; do
  "$buf" breaking --against "$image"
done
echo "api: lint, format and compatibility hold"
