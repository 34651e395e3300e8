package directory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/uptrace/bun"
)

// Limits of the tree.
const (
	maxTitle       = 60 // characters
	maxDepartments = 5_000
	maxDepth       = 15
	maxHeads       = 20
)

// cleanTitle returns the name of a department or position without needless space.
// "/" and ";" are left to paths and lists in imported files.
func cleanTitle(name, field string) (string, error) {
	name = strings.Join(strings.Fields(name), " ")
	switch {
	case name == "":
		return "", kernel.Invalid("name_missing").OnField(field)
	case utf8.RuneCountInString(name) > maxTitle:
		return "", kernel.Invalid("name_too_long").With("max", maxTitle).OnField(field)
	case strings.ContainsAny(name, "/;；"), strings.ContainsFunc(name, hidden):
		return "", kernel.Invalid("name_characters").OnField(field)
	}
	return name, nil
}

// CreateDepartment adds a department as the last one below parent, or at the top
// if parent is kernel.NoID.
func (s *Service) CreateDepartment(ctx context.Context, name string, parent kernel.ID) (Department, error) {
	name, err := cleanTitle(name, "body.name")
	if err != nil {
		return Department{}, err
	}
	id := kernel.NewID()
	err = s.writing(ctx, func(ctx context.Context) error {
		nodes, err := s.nodes(ctx)
		if err != nil {
			return err
		}
		if len(nodes.byID) >= maxDepartments {
			return kernel.Conflict("departments_too_many").With("max", maxDepartments)
		}
		if err := nodes.canHold(parent, 1); err != nil {
			return err
		}
		return s.insertDepartment(ctx, node{ID: id, Parent: parent, Name: name}, len(nodes.children[parent]))
	})
	if err != nil {
		return Department{}, err
	}
	return s.Department(ctx, id)
}

func (s *Service) insertDepartment(ctx context.Context, d node, sort int) error {
	now := s.clock()
	_, err := s.db.Q(ctx).NewRaw(`INSERT INTO department (id, parent_id, name, sort, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)`,
		d.ID, nullID(d.Parent), d.Name, sort, now, now).Exec(ctx)
	return named(err, "department_name", "department_name_taken", "create the department")
}

// RenameDepartment changes the name.
func (s *Service) RenameDepartment(ctx context.Context, id kernel.ID, name string, check checkVersion) error {
	name, err := cleanTitle(name, "body.name")
	if err != nil {
		return err
	}
	return s.changeDepartment(ctx, id, check, func(ctx context.Context) error {
		_, err := s.db.Q(ctx).NewRaw(`UPDATE department SET name = ? WHERE id = ?`, name, id).Exec(ctx)
		return named(err, "department_name", "department_name_taken", "rename the department")
	})
}

// MoveDepartment puts a department with all that is below it under parent (at the
// top if that is kernel.NoID), in front of before or as the last one.
func (s *Service) MoveDepartment(ctx context.Context, id, parent, before kernel.ID, check checkVersion) error {
	return s.changeDepartment(ctx, id, check, func(ctx context.Context) error {
		nodes, err := s.nodes(ctx)
		if err != nil {
			return err
		}
		if nodes.within(parent, id) {
			return kernel.Conflict("department_below_itself").OnField("body.parentId")
		}
		if err := nodes.canHold(parent, nodes.height(id)); err != nil {
			return err
		}
		siblings := slices.DeleteFunc(slices.Clone(nodes.children[parent]), func(other kernel.ID) bool { return other == id })
		at := len(siblings)
		if before != kernel.NoID {
			if at = slices.Index(siblings, before); at < 0 {
				return kernel.Invalid("department_not_sibling").OnField("body.before")
			}
		}
		if _, err := s.db.Q(ctx).NewRaw(`UPDATE department SET parent_id = ? WHERE id = ?`, nullID(parent), id).Exec(ctx); err != nil {
			return named(err, "department_name", "department_name_taken", "move the department")
		}
		if err := s.renumber(ctx, "department", slices.Insert(siblings, at, id)); err != nil {
			return err
		}
		return s.tellMoved(ctx, nil)
	})
}

// SetHeads names the heads (负责人) of a department in their order.
func (s *Service) SetHeads(ctx context.Context, id kernel.ID, people []kernel.ID, check checkVersion) error {
	if len(people) > maxHeads {
		return kernel.Invalid("heads_too_many").With("max", maxHeads).OnField("body.personIds")
	}
	return s.changeDepartment(ctx, id, check, func(ctx context.Context) error {
		if err := s.requireActive(ctx, people, "body.personIds"); err != nil {
			return err
		}
		// Heads who are deactivated are not shown, and stay for their return.
		_, err := s.db.Q(ctx).NewRaw(`DELETE FROM department_head h USING person p
			WHERE h.department_id = ? AND p.id = h.person_id AND p.deactivated_at IS NULL`, id).Exec(ctx)
		if err != nil {
			return fmt.Errorf("replace the heads: %w", err)
		}
		for i, person := range people {
			if _, err := s.db.Q(ctx).NewRaw(`INSERT INTO department_head (department_id, person_id, sort) VALUES (?, ?, ?)`, id, person, i).Exec(ctx); err != nil {
				return fmt.Errorf("add a head: %w", err)
			}
		}
		return nil
	})
}

// DeleteDepartment closes a department that is empty: nobody in it, none below it.
// Its name stays in the history of those who were there.
func (s *Service) DeleteDepartment(ctx context.Context, id kernel.ID, check checkVersion) error {
	return s.changeDepartment(ctx, id, check, func(ctx context.Context) error {
		var use struct {
			People int `bun:"people"`
			Below  int `bun:"below"`
		}
		err := s.db.Q(ctx).NewRaw(`SELECT
			(SELECT count(*) FROM membership WHERE department_id = ?0 AND valid_to IS NULL) AS people,
			(SELECT count(*) FROM department WHERE parent_id = ?0 AND closed_at IS NULL) AS below`, id).Scan(ctx, &use)
		if err != nil {
			return fmt.Errorf("see whether the department is empty: %w", err)
		}
		if use.People > 0 || use.Below > 0 {
			return kernel.Conflict("department_not_empty").With("people", use.People).With("departments", use.Below)
		}
		if _, err := s.db.Q(ctx).NewRaw(`DELETE FROM department_head WHERE department_id = ?`, id).Exec(ctx); err != nil {
			return fmt.Errorf("release the heads: %w", err)
		}
		if _, err := s.db.Q(ctx).NewRaw(`UPDATE department SET closed_at = ? WHERE id = ?`, s.clock(), id).Exec(ctx); err != nil {
			return fmt.Errorf("close the department: %w", err)
		}
		return nil
	})
}

// changeDepartment runs change on an open department at the version that check
// accepts, and counts the version up.
func (s *Service) changeDepartment(ctx context.Context, id kernel.ID, check checkVersion, change func(ctx context.Context) error) error {
	return s.changing(ctx, "department", id, check, change)
}

// changing is changeDepartment for any table with revision and closed_at.
func (s *Service) changing(ctx context.Context, table string, id kernel.ID, check checkVersion, change func(ctx context.Context) error) error {
	return s.writing(ctx, func(ctx context.Context) error {
		var revision int64
		err := s.db.Q(ctx).NewRaw(`SELECT revision FROM ? WHERE id = ? AND closed_at IS NULL`, bun.Ident(table), id).Scan(ctx, &revision)
		if store.IsNoRows(err) {
			return kernel.NotFound(table + "_unknown")
		}
		if err != nil {
			return fmt.Errorf("read the %s: %w", table, err)
		}
		if err := check(revision); err != nil {
			return err
		}
		if err := change(ctx); err != nil {
			return err
		}
		_, err = s.db.Q(ctx).NewRaw(`UPDATE ? SET revision = revision + 1, updated_at = ? WHERE id = ?`, bun.Ident(table), s.clock(), id).Exec(ctx)
		if err != nil {
			return fmt.Errorf("count the version of the %s up: %w", table, err)
		}
		return nil
	})
}

// renumber gives rows of a table the order of ids.
func (s *Service) renumber(ctx context.Context, table string, ids []kernel.ID) error {
	for i, id := range ids {
		if _, err := s.db.Q(ctx).NewRaw(`UPDATE ? SET sort = ? WHERE id = ? AND sort <> ?`, bun.Ident(table), i, id, i).Exec(ctx); err != nil {
			return fmt.Errorf("order the %ss: %w", table, err)
		}
	}
	return nil
}

// named turns the violation of a unique index on names into an error on the field.
func named(err error, index, code, attempted string) error {
	switch {
	case err == nil:
		return nil
	case store.IsUnique(err, index):
		return kernel.Conflict(code).OnField("body.name")
	}
	return fmt.Errorf("%s: %w", attempted, err)
}

// nullID is the id for SQL: NULL for nothing.
func nullID(id kernel.ID) any {
	if id == kernel.NoID {
		return nil
	}
	return id
}
