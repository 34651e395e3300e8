package controllers_test

import (
	"testing"

	"atrium.dev/atrium/api/v1alpha1"
)

func TestOnboarding(t *testing.T) {
	r := newRig(t)
	r.operate()
	r.create(tenant("warm"))
	r.ready("warm")
	r.api.take()
	r.sql.take()
	r.s3.take()
	r.create(tenant("acme"))
	acme := r.ready("acme")
	t.Log(describe(acme))
	for _, x := range []*tally{r.api, r.sql, r.s3} {
		for _, a := range x.take() {
			t.Log(a)
		}
	}
	_ = v1alpha1.ConditionReady
}
