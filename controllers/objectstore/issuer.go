package objectstore

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	"atrium.dev/atrium/api/v1alpha1"
)

// issuerEvery is how often the reach of an issuer that did not change is asked for.
const issuerEvery = time.Hour

// issuers remembers when each store's issuer was looked at, and which it was.
type issuers struct {
	mu   sync.Mutex
	seen map[string]issuer
}

type issuer struct {
	digest string
	at     time.Time
}

// due says whether a store's issuer has to be looked at.
func (i *issuers) due(store string, now issuer) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	last, known := i.seen[store]
	return !known || last.digest != now.digest || now.at.Sub(last.at) >= issuerEvery
}

func (i *issuers) looked(store string, now issuer) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.seen == nil {
		i.seen = map[string]issuer{}
	}
	i.seen[store] = now
}

// watchIssuer sets the condition RootIssuer. A store that cannot be asked keeps the
// one it has.
func (r *Reconciler) watchIssuer(ctx context.Context, o *v1alpha1.ObjectStore) {
	store, err := r.Servers.Store(ctx, o)
	if err != nil {
		return // measure says so
	}
	now := issuer{store.IssuerDigest(), r.Now()}
	if !r.issuers.due(o.Name, now) {
		return
	}
	unlimited, err := store.Unlimited(ctx, r.Installation, o.Spec.Credentials == v1alpha1.CredentialsStatic)
	if err != nil {
		ctrl.LoggerFrom(ctx).Info("cannot tell how far the issuer reaches", "reason", err.Error())
		return
	}
	c := metav1.Condition{
		Type: v1alpha1.ConditionRootIssuer, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonLimited,
		Message: "the issuer reaches buckets " + r.Installation + "-* alone",
	}
	if unlimited {
		c.Status, c.Reason = metav1.ConditionTrue, v1alpha1.ReasonUnlimited
		c.Message = "the issuer reaches buckets of others: everything works, but who steals its key has the whole store; make a user limited to buckets " +
			r.Installation + "-* (the operations manual has the policy) and put its keys into Secret " + o.Spec.IssuerSecretRef.Name
	}
	c.ObservedGeneration, c.LastTransitionTime = o.Generation, metav1.NewTime(r.Now()).Rfc3339Copy()
	meta.SetStatusCondition(&o.Status.Conditions, c)
	r.issuers.looked(o.Name, now)
}
