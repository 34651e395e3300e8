// Package authz decides what a person may do and on which rows: allowed is a
// function that a role gives ∧ (the row stands in the scope of that role ∨ the
// object was given to the person). There are no denials. Each module registers its
// rights and, for each kind of row, one Resource; Filter turns what a person holds
// into SQL, Can is Filter and an id, Explain names the grants. What is read by
// membership alone (chats, drafts) is not its business.
package authz

import "atrium.dev/atrium/tenant-app/internal/kernel"

// Scope is how far a right reaches. Each one holds the two narrowest, and all but
// the last follow the departments by which the grant reached the person.
type Scope string

// The scopes, narrowest first.
const (
	ScopeNone       Scope = "none"       // a ready-made role from which the right was taken
	ScopeSelf       Scope = "self"       // what is the person's own
	ScopePart       Scope = "part"       // and what the person takes part in
	ScopeDepartment Scope = "department" // and what belongs to the person's departments
	ScopeTree       Scope = "tree"       // and to those below
	ScopeChosen     Scope = "chosen"     // and to departments that the role names, with those below
	ScopeAll        Scope = "all"
)

// Keys of the ready-made roles.
const (
	Administrator         = "administrator"          // 管理员: the three below in one
	SystemAdministrator   = "system-administrator"   // 系统管理员
	SecurityAdministrator = "security-administrator" // 安全管理员
	AuditAdministrator    = "audit-administrator"    // 审计管理员
	Head                  = "head"                   // 部门负责人
	Staff                 = "staff"                  // 员工: all who are no outsiders
	Customer              = "customer"               // 外部客户
	Supplier              = "supplier"               // 供应商
	Partner               = "partner"                // 合作伙伴
)

// fixed are the roles that only people are given and that nobody edits, so that
// there is always someone who can mend the others.
var fixed = map[string]bool{Administrator: true, SystemAdministrator: true, SecurityAdministrator: true, AuditAdministrator: true}

// Right is something that a role can give, named module.action.
type Right struct {
	Name    string
	Kinds   []string // resources on whose rows it is used
	Scopes  []Scope  // that can be chosen, narrowest first; none: it is given or not
	Fields  []string // that a role can mask
	Outside bool     // may stand in roles of outsiders, with the two narrowest scopes
	Guarded bool     // who lacks it must not get into the account of somebody who holds it

	// Default is what the ready-made roles give until an administrator says otherwise.
	Default map[string]Scope
	// Masked are the fields that they mask, by role.
	Masked map[string][]string
}

// Rights of this package.
const (
	RightsRead   = "rights.read"
	RightsManage = "rights.manage"
)

var ownRights = []Right{
	{Name: RightsRead, Default: map[string]Scope{Administrator: ScopeAll, SecurityAdministrator: ScopeAll, AuditAdministrator: ScopeAll}},
	{Name: RightsManage, Guarded: true, Default: map[string]Scope{Administrator: ScopeAll, SecurityAdministrator: ScopeAll}},
}

// Resource tells where the rows of a kind stand. The SQL speaks of the table by the
// alias that Table gives it, and so must every query that uses Filter.
type Resource struct {
	Kind  string // "person"
	Table string // "person AS p"
	ID    string // "p.id"
	Name  string // what people call the row: "p.name"
	Seen  string // the right by which rows are seen; who has another one alone is told "forbidden", not "unknown"

	All          string // a condition on the rows that scope all means; empty: every row
	Owner        string // a person's id: "p.id"; empty: nobody's own
	Department   string // "a.department_id", or a condition on ?departments; empty: of no department
	Participants string // a condition on ?person; empty: nobody takes part
}

// GranteeKind is what a role or an object is given to.
type GranteeKind string

// The kinds of grantees. The last five are groups, which have no id.
const (
	ToPerson     GranteeKind = "person"
	ToDepartment GranteeKind = "department" // with those below
	ToPosition   GranteeKind = "position"
	ToRole       GranteeKind = "role" // objects only: whoever holds the role
	ToHeads      GranteeKind = "heads"
	ToStaff      GranteeKind = "staff"
	ToCustomers  GranteeKind = "customers"
	ToSuppliers  GranteeKind = "suppliers"
	ToPartners   GranteeKind = "partners"
)

// readyMade are the ids that the migration gives to the ready-made roles.
func readyMade(number byte) kernel.ID {
	return kernel.ID{6: 0x70, 8: 0x80, 15: number}
}

// roleAdministrator and roleSecurity are the roles of which one must be held.
var (
	roleAdministrator = readyMade(1)
	roleSecurity      = readyMade(3)
)
