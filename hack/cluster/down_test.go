package main

import (
	"testing"
	"time"
)

// TestDownLeavesNothing compares the machine before "up" and after "down".
func TestDownLeavesNothing(t *testing.T) {
	needMachine(t)
	before := takeInventory(t)
	up(t)
	runWorkload(t)
	do(t, "down")
	assertSame(t, before, takeInventory(t))
}

// TestKilledClusterComesBack kills everything, starts again over what is left,
// kills it once more and cleans up.
func TestKilledClusterComesBack(t *testing.T) {
	needMachine(t)
	before := takeInventory(t)
	up(t)
	runWorkload(t)
	killAll(t)
	up(t)
	answers(t, "two")
	killAll(t)
	do(t, "down")
	assertSame(t, before, takeInventory(t))
}

// eventually fails when a condition does not hold within two minutes.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited two minutes for %s", what)
		}
	}
}
