package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/tenant-app/contract"
)

const (
	proveWait   = 3 * time.Minute // until the app is ready
	provePause  = 250 * time.Millisecond
	proveAnswer = 20 * time.Second // of one request
	maxAnswer   = 1 << 20
)

// prove asks an app, as people and the platform would, that is served on what a restore
// brought: it is healthy and ready, of the release and the schema that were backed up,
// shows its sign-in page, and lets nobody in who does not know a password.
func prove(ctx context.Context, dir string) error {
	raw, err := os.ReadFile(filepath.Join(dir, backup.ProofFile))
	if err != nil {
		return fail(contract.ExitUsage, fmt.Errorf("read what is to be proven: %w", err))
	}
	var p proof
	if json.Unmarshal(raw, &p.Proof) != nil || p.Office == "" || p.Ops == "" {
		return fail(contract.ExitUsage, errors.New("read what is to be proven: it is not the JSON object that package backup describes"))
	}
	p.client = &http.Client{Timeout: proveAnswer, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, step := range []func(context.Context) error{p.ready, p.healthy, p.version, p.page, p.stranger} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

type proof struct {
	backup.Proof
	client *http.Client
}

func (p *proof) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, proveWait)
	defer cancel()
	for {
		status, body, err := p.ask(ctx, http.MethodGet, p.Ops+contract.PathReady, nil)
		if err == nil && status == http.StatusOK {
			return nil
		}
		select {
		case <-ctx.Done():
			return fail(contract.ExitUnavailable, fmt.Errorf("the app was not ready on what came back within %s: its last answer is %d %.200s, %w", proveWait, status, body, errors.Join(err, ctx.Err())))
		case <-time.After(provePause):
		}
	}
}

func (p *proof) healthy(ctx context.Context) error {
	status, body, err := p.ask(ctx, http.MethodGet, p.Ops+contract.PathHealth, nil)
	return p.expect(status == http.StatusOK, contract.PathHealth, status, body, err)
}

func (p *proof) version(ctx context.Context) error {
	status, body, err := p.ask(ctx, http.MethodGet, p.Ops+contract.PathVersion, nil)
	var v contract.Version
	same := json.Unmarshal([]byte(body), &v) == nil && v.Release == p.Release && v.SchemaVersion == p.SchemaVersion
	return p.expect(status == http.StatusOK && same, contract.PathVersion, status, body, err)
}

func (p *proof) page(ctx context.Context) error {
	status, body, err := p.ask(ctx, http.MethodGet, p.Office+"/login", nil)
	return p.expect(status == http.StatusOK && strings.Contains(body, `name="password"`), "/login", status, body, err)
}

func (p *proof) stranger(ctx context.Context) error {
	status, body, err := p.ask(ctx, http.MethodPost, p.Office+"/login", url.Values{"name": {"13800000000"}, "password": {"nobody has this password"}})
	return p.expect(status == http.StatusUnauthorized, "a sign-in with a wrong password", status, body, err)
}

func (p *proof) ask(ctx context.Context, method, address string, form url.Values) (status int, body string, err error) {
	request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, "", fmt.Errorf("ask the app: %w", err)
	}
	request.Host = p.Host
	if form != nil {
		request.Header.Set("Origin", p.Origin)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := p.client.Do(request)
	if err != nil {
		return 0, "", fmt.Errorf("ask the app: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	return answer.StatusCode, string(raw), err
}

func (p *proof) expect(holds bool, what string, status int, body string, err error) error {
	if err != nil {
		return fail(contract.ExitUnavailable, fmt.Errorf("%s: %w", what, err))
	}
	if !holds {
		return fail(backup.ExitDiffers, fmt.Errorf("the app that was served on what came back answers %s with %d %.200s", what, status, strings.Join(strings.Fields(body), " ")))
	}
	return nil
}
