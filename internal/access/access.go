// Package access is what the operator may do inside a tenant's namespace. It has no
// such right anywhere else: it binds itself the ClusterRole below in each namespace
// that it made, and may bind that one role alone. The markers are the role.
//
// +kubebuilder:rbac:groups="",resources=serviceaccounts;resourcequotas;limitranges,verbs=get;list;create;patch
// +kubebuilder:rbac:groups="",resources=configmaps,verbs=get;list;create;patch;delete
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get;list;create;patch;delete
// +kubebuilder:rbac:groups="",resources=services,verbs=get;list;create;patch;delete
// +kubebuilder:rbac:groups="",resources=pods,verbs=get;list
// +kubebuilder:rbac:groups=apps,resources=deployments,verbs=get;list;create;patch;delete
// +kubebuilder:rbac:groups=apps,resources=controllerrevisions,verbs=get;list;create;delete
// +kubebuilder:rbac:groups=batch,resources=jobs,verbs=get;list;create;patch;delete
// +kubebuilder:rbac:groups=networking.k8s.io,resources=networkpolicies,verbs=get;list;create;patch;delete
// +kubebuilder:rbac:groups=policy,resources=poddisruptionbudgets,verbs=get;list;create;patch;delete
package access

// ClusterRole that the operator binds to itself in each tenant's namespace.
const ClusterRole = "atrium-tenant-manager"

// RoleBinding is the name of that binding, and ServiceAccount that of the operator
// in its own namespace.
const (
	RoleBinding    = "atrium-operator"
	ServiceAccount = "operator"
)
