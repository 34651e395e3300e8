// Package v1alpha1 holds the nouns of Atrium: Tenant, Plan, DatabaseServer,
// ObjectStore and Release, with the names of their conditions, reasons, labels and
// annotations. It says what may be written and how a wrong spec is refused; what
// is done about a spec is the business of the controllers.
//
// +kubebuilder:object:generate=true
// +groupName=atrium.dev
package v1alpha1
