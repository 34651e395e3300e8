package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SecretRef names a Secret in the operator's namespace.
type SecretRef struct {
	// name of the Secret.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
}

// Capacity bounds what a server takes. New tenants go elsewhere when it is
// reached; those that are here stay, and an alert fires before.
type Capacity struct {
	// tenants that may lie here; without a bound when 0.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000
	Tenants int32 `json:"tenants,omitempty"`
	// bytes that all tenants together may use, for example 500Gi; without a bound
	// when absent.
	// +optional
	// +kubebuilder:validation:XValidation:rule="quantity(string(self)).isGreaterThan(quantity('0'))",message="bytes must be more than 0, for example 500Gi"
	Bytes *resource.Quantity `json:"bytes,omitempty"`
}

// ServerPlacement says which new tenants a server takes.
type ServerPlacement struct {
	// capacity bounds what lies here.
	// +optional
	Capacity Capacity `json:"capacity,omitempty"`
	// weight is this server's share of new tenants, against the weights of the others.
	// +optional
	// +kubebuilder:default=100
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	Weight int32 `json:"weight,omitempty"`
	// cordoned keeps new tenants away; those that are here stay.
	// +optional
	Cordoned bool `json:"cordoned,omitempty"`
}

// ServerStatus says whether a server can be used and how many tenants lie on it.
type ServerStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// conditions: Reachable says whether the operator can use the server, and if not,
	// what to do.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	// tenants whose data lies here.
	// +optional
	Tenants int32 `json:"tenants"`
	// usedPercent is the share of capacity.bytes that is in use, in steps of 5;
	// absent when there is no such capacity or it was not measured yet.
	// +optional
	UsedPercent *int32 `json:"usedPercent,omitempty"`
	// orphans are what lies here under this installation's names and belongs to no
	// tenant, active or retained. Nothing of it is removed unless the annotation
	// atrium.dev/remove-orphans names it.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=100
	Orphans []string `json:"orphans,omitempty"`
}
