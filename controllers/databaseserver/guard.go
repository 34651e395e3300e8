package databaseserver

import (
	"context"
	"fmt"

	ctrl "sigs.k8s.io/controller-runtime"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/internal/fault"
)

// Guard runs once, as soon as this operator leads: it claims the installation on
// every server and ends the operator when another cluster uses that name. A server
// that does not answer is claimed later, before anything is done on it.
type Guard struct{ *Reconciler }

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (Guard) NeedLeaderElection() bool { return true }

// Start implements manager.Runnable.
func (g Guard) Start(ctx context.Context) error {
	var list v1alpha1.DatabaseServerList
	if err := g.Client.List(ctx, &list); err != nil {
		return fmt.Errorf("list DatabaseServers: %w", err)
	}
	for i := range list.Items {
		err := g.claim(ctx, &list.Items[i])
		if fault.Is(err, v1alpha1.ReasonInstallationConflict) || fault.Is(err, v1alpha1.ReasonFenceLost) {
			return err
		}
		if err != nil {
			ctrl.Log.Info("claim the installation later", "databaseServer", list.Items[i].Name, "why", err.Error())
		}
	}
	return nil
}

func (g Guard) claim(ctx context.Context, d *v1alpha1.DatabaseServer) error {
	server, err := g.Servers.Database(ctx, d)
	if err != nil {
		return err
	}
	return g.Registry.Take(ctx, server)
}
