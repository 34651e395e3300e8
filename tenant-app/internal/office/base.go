package office

import (
	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/fact"
	"atrium.dev/atrium/tenant-app/internal/files"
	"atrium.dev/atrium/tenant-app/internal/workcal"
)

// base makes the packages that the modules stand on and that need the server.
func (o *Office) base(p Parts, people *directory.Service) {
	o.Audit.Register(o.Server)
	o.Files = files.New(p.DB, p.Bucket, p.Clock, o.Jobs, p.Log)
	o.Files.Register(o.Server)
	o.Facts = fact.New(p.DB, p.Clock)
	o.Calendar = workcal.New(p.DB, p.Clock, p.Settings)
	o.Calendar.Register(o.Server)
	o.Search = searching(p, o.Jobs, people)
	o.Search.Register(o.Server)
}
