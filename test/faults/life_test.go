package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"atrium.dev/atrium/api/v1alpha1"
	"atrium.dev/atrium/test/rig"
)

// life is one schedule: what a person does with one company while the operator's
// view of it stands still and jumps.
type life struct {
	name   string
	story  int
	random *rand.Rand
	client client.Client
	former []incarnation // that were deleted after they had an id
	last   incarnation
}

// incarnation is a Tenant from its creation to its deletion.
type incarnation struct {
	id        string
	namespace string // its UID
	kept      bool   // deleted under Retain and not adopted
}

// stories all end with a company that is ready.
var stories = []func(*life, context.Context) error{
	func(l *life, ctx context.Context) error { // deleted and made anew
		return l.all(ctx, l.create(v1alpha1.DeletionDelete, ""), l.ready, l.remove, l.create(v1alpha1.DeletionRetain, ""), l.ready)
	},
	func(l *life, ctx context.Context) error { // retained and begun empty
		return l.all(ctx, l.create(v1alpha1.DeletionRetain, ""), l.ready, l.remove, l.create(v1alpha1.DeletionRetain, v1alpha1.AdoptNone), l.ready)
	},
	func(l *life, ctx context.Context) error { // retained and adopted
		return l.all(ctx, l.create(v1alpha1.DeletionRetain, ""), l.ready, l.remove, l.adopt, l.ready)
	},
	func(l *life, ctx context.Context) error { // changed
		return l.all(ctx, l.create(v1alpha1.DeletionRetain, ""), l.ready, l.change, l.ready)
	},
	func(l *life, ctx context.Context) error { // deleted while it is made, and made anew
		return l.all(ctx, l.create(v1alpha1.DeletionDelete, ""), l.pause, l.remove, l.create(v1alpha1.DeletionRetain, v1alpha1.AdoptNone), l.ready)
	},
	func(l *life, ctx context.Context) error { // deleted twice
		return l.all(ctx, l.create(v1alpha1.DeletionDelete, ""), l.ready, l.remove, l.create(v1alpha1.DeletionDelete, ""), l.ready,
			l.remove, l.create(v1alpha1.DeletionRetain, ""), l.ready)
	},
}

func (l *life) play(ctx context.Context) error {
	if err := stories[l.story](l, ctx); err != nil {
		return fmt.Errorf("%s, story %d: %w", l.name, l.story, err)
	}
	return nil
}

func (l *life) all(ctx context.Context, parts ...func(context.Context) error) error {
	for _, part := range parts {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (l *life) create(policy v1alpha1.DeletionPolicy, adopt string) func(context.Context) error {
	return func(ctx context.Context) error {
		return l.client.Create(ctx, rig.Company(l.name, confirmed, func(t *v1alpha1.Tenant) {
			t.Spec.DeletionPolicy, t.Spec.Adopt = policy, adopt
		}))
	}
}

func (l *life) adopt(ctx context.Context) error {
	id := l.former[len(l.former)-1].id
	l.former = l.former[:len(l.former)-1]
	return l.create(v1alpha1.DeletionRetain, id)(ctx)
}

func (l *life) until(ctx context.Context, what string, holds func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, 3*rig.Patient)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if yes, err := holds(); yes || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait until it is %s: %w", what, ctx.Err())
		case <-tick.C:
		}
	}
}

func (l *life) get(ctx context.Context) (*v1alpha1.Tenant, error) {
	var t v1alpha1.Tenant
	err := l.client.Get(ctx, client.ObjectKey{Name: l.name}, &t)
	return &t, err
}

// ready waits, and remembers who it is.
func (l *life) ready(ctx context.Context) error {
	return l.until(ctx, "ready", func() (bool, error) {
		t, err := l.get(ctx)
		if err != nil || !rig.IsReady(t) {
			return false, err
		}
		var n corev1.Namespace
		err = l.client.Get(ctx, client.ObjectKey{Name: "tenant-" + l.name}, &n)
		l.last = incarnation{id: t.Status.ID, namespace: string(n.UID)}
		return err == nil, err
	})
}

// remove deletes the Tenant and waits until it is gone.
func (l *life) remove(ctx context.Context) error {
	t, err := l.get(ctx)
	if err != nil {
		return err
	}
	if err := l.client.Delete(ctx, t); err != nil {
		return err
	}
	kept := t.Spec.DeletionPolicy == v1alpha1.DeletionRetain
	return l.until(ctx, "gone", func() (bool, error) {
		now, err := l.get(ctx)
		if apierrors.IsNotFound(err) {
			if l.last.id != "" {
				l.former = append(l.former, incarnation{id: l.last.id, kept: kept})
			}
			l.last = incarnation{}
			return true, nil
		}
		if now.Status.ID != "" {
			l.last.id = now.Status.ID
		}
		return false, err
	})
}

func (l *life) change(ctx context.Context) error {
	t, err := l.get(ctx)
	if err != nil {
		return err
	}
	before := t.DeepCopy()
	t.Spec.DisplayName, t.Spec.Hosts = "新名字", []string{"oa." + l.name + ".cn"}
	return l.client.Patch(ctx, t, client.MergeFrom(before))
}

// pause for a while that the schedule says.
func (l *life) pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Duration(l.random.Int64N(int64(time.Second)))):
		return nil
	}
}
