package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// place is this checkout.
type place struct{ root string }

func findPlace() (place, error) {
	dir, err := os.Getwd()
	if err != nil {
		return place{}, fmt.Errorf("find the checkout: %w", err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "charts", "atrium", "Chart.yaml")); err == nil {
			return place{dir}, nil
		}
		if dir == filepath.Dir(dir) {
			return place{}, errors.New("find the checkout: run hack/demo/demo inside the repository")
		}
	}
}

func (p place) path(parts ...string) string {
	return filepath.Join(append([]string{p.root}, parts...)...)
}

// tool runs one of the programs of hack/ and returns its output; its progress
// goes to the terminal as it comes.
func (p place) tool(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"run", "."}, args...)...)
	cmd.Dir = p.path("hack", name)
	cmd.Stderr = news{os.Stderr}
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("hack/%s %s failed: the line above says why", name, args[0])
	}
	return string(out), nil
}

// news drops the lines about what was there before.
type news struct{ out io.Writer }

func (n news) Write(text []byte) (int, error) {
	for line := range bytes.Lines(text) {
		if bytes.Contains(line, []byte(" is in the cache ")) {
			continue
		}
		if _, err := n.out.Write(line); err != nil {
			return 0, err
		}
	}
	return len(text), nil
}

// table reads the lines of a tool: a name, a tab, further columns.
func table(out string) map[string][]string {
	rows := map[string][]string{}
	for line := range strings.Lines(out) {
		if columns := strings.Split(strings.TrimSpace(line), "\t"); len(columns) > 1 {
			rows[columns[0]] = columns[1:]
		}
	}
	return rows
}

// target is a cluster that the demo talks to.
type target struct {
	place
	kubectlPath string
	helmPath    string
	kubeconfig  string            // empty: what kubectl finds by itself
	storage     string            // storage class of the demo's volumes; empty: the default
	proxy       string            // network of what stands before the gateway; empty: nothing
	identity    string            // file of the recovery identity
	recipient   string            // its public half
	backup      *backup           // store for wrapped keys; nil: the demo's MinIO
	images      map[string]string // image name → reference by digest
}

// kubectl runs kubectl with input on its standard input and returns its output.
func (t *target) kubectl(ctx context.Context, input string, args ...string) (string, error) {
	return t.command(ctx, t.kubectlPath, input, args...)
}

func (t *target) helm(ctx context.Context, args ...string) (string, error) {
	return t.command(ctx, t.helmPath, "", args...)
}

func (t *target) command(ctx context.Context, program, input string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdin = strings.NewReader(input)
	cmd.Env = os.Environ()
	if t.kubeconfig != "" {
		cmd.Env = append(cmd.Env, "KUBECONFIG="+t.kubeconfig)
	}
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %s", filepath.Base(program), strings.Join(args, " "), lastLine(complaint.String(), err))
	}
	return out.String(), nil
}

// get reads objects of the cluster as JSON into value.
func (t *target) get(ctx context.Context, value any, args ...string) error {
	out, err := t.kubectl(ctx, "", append(append([]string{"get"}, args...), "--output=json")...)
	if err != nil {
		return err
	}
	if err := json.NewDecoder(strings.NewReader(out)).Decode(value); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer to kubectl get %s: %w", strings.Join(args, " "), err)
	}
	return nil
}

// lastLine is the line of a program's complaint that says what happened.
func lastLine(text string, err error) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
		return last
	}
	return err.Error()
}
