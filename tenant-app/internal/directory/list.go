package directory

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/uptrace/bun"
)

// Filter says which persons a list holds.
type Filter struct {
	Query       string    // name, pinyin, initials, phone, staff number or mail; empty: all
	Department  kernel.ID // kernel.NoID: any
	Below       bool      // with Department: also departments below it
	Unassigned  bool      // only people without a department
	Position    kernel.ID // kernel.NoID: any
	Deactivated bool      // people who left instead of those who are here
}

// postsJSON are the present memberships of p, or the last ones of someone who left.
const postsJSON = `(SELECT json_agg(json_build_object(
		'department', json_build_object('id', d.id, 'name', d.name),
		'position', CASE WHEN po.id IS NOT NULL THEN json_build_object('id', po.id, 'name', po.name) END,
		'primary', m.is_primary, 'from', m.valid_from, 'to', m.valid_to) ORDER BY m.is_primary DESC, m.valid_from, m.id)
	FROM membership m JOIN department d ON d.id = m.department_id LEFT JOIN position po ON po.id = m.position_id
	WHERE m.person_id = p.id AND m.valid_to IS NOT DISTINCT FROM p.deactivated_at)`

const personColumns = `p.id, p.name, p.sort, p.sort_key, coalesce(p.staff_no, '') AS staff_no, coalesce(p.phone, '') AS phone,
	coalesce(p.mail, '') AS mail, coalesce(p.avatar, '') AS avatar, p.deactivated_at, ` + postsJSON + ` AS posts`

type personRow struct {
	ID            kernel.ID       `bun:"id"`
	Name          string          `bun:"name"`
	Sort          int             `bun:"sort"`
	SortKey       string          `bun:"sort_key"`
	StaffNo       string          `bun:"staff_no"`
	Phone         string          `bun:"phone"`
	Mail          string          `bun:"mail"`
	Avatar        string          `bun:"avatar"`
	DeactivatedAt *time.Time      `bun:"deactivated_at"`
	Posts         json.RawMessage `bun:"posts,type:json"`
	Rank          int             `bun:"rank"`
}

func (r personRow) person() (Person, error) {
	p := Person{
		PersonRef: personJSON{ID: r.ID, Name: r.Name, Avatar: r.Avatar, Deactivated: r.DeactivatedAt != nil}.ref(),
		Pinyin:    Pinyin(r.Name), Initial: Initial(r.Name),
		StaffNo: r.StaffNo, Phone: ShowPhone(r.Phone), Mail: r.Mail, Posts: []Post{},
	}
	if len(r.Posts) > 0 {
		if err := json.Unmarshal(r.Posts, &p.Posts); err != nil {
			return p, fmt.Errorf("read memberships: %w", err)
		}
	}
	return p, nil
}

// List is one page of the people that filter lets through: by the order that
// somebody chose, then by pinyin. A search puts names that begin with the query first.
func (s *Service) List(ctx context.Context, filter Filter, page kernel.PageQuery) (kernel.Page[Person], error) {
	none := kernel.Page[Person]{Items: []Person{}}
	query := s.db.Q(ctx).NewSelect().ColumnExpr(personColumns).TableExpr("person AS p").Limit(int64(page.Size()) + 1)
	if ok := filter.apply(query); !ok {
		return none, nil
	}
	searching := strings.TrimSpace(filter.Query) != ""
	if err := orderPeople(query, strings.TrimSpace(filter.Query), page.Cursor); err != nil {
		return none, err
	}
	var rows []personRow
	if err := query.Scan(ctx, &rows); err != nil {
		return none, fmt.Errorf("list people: %w", err)
	}
	cut := kernel.NewPage(rows, page.Size(), func(r personRow) []string {
		keys := []string{strconv.Itoa(r.Sort), r.SortKey, r.ID.String()}
		if searching {
			keys = append([]string{strconv.Itoa(r.Rank)}, keys...)
		}
		return keys
	})
	out := kernel.Page[Person]{Items: make([]Person, len(cut.Items)), Next: cut.Next}
	for i, row := range cut.Items {
		person, err := row.person()
		if err != nil {
			return none, err
		}
		out.Items[i] = person
	}
	return out, nil
}

// apply narrows the query; false means that nothing can match.
func (f Filter) apply(q *bun.SelectQuery) bool {
	current := "m.valid_to IS NULL"
	if f.Deactivated {
		q.Where("p.deactivated_at IS NOT NULL")
		current = "m.valid_to = p.deactivated_at"
	} else {
		q.Where("p.deactivated_at IS NULL")
	}
	member := "EXISTS (SELECT 1 FROM membership m WHERE m.person_id = p.id AND " + current
	switch {
	case f.Department != kernel.NoID && f.Below:
		// As an array it is computed once and its length is not guessed at.
		q.Where(member+` AND m.department_id = ANY (ARRAY(
			WITH RECURSIVE below (id) AS (SELECT ?::uuid UNION ALL SELECT d.id FROM below b JOIN department d ON d.parent_id = b.id AND d.closed_at IS NULL)
			SELECT id FROM below)))`, f.Department)
	case f.Department != kernel.NoID:
		q.Where(member+" AND m.department_id = ?)", f.Department)
	case f.Unassigned:
		q.Where("NOT " + member + ")")
	}
	if f.Position != kernel.NoID {
		q.Where(member+" AND m.position_id = ?)", f.Position)
	}
	if strings.TrimSpace(f.Query) == "" {
		return true
	}
	words := searchQuery(f.Query)
	if words != "" {
		q.Where("p.search @@ ?::tsquery", words)
	}
	return words != ""
}

// orderPeople sorts the query and starts it behind the cursor.
func orderPeople(q *bun.SelectQuery, typed, cursor string) error {
	const order = "p.sort, p.sort_key, p.id"
	if typed == "" {
		after, err := decodeCursor(cursor, 1)
		if err != nil {
			return err
		}
		q.ColumnExpr("0 AS rank").OrderExpr(order)
		if after != nil {
			q.Where("("+order+") > (?, ?, ?)", after...)
		}
		return nil
	}
	// How many characters stand before the query: 0 for names that begin with it.
	const rank = "(CASE WHEN starts_with(lower(p.name), ?0) OR starts_with(replace(p.sort_key, ' ', ''), ?0) THEN 0 ELSE 1 END)"
	begin := strings.Map(func(r rune) rune {
		if r == ' ' || hidden(r) {
			return -1
		}
		return r
	}, fold(typed))
	after, err := decodeCursor(cursor, 2)
	if err != nil {
		return err
	}
	q.ColumnExpr(rank+" AS rank", begin).OrderExpr("rank, " + order)
	if after != nil {
		q.Where("("+rank+", "+order+") > (?1, ?2, ?3, ?4)", append([]any{begin}, after...)...)
	}
	return nil
}

// decodeCursor reads numbers whole numbers, a sort key and an id. Cursors come
// back from clients, who may send anything.
func decodeCursor(cursor string, numbers int) ([]any, error) {
	keys, err := kernel.DecodeCursor(cursor, numbers+2)
	if err != nil || keys == nil {
		return nil, err
	}
	out := make([]any, 0, len(keys))
	for _, key := range keys[:numbers] {
		n, err := strconv.ParseInt(key, 10, 32)
		if err != nil {
			return nil, kernel.Malformed("cursor_malformed").Because(err)
		}
		out = append(out, n)
	}
	if strings.ContainsRune(keys[numbers], 0) {
		return nil, kernel.Malformed("cursor_malformed")
	}
	id, err := kernel.ParseID(keys[numbers+1])
	if err != nil {
		return nil, kernel.Malformed("cursor_malformed").Because(err)
	}
	return append(out, keys[numbers], id), nil
}
