# The front door. `make` explains itself; what a target does stands in hack/.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

export ATRIUM_CACHE ?= $(HOME)/.cache/atrium
export GOFLAGS ?= -buildvcs=false

.PHONY: help
help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## Bare machine to a running platform with two companies (CLUSTER=existing [REGISTRY=…] uses your kubeconfig)
	@hack/demo/demo up

.PHONY: demo-down
demo-down: ## Undo make demo
	@hack/demo/demo down

.PHONY: office
office: ## The app alone, for working on it: PostgreSQL, MinIO, hot reload, a seeded company of 30
	@hack/prerequisites parts web
	go run ./hack/office

.PHONY: test
test: ## All tests but the end-to-end ones; installs what it needs
	@hack/test

.PHONY: e2e
e2e: ## End-to-end tests on a real local cluster, with a real browser
	@hack/e2e

.PHONY: soak
soak: ## Long forms of the proofs, resumable (PARTS="operators views" SEED=…); results go to docs/results
	@hack/soak $(PARTS)

.PHONY: scale
scale: ## Onboard many tenants one after another (TENANTS=10) and write down how long each took
	@hack/e2e -scale

.PHONY: mutants
mutants: ## Apply each patch in hack/mutants and see that its test fails (ONLY=name for one)
	@hack/mutants/run $(ONLY)

.PHONY: generate
generate: ## Regenerate CRDs, RBAC, deep copies, OpenAPI, the page's client and the API reference
	@hack/generate

.PHONY: lint
lint: ## golangci-lint, gofumpt and Biome
	@hack/lint
