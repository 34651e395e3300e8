//go:build !soak

package agent_test

// long holds for a soak run.
const long = false
