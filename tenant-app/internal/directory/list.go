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
	External      bool            `bun:"external"`
	Posts         json.RawMessage `bun:"posts,type:json"`
	Rank          int             `bun:"rank"`
}

func (r personRow) person() (Person, error) {
	p := Person{
		PersonRef: personJSON{ID: r.ID, Name: r.Name, Avatar: r.Avatar, Deactivated: r.DeactivatedAt != nil, External: r.External}.ref(),
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

// List is one page of the people who work here that filter lets through and that
// may be seen: by the order that somebody chose, then by pinyin. A search puts names
// that begin with the query first.
func (s *Service) List(ctx context.Context, filter Filter, page kernel.PageQuery) (kernel.Page[Person], error) {
	none := kernel.Page[Person]{Items: []Person{}}
	v, err := s.sight(ctx)
	if err != nil {
		return none, err
	}
	columns := v.columns()
	query := s.db.Q(ctx).NewSelect().ColumnExpr(columns.sql, columns.args...).TableExpr("person AS p").Where(v.person.sql, v.person.args...).
		Where("p.external_organisation_id IS NULL").Limit(int64(page.Size()) + 1)
	if ok := filter.apply(query, v); !ok {
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
func (f Filter) apply(q *bun.SelectQuery, v sight) bool {
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
	if f.Department != kernel.NoID {
		q.Where("EXISTS (SELECT 1 FROM department d WHERE d.id = ? AND "+v.department.sql+")", append([]any{f.Department}, v.department.args...)...)
	}
	if f.Position != kernel.NoID {
		q.Where(member+" AND m.position_id = ?)", f.Position)
		q.Where("EXISTS (SELECT 1 FROM position po WHERE po.id = ? AND "+v.position.sql+")", append([]any{f.Position}, v.position.args...)...)
	}
	if strings.TrimSpace(f.Query) == "" {
		return true
	}
	return f.find(q, v)
}

// find adds the search; false means that nothing can match. Who may not see a number
// must not find out by searching for it: there the name alone has to match.
func (f Filter) find(q *bun.SelectQuery, v sight) bool {
	words := searchQuery(f.Query)
	if words == "" {
		return false
	}
	q.Where("p.search @@ ?::tsquery", words)
	open := v.searchable()
	if open.sql == always {
		return true
	}
	named := new(statement)
	named.add("("+open.sql+") OR (TRUE", open.args...)
	for word := range strings.FieldsSeq(fold(f.Query)) {
		word = strings.Join(pieces(word), "")
		named.add(` AND (strpos(translate(p.sort_key, ' ·', ''), ?) > 0 OR strpos(regexp_replace(p.sort_key, '(\S)\S*\s*', '\1', 'g'), ?) > 0)`, word, word)
	}
	q.Where(named.sql.String()+")", named.args...)
	return true
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
