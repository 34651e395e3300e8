package directory

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/uptrace/bun"
)

// batch is how many rows one statement writes.
const batch = 500

type knownRow struct {
	ID        kernel.ID       `bun:"id"`
	Name      string          `bun:"name"`
	StaffNo   string          `bun:"staff_no"`
	Phone     string          `bun:"phone"`
	Mail      string          `bun:"mail"`
	HiredOn   string          `bun:"hired_on"`
	ManagerID kernel.ID       `bun:"manager_id"`
	Sort      int             `bun:"sort"`
	Left      bool            `bun:"gone"`
	Outside   bool            `bun:"outside"`
	Posts     json.RawMessage `bun:"posts,type:json"`
}

// everybody reads all persons, also those who left, in the order of lists.
func (s *Service) everybody(ctx context.Context) ([]*knownPerson, error) {
	var rows []knownRow
	err := s.db.Q(ctx).NewRaw(`SELECT p.id, p.name, coalesce(p.staff_no, '') AS staff_no, coalesce(p.phone, '') AS phone, coalesce(p.mail, '') AS mail,
		coalesce(to_char(p.hired_on, 'YYYY-MM-DD'), '') AS hired_on, coalesce(p.manager_id, ?) AS manager_id, p.sort, p.deactivated_at IS NOT NULL AS gone,
		p.external_organisation_id IS NOT NULL AS outside,
		(SELECT json_agg(json_build_object('DepartmentID', m.department_id, 'PositionID', coalesce(m.position_id, ?)) ORDER BY m.is_primary DESC, m.valid_from, m.id)
			FROM membership m WHERE m.person_id = p.id AND m.valid_to IS NULL) AS posts
		FROM person p ORDER BY p.sort, p.sort_key, p.id`, kernel.NoID, kernel.NoID).Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	out := make([]*knownPerson, len(rows))
	for i, r := range rows {
		out[i] = &knownPerson{ID: r.ID, Left: r.Left, Outside: r.Outside, Profile: Profile{
			Name: r.Name, StaffNo: r.StaffNo, Phone: r.Phone, Mail: r.Mail, HiredOn: r.HiredOn, ManagerID: r.ManagerID, Sort: r.Sort,
		}}
		if len(r.Posts) > 0 {
			if err := json.Unmarshal(r.Posts, &out[i].Posts); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// carryOut writes what the plan decided.
func (s *Service) carryOut(ctx context.Context, p *plan) error {
	// People may name managers who come later in the file.
	if _, err := s.db.Q(ctx).ExecContext(ctx, "SET CONSTRAINTS ALL DEFERRED"); err != nil {
		return fmt.Errorf("import people: %w", err)
	}
	for _, d := range p.newDepartments {
		if err := s.insertDepartment(ctx, d, slices.Index(p.tree.children[d.Parent], d.ID)); err != nil {
			return err
		}
	}
	for _, position := range p.newPositions {
		if err := s.insertPosition(ctx, position.ID, position.Name, len(p.positions)); err != nil {
			return err
		}
	}
	var added, changed []*item
	for _, it := range p.items {
		switch {
		case it.failed():
		case it.known == nil:
			added = append(added, it)
		case len(it.changed) > 0:
			changed = append(changed, it)
		}
	}
	for group := range slices.Chunk(changed, batch) {
		if err := s.changeImported(ctx, group); err != nil {
			return err
		}
	}
	for group := range slices.Chunk(added, batch) {
		if err := s.addImported(ctx, group); err != nil {
			return err
		}
	}
	return nil
}

// changeImported writes what changed of known persons, a batch at a time.
func (s *Service) changeImported(ctx context.Context, group []*item) error {
	now := s.clock()
	people := make([]importedRow, len(group))
	posts := map[kernel.ID][]Placement{}
	for i, it := range group {
		people[i] = it.imported(now)
		if it.placed {
			posts[it.id] = it.posts
		}
	}
	db := s.db.Q(ctx)
	_, err := db.NewUpdate().With("d", db.NewValues(&people)).TableExpr("person AS p").TableExpr("d").
		Set("name = d.name, sort = d.sort, sort_key = d.sort_key, search = d.search, staff_no = d.staff_no, phone = d.phone, mail = d.mail").
		Set("hired_on = d.hired_on, manager_id = d.manager_id, updated_at = d.updated_at, revision = p.revision + 1").
		Where("p.id = d.id").Exec(ctx)
	if err != nil {
		return fmt.Errorf("change imported people: %w", err)
	}
	if len(posts) == 0 {
		return nil
	}
	return s.replacePosts(ctx, posts, s.clock())
}

type importedRow struct {
	bun.BaseModel `bun:"table:person"`

	ID        kernel.ID  `bun:"id,type:uuid"`
	Name      string     `bun:"name"`
	Sort      int        `bun:"sort"`
	SortKey   string     `bun:"sort_key"`
	Search    string     `bun:"search,type:tsvector"`
	StaffNo   string     `bun:"staff_no,nullzero,type:text"`
	Phone     string     `bun:"phone,nullzero,type:text"`
	Mail      string     `bun:"mail,nullzero,type:text"`
	HiredOn   string     `bun:"hired_on,nullzero,type:date"`
	ManagerID *kernel.ID `bun:"manager_id,type:uuid"`
	CreatedAt time.Time  `bun:"created_at"`
	UpdatedAt time.Time  `bun:"updated_at"`
}

// imported is the row of an item, made or changed at a time.
func (it *item) imported(at time.Time) importedRow {
	p := it.profile
	return importedRow{
		ID: it.id, Name: p.Name, Sort: p.Sort, SortKey: sortKey(p.Name), Search: terms(p), StaffNo: p.StaffNo, Phone: p.Phone, Mail: p.Mail,
		HiredOn: p.HiredOn, ManagerID: orNull(p.ManagerID), CreatedAt: at, UpdatedAt: at,
	}
}

// addImported writes new persons with their memberships, a batch at a time.
func (s *Service) addImported(ctx context.Context, group []*item) error {
	now := s.clock()
	people := make([]importedRow, len(group))
	var posts []membershipRow
	for i, it := range group {
		people[i] = it.imported(now)
		from := s.since(it.profile.HiredOn)
		for j, post := range it.posts {
			posts = append(posts, membershipRow{
				ID: kernel.NewID(), PersonID: it.id, DepartmentID: post.DepartmentID, PositionID: orNull(post.PositionID), Primary: j == 0, ValidFrom: from,
			})
		}
	}
	if _, err := s.db.Q(ctx).NewInsert().Model(&people).Exec(ctx); err != nil {
		return fmt.Errorf("add imported people: %w", err)
	}
	return s.insertMemberships(ctx, posts)
}

func orNull(id kernel.ID) *kernel.ID {
	if id == kernel.NoID {
		return nil
	}
	return &id
}
