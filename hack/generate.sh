#!/bin/sh
# Generates deep copies, CRDs, RBAC and the API reference from the types in
# api/v1alpha1 and the markers beside the code that needs each right.
# Run it from anywhere; a second run changes nothing.
set -eu
cd "$(dirname "$0")/.."
root=$(pwd)
tools=${ATRIUM_CACHE:-${HOME:-/root}/.cache/atrium}/tools
mkdir -p "$tools"
for tool in controller-gen crd-ref-docs; do
	# A build of what is built already takes well under a second.
	go build -C "hack/tools/$tool" -o "$tools/$tool" "$(sed -n 's/^tool //p' "hack/tools/$tool/go.mod")"
done

"$tools/controller-gen" object paths=./api/...
"$tools/controller-gen" crd:allowDangerousTypes=false,maxDescLen=2000 paths=./api/... output:crd:dir=config/crd
"$tools/controller-gen" rbac:roleName=atrium-operator,fileName=operator.yaml paths='./controllers/...;./cmd/operator' output:rbac:dir=config/rbac
"$tools/controller-gen" rbac:roleName=atrium-tenant-manager,fileName=tenant-manager.yaml paths=./internal/access output:rbac:dir=config/rbac
"$tools/crd-ref-docs" --log-level=ERROR --source-path="$root/api" --config=hack/tools/crd-ref-docs/config.yaml \
	--renderer=markdown --output-path="$root/docs/api.md"
