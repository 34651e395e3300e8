package restore

import "context"

func (r *Reconciler) proving(context.Context, *scope) error { return nil }
