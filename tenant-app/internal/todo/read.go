package todo

import (
	"context"
	"fmt"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"github.com/uptrace/bun"
)

// Read takes copies out of the reader's list, those of ids or all, and says how many.
// What is out already is left; what waits to be done is refused, and nothing is taken
// out then: code todo_not_read.
func (s *Service) Read(ctx context.Context, ids []kernel.ID, all bool) (n int64, err error) {
	who, _ := kernel.PrincipalFrom(ctx)
	named := bun.List(append(ids, kernel.NoID)) // a list in SQL has something in it
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		var waits bool
		err := s.db.Q(ctx).NewRaw("SELECT EXISTS (SELECT 1 FROM todo_item WHERE person_id = ? AND kind <> ? AND id IN (?))",
			who.PersonID, KindCopy, named).Scan(ctx, &waits)
		if err != nil {
			return fmt.Errorf("look for what is to be read: %w", err)
		}
		if waits {
			return kernel.Conflict("todo_not_read").OnField("body.ids")
		}
		result, err := s.db.Q(ctx).NewRaw("DELETE FROM todo_item WHERE person_id = ? AND kind = ? AND (? OR id IN (?))",
			who.PersonID, KindCopy, all, named).Exec(ctx)
		if err != nil {
			return fmt.Errorf("take copies out of the inbox: %w", err)
		}
		if n, err = result.RowsAffected(); n > 0 {
			s.hint(ctx, who.PersonID, kernel.NoID)
		}
		return err
	})
	return n, err
}
