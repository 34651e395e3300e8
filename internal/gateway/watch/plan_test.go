package watch_test

import (
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"atrium.dev/atrium/api/v1alpha1"
)

func plan(name string, maxBodyBytes int64) *v1alpha1.Plan {
	amounts := v1alpha1.ResourceAmounts{CPU: resource.MustParse("100m"), Memory: resource.MustParse("64Mi")}
	return &v1alpha1.Plan{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.PlanSpec{
			Replicas:      1,
			Resources:     v1alpha1.Resources{Requests: amounts, Limits: amounts},
			RequestLimits: v1alpha1.RequestLimits{MaxBodyBytes: maxBodyBytes, RequestsPerSecond: 20, Burst: 40},
			Database:      v1alpha1.DatabaseLimits{Connections: 10, StatementTimeout: metav1.Duration{Duration: 30 * time.Second}},
		},
	}
}
