package office

import (
	"atrium.dev/atrium/tenant-app/internal/approval"
	"atrium.dev/atrium/tenant-app/internal/authz"
	"atrium.dev/atrium/tenant-app/internal/chat"
	"atrium.dev/atrium/tenant-app/internal/directory"
	"atrium.dev/atrium/tenant-app/internal/guide"
	"atrium.dev/atrium/tenant-app/internal/notify"
	"atrium.dev/atrium/tenant-app/internal/workcal"
)

// firstSteps are what people do first, each with the tables that show whether they did.
var firstSteps = []guide.Step{
	{Key: "people", Group: guide.Admin, Right: directory.ManageRight, Done: "(SELECT count(*) > 1 FROM (SELECT FROM person LIMIT 2) p)"},
	{Key: "departments", Group: guide.Admin, Right: directory.ManageRight, Done: "EXISTS (SELECT FROM department WHERE closed_at IS NULL)"},
	{Key: "heads", Group: guide.Admin, Right: directory.ManageRight, Done: "EXISTS (SELECT FROM department_head)"},
	{Key: "roles", Group: guide.Admin, Right: authz.RightsManage, Done: "(SELECT count(*) > 1 FROM role_grant WHERE grantee_kind = 'person')"},
	{Key: "holidays", Group: guide.Admin, Right: workcal.ManageRight, Done: "EXISTS (SELECT FROM calendar_day WHERE day >= date_trunc('year', now())) OR EXISTS (SELECT FROM setting WHERE key = 'workcal.hours')"},
	{Key: "senders", Group: guide.Admin, Right: notify.ManageRight, Done: "EXISTS (SELECT FROM setting WHERE key = 'notify.senders')"},
	{Key: "todo", Group: guide.Head, Right: approval.SubmitRight, Done: guide.Marked(guide.Looked)},
	{Key: "delegate", Group: guide.Head, Right: approval.SubmitRight, Done: "EXISTS (SELECT FROM approval_delegation WHERE person_id = ?person)"},
	{Key: "photo", Group: guide.Everyone, Done: "EXISTS (SELECT FROM person WHERE id = ?person AND avatar IS NOT NULL)"},
	{Key: "install", Group: guide.Everyone, Done: guide.Marked(guide.Installed)},
	{Key: "channel", Group: guide.Everyone, Right: chat.UseRight, Done: "EXISTS (SELECT FROM notice_channel WHERE person_id = ?person AND tested_at IS NOT NULL)"},
	{Key: "message", Group: guide.Everyone, Right: chat.UseRight, Done: wrote},
	{Key: "approval", Group: guide.Everyone, Right: approval.SubmitRight, Done: "EXISTS (SELECT FROM approval WHERE submitter_id = ?person)"},
}

// wrote looks at the newest messages of some rooms: there is no index of authors.
const wrote = `EXISTS (SELECT FROM (SELECT room_id FROM chat_member WHERE person_id = ?person AND left_seq IS NULL LIMIT 50) m,
	LATERAL (SELECT author_id FROM chat_message WHERE room_id = m.room_id AND thread_id IS NULL ORDER BY seq DESC LIMIT 200) c WHERE c.author_id = ?person)`

// registerGuide helps those who are new.
func (o *Office) registerGuide(p Parts) {
	heads := "EXISTS (SELECT FROM department_head h JOIN department d ON d.id = h.department_id AND d.closed_at IS NULL WHERE h.person_id = ?person)"
	guide.New(p.DB, p.Clock, heads, firstSteps...).Register(o.Server)
}
