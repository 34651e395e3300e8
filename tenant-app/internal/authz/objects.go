package authz

import (
	"context"
	"fmt"

	"atrium.dev/atrium/tenant-app/internal/kernel"
	"atrium.dev/atrium/tenant-app/internal/store"
)

// ObjectRight gives one object to someone, beyond the scopes of their roles.
type ObjectRight struct {
	ID     kernel.ID   `json:"id" format:"uuid" bun:"id"`
	Kind   string      `json:"kind" example:"person" bun:"kind"`
	Object kernel.ID   `json:"objectId" format:"uuid" bun:"object_id"`
	Right  string      `json:"right" example:"directory.read" bun:"right_name"`
	ToKind GranteeKind `json:"toKind" enum:"person,department,position,role" bun:"grantee_kind"`
	To     kernel.ID   `json:"toId" format:"uuid" bun:"grantee_id"`
}

// GiveObject gives one object to someone. It takes effect for those whom a role
// gives the right at all. The same twice is one.
func (s *Service) GiveObject(ctx context.Context, o ObjectRight) error {
	res, ok := s.resources[o.Kind]
	if !ok {
		return kernel.Invalid("kind_unknown").OnField("body.kind")
	}
	right, ok := s.right(o.Right)
	if !ok || len(right.Scopes) == 0 {
		return kernel.Invalid("right_unknown").OnField("body.right")
	}
	if err := s.checkObjectGrantee(ctx, o); err != nil {
		return err
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		var there bool
		if err := s.db.Q(ctx).NewRaw("SELECT EXISTS (SELECT 1 FROM "+res.Table+" WHERE "+res.ID+" = ?)", o.Object).Scan(ctx, &there); err != nil {
			return fmt.Errorf("look for the %s: %w", o.Kind, err)
		}
		if !there {
			return kernel.Invalid("object_unknown").OnField("body.objectId")
		}
		who, _ := kernel.PrincipalFrom(ctx)
		_, err := s.db.Q(ctx).NewRaw(`INSERT INTO object_right (id, kind, object_id, right_name, grantee_kind, grantee_id, created_by, created_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			o.ID, o.Kind, o.Object, o.Right, string(o.ToKind), o.To, who.PersonID, s.clock()).Exec(ctx)
		if err != nil {
			return fmt.Errorf("give the %s: %w", o.Kind, err)
		}
		return s.audit.Write(ctx, "object_given", o.Object, map[string]any{"kind": o.Kind, "right": o.Right, "to": o.ToKind, "id": o.To})
	})
}

func (s *Service) checkObjectGrantee(ctx context.Context, o ObjectRight) error {
	if o.ToKind == ToPerson {
		return s.checkPerson(ctx, o.To, nil)
	}
	return s.checkOpen(ctx, o.ToKind, o.To)
}

// TakeObject takes an object back.
func (s *Service) TakeObject(ctx context.Context, id kernel.ID) error {
	return s.db.InTx(ctx, func(ctx context.Context) error {
		var o ObjectRight
		err := s.db.Q(ctx).NewRaw("DELETE FROM object_right WHERE id = ? RETURNING id, kind, object_id, right_name, grantee_kind, grantee_id", id).Scan(ctx, &o)
		if store.IsNoRows(err) {
			return kernel.NotFound("object_right_unknown")
		}
		if err != nil {
			return fmt.Errorf("take the object back: %w", err)
		}
		return s.audit.Write(ctx, "object_taken", o.Object, map[string]any{"kind": o.Kind, "right": o.Right, "to": o.ToKind, "id": o.To})
	})
}
