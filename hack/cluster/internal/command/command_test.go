package command

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestRun(t *testing.T) {
	var log bytes.Buffer
	out, err := Run(t.Context(), Spec{Args: []string{"sh", "-c", "cat; echo $WORD; echo aside >&2"}, Stdin: strings.NewReader("in\n"), Env: []string{"WORD=word"}, Log: &log})
	if err != nil || out != "in\nword\n" {
		t.Errorf("printed %q, %v", out, err)
	}
	if !strings.Contains(log.String(), "aside") || !strings.Contains(log.String(), "word") {
		t.Errorf("logged %q", log.String())
	}
}

func TestFailureNamesTheLastLine(t *testing.T) {
	_, err := Run(t.Context(), Spec{Args: []string{"sh", "-c", "echo first; echo the reason >&2; exit 3"}})
	if err == nil || !strings.HasSuffix(err.Error(), "exit status 3: the reason") {
		t.Errorf("said %v", err)
	}
}

func TestLimitEndsACommand(t *testing.T) {
	_, err := Run(t.Context(), Spec{Args: []string{"sleep", "1000"}, Limit: 20 * time.Millisecond})
	if err == nil || !strings.Contains(err.Error(), "gave no answer within 20ms") {
		t.Errorf("said %v", err)
	}
}
