package approval

import "atrium.dev/atrium/tenant-app/internal/authz"

// Rights of approvals.
const (
	SubmitRight = "approval.submit" // also to decide what waits for oneself
	ManageRight = "approval.manage" // to see all, to hand on what waits for others, to make void
)

// Rights are what roles can give on approvals.
var Rights = []authz.Right{
	{Name: SubmitRight, Default: map[string]authz.Scope{authz.Administrator: authz.ScopeAll, authz.Staff: authz.ScopeAll}},
	{Name: ManageRight, Default: map[string]authz.Scope{authz.Administrator: authz.ScopeAll}},
}
