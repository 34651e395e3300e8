package progress

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestElapsed(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0.0s", 1440 * time.Millisecond: "1.4s", 42 * time.Second: "42s", 185 * time.Second: "3m05s", 59*time.Minute + 59600*time.Millisecond: "60m00s",
	} {
		if got := elapsed(d); got != want {
			t.Errorf("elapsed(%v) = %s, want %s", d, got, want)
		}
	}
}

func TestStepPrintsOneLine(t *testing.T) {
	var out bytes.Buffer
	printer := New(&out)
	if err := printer.Step("etcd", func() (string, error) { return "v1 built", nil }); err != nil {
		t.Fatal(err)
	}
	if line := out.String(); strings.Count(line, "\n") != 1 || !strings.HasPrefix(line, "  etcd ") || !strings.Contains(line, " v1 built ") {
		t.Errorf("printed %q", line)
	}
}

func TestFailureIsLeftToTheCaller(t *testing.T) {
	var out bytes.Buffer
	failure := errors.New("no")
	if err := New(&out).Step("etcd", func() (string, error) { return "", failure }); !errors.Is(err, failure) || out.Len() > 0 {
		t.Errorf("returned %v, printed %q", err, out.String())
	}
}

func TestSlowStepSaysThatItGoesOn(t *testing.T) {
	var out bytes.Buffer
	printer := New(&out)
	printer.every = time.Millisecond
	said := func() bool {
		printer.mu.Lock()
		defer printer.mu.Unlock()
		return strings.Contains(out.String(), "kubernetes") && strings.Contains(out.String(), "still at it")
	}
	err := printer.Step("kubernetes", func() (string, error) {
		for deadline := time.Now().Add(10 * time.Second); !said(); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				return "", errors.New("nothing was said in ten seconds")
			}
		}
		return "built", nil
	})
	if err != nil {
		t.Error(err)
	}
}
