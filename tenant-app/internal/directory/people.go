package directory

import (
	"context"
	"fmt"
	"time"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
	"github.com/uptrace/bun"
)

// Profile is what is written down about a person. Empty fields are unknown.
type Profile struct {
	Name      string
	StaffNo   string
	Phone     string
	Mail      string
	HiredOn   string // YYYY-MM-DD
	ManagerID kernel.ID
	Sort      int
}

// Placement puts a person into a department.
type Placement struct {
	DepartmentID kernel.ID
	PositionID   kernel.ID // kernel.NoID: none
}

// clean brings a profile into the form that is kept and reports every field that
// cannot be: their names are those of the HTTP body.
func (p Profile) clean() (Profile, error) {
	var faults []kernel.FieldError
	fault := func(field, code string) {
		faults = append(faults, kernel.FieldError{Field: "body." + field, Code: code})
	}
	name, ok := CleanName(p.Name)
	if !ok {
		fault("name", "name_invalid")
	}
	p.Name = name
	for _, field := range []struct {
		name, code string
		value      *string
		clean      func(string) (string, bool)
	}{
		{"staffNo", "staff_no_invalid", &p.StaffNo, CleanStaffNo},
		{"phone", "phone_invalid", &p.Phone, kernel.NormalizePhone},
		{"mail", "mail_invalid", &p.Mail, kernel.NormalizeMail},
		{"hiredOn", "date_invalid", &p.HiredOn, cleanDate},
	} {
		if *field.value == "" {
			continue
		}
		if *field.value, ok = field.clean(*field.value); !ok {
			fault(field.name, field.code)
		}
	}
	if len(faults) > 0 {
		err := kernel.Invalid(faults[0].Code)
		err.Fields = faults
		return p, err
	}
	return p, nil
}

func cleanDate(text string) (string, bool) {
	day, err := time.Parse(time.DateOnly, text)
	return text, err == nil && day.Year() >= 1900 && day.Year() < 2200
}

// Create adds a person to departments, the first of which is the primary one.
func (s *Service) Create(ctx context.Context, profile Profile, placements []Placement) (PersonDetail, error) {
	id, err := s.create(ctx, profile, placements)
	if err != nil {
		return PersonDetail{}, err
	}
	return s.Get(ctx, id)
}

func (s *Service) create(ctx context.Context, profile Profile, placements []Placement) (kernel.ID, error) {
	profile, err := profile.clean()
	if err != nil {
		return kernel.NoID, err
	}
	if profile.Sort == 0 {
		profile.Sort = defaultSort
	}
	id := kernel.NewID()
	err = s.writing(ctx, func(ctx context.Context) error {
		if err := s.checkManager(ctx, id, profile.ManagerID); err != nil {
			return err
		}
		if err := s.insertPerson(ctx, id, profile); err != nil {
			return err
		}
		return s.place(ctx, id, placements, s.since(profile.HiredOn))
	})
	return id, err
}

// since is when the first memberships of a person begin: on the day they were
// hired, at the latest now.
func (s *Service) since(hiredOn string) time.Time {
	now := s.clock()
	if day, err := time.Parse(time.DateOnly, hiredOn); err == nil && day.Before(now) {
		return day
	}
	return now
}

func (s *Service) insertPerson(ctx context.Context, id kernel.ID, p Profile) error {
	now := s.clock()
	_, err := s.db.Q(ctx).NewRaw(`INSERT INTO person (id, name, sort, sort_key, search, staff_no, phone, mail, hired_on, manager_id, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?::tsvector, ?, ?, ?, ?, ?, ?, ?)`,
		id, p.Name, p.Sort, sortKey(p.Name), terms(p), nullText(p.StaffNo), nullText(p.Phone), nullText(p.Mail), nullText(p.HiredOn), nullID(p.ManagerID), now, now).Exec(ctx)
	return taken(err, "add the person")
}

// terms are what the person is found by, as a tsvector in text form.
func terms(p Profile) string {
	return vector(searchTerms(p.Name, p.StaffNo, p.Phone, p.Mail))
}

// Edit changes the profile of a person: change gets it as it is and returns it as
// it is to be.
func (s *Service) Edit(ctx context.Context, id kernel.ID, check checkVersion, change func(Profile) Profile) error {
	return s.changePerson(ctx, id, check, func(ctx context.Context) error {
		before, err := s.profile(ctx, id)
		if err != nil {
			return err
		}
		after, err := change(before).clean()
		if err != nil {
			return err
		}
		if after.ManagerID != before.ManagerID {
			if err := s.checkManager(ctx, id, after.ManagerID); err != nil {
				return err
			}
		}
		return s.updatePerson(ctx, id, after)
	})
}

func (s *Service) updatePerson(ctx context.Context, id kernel.ID, p Profile) error {
	_, err := s.db.Q(ctx).NewRaw(`UPDATE person SET name = ?, sort = ?, sort_key = ?, search = ?::tsvector,
		staff_no = ?, phone = ?, mail = ?, hired_on = ?, manager_id = ? WHERE id = ?`,
		p.Name, p.Sort, sortKey(p.Name), terms(p), nullText(p.StaffNo), nullText(p.Phone), nullText(p.Mail), nullText(p.HiredOn), nullID(p.ManagerID), id).Exec(ctx)
	return taken(err, "change the person")
}

func (s *Service) profile(ctx context.Context, id kernel.ID) (Profile, error) {
	var p Profile
	err := s.db.Q(ctx).NewRaw(`SELECT name, coalesce(staff_no, ''), coalesce(phone, ''), coalesce(mail, ''),
		coalesce(to_char(hired_on, 'YYYY-MM-DD'), ''), coalesce(manager_id, ?), sort FROM person WHERE id = ?`, kernel.NoID, id).
		Scan(ctx, &p.Name, &p.StaffNo, &p.Phone, &p.Mail, &p.HiredOn, &p.ManagerID, &p.Sort)
	if err != nil {
		return p, fmt.Errorf("read the profile: %w", err)
	}
	return p, nil
}

// checkManager refuses a manager who is unknown, left, or is led by person.
func (s *Service) checkManager(ctx context.Context, person, manager kernel.ID) error {
	if manager == kernel.NoID {
		return nil
	}
	if err := s.requireActive(ctx, []kernel.ID{manager}, "body.managerId"); err != nil {
		return err
	}
	var circle bool
	// UNION, not UNION ALL: it ends even if the rows held a circle.
	err := s.db.Q(ctx).NewRaw(`WITH RECURSIVE up (id) AS (SELECT ?::uuid UNION SELECT p.manager_id FROM up JOIN person p ON p.id = up.id WHERE p.manager_id IS NOT NULL)
		SELECT EXISTS (SELECT 1 FROM up WHERE id = ?)`, manager, person).Scan(ctx, &circle)
	if err != nil {
		return fmt.Errorf("follow the managers: %w", err)
	}
	if circle {
		return kernel.Conflict("manager_circle").OnField("body.managerId")
	}
	return nil
}

// requireActive refuses ids that are not, or no longer, people who work here.
func (s *Service) requireActive(ctx context.Context, people []kernel.ID, field string) error {
	if len(people) == 0 {
		return nil
	}
	distinct := map[kernel.ID]bool{}
	for _, id := range people {
		distinct[id] = true
	}
	if len(distinct) < len(people) {
		return kernel.Invalid("person_twice").OnField(field)
	}
	var active int
	err := s.db.Q(ctx).NewRaw(`SELECT count(*) FROM person WHERE id IN (?) AND deactivated_at IS NULL AND external_organisation_id IS NULL`, bun.List(people)).Scan(ctx, &active)
	if err != nil {
		return fmt.Errorf("look for people: %w", err)
	}
	if active < len(people) {
		return kernel.Invalid("person_unknown").OnField(field)
	}
	return nil
}

// changePerson runs change on a person at the version that check accepts, and
// counts the version up.
func (s *Service) changePerson(ctx context.Context, id kernel.ID, check checkVersion, change func(ctx context.Context) error) error {
	return s.writing(ctx, func(ctx context.Context) error {
		var revision int64
		err := s.db.Q(ctx).NewRaw(`SELECT revision FROM person WHERE id = ? FOR NO KEY UPDATE`, id).Scan(ctx, &revision)
		if store.IsNoRows(err) {
			return kernel.NotFound("person_unknown")
		}
		if err != nil {
			return fmt.Errorf("read the person: %w", err)
		}
		if err := check(revision); err != nil {
			return err
		}
		if err := change(ctx); err != nil {
			return err
		}
		if _, err := s.db.Q(ctx).NewRaw(`UPDATE person SET revision = revision + 1, updated_at = ? WHERE id = ?`, s.clock(), id).Exec(ctx); err != nil {
			return fmt.Errorf("count the version of the person up: %w", err)
		}
		return nil
	})
}

// taken turns the violation of a unique index into an error on the field.
func taken(err error, attempted string) error {
	switch {
	case err == nil:
		return nil
	case store.IsUnique(err, "person_staff_no"):
		return kernel.Conflict("staff_no_taken").OnField("body.staffNo")
	case store.IsUnique(err, "person_phone"):
		return kernel.Conflict("phone_taken").OnField("body.phone")
	case store.IsUnique(err, "person_mail"):
		return kernel.Conflict("mail_taken").OnField("body.mail")
	}
	return fmt.Errorf("%s: %w", attempted, err)
}

// nullText is text for SQL: NULL for nothing.
func nullText(text string) any {
	if text == "" {
		return nil
	}
	return text
}
