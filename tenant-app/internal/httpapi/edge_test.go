package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/office/officetest"
	"atrium.dev/atrium/test/env"
)

func TestOtherNamesLeadToTheCanonicalOne(t *testing.T) {
	o := officetest.Start(t)
	o.Administrator(t)
	b := o.Browser(t)
	reply := b.Get("/people?q=1", officetest.H("Host", "oa.other.example")).Want(http.StatusPermanentRedirect)
	if got := reply.Header.Get("Location"); got != o.URL+"/people?q=1" {
		t.Errorf("leads to %q", got)
	}
	if got := b.Get("//evil.example/", officetest.H("Host", "oa.other.example")).Header.Get("Location"); !strings.HasPrefix(got, o.URL+"/") {
		t.Errorf("a path with two slashes leads to %q", got)
	}
	b.Do(http.MethodPost, "/login", nil, officetest.H("Host", "oa.other.example"), officetest.H("Origin", "https://oa.other.example")).Want(http.StatusForbidden)
}

func TestTheRequestsIdGoesThrough(t *testing.T) {
	o := officetest.Start(t)
	b := o.Browser(t)
	reply := b.JSON(http.MethodGet, "/me", nil, officetest.H(contract.HeaderRequestID, "0193f00d-gateway")).Want(http.StatusUnauthorized)
	if reply.Header.Get(contract.HeaderRequestID) != "0193f00d-gateway" || !strings.Contains(reply.Body, `"requestId":"0193f00d-gateway"`) {
		t.Errorf("the reply carries %q: %s", reply.Header.Get(contract.HeaderRequestID), reply.Body)
	}
	forged := b.JSON(http.MethodGet, "/me", nil, officetest.H(contract.HeaderRequestID, "*/ DROP TABLE person; /*"))
	if got := forged.Header.Get(contract.HeaderRequestID); len(got) != 36 {
		t.Errorf("an id that is none became %q", got)
	}
}

// The address comes from the gateway's header alone.
func TestForwardedForIsNotBelieved(t *testing.T) {
	o := officetest.Start(t)
	o.Administrator(t)
	b := o.Browser(t)
	b.Address = "198.51.100.1"
	b.Form("/login", nil, officetest.H("X-Forwarded-For", "10.0.0.66"), officetest.H("X-Real-Ip", "10.0.0.66"), officetest.H("Forwarded", "for=10.0.0.66"))
	var kept string
	o.Scan(t, `SELECT string_agg(e::text, ' ') FROM audit_entry AS e`, &kept)
	if !strings.Contains(kept, "198.51.100.1") || strings.Contains(kept+o.Logs(), "10.0.0.66") {
		t.Errorf("the audit log: %s, the log: %s", kept, o.Logs())
	}
}

func TestEveryAnswerHasTheProtectingHeaders(t *testing.T) {
	o := officetest.Start(t, officetest.WithPage(page))
	admin := o.Administrator(t)
	for _, reply := range []officetest.Reply{
		admin.Get("/"), admin.Get("/api/v1/me"), admin.Get("/api/v1/none"), admin.Get("/sw.js"), o.Browser(t).Get("/login"),
		o.Browser(t).Get("/"), admin.Get("/assets/" + officetest.Release + "/main-1.js"), admin.Get("/auth/none"),
	} {
		for name, want := range map[string]string{
			"Content-Security-Policy": "frame-ancestors 'none'", "X-Content-Type-Options": "nosniff",
			"Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if got := reply.Header.Get(name); !strings.Contains(got, want) {
				t.Errorf("%d %s: %q", reply.Status, name, got)
			}
		}
		if policy := reply.Header.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") || strings.Contains(policy, "http") {
			t.Errorf("policy %q", policy)
		}
	}
}

func TestUnknownPathsBelowTheAPIAreProblems(t *testing.T) {
	o := officetest.Start(t, officetest.WithPage(page))
	b := o.Administrator(t)
	for _, path := range []string{"/api/v1/none", "/api/", "/auth/none", "/files/none", "/assets/x"} {
		if reply := b.Get(path); reply.Status != http.StatusNotFound || reply.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s answers %d %s", path, reply.Status, reply.Header.Get("Content-Type"))
		}
	}
}

func TestABrokenDatabaseIsNotASignOut(t *testing.T) {
	o := officetest.Start(t)
	b := o.Administrator(t)
	login := o.Tenant.App.User
	alter := func(statements ...string) {
		t.Helper()
		if err := env.PostgresServer(t).Exec(o.Tenant.App.Name, statements...); err != nil {
			t.Fatal(err)
		}
	}
	alter("ALTER ROLE "+login+" NOLOGIN", "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = '"+login+"'")
	reply := b.JSON(http.MethodGet, "/me", nil).Want(http.StatusServiceUnavailable)
	if reply.Code() != "try_again_later" || reply.Header.Get("Set-Cookie") != "" {
		t.Errorf("code %s, cookie %q", reply.Code(), reply.Header.Get("Set-Cookie"))
	}
	alter("ALTER ROLE " + login + " LOGIN")
	// Each connection that was cut may show once, the worker's too.
	for range o.Tenant.App.MaxConns {
		if reply = b.JSON(http.MethodGet, "/me", nil); reply.Status != http.StatusServiceUnavailable {
			break
		}
	}
	reply.Want(http.StatusOK)
}
