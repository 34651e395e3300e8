package tenant

import (
	"context"
	"fmt"
	"strings"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
)

// address decides which host names lead to the tenant. The gateway follows
// status.hosts.
func (r *Reconciler) address(ctx context.Context, s *scope) error {
	var all v1alpha1.TenantList
	if err := r.Client.List(ctx, &all); err != nil {
		return fmt.Errorf("list Tenants: %w", err)
	}
	hosts, refused := r.Site.Assign(s.tenant, all.Items)
	s.hosts = hosts
	if len(refused) == 0 {
		return nil
	}
	var messages []string
	for _, one := range refused {
		messages = append(messages, one.Message)
	}
	return fault.OfUser(refused[0].Reason, "%s", strings.Join(messages, "; "))
}
