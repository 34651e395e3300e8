// Package office puts the app together: it alone knows every module, and which of
// them serves the interfaces that another declares.
package office

import (
	"context"
	"io/fs"
	"log/slog"
	"time"

	"atrium.dev/atrium/tenant-app/contract"
	"atrium.dev/atrium/tenant-app/internal/audit"
	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/authz"
	"atrium.dev/atrium/tenant-app/internal/blob"
	"atrium.dev/atrium/tenant-app/internal/chat"
	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/exchange"
	"atrium.dev/atrium/tenant-app/internal/fact"
	"atrium.dev/atrium/tenant-app/internal/files"
	"atrium.dev/atrium/tenant-app/internal/httpapi"
	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/live"
	"atrium.dev/atrium/tenant-app/internal/notify"
	"atrium.dev/atrium/tenant-app/internal/privacy"
	"atrium.dev/atrium/tenant-app/internal/search"
	"atrium.dev/atrium/tenant-app/internal/store"
	"atrium.dev/atrium/tenant-app/internal/workcal"
)

// Parts are what the app is made from.
type Parts struct {
	DB       *store.DB
	Settings func() contract.Settings // the settings as they are now
	Keys     func() contract.Keys     // the keys as they are now
	Clock    kernel.Clock
	Log      *slog.Logger
	Release  string // of this program
	Page     fs.FS  // the built page; its top holds index.html
	Bucket   *blob.Bucket
	Bus      live.Bus // between replicas; nil: there is one
}

// Office is the app, ready to serve.
type Office struct {
	Server *httpapi.Server
	Auth   *auth.Service
	Rights *authz.Service
	Pages  *httpapi.Pages
	Jobs   *store.Jobs
	Live   *live.Hub
	Chat   *chat.Service
	Files  *files.Service
	Audit  *audit.Log
	Facts  *fact.Facts

	Privacy *privacy.Service

	Calendar *workcal.Calendar
	Search   *search.Service
	Notify   *notify.Service
}

// New puts the app together. It reaches for nothing.
func New(p Parts) *Office {
	pages := httpapi.NewPages(p.Page, p.Release, p.Bucket)
	o := &Office{Pages: pages, Jobs: store.NewJobs(p.DB, p.Clock, p.Settings, p.Log)}
	o.Audit = audit.New(p.DB, p.Clock, o.Jobs, p.Log)
	o.rights(p)
	o.Privacy = privacy.New(p.DB, p.Clock, o.Audit, exchange.Table)
	if p.Bus == nil {
		p.Bus = &live.Local{}
	}
	o.Live = live.New(live.Config{
		DB: p.DB, Settings: p.Settings, Clock: p.Clock, Log: p.Log, Release: p.Release,
		Authenticate: func(ctx context.Context, token string) (kernel.Principal, error) {
			return o.Auth.Authenticate(ctx, token)
		},
	}, p.Bus)
	o.Auth = auth.New(auth.Config{
		DB: p.DB, People: directory.NewPeople(p.DB, p.Clock), Rights: o.Rights, Settings: p.Settings, Clock: p.Clock, Log: p.Log,
		Audit: o.Audit, Consent: o.Privacy, Release: p.Release, Warm: pages.Warm, Ended: o.Live.EndSessions,
	})
	o.Server = httpapi.New(httpapi.Config{
		Settings: p.Settings, DB: p.DB, Clock: p.Clock, Log: p.Log, Authenticate: o.Auth.Authenticate,
	})
	o.Auth.Register(o.Server)
	o.Privacy.Register(o.Server, p.Settings)
	people := directory.New(p.DB, p.Clock, p.Bucket, o.Auth, o.Rights)
	people.Register(o.Server)
	o.Rights.Register(o.Server)
	exchange.New(people).Register(o.Server)
	o.base(p, people)
	o.Chat = chat.New(chat.Config{
		DB: p.DB, Clock: p.Clock, Live: o.Live, Events: o.Jobs, Files: o.Files, Index: o.Search, Facts: o.Facts, Rights: o.Rights, Log: p.Log,
	})
	o.Chat.Register(o.Server)
	o.Files.Own(chat.FileKind, o.Chat.FilesOfMessages())
	o.Chat.Findable(o.Search.On)
	people.OnMoved(o.Chat.PeopleMoved)
	o.Live.Follow(o.Chat)
	o.Live.Register(o.Server)
	o.registerNotices(p)
	o.registerDesk(p, o.registerApprovals(p))
	o.registerGuide(p)
	o.Server.ServePages(pages)
	o.Jobs.Every("auth.forget-expired", time.Hour, o.Auth.CleanUp)
	o.Jobs.Every("httpapi.forget-replies", time.Hour, o.Server.ForgetReplies)
	return o
}
