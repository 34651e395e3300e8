package privacy

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
)

// State is how a person stands to the texts of today.
type State string

// The states.
const (
	Agreed    State = "agreed"
	Outdated  State = "outdated"  // to an earlier edition
	Withdrawn State = "withdrawn" // took back what they agreed to
	Unasked   State = "unasked"   // has an account, and has not agreed to anything yet
)

// ConsentRecord is one agreement of a person, or that there is none.
type ConsentRecord struct {
	PersonID    kernel.ID  `json:"personId" bun:"person_id,type:uuid"`
	Name        string     `json:"name" bun:"name"`
	Department  string     `json:"department,omitempty" bun:"department" doc:"The primary one"`
	External    bool       `json:"external" bun:"external" doc:"Belongs to a customer, supplier or partner"`
	Left        bool       `json:"left" bun:"has_left" doc:"Cannot sign in any more"`
	State       State      `json:"state" bun:"-" enum:"agreed,outdated,withdrawn,unasked"`
	Edition     int        `json:"edition,omitempty" bun:"edition" doc:"Of the texts; absent if there is no agreement"`
	At          *time.Time `json:"at,omitempty" bun:"at"`
	Address     string     `json:"address,omitempty" bun:"address" doc:"IP address from which they agreed"`
	WithdrawnAt *time.Time `json:"withdrawnAt,omitempty" bun:"withdrawn_at"`

	ID kernel.ID `json:"-" bun:"id,type:uuid"` // of the agreement; NoID: none
}

// stateOf is what a record says of today.
func (r ConsentRecord) stateOf() State {
	switch {
	case r.ID == kernel.NoID:
		return Unasked
	case r.WithdrawnAt != nil:
		return Withdrawn
	case r.Edition < Edition:
		return Outdated
	}
	return Agreed
}

// Query chooses records.
type Query struct {
	kernel.PageQuery
	Q    string `query:"q" maxLength:"64" doc:"Part of a name"`
	Open bool   `query:"open" doc:"Only people who can sign in and have not agreed to the texts of today"`
}

// List gives every agreement that was ever given, by name, and whoever has an account
// and none. People who are deleted are not in it any more.
func (s *Service) List(ctx context.Context, query Query) (kernel.Page[ConsentRecord], error) {
	var rows []ConsentRecord
	keys, err := kernel.DecodeCursor(query.Cursor, 3)
	if err != nil {
		return kernel.Page[ConsentRecord]{}, err
	}
	q := s.db.Q(ctx).NewSelect().TableExpr("account AS a").Join("JOIN person AS p ON p.id = a.person_id").
		Join("LEFT JOIN consent AS c ON c.person_id = p.id").
		ColumnExpr("p.id AS person_id, p.name, p.external_organisation_id IS NOT NULL AS external").
		ColumnExpr("p.deactivated_at IS NOT NULL OR coalesce(p.expires_at <= ?, false) AS has_left", s.clock()).
		ColumnExpr(`coalesce((SELECT d.name FROM membership m JOIN department d ON d.id = m.department_id
			WHERE m.person_id = p.id AND m.is_primary AND m.valid_to IS NULL), '') AS department`).
		ColumnExpr("coalesce(c.id, ?) AS id, coalesce(c.edition, 0) AS edition, c.at, coalesce(c.address, '') AS address, c.withdrawn_at", kernel.NoID).
		OrderExpr("p.name, p.id, id DESC").Limit(int64(query.Size()) + 1)
	if keys != nil {
		person, personErr := kernel.ParseID(keys[1])
		id, idErr := kernel.ParseID(keys[2])
		if personErr != nil || idErr != nil {
			return kernel.Page[ConsentRecord]{}, kernel.Malformed("cursor_malformed")
		}
		q = q.Where("(p.name, p.id) > (?, ?) OR p.id = ? AND coalesce(c.id, ?) < ?", kernel.CleanText(keys[0]), person, person, kernel.NoID, id)
	}
	if query.Q != "" {
		q = q.Where("strpos(lower(p.name), lower(?)) > 0", kernel.CleanText(query.Q))
	}
	if query.Open {
		q = q.Where("p.deactivated_at IS NULL").Where("coalesce(p.expires_at > ?, true)", s.clock()).
			Where("NOT EXISTS (SELECT FROM consent n WHERE n.person_id = p.id AND n.edition >= ? AND n.withdrawn_at IS NULL)", Edition).
			Where("NOT EXISTS (SELECT FROM consent l WHERE l.person_id = p.id AND l.id > c.id)")
	}
	if err := q.Scan(ctx, &rows); err != nil {
		return kernel.Page[ConsentRecord]{}, fmt.Errorf("list consents: %w", err)
	}
	for i := range rows {
		rows[i].State = rows[i].stateOf()
	}
	return kernel.NewPage(rows, query.Size(), func(r ConsentRecord) []string {
		return []string{r.Name, r.PersonID.String(), r.ID.String()}
	}), nil
}

// Table writes rows, the first of them titles, as a file: xlsx or csv.
type Table func(format, sheet string, rows [][]string) ([]byte, error)

var titles = []string{"姓名", "部门", "外部人员", "状态", "版本", "同意时间", "IP 地址", "撤回时间"}

var stateNames = map[State]string{Agreed: "已同意", Outdated: "已同意旧版", Withdrawn: "已撤回", Unasked: "尚未同意"}

// Export gives all records as a file, with times in the company's zone.
func (s *Service) Export(ctx context.Context, format string, zone *time.Location) ([]byte, error) {
	rows := [][]string{titles}
	query := Query{PageQuery: kernel.PageQuery{Limit: kernel.MaxPage}}
	for {
		page, err := s.List(ctx, query)
		if err != nil {
			return nil, err
		}
		for _, r := range page.Items {
			rows = append(rows, r.cells(zone))
		}
		if page.Next == "" {
			return s.table(format, "同意记录", rows)
		}
		query.Cursor = page.Next
	}
}

func (r ConsentRecord) cells(zone *time.Location) []string {
	when := func(at *time.Time) string {
		if at == nil {
			return ""
		}
		return at.In(zone).Format("2006-01-02 15:04:05")
	}
	external, edition := "", ""
	if r.External {
		external = "是"
	}
	if r.Edition > 0 {
		edition = strconv.Itoa(r.Edition)
	}
	return []string{r.Name, r.Department, external, stateNames[r.State], edition, when(r.At), r.Address, when(r.WithdrawnAt)}
}
