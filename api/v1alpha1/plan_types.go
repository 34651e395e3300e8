package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// PlanSpec says how much a company may use. A change reaches every tenant on the plan.
//
// +kubebuilder:validation:XValidation:rule="self.database.connections >= 2 * (self.replicas + 1)",fieldPath=".database.connections",message="database.connections must be at least 2 * (replicas + 1): each pod needs 2, and a rollout runs one pod more"
type PlanSpec struct {
	// replicas is how many pods of the app run. From two on, taking a node away
	// never stops the app.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10
	Replicas int32 `json:"replicas"`

	// resources of each pod of the app.
	// +required
	Resources Resources `json:"resources"`

	// requestLimits are held by the gateway, for the whole company.
	// +optional
	// +kubebuilder:default={}
	RequestLimits RequestLimits `json:"requestLimits"`

	// database limits hold for the company's login.
	// +optional
	// +kubebuilder:default={}
	Database DatabaseLimits `json:"database"`

	// egress says what the app may call beside its own database and bucket. Closed:
	// nothing. Internet: ports 443 and 587 of public addresses, never of the
	// cluster's or a private network.
	// +optional
	// +kubebuilder:default=Closed
	// +kubebuilder:validation:Enum=Closed;Internet
	Egress Egress `json:"egress,omitempty"`

	// backup says when companies of this plan are backed up and how long backups are
	// kept; without it none is made by schedule, and none removed.
	// +optional
	Backup *BackupPolicy `json:"backup,omitempty"`

	// placement says which servers take new tenants of this plan; all that are not
	// cordoned when empty. Tenants that have a place keep it.
	// +optional
	Placement PlanPlacement `json:"placement,omitempty"`
}

// Egress is what the app of a plan may call.
type Egress string

// Values of Egress.
const (
	EgressClosed   Egress = "Closed"
	EgressInternet Egress = "Internet"
)

// PlanPlacement selects servers by their labels.
type PlanPlacement struct {
	// databaseServers are labels that a DatabaseServer must have.
	// +optional
	// +kubebuilder:validation:MaxProperties=10
	DatabaseServers map[string]string `json:"databaseServers,omitempty"`
	// objectStores are labels that an ObjectStore must have.
	// +optional
	// +kubebuilder:validation:MaxProperties=10
	ObjectStores map[string]string `json:"objectStores,omitempty"`
}

// Resources of one pod: what it is sure of, and what it never exceeds.
//
// +kubebuilder:validation:XValidation:rule="quantity(string(self.limits.cpu)).compareTo(quantity(string(self.requests.cpu))) >= 0",fieldPath=".limits.cpu",message="limits.cpu must be at least requests.cpu"
// +kubebuilder:validation:XValidation:rule="quantity(string(self.limits.memory)).compareTo(quantity(string(self.requests.memory))) >= 0",fieldPath=".limits.memory",message="limits.memory must be at least requests.memory"
type Resources struct {
	// requests are what a pod is sure of.
	// +required
	Requests ResourceAmounts `json:"requests"`
	// limits are what a pod never exceeds.
	// +required
	Limits ResourceAmounts `json:"limits"`
}

// ResourceAmounts of processor and memory.
//
// +kubebuilder:validation:XValidation:rule="quantity(string(self.cpu)).isGreaterThan(quantity('0'))",fieldPath=".cpu",message="cpu must be more than 0, for example 100m"
// +kubebuilder:validation:XValidation:rule="quantity(string(self.memory)).compareTo(quantity('32Mi')) >= 0",fieldPath=".memory",message="memory must be at least 32Mi: the app does not start with less"
type ResourceAmounts struct {
	// cpu in cores, for example 100m.
	// +required
	CPU resource.Quantity `json:"cpu"`
	// memory in bytes, for example 128Mi.
	// +required
	Memory resource.Quantity `json:"memory"`
}

// RequestLimits keep one company from crowding out the others at the gateway.
type RequestLimits struct {
	// maxBodyBytes is the size of the largest request.
	// +optional
	// +kubebuilder:default=104857600
	// +kubebuilder:validation:Minimum=1048576
	// +kubebuilder:validation:Maximum=10737418240
	MaxBodyBytes int64 `json:"maxBodyBytes"`
	// requestsPerSecond in the long run.
	// +optional
	// +kubebuilder:default=200
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000
	RequestsPerSecond int32 `json:"requestsPerSecond"`
	// burst is how many requests may come at once.
	// +optional
	// +kubebuilder:default=400
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000
	Burst int32 `json:"burst"`
}

// DatabaseLimits of a company's login.
type DatabaseLimits struct {
	// connections that all pods of the app may hold together.
	// +optional
	// +kubebuilder:default=20
	// +kubebuilder:validation:Minimum=4
	// +kubebuilder:validation:Maximum=500
	Connections int32 `json:"connections"`
	// statementTimeout ends a statement of the app that runs longer.
	// +optional
	// +kubebuilder:default="30s"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s') && duration(self) <= duration('10m')",message="statementTimeout must be between 1s and 10m"
	StatementTimeout metav1.Duration `json:"statementTimeout"`
}

// PlanStatus counts who is on the plan.
type PlanStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// tenants on this plan.
	// +optional
	Tenants int32 `json:"tenants"`
}

// Plan says how much a company may use.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,categories=atrium
// +kubebuilder:printcolumn:name="Tenants",type=integer,JSONPath=`.status.tenants`
// +kubebuilder:printcolumn:name="Replicas",type=integer,JSONPath=`.spec.replicas`
// +kubebuilder:printcolumn:name="CPU",type=string,JSONPath=`.spec.resources.limits.cpu`
// +kubebuilder:printcolumn:name="Memory",type=string,JSONPath=`.spec.resources.limits.memory`
// +kubebuilder:printcolumn:name="Max body bytes",type=integer,JSONPath=`.spec.requestLimits.maxBodyBytes`
// +kubebuilder:printcolumn:name="Requests per s",type=integer,JSONPath=`.spec.requestLimits.requestsPerSecond`
// +kubebuilder:printcolumn:name="Connections",type=integer,JSONPath=`.spec.database.connections`
// +kubebuilder:printcolumn:name="Statement",type=string,JSONPath=`.spec.database.statementTimeout`
// +kubebuilder:printcolumn:name="Egress",type=string,JSONPath=`.spec.egress`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 63",message="the Plan's name must have at most 63 characters, so that a Tenant can name it"
type Plan struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +required
	Spec PlanSpec `json:"spec"`
	// +optional
	Status PlanStatus `json:"status,omitempty"`
}

// PlanList is a list of Plans.
//
// +kubebuilder:object:root=true
type PlanList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Plan `json:"items"`
}
