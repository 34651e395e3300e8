package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ReleaseSpec is a fact about a version of the app; it never changes.
//
// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="a Release never changes, because tenants run it: make another Release and name it in spec.release of the Tenants"
type ReleaseSpec struct {
	// version of the app, for example 0.1.0.
	// +required
	// +kubebuilder:validation:MaxLength=40
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]+[.][0-9]+[.][0-9]+(-[0-9A-Za-z.-]+)?$')",message="version must be a semantic version without v, for example 0.1.0"
	Version string `json:"version"`

	// image by digest, so that the same Release is the same program everywhere.
	// +required
	// +kubebuilder:validation:MaxLength=400
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9][a-z0-9._:/-]*@sha256:[0-9a-f]{64}$')",message="image must be named by digest, for example atrium.dev/atrium-office@sha256:<64 hexadecimal digits>: a tag can change under running tenants"
	Image string `json:"image"`

	// schemaVersion is the database schema that the app's migrations reach.
	// +required
	// +kubebuilder:validation:Minimum=1
	SchemaVersion int32 `json:"schemaVersion"`
}

// ReleaseStatus counts who runs the release.
type ReleaseStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// tenants whose pods run this release.
	// +optional
	Tenants int32 `json:"tenants"`
}

// Release is a version of the tenant app.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,categories=atrium
// +kubebuilder:printcolumn:name="Version",type=string,JSONPath=`.spec.version`
// +kubebuilder:printcolumn:name="Schema",type=integer,JSONPath=`.spec.schemaVersion`
// +kubebuilder:printcolumn:name="Tenants",type=integer,JSONPath=`.status.tenants`
// +kubebuilder:printcolumn:name="Image",type=string,JSONPath=`.spec.image`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 40",message="the Release's name must have at most 40 characters: the migration's Job is named from it"
type Release struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +required
	Spec ReleaseSpec `json:"spec"`
	// +optional
	Status ReleaseStatus `json:"status,omitempty"`
}

// ReleaseList is a list of Releases.
//
// +kubebuilder:object:root=true
type ReleaseList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Release `json:"items"`
}
