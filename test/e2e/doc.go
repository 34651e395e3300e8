// Package e2e tests the running platform as its people use it: kubectl, HTTP through
// the gateway, and Chromium. The tests (build tag e2e) make companies of their own
// and remove them, so they can run beside a demo that somebody is using, and again.
// hack/e2e brings the platform up and runs them; rules that need no running pods are
// tested beside the code that they belong to.
package e2e
