package rig

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"atrium.dev/atrium/api/v1alpha1"
)

// Recipient is whom root keys are wrapped to, RecoveryIdentity its secret half.
const (
	Recipient        = "age1gzjqemz2z59gksmt37e6qau9kr9ndmlkwg078jjgrp2l0g37gaqswdta7w"
	RecoveryIdentity = "AGE-SECRET-KEY-1V7LCEDNC8Y9SV7ZYG7ZZ9SNKGL34XVR6FWHXFS4T4Q4VCG4VM7EQNWZMP2"
)

// BackupStore is where wrapped keys lie: by default in the one MinIO, in a bucket of
// their own.
func BackupStore(endpoint string) *v1alpha1.ObjectStore {
	return &v1alpha1.ObjectStore{ObjectMeta: Named("backup"), Spec: v1alpha1.ObjectStoreSpec{
		Endpoint: endpoint, Purpose: v1alpha1.PurposeBackup, IssuerSecretRef: v1alpha1.SecretRef{Name: "minio-issuer"},
	}}
}

// Secret of the operator's namespace.
func Secret(name string, values map[string]string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: System}, StringData: values}
}

// Named is the metadata of a cluster-wide object.
func Named(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name} }

// Quantity parses an amount.
func Quantity(text string) resource.Quantity { return resource.MustParse(text) }

// Plan with a number of replicas.
func Plan(name string, replicas int32) *v1alpha1.Plan {
	return &v1alpha1.Plan{ObjectMeta: Named(name), Spec: v1alpha1.PlanSpec{
		Replicas: replicas, Resources: v1alpha1.Resources{
			Requests: v1alpha1.ResourceAmounts{CPU: Quantity("50m"), Memory: Quantity("64Mi")},
			Limits:   v1alpha1.ResourceAmounts{CPU: Quantity("1"), Memory: Quantity("256Mi")},
		},
		RequestLimits: v1alpha1.RequestLimits{MaxBodyBytes: 100 << 20, RequestsPerSecond: 200, Burst: 400},
		Database:      v1alpha1.DatabaseLimits{Connections: 20, StatementTimeout: metav1.Duration{Duration: 30 * time.Second}},
	}}
}

// Company is a Tenant on plan standard and release 0.1.0.
func Company(name string, change ...func(*v1alpha1.Tenant)) *v1alpha1.Tenant {
	t := &v1alpha1.Tenant{ObjectMeta: Named(name), Spec: v1alpha1.TenantSpec{
		DisplayName: "云杉科技有限公司", Plan: "standard", Release: "0.1.0",
	}}
	for _, c := range change {
		c(t)
	}
	return t
}

// Condition of a Tenant; the zero value when it has none of that type.
func Condition(t *v1alpha1.Tenant, kind string) metav1.Condition {
	i := slices.IndexFunc(t.Status.Conditions, func(c metav1.Condition) bool { return c.Type == kind })
	if i < 0 {
		return metav1.Condition{}
	}
	return t.Status.Conditions[i]
}
