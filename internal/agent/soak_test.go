//go:build soak

package agent_test

const long = true
