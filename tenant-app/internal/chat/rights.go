package chat

import "atrium.dev/atrium/tenant-app/internal/authz"

// Rights of chat. They are functions alone: which rooms one sees is membership.
const (
	UseRight    = "chat.use"
	ManageRight = "chat.manage" // to rename, to write notices and to take people out in rooms that one belongs to
)

// Rights are what roles can give in chat.
var Rights = []authz.Right{
	{Name: UseRight, Outside: true, Default: map[string]authz.Scope{
		authz.Administrator: authz.ScopeAll, authz.Staff: authz.ScopeAll,
		authz.Customer: authz.ScopeAll, authz.Supplier: authz.ScopeAll, authz.Partner: authz.ScopeAll,
	}},
	{Name: ManageRight, Default: map[string]authz.Scope{authz.Administrator: authz.ScopeAll, authz.SystemAdministrator: authz.ScopeAll}},
}

// Together is the condition, on p and ?person, that two are in a room together now.
const Together = `p.id IN (SELECT b.person_id FROM chat_member b JOIN chat_member mine ON mine.room_id = b.room_id AND mine.left_seq IS NULL
	WHERE mine.person_id = ?person AND b.left_seq IS NULL)`
