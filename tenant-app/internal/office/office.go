// Package office puts the app together: it alone knows every module, and which of
// them serves the interfaces that another declares.
package office

import (
	"log/slog"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// Parts are what the app is made from.
type Parts struct {
	DB       *store.DB
	Settings func() contract.Settings // the settings as they are now
	Clock    kernel.Clock
	Log      *slog.Logger
	Release  string // of this program
}

// Office is the app, ready to serve.
type Office struct {
	Server *httpapi.Server
	Auth   *auth.Service
}

// New puts the app together. It reaches for nothing.
func New(p Parts) *Office {
	o := &Office{}
	o.Auth = auth.New(auth.Config{DB: p.DB, Settings: p.Settings, Clock: p.Clock, Log: p.Log, Release: p.Release})
	o.Server = httpapi.New(httpapi.Config{
		Settings: p.Settings, DB: p.DB, Clock: p.Clock, Log: p.Log, Authenticate: o.Auth.Authenticate,
	})
	o.Auth.Register(o.Server)
	return o
}
