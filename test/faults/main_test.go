// Package faults proves that the operator survives what happens to it: its own
// death at any instant, a view of the cluster that is old or has gaps, servers that
// are slow, cut off or gone, a second operator, and any spec.
package faults

import (
	"flag"
	"os"
	"strconv"
	"testing"
	"time"

	"atrium.dev/atrium/test/rig"
)

func TestMain(m *testing.M) {
	flag.Parse()
	rig.Main(m)
}

// seed of a test's random choices: SEED, or the day.
func seed(t *testing.T) int64 {
	t.Helper()
	value := time.Now().Unix() / (24 * 60 * 60)
	if text := os.Getenv("SEED"); text != "" {
		given, err := strconv.ParseInt(text, 10, 64)
		rig.Check(t, err)
		value = given
	}
	t.Logf("SEED=%d", value)
	return value
}

// rounds of a test: ROUNDS, or few.
func rounds(t *testing.T, few int) int {
	t.Helper()
	if text := os.Getenv("ROUNDS"); text != "" {
		given, err := strconv.Atoi(text)
		rig.Check(t, err)
		return given
	}
	return few
}
