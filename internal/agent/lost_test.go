package agent_test

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"atrium.dev/atrium/internal/backup"
	"atrium.dev/atrium/tenant-app/contract"
)

// The database goes away while objects come back: the backup is as good as before, so
// the restore is to be tried again.
func TestLostDatabaseIsNoBrokenBackup(t *testing.T) {
	c := newCompany(t)
	c.put("files/a", "text/plain", []byte("a"))
	c.must(backup.CommandBackup, c.task("full", ""))
	database := way(t, net.JoinHostPort(c.db.Host, strconv.Itoa(c.db.Port)))
	_, port, err := net.SplitHostPort(database.Listen)
	if err != nil {
		t.Fatal(err)
	}
	task := c.back("full", 2, "")
	if task.Database.Port, err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
	task.Store.Endpoint = c.before(func(r *http.Request) {
		if strings.Contains(r.URL.Path, "/"+backup.ObjectsOf(c.epoch.ID)) {
			database.Stop()
		}
	})
	if outcome, code := c.run(backup.CommandRestore, task); code != contract.ExitUnavailable {
		t.Errorf("ended with %d: %s", code, outcome.Message)
	}
}

// way is a stretch of network to a server.
func way(t *testing.T, to string) *toxiproxy.Proxy {
	t.Helper()
	p := toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), to, "127.0.0.1:0", to)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p
}
