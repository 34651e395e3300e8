package directory

import (
	"context"
	"reflect"
	"strings"

	"atrium.dev/atrium/tenant-app/internal/authz"
	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// Rights of the directory.
const (
	ReadRight   = "directory.read"
	ManageRight = "directory.manage"
	ExportRight = "directory.export"
)

var (
	administrators = map[string]authz.Scope{authz.Administrator: authz.ScopeAll, authz.SystemAdministrator: authz.ScopeAll}
	notForOutside  = []string{"hiredOn", "staffNo"}

	// Rights are what roles can give on people, departments and positions.
	Rights = []authz.Right{
		{
			Name: ReadRight, Kinds: []string{personKind, departmentKind, positionKind}, Outside: true,
			Scopes: []authz.Scope{authz.ScopeSelf, authz.ScopePart, authz.ScopeDepartment, authz.ScopeTree, authz.ScopeChosen, authz.ScopeAll},
			Fields: []string{"staffNo", "phone", "mail", "hiredOn"},
			Default: map[string]authz.Scope{
				authz.Administrator: authz.ScopeAll, authz.SystemAdministrator: authz.ScopeAll, authz.Staff: authz.ScopeAll,
				authz.Customer: authz.ScopePart, authz.Supplier: authz.ScopePart, authz.Partner: authz.ScopePart,
			},
			Masked: map[string][]string{authz.Customer: notForOutside, authz.Supplier: notForOutside, authz.Partner: notForOutside},
		},
		{Name: ManageRight, Default: administrators},
		{Name: ExportRight, Default: administrators},
		guestRights,
	}
)

// Resources tell where people, departments and positions stand. Those who work here
// may see outsiders only if they take part: a person takes part in who is their
// 对接人, whom they look after as such, and whom together, a condition on p and
// ?person, lets meet elsewhere (empty: nowhere).
func Resources(together string) []authz.Resource {
	meets := "p.id = (SELECT g.liaison_id FROM person g WHERE g.id = ?person) OR p.liaison_id = ?person"
	if together != "" {
		meets += " OR " + together
	}
	return []authz.Resource{
		{
			Kind: personKind, Table: "person AS p", ID: "p.id", Name: "p.name", Seen: ReadRight,
			All: "p.external_organisation_id IS NULL", Owner: "p.id", Participants: meets,
			Department: `EXISTS (SELECT 1 FROM membership m WHERE m.person_id = p.id
				AND m.valid_to IS NOT DISTINCT FROM p.deactivated_at AND m.department_id = ANY (?departments))`,
		},
		{Kind: departmentKind, Table: "department AS d", ID: "d.id", Name: "d.name", Seen: ReadRight, Department: "d.id"},
		{
			Kind: positionKind, Table: "position AS po", ID: "po.id", Name: "po.name", Seen: ReadRight,
			Department: `EXISTS (SELECT 1 FROM membership m WHERE m.position_id = po.id AND m.valid_to IS NULL AND m.department_id = ANY (?departments))`,
		},
		guestResource,
	}
}

// Permissions is what the directory asks of package authz.
type Permissions interface {
	Filter(ctx context.Context, right, kind string) (sql string, args []any, err error)
	Shown(ctx context.Context, right, kind, field string) (sql string, args []any, err error)
	Can(ctx context.Context, right, kind string, id kernel.ID) error
	May(ctx context.Context, right string) error
	// CheckMayLeave refuses to let the last active administrator go.
	CheckMayLeave(ctx context.Context, person kernel.ID) error
}

// Filters is what those ask of package authz who ask whom somebody may see.
type Filters interface {
	Filter(ctx context.Context, right, kind string) (sql string, args []any, err error)
}

// Visible is the condition on person p that whoever stands behind ctx may see them: who
// may not be seen cannot be named either.
func Visible(ctx context.Context, rights Filters) (sql string, args []any, err error) {
	return rights.Filter(ctx, ReadRight, personKind)
}

// part is a piece of SQL with its arguments.
type part struct {
	sql  string
	args []any
}

const always = "TRUE"

// sight is what somebody sees of the directory. The conditions speak of p, d and po.
type sight struct {
	person, department, position part
	staffNo, phone, mail, hired  part
}

func (s *Service) sight(ctx context.Context) (sight, error) {
	var v sight
	for kind, to := range map[string]*part{personKind: &v.person, departmentKind: &v.department, positionKind: &v.position} {
		sql, args, err := s.rights.Filter(ctx, ReadRight, kind)
		if err != nil {
			return v, err
		}
		*to = part{sql, args}
	}
	for field, to := range map[string]*part{"staffNo": &v.staffNo, "phone": &v.phone, "mail": &v.mail, "hiredOn": &v.hired} {
		sql, args, err := s.rights.Shown(ctx, ReadRight, personKind, field)
		if err != nil {
			return v, err
		}
		// Rows that are not seen are left out anyway.
		if *to = (part{sql, args}); reflect.DeepEqual(*to, v.person) {
			*to = part{sql: always}
		}
	}
	return v, nil
}

// among narrows ids of persons, in SQL that must not speak of p, to those seen.
func (v sight) among(id string) part {
	if v.person.sql == always {
		return v.person
	}
	return part{id + " IN (SELECT p.id FROM person p WHERE " + v.person.sql + ")", v.person.args}
}

// shown is a column where the field may be seen, and nothing elsewhere.
func (p part) shown(column string) part {
	if p.sql == always {
		return part{sql: "coalesce(" + column + ", '')"}
	}
	return part{"coalesce(CASE WHEN " + p.sql + " THEN " + column + " END, '')", p.args}
}

// statement is SQL that is put together from parts, arguments in their order.
type statement struct {
	sql  strings.Builder
	args []any
}

func (q *statement) add(sql string, args ...any) *statement {
	q.sql.WriteString(sql)
	q.args = append(q.args, args...)
	return q
}

func (q *statement) part(p part) *statement { return q.add(p.sql, p.args...) }

// columns are those of personRow, of the table p.
func (v sight) columns() part {
	q := new(statement)
	q.add(`p.id, p.name, p.sort, p.sort_key, `).part(v.staffNo.shown("p.staff_no")).add(` AS staff_no, `).part(v.phone.shown("p.phone")).add(` AS phone, `)
	q.part(v.mail.shown("p.mail")).add(` AS mail, coalesce(p.avatar, '') AS avatar, p.deactivated_at, p.external_organisation_id IS NOT NULL AS external, `)
	// The present memberships, or the last ones of someone who left.
	q.part(v.posts("m.valid_to IS NOT DISTINCT FROM p.deactivated_at", "m.is_primary DESC, m.valid_from, m.id")).add(" AS posts")
	return part{q.sql.String(), q.args}
}

// posts are memberships of p in departments that are seen, as a JSON list.
func (v sight) posts(which, order string) part {
	q := new(statement)
	q.add(`(SELECT json_agg(json_build_object('department', json_build_object('id', d.id, 'name', d.name),
			'position', CASE WHEN po.id IS NOT NULL THEN json_build_object('id', po.id, 'name', po.name) END,
			'primary', m.is_primary, 'from', m.valid_from, 'to', m.valid_to) ORDER BY ` + order + `)
		FROM (SELECT * FROM membership m WHERE m.person_id = p.id AND ` + which + ` ORDER BY ` + order + ` LIMIT 200) m
		JOIN department d ON d.id = m.department_id LEFT JOIN position po ON po.id = m.position_id WHERE `).part(v.department).add(")")
	return part{q.sql.String(), q.args}
}

// searchable is the condition on p to be found by more than the name: no field that
// a person is found by is masked.
func (v sight) searchable() part {
	q := new(statement)
	q.part(v.staffNo).add(" AND ").part(v.phone).add(" AND ").part(v.mail)
	if strings.ReplaceAll(q.sql.String(), always+" AND ", "") == always {
		return part{sql: always}
	}
	return part{q.sql.String(), q.args}
}
