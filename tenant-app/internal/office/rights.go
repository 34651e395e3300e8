package office

import (
	"atrium.dev/atrium/tenant-app/internal/approval"
	"atrium.dev/atrium/tenant-app/internal/audit"
	"atrium.dev/atrium/tenant-app/internal/auth"
	"atrium.dev/atrium/tenant-app/internal/authz"
	"atrium.dev/atrium/tenant-app/internal/chat"
	"atrium.dev/atrium/tenant-app/internal/desk"
	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/notify"
	"atrium.dev/atrium/tenant-app/internal/privacy"
	"atrium.dev/atrium/tenant-app/internal/workcal"
)

// rights knows what the modules let roles give, and on which rows.
func (o *Office) rights(p Parts) {
	o.Rights = authz.New(p.DB, p.Clock, o.Audit)
	for _, declared := range [][]authz.Right{directory.Rights, auth.Rights, chat.Rights, approval.Rights, desk.Rights, workcal.Rights, notify.Rights, audit.Rights, privacy.Rights} {
		o.Rights.Declare(declared...)
	}
	o.Rights.Add(directory.Resources(chat.Together)...)
}
